// The lists of the console: users and events, page after page.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { button, field, focused, link, says, view, warns } from "./account.mjs";
import { describeInBrowser } from "./browser.mjs";
import { openConsole, openUser, part, people, rowOf, rows, STAFF_VARS } from "./staff.mjs";

const USERS = /\/api\/admin\/users(\?|$)/;
const EVENTS = "**/api/admin/events?*";

describeInBrowser("the lists of the console", ({ open, startWorker }) => {
  let url;
  let run;
  let register;
  let staff;
  before(async () => {
    const server = await startWorker(STAFF_VARS);
    url = server.url;
    const { employ, ...others } = people(server);
    ({ run, register } = others);
    staff = await employ();
  });

  const search = (page) => page.getByRole("searchbox");
  const texts = (page) => rows(page).getByRole("link").allInnerTexts();
  const look = (options) => openConsole(open, url, staff, options);
  const user = (id, changes) => ({
    id,
    email: `user${id}@example.com`,
    username: `user${id}`,
    bio: null,
    image: null,
    active: true,
    staff: false,
    superuser: false,
    verified: true,
    created: "2026-01-01T00:00:00Z",
    updated: "2026-01-01T00:00:00Z",
    ...changes,
  });

  /** Adds users with an email that begins with a text, in this order. */
  async function add(prefix, count) {
    await run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
      INSERT INTO users (email, username, password, created_at, updated_at)
      SELECT printf('%s%03d@x.io', ?1, i), printf('%s%03d', ?1, i), '!', 0, 0 FROM n`,
      prefix,
      count,
    );
  }

  test("a search follows the typing, by the beginning of an email or username, or the id", async () => {
    const page = await look();
    const { id, email } = await register({ username: "Zebra", email: "quagga@example.com" });
    for (const text of ["quag", "ZEB", ` ${id} `]) {
      await search(page).fill(text);
      await says(page, "1 user");
      assert.deepEqual(await texts(page), [email]);
    }
    await search(page).fill("uagga");
    await says(page, "Nobody’s email or username begins with this.");
    assert.equal(await page.locator("#list").isVisible(), false);
    assert.equal(new URL(page.url()).hash, "#q=uagga");
    await search(page).fill("a&b=c#d");
    await page.waitForURL(/q=a%26b%3Dc%23d$/);
    await page.reload();
    await page.waitForFunction(() => document.getElementById("search-text")?.value === "a&b=c#d");
  });

  test("an answer that is out of date is dropped", async () => {
    const page = await look();
    await rowOf(page, staff.email).waitFor();
    let release;
    const released = new Promise((resolve) => (release = resolve));
    const asked = page.waitForRequest((request) => request.url().includes("q=old"));
    await page.route(USERS, async (route) => {
      const isOld = route.request().url().includes("q=old");
      if (isOld) {
        await released;
      }
      await route.fulfill({ json: { users: [user(isOld ? 1 : 2)], next: null } }).catch(() => {}); // aborted
    });
    await search(page).fill("old");
    await asked;
    await search(page).fill("new");
    await rowOf(page, "user2@example.com").waitFor();
    release();
    await search(page).fill("newer");
    await page.waitForResponse((response) => response.url().includes("q=newer"));
    assert.deepEqual(await texts(page), ["user2@example.com"]);
  });

  test("more is shown at the press of a button, and the focus goes to what is new", async () => {
    await add("many", 120);
    const page = await look({ fragment: "#q=many" });
    await says(page, "The first 50 users");
    await button(page, "More").press("Enter");
    await says(page, "The first 100 users");
    await focused(page, rows(page).nth(50));
    await button(page, "More").click();
    await says(page, "The first 120 users"); // as far as the API has looked
    await button(page, "More").click();
    await says(page, /^120 users$/);
    assert.equal(await button(page, "More").isVisible(), false);
    const emails = await texts(page);
    assert.equal(new Set(emails).size, 120);
    assert.deepEqual(emails, [...emails].sort());
  });

  test("empty pages that are not the last are passed over", async () => {
    const page = await look({ fragment: "#events" });
    const answers = { "": [[], "a"], a: [[], "b"], b: [[user(7)], "c"], c: [[], "d"], d: [[], null] };
    await page.route(USERS, (route) => {
      const [users, next] = answers[new URL(route.request().url()).searchParams.get("after") ?? ""];
      return route.fulfill({ json: { users, next } });
    });
    await link(page, "Users").click();
    await says(page, "The first 1 user");
    await button(page, "More").click();
    await says(page, /^1 user$/);
    assert.equal(await button(page, "More").isVisible(), false);
  });

  test("a search that finds nothing for long can be gone on with", async () => {
    const page = await look({ fragment: "#events" });
    let reads = 0;
    await page.route(USERS, (route) => {
      reads += 1;
      return route.fulfill({ json: { users: [], next: reads < 15 ? String(reads) : null } });
    });
    await link(page, "Users").click();
    await says(page, "None so far.");
    assert.equal(reads, 10);
    await button(page, "More").click();
    await says(page, "There are none.");
    assert.equal(reads, 15);
  });

  test("a state filters, and going back finds search and state again", async () => {
    await add("stated", 3);
    await run("UPDATE users SET is_active = 0 WHERE email = 'stated002@x.io'");
    const page = await look();
    await search(page).fill("stated");
    await says(page, "3 users");
    await field(page, "State").selectOption("Deactivated");
    await says(page, "1 user");
    await rowOf(page, "Deactivated").waitFor();
    await link(page, "stated002@x.io").click();
    await view(page, "stated002@x.io");
    await focused(page, page.getByRole("heading", { level: 1 }));
    assert.match(await page.title(), /^stated002@x\.io · /);
    await page.goBack();
    await view(page, "Users");
    await says(page, "1 user");
    assert.equal(await search(page).inputValue(), "stated");
    assert.equal(await field(page, "State").inputValue(), "inactive");
    await page.goForward();
    await view(page, "stated002@x.io");
    await field(page, "State").waitFor({ state: "detached" });
    await link(page, "Users").click();
    await field(page, "State").selectOption("Staff");
    await rowOf(page, staff.email).waitFor();
  });

  test("a failure is told, and can be tried again", async () => {
    const page = await look({ fragment: "#events" });
    await view(page, "Events");
    await page.route(USERS, (route) => route.abort(), { times: 1 });
    const expected = "The server could not be reached. Check your connection, then press “Look again” to try again.";
    await link(page, "Users").click();
    await warns(page, expected);
    await button(page, "Look again").click();
    await rows(page).first().waitFor();
    assert.equal(await button(page, "Look again").isVisible(), false);

    for (const pattern of ["**/api/admin/users/*", "**/api/admin/users/*/sessions", EVENTS]) {
      await page.route(pattern, (route) => route.fulfill({ status: 502, body: "Bad gateway" }), { times: 1 });
    }
    await page.goto(`${url}/admin#user=${staff.id}`);
    await page.locator("#look-up-user").getByText("error 502").waitFor();
    await page.locator("#look-up-user").getByRole("button").click();
    await part(page, "Profile").waitFor();
    for (const name of ["Sessions", "Events"]) {
      await part(page, name).getByText("error 502").waitFor();
      await button(part(page, name), "Look again").click();
      await part(page, name).getByRole("listitem").first().waitFor();
    }
  });

  test("events are filtered by user and type, and lead to their user", async () => {
    const { id, email, client, password } = await register();
    await client.update({ current_password: password, password: "battery staple" });
    const page = await look({ fragment: "#events" });
    await view(page, "Events");
    await rowOf(page, "Password changed").first().waitFor();
    await field(page, "Id of a user").fill("x");
    await page.getByText("An id is a number. The list of users has it.").waitFor();
    await field(page, "Id of a user").fill(String(id));
    await says(page, "2 events");
    await field(page, "Type").selectOption("Registered");
    await says(page, "1 event");
    await page.reload();
    await says(page, "1 event");
    assert.equal(await field(page, "Type").inputValue(), "user.registered");
    await field(page, "Type").selectOption("Erased");
    await says(page, "There are none.");
    await field(page, "Type").selectOption("All");
    await link(page, `user ${id}`).first().click();
    await view(page, email);
  });

  test("events come in pages too", async () => {
    const { id } = await register();
    await run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
      INSERT INTO events (at, type, user_id, actor_id) SELECT i, 'user.renamed', ?1, ?1 FROM n`,
      id,
    );
    const page = await look({ fragment: `#events=&user=${id}` });
    await says(page, "The first 50 events");
    await button(page, "More").click();
    await says(page, "61 events");
    await page.goto(`${url}/admin#user=${id}`);
    await part(page, "Events").getByText("The first 50 events").waitFor();
    await button(page, "More").click();
    await part(page, "Events").getByText("61 events").waitFor();
  });

  test("what users write stays text, in its own direction, and as wide as the window", async () => {
    const hostile = {
      username: `<img src=x onerror="document.title='x'">\u05d0\u05d1`,
      bio: `</dd><script>document.title = "x"</script>\u202e${"long".repeat(60)}`,
      image: `javascript:document.title="x"`,
    };
    const { id, email } = await register();
    await run(
      "UPDATE users SET username = ?, bio = ?, image = ? WHERE id = ?",
      hostile.username,
      hostile.bio,
      hostile.image,
      id,
    );
    await run("UPDATE sessions SET agent = ?, place = ? WHERE user_id = ?", "<b>x</b>", "\u202eBerlin", id);
    const page = await look({ viewport: { width: 320, height: 800 } });
    await openUser(page, { email });
    await part(page, "Sessions").getByText("<b>x</b>").first().waitFor();
    const profile = await page.locator("#profile").innerText();
    for (const text of Object.values(hostile)) {
      assert.ok(profile.includes(text), text);
    }
    assert.equal(await page.locator("#view :is(img, script, b)").count(), 0);
    assert.equal(await page.locator("#profile dd > bdi").count(), 7);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    await page.goBack();
    await rows(page).locator("bdi", { hasText: "onerror" }).first().waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  });

  test("an address that names nobody says so", async () => {
    const page = await look({ fragment: "#user=999999" });
    await view(page, "No such user");
    await page.getByText("They were erased, or there never was one with this id.").waitFor();
    await part(page, "Events").getByText("There are none.").waitFor();
    await page.goto(`${url}/admin#user=x`);
    await view(page, "Users");
  });
});
