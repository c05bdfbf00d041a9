// A Worker that sends the mails of a request, one after the other, some time after its answer.

async function send(EMAIL, { delay, mails }) {
  await scheduler.wait(delay);
  for (const mail of mails) {
    await EMAIL.send(mail);
  }
}

export default {
  async fetch(request, { EMAIL }, context) {
    context.waitUntil(send(EMAIL, await request.json()));
    return new Response();
  },
};
