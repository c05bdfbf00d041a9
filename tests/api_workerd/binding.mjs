// A Worker in place of Cloudflare's mail binding, which does as the subject says, with the address in all of its words.

import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint {
  async send(mail) {
    console.log(`binding: ${JSON.stringify(mail)}`);
    const words = `${mail.to}, ${mail.to.toUpperCase()}: "${mail.subject}" of ${JSON.stringify(mail)}`;
    const [what, code] = mail.subject.split(" ");
    switch (what) {
      case "hang":
        return scheduler.wait(60_000); // the runtime ends what waits for nothing
      case "text":
        throw words;
      case "name":
        throw Object.assign(new Error(words), { name: mail.to, code: mail.to });
      case "code":
        throw Object.assign(new Error(words), { code });
      case "type":
        throw new TypeError(words);
      default:
        return { messageId: "x" };
    }
  }

  fetch() {
    return new Response();
  }
}
