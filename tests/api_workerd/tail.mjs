// A tail Worker: the runtime tells it of each request once all of its work is done, what was left after the answer
// included. Answers with the numbers of those requests.

const ended = [];

export default {
  fetch: () => Response.json(ended),
  tail(traces) {
    ended.push(...traces.map(({ event }) => Number(event?.request?.headers["x-test-request"])));
  },
};
