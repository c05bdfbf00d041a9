// The Worker of the tests in the browser.

import { start } from "../worker/harness.mjs";

/** With one iteration a hash, since strength is not the point. */
export function serve(vars = {}) {
  return start({
    JWT_SECRET: "a secret of the tests, 32 bytes or more",
    PASSWORD_HASHER: "pbkdf2_sha256$1",
    RATE_LIMIT: "off",
    ...vars,
  });
}

/** Registers a user through the API and gives the answer's `user`. */
export async function register(origin, name) {
  const user = { username: name, email: `${name}@example.com`, password: "correct horse" };
  const answer = await fetch(`${origin}/api/users`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user }),
  });
  return (await answer.json()).user;
}
