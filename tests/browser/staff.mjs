// Members of staff at the console, and the users that they look after.

import { decodeToken, Latchkey } from "latchkey-client";
import { button, newUser, view } from "./account.mjs";
import { app, CREDENTIAL_VARS } from "./authenticator.mjs";
import { MAIL_VARS } from "./mailbox.mjs";

export const STAFF_VARS = { ...MAIL_VARS, ...CREDENTIAL_VARS };

/** Users of a server that `startWorker` of `browser.mjs` has started. */
export function people({ url, worker }) {
  async function run(sql, ...values) {
    const { DB } = await worker.getEnv();
    return DB.prepare(sql)
      .bind(...values)
      .run();
  }

  /** A user who is registered, with their client. */
  async function register(changes = {}) {
    const user = { ...newUser(), ...changes };
    const client = new Latchkey(url);
    const { token } = await client.register(user);
    return { ...user, client, id: decodeToken(token).id };
  }

  /** The same with flags, and a second factor unless there is to be none. */
  async function employ({ superuser = false, factor = true, ...changes } = {}) {
    const user = await register(changes);
    await run(
      "UPDATE users SET is_staff = 1, is_superuser = ?, email_verified = 1 WHERE id = ?",
      Number(superuser),
      user.id,
    );
    if (!factor) {
      return user;
    }
    const { id, uri } = await user.client.addTotp();
    const phone = app(uri);
    const { recovery } = await user.client.confirmTotp(id, phone.code());
    return { ...user, phone, recovery };
  }

  return { run, register, employ };
}

/** Opens the console, with the login of a user. */
export async function openConsole(open, url, user, { fragment = "", ...options } = {}) {
  const page = await open(`${url}/docs`, options);
  await setToken(page, await user.client.token());
  await page.goto(`${url}/admin${fragment}`);
  return page;
}

export const setToken = (page, token) =>
  page.evaluate((token) => sessionStorage.setItem("latchkey.token", token), token);

/** Rows of the list of the view. */
export const rows = (page) => page.locator("#list > li");
export const rowOf = (page, text) => rows(page).filter({ hasText: text });
/** Region of a user's page. */
export const part = (page, name) => page.getByRole("region", { name, exact: true });

/** Looks a user up by the beginning of their email, and opens their page. */
export async function openUser(page, { email }) {
  await page.getByRole("searchbox").fill(email.slice(0, -4));
  await page.getByRole("link", { name: email, exact: true }).click();
  await view(page, email);
  await part(page, "Profile").waitFor();
}

/** Presses a button, and answers its question. */
export async function act(page, region, name, answer) {
  await button(part(page, region), name).click();
  await button(page.locator("#ask"), answer).click();
}
