// Sessions whose user gave their proof long ago.

import { createHmac } from "node:crypto";
import { storedToken, view } from "./account.mjs";
import { JWT_SECRET } from "./browser.mjs";

/** Has the page go on with a token whose user gave their proof an hour ago. */
export async function ageProof(page) {
  const [, payload] = (await storedToken(page)).split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const data = `${encode({ alg: "HS256" })}.${encode({ ...claims, auth_time: claims.auth_time - 3_600 })}`;
  const token = `${data}.${createHmac("sha256", JWT_SECRET).update(data).digest("base64url")}`;
  await page.evaluate((token) => sessionStorage.setItem("latchkey.token", token), token);
  await page.reload();
  await view(page, "Your account");
}
