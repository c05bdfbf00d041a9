// Accessibility of the console, its layout on a narrow screen, and its use without a mouse.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { assertAccessible } from "./accessible.mjs";
import { button, field, fieldError, focused, says, view } from "./account.mjs";
import { ageToken } from "./age.mjs";
import { describeInBrowser } from "./browser.mjs";
import { openConsole, part, people, rowOf, STAFF_VARS, setToken } from "./staff.mjs";

describeInBrowser("the console for all", ({ open, startWorker }) => {
  let url;
  let root;
  let plain;
  let oneFactor;
  let user;
  before(async () => {
    const server = await startWorker(STAFF_VARS);
    url = server.url;
    const { run, register, employ } = people(server);
    root = await employ({ superuser: true });
    plain = await employ();
    oneFactor = await employ({ factor: false });
    user = await register({
      username: "long".repeat(60),
      email: `${"long".repeat(15)}@${"long".repeat(15)}.example.com`,
    });
    await run("UPDATE users SET bio = ?, image = ? WHERE id = ?", "long ".repeat(50), "long".repeat(50), user.id);
  });

  for (const [colorScheme, width] of [
    ["light", 320],
    ["dark", 320],
    ["light", 1280],
    ["dark", 1280],
  ]) {
    test(`${colorScheme}, ${width} pixels wide`, async () => {
      const page = await openConsole(open, url, root, { colorScheme, viewport: { width, height: 800 } });
      const check = (name) => assertAccessible(page, name);
      await rowOf(page, user.email).waitFor();
      await check("users");
      await page.getByRole("searchbox").fill("nobody");
      await says(page, "Nobody’s email");
      await check("no users");
      await page.goto(`${url}/admin#events`);
      await page.locator("#list > li").first().waitFor();
      await field(page, "Id of a user").fill("x");
      await page.getByText("An id is a number.").waitFor();
      await check("events");
      await page.goto(`${url}/admin#invite`);
      await button(page, "Invite").click();
      await fieldError(page, "Email", "Enter an email.");
      await check("an invitation");

      for (const { id } of [user, plain, root]) {
        await page.goto(`${url}/admin#user=${id}`);
        await part(page, "Sessions").getByRole("listitem").first().waitFor();
        await part(page, "Events").getByRole("listitem").first().waitFor();
        await check(`user ${id}`);
      }
      await page.goto(`${url}/admin#user=999999`);
      await view(page, "No such user");
      await check("nobody");

      await page.goto(`${url}/admin#user=${user.id}`);
      await button(page, "Erase…").click();
      await page.locator("[aria-invalid=true]").waitFor();
      await button(page, "Deactivate…").click();
      await check("a question");
      await button(page.locator("#ask"), "Cancel").click();
      await ageToken(page);
      await button(page, "Deactivate…").click();
      await button(page.locator("#ask"), "Deactivate").click();
      await focused(page, field(page, "Password"));
      await check("the dialog for a proof");

      for (const [token, heading] of [
        ["", "You are not logged in"],
        [await user.client.token(), "You need a second factor"],
        [await oneFactor.client.token(), "You need a second factor"],
      ]) {
        await setToken(page, token);
        await page.reload();
        await view(page, heading);
        await check(heading);
      }
    });
  }

  test("a session is ended by keyboard alone", async () => {
    const page = await openConsole(open, url, root);
    await rowOf(page, user.email).waitFor();
    const tabTo = async (locator) => {
      while (!(await page.locator(":focus").and(locator).count())) {
        await page.keyboard.press("Tab");
      }
    };
    await tabTo(page.getByRole("searchbox"));
    await page.keyboard.type(user.email.slice(0, 8));
    await says(page, "1 user");
    await tabTo(page.getByRole("link", { name: user.email }));
    await page.keyboard.press("Enter");
    await view(page, user.email);
    await focused(page, page.getByRole("heading", { level: 1 }));
    const end = part(page, "Sessions").getByRole("listitem").getByRole("button");
    await end.waitFor();
    await tabTo(end);
    await page.keyboard.press("Enter");
    await focused(page, button(page.locator("#ask"), "Cancel"));
    await page.keyboard.press("Enter");
    await focused(page, end);
    assert.equal(await end.count(), 1);
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    await focused(page, button(page.locator("#ask"), "End it"));
    await page.keyboard.press("Space");
    await says(page, "is logged out.");
    await focused(page, page.getByRole("heading", { name: "Sessions" }));
  });
});
