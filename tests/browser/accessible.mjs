// Accessibility of a view, and its layout.

import assert from "node:assert/strict";
import axe from "axe-core";

/** Asserts that axe-core finds nothing, that the view is as wide as the window, and that what one touches is large enough. */
export async function assertAccessible(page, name) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
  assert.deepEqual(found, [], name);
  const { width } = page.viewportSize();
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${name}: its width`);
  assert.equal(await page.locator("h1").count(), 1, `${name}: its main headings`);
  const heights = await page
    .locator("button:visible, input:visible, a:visible, summary:visible")
    .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height));
  assert.ok(Math.min(...heights) >= 44, `${name}: what to touch`);
}
