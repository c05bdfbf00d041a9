// Sessions whose user gave their proof long ago.

import { createHmac } from "node:crypto";
import { storedToken, view } from "./account.mjs";
import { JWT_SECRET } from "./browser.mjs";

/** Has the page go on with a token whose user gave their proof so many hours ago. `changes` are to its claims. */
export async function ageToken(page, hours = 1, changes = {}) {
  const [, payload] = (await storedToken(page)).split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const old = { ...claims, auth_time: claims.auth_time - hours * 3_600, ...changes };
  const data = `${encode({ alg: "HS256" })}.${encode(old)}`;
  const token = `${data}.${createHmac("sha256", JWT_SECRET).update(data).digest("base64url")}`;
  await page.evaluate((token) => sessionStorage.setItem("latchkey.token", token), token);
  await page.reload();
}

/** The same on the account page. */
export async function ageProof(page) {
  await ageToken(page);
  await view(page, "Your account");
}
