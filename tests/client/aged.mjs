// Tokens of sessions whose proof is old.

import { createHmac } from "node:crypto";
import { decodeToken } from "latchkey-client";

/** The same token, of a session that proved itself an hour before. */
export function aged(token, secret) {
  const claims = decodeToken(token);
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const data = `${encode({ alg: "HS256" })}.${encode({ ...claims, auth_time: claims.auth_time - 3_600 })}`;
  return `${data}.${createHmac("sha256", secret).update(data).digest("base64url")}`;
}
