// What changes orders, by real clicks: `node acts.mjs URL`. Takes a demo with open orders.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [base] = process.argv.slice(2);
const flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: flags.split(" "),
});
const read = async () => (await (await fetch(`${base}/api/v1/orders?limit=200`)).json()).orders;
const pathOf = (order) => `/orders/${order.connection}/${encodeURIComponent(order.order)}`;
let open = [];
for (let second = 0; second < 60 && open.length < 2; second++) {
  open = (await read()).filter((order) => order.status === "not shipped");
  await new Promise((done) => setTimeout(done, 1000));
}
assert.ok(open.length >= 2, "the demo has two open orders");

for (const [javaScriptEnabled, order] of [
  [true, open[0]],
  [false, open[1]],
]) {
  const page = await (await browser.newContext({ javaScriptEnabled })).newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(message.text());
  });
  // The order that waits the longest leads to itself, from both pages that tell of it.
  await page.goto(`${base}/activity`);
  const oldest = page.locator("section.ages li").first();
  assert.match(await oldest.getByRole("img").getAttribute("aria-label"), /waits for/);
  const name = await oldest.getByRole("link").innerText();
  await oldest.getByRole("link").click();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: name }).waitFor();
  await page.goto(`${base}/connections`);
  await page.getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { level: 1 }).filter({ hasText: name }).waitFor();

  await page.goto(base + pathOf(order));
  const form = (words) => page.locator("form.act").filter({ hasText: words });

  // Nothing is sent without the tick.
  const cancel = form("Cancel it on both sides");
  await cancel.getByRole("button", { name: "Cancel" }).click();
  assert.ok(!page.url().includes("done="), "the browser asks for the tick first");
  const detail = await (await fetch(`${base}/api/v1${pathOf(order)}`)).json();
  assert.ok(detail.lines.some((line) => line.left > 0));
  await cancel.getByRole("combobox").selectOption("buyer_asked");
  await cancel.getByRole("checkbox").check();
  await cancel.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("status").filter({ hasText: "It is being cancelled" }).waitFor();
  await page.getByText(/operator: cancel \d+ ×/).first().waitFor();

  // What cannot be done says why.
  for (const words of ["Report again", "Decide a return"]) {
    const other = form(words);
    assert.ok(await other.getByRole("button").isDisabled(), words);
    assert.ok((await other.locator(".small").innerText()).length > 10, words);
  }
  await page.goto(`${base}${pathOf(order)}/dry-run`);
  await page.getByText("Nothing was sent.").waitFor();
  await page.getByRole("link", { name: "Back to the order" }).click();
  assert.deepEqual(wrong, []);
  await page.context().close();
}
await browser.close();
console.log("what changes orders works by clicks");
