// Every page in a real browser: `node pages.mjs URL [DIRECTORY FOR SCREENSHOTS]`.
// Looks, clicks with and without scripts, and lets axe look for what keeps people out.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [base, shots] = process.argv.slice(2);
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const flags =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run " +
  "--disable-background-networking --disable-component-update --disable-sync";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: flags.split(" "),
});
const wrong = [];

const openPage = async (options) => {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`${page.url()}: ${error}`));
  return page;
};

const orders = (await (await fetch(`${base}/api/v1/orders?limit=200`)).json()).orders;
assert.ok(orders.length > 5, "the demo has orders");
const pathOf = (order) => `/orders/${order.connection}/${encodeURIComponent(order.order)}`;
const coded = orders.find((order) => order.tracking.some((parcel) => parcel.code)) ?? orders[0];
const paths = {
  overview: "/",
  filtered: "/?status=shipped",
  empty: "/?q=nothing-like-this",
  order: pathOf(coded),
  problems: "/problems",
  connections: "/connections",
  activity: "/activity",
  missing: "/orders/none/none",
  dryrun: `${pathOf(coded)}/dry-run`,
};
const open = orders.filter((order) => ["not shipped", "waiting"].includes(order.status));
const cancelled = open.filter((order) => order.order !== coded.order);
const clicked = new Set();
const looks = {
  light: { viewport: { width: 1360, height: 900 }, colorScheme: "light" },
  dark: { viewport: { width: 1360, height: 900 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true },
};

for (const [look, options] of Object.entries(looks)) {
  const page = await openPage(options);
  for (const [name, path] of Object.entries(paths)) {
    const answer = await page.goto(base + path);
    assert.equal(answer.status(), name === "missing" ? 404 : 200, path);
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (wide > 0) wrong.push(`${look} ${path}: wider than the window by ${wide}`);
    if (shots) await page.screenshot({ path: `${shots}/${look}-${name}.png`, fullPage: true });
    // The policy for scripts keeps axe out of the page itself.
    const session = await page.context().newCDPSession(page);
    await session.send("Page.setBypassCSP", { enabled: true });
    await page.reload();
    await page.addScriptTag({ path: axe });
    const found = await page.evaluate(() => window.axe.run());
    for (const violation of found.violations) {
      const where = violation.nodes.map((node) => node.target.join(" ")).slice(0, 3);
      wrong.push(`${look} ${path}: ${violation.impact} ${violation.id} at ${where.join(", ")}`);
    }
    await session.send("Page.setBypassCSP", { enabled: false });
  }
  await page.context().close();
}
// The missing page's own status is an error to the browser, and expected.
const expected = (text) => text.includes("status of 404") && text.includes("/orders/none/none");

for (const javaScriptEnabled of [true, false]) {
  const page = await openPage({ ...looks.light, javaScriptEnabled });
  await page.goto(base);
  await page.getByRole("link", { name: /All/ }).first().click();
  await page.getByRole("searchbox").fill(coded.order.slice(0, 6));
  await page.getByRole("button", { name: "Search" }).click();
  assert.match(page.url(), /[?&]q=/);
  await page.getByRole("link", { name: coded.order, exact: true }).click();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: coded.order }).waitFor();

  const note = `looked at ${javaScriptEnabled ? "with" : "without"} scripts <b>&`;
  const form = page.locator("form.act").filter({ hasText: "Write a note" });
  await form.getByRole("textbox").fill(note);
  await form.getByRole("button").click();
  await page.getByRole("status").filter({ hasText: "The note is in the history." }).waitFor();
  assert.ok(await page.getByText(note).first().isVisible());
  await page.reload();
  const notes = await page.locator("ol.history li").filter({ hasText: note }).count();
  assert.equal(notes, 1, "loading the page again writes nothing");

  // What would be created is shown, and nothing is: then the order is cancelled, whole.
  const target = javaScriptEnabled ? cancelled[0] : cancelled[1];
  if (target) {
    await page.goto(`${base}${pathOf(target)}`);
    const cancel = page.locator("form.act").filter({ hasText: "Cancel it on both sides" });
    if (await cancel.count()) {
      await cancel.getByRole("combobox").selectOption("buyer_asked");
      await cancel.getByRole("checkbox").check();
      await cancel.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("status").filter({ hasText: "It is being cancelled" }).waitFor();
      await page.getByText(/operator: cancel /).first().waitFor();
      clicked.add("cancel");
    }
  }
  await page.goto(`${base}${pathOf(coded)}`);
  const again = page.locator("form.act").filter({ hasText: "Report again" });
  const button = again.getByRole("button");
  if (await button.isEnabled()) {
    await button.click();
    await page.getByRole("status").filter({ hasText: "The marketplace is asked" }).waitFor();
    clicked.add("again");
  } else {
    assert.ok(await again.locator(".small").isVisible(), "a disabled action says why");
  }
  const link = page.locator("form.act").filter({ hasText: "Link to a webshop order" });
  assert.ok(await link.getByRole("button").isDisabled(), "it is linked already");
  assert.match(await link.locator(".small").innerText(), /linked to webshop order|nothing is left/);

  await page.goto(base);
  for (const box of (await page.getByRole("checkbox").all()).slice(0, 2)) await box.check();
  await page.getByRole("button", { name: "Try again now" }).click();
  await page.getByText(/of 2 orders/).waitFor();
  await page.getByRole("link", { name: "Back to the list" }).click();

  await page.getByRole("link", { name: "Connections" }).first().click();
  await page.getByLabel("Why (for colleagues)").first().fill("stock-taking");
  await page.getByRole("button", { name: "Stop" }).first().click();
  await page.getByText(/stopped by a person: stock-taking/).first().waitFor();
  await page.getByRole("button", { name: "Go on" }).first().click();
  await page.getByText("It goes on within seconds.").waitFor();

  // With the keyboard alone: to the content, and into the first filter.
  await page.goto(base);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.context().close();
}

// An open page keeps up by itself.
const page = await openPage(looks.light);
await page.goto(`${base}${pathOf(coded)}`);
await page.goto(base);
await page.waitForTimeout(2500);
const marker = await page.evaluate(() => {
  const first = document.querySelector("#main > *");
  first.dataset.old = "1";
  return first.dataset.old;
});
assert.equal(marker, "1");
await fetch(`${base}/api/v1${pathOf(coded)}/actions`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ action: "note", text: "to be seen" }),
});
await page.waitForFunction(() => !document.querySelector("[data-old]"), null, { timeout: 10000 });
await page.context().close();

await browser.close();
console.log(`acts clicked where the demo had something to act on: ${[...clicked].join(", ") || "none"}`);
const left = wrong.filter((text) => !expected(text));
assert.deepEqual(left, []);
console.log("every page is as it must be in a browser");
