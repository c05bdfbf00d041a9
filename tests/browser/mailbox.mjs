// Mails that a server under test has sent, as wrangler keeps them, and what users do with them.

import assert from "node:assert/strict";
import { button, field, link, view } from "./account.mjs";

/** Variables of a deployment that sends mail. The address is another than the server's, whose port is not known before. */
export const MAIL_VARS = {
  EMAIL: "bound",
  MAIL_FROM: "Example <accounts@example.com>",
  APP_NAME: "Example",
  APP_URL: "https://app.example.com/",
  MAIL_SIGN_IN: "on",
};

const LIST = "/cdn-cgi/local/explorer/api/local/email/sending";

/** The mailbox of a server that `startWorker` of `browser.mjs` has started. */
export function mailbox({ url, worker }) {
  const taken = new Set();
  const fetchResult = async (query) => (await (await fetch(`${url}${LIST}?${query}`)).json()).result;

  return {
    /** The link to this server, with its fragment, and the code of the next mail to an address that has a secret. */
    async next(to) {
      for (;;) {
        const mails = await fetchResult("per_page=100");
        const ids = mails.filter((mail) => mail.to.includes(to)).map(({ messageId }) => messageId);
        for (const id of ids.reverse().filter((each) => !taken.has(each))) {
          const { text } = await fetchResult(`email_id=${encodeURIComponent(id)}`);
          taken.add(id);
          const [, fragment] = /^https:\/\/app\.example\.com\/(#\S+)$/m.exec(text) ?? [];
          if (fragment) {
            return { link: `${url}/${fragment}`, fragment, code: /^\d{8}$/m.exec(text)?.[0] };
          }
        }
      }
    },

    /** As if all mails had been asked for so many seconds earlier: by default the minute until the next may be. */
    async age(seconds = 60) {
      const { DB } = await worker.getEnv();
      await DB.prepare("UPDATE secrets SET created_at = created_at - ?1").bind(seconds).run();
    },
  };
}

/** Label of the field for a code. */
export const CODE = "Code from the mail";
export const banner = (page, name) => page.getByRole("region", { name });

/** Asks for a mail on the form for that. */
export async function askForMail(page, linkName, email) {
  await link(page, linkName).click();
  await field(page, "Email").fill(email);
  await button(page, "Send the mail").click();
  await view(page, "Check your mail");
}

/** What a page has requested, or sent to, from now on. */
export function record(page) {
  const requests = [];
  page.on("request", (request) => requests.push(request));
  return {
    ofApi: () => requests.filter((each) => each.url().includes("/api/") && !each.url().endsWith("openapi.json")),
    /** Asserts that nothing but a body has this. */
    async hasNowhere(secret) {
      for (const request of requests) {
        const head = [request.url(), ...Object.entries(await request.allHeaders()).flat()].join("\n");
        assert.ok(!head.includes(secret), head);
      }
    },
  };
}

/** Opens a mailed link where nothing was open, and asserts that its secret is gone from the address, and nothing sent. */
export async function openLink(page, { link, fragment }) {
  const requests = record(page);
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByRole("heading", { level: 1 }).waitFor();
  const [, secret] = fragment.split("secret=");
  assert.equal(new URL(page.url()).hash, "");
  await requests.hasNowhere(secret);
  return { ...requests, secret };
}
