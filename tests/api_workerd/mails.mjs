// A Worker that sends the mails of a request with the shipped modules, by the binding or the SMTP server that it names:
// some time after its answer, or before, and answers with what came of each. Deadlines of a request in a hurry pass in a
// twentieth of their time.

import { sendMail } from "../../src/worker/mail.ts";

const { setTimeout } = globalThis;

function hurry() {
  globalThis.setTimeout = (run, time) => {
    console.log(`deadline: ${time}`);
    return setTimeout(run, time / 20);
  };
}

async function send(transports, mails) {
  const outcomes = [];
  for (const mail of mails) {
    outcomes.push(
      await sendMail(transports, mail).then(
        () => "sent",
        (error) => error.message,
      ),
    );
  }
  return outcomes;
}

export default {
  async fetch(request, env, context) {
    const { after, hurried, smtp, mails } = await request.json();
    const transports = smtp ? { SMTP_URL: smtp } : env;
    globalThis.setTimeout = setTimeout;
    if (hurried) {
      hurry();
    }
    if (after === undefined) {
      return Response.json(await send(transports, mails));
    }
    context.waitUntil(scheduler.wait(after).then(() => send(transports, mails)));
    return new Response();
  },
};
