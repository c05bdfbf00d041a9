// Draws the account page and the console of staff for the documents, with made-up data, so that it comes out the same each time.
// `npm run screenshots` builds what this needs, and runs it.

import { startWorker } from "../api_workerd/harness.mjs";
import { launch } from "./browser.mjs";

const NOW = Date.UTC(2026, 0, 15, 9, 30) / 1000;
const CLAIMS = { id: 42, iat: NOW - 180, exp: NOW + 60 * 86_400 - 180, ver: 0, sid: "Zr8mC1v0Qk2dYt5xHn7wLA" };
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const USER = {
  email: "jake@example.com",
  username: "jake",
  bio: "I keep the keys.",
  image: "https://images.example.com/jake.jpg",
  token: [encoded({ typ: "JWT", alg: "HS256" }), encoded(CLAIMS), "signature"].join("."),
};
const DAY = 86_400;
const device = (id, agent, place, days) => ({
  id,
  current: days === 0,
  agent,
  place,
  methods: ["pwd"],
  created: new Date((NOW - (days + 30) * DAY) * 1000).toISOString(),
  seen: new Date((NOW - days * DAY) * 1000).toISOString(),
  expires: new Date((NOW + (60 - days) * DAY) * 1000).toISOString(),
});
const SESSIONS = [
  device(CLAIMS.sid, "Firefox on Linux", "Berlin, DE", 0),
  device("phone", "Safari on iOS", "Berlin, DE", 1),
  device("app", null, "Lisbon, PT", 12),
];
const FACE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 52 52">
  <rect width="52" height="52" fill="#f4c9a8"/><path d="M0 0h52v20Q26 4 0 20z" fill="#5a3825"/>
  <g fill="#33241c"><circle cx="18" cy="28" r="2.5"/><circle cx="34" cy="28" r="2.5"/></g>
  <path d="M17 37q9 7 18 0" fill="none" stroke="#33241c" stroke-width="2.5" stroke-linecap="round"/></svg>`;
const user = (id, username, changes) => ({
  id,
  email: `${username}@example.com`,
  username,
  bio: null,
  image: null,
  active: true,
  staff: false,
  superuser: false,
  verified: true,
  created: "2026-01-02T00:00:00Z",
  updated: "2026-01-02T00:00:00Z",
  ...changes,
});
const USERS = [
  user(CLAIMS.id, USER.username, { staff: true, superuser: true }),
  user(57, "jakob", { verified: false }),
  user(108, "james"),
  user(63, "jana", { staff: true }),
  user(91, "jasper", { active: false }),
];
const PICTURES = {
  "account-light": { colorScheme: "light", width: 1080, height: 1560 },
  "account-dark": { colorScheme: "dark", width: 1080, height: 1560 },
  "account-narrow": { colorScheme: "light", width: 360, height: 760 },
  admin: { colorScheme: "light", width: 1080, height: 800, path: "admin#q=ja" },
};

const { server, url } = await startWorker({ vars: {} });
const browser = await launch();
try {
  for (const [name, { colorScheme, path = "", ...viewport }] of Object.entries(PICTURES)) {
    const page = await browser.newPage({ colorScheme, viewport, timezoneId: "UTC" });
    await page.clock.setFixedTime(NOW * 1000);
    await page.addInitScript((token) => sessionStorage.setItem("latchkey.token", token), USER.token);
    await page.route("**/api/user", (route) => route.fulfill({ json: { user: USER } }));
    await page.route("**/api/user/sessions", (route) => route.fulfill({ json: { sessions: SESSIONS, more: false } }));
    await page.route(USER.image, (route) => route.fulfill({ contentType: "image/svg+xml", body: FACE }));
    await page.route("**/api/admin/users/*", (route) => route.fulfill({ json: { user: USERS[0] } }));
    await page.route("**/api/admin/users?*", (route) => route.fulfill({ json: { users: USERS, next: null } }));
    await page.goto(url.href + path);
    if (path === "") {
      await page.getByText("Logged in as jake").waitFor();
      await page.locator("#picture").waitFor();
    }
    await page.getByText(path === "" ? "Safari on iOS" : "5 users").waitFor();
    await page.screenshot({ path: `docs/${name}.png` });
  }
} finally {
  await browser.close();
  await server.close();
}
