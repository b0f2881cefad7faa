// Kitchens' displays, and what they are pressed for.
import type { APIRequestContext, Browser, Locator, Page } from "@playwright/test";
import { signInAs } from "./board";
import { expect, hydrated } from "./fixtures";
import { items, LAKESIDE, NORTH, type Item } from "./ordering";

/** A browser of its own in the kitchen, as large as a tablet. */
export async function display(browser: Browser, javaScriptEnabled = true): Promise<Page> {
  const context = await browser.newContext({
    javaScriptEnabled,
    viewport: { width: 1180, height: 820 },
  });
  const page = await context.newPage();
  await signInAs(page, "staff");
  return page;
}

/** Opens the display of a campus; with JavaScript, once it hears what happens. */
export async function openDisplay(page: Page, campus: string, hydrates = true): Promise<void> {
  if (!hydrates) {
    await page.goto(`/kitchen/${campus}`);
    return;
  }
  // Whoever listens only once the page is ready may have missed the first word.
  const heard = page
    .waitForEvent("websocket")
    .then((socket) => socket.waitForEvent("framereceived"));
  await page.goto(`/kitchen/${campus}`);
  await hydrated(page);
  await heard;
}

/** An order's card on an open display. */
export const cardOf = (page: Page, order: string): Locator =>
  page.locator(`.kitchen-card[data-key="${order}"]`);

/** An order's card among those of a state. */
export const cardIn = (page: Page, state: string, order: string): Locator =>
  page.locator(`.kitchen__column[data-state=${state}] .kitchen-card[data-key="${order}"]`);

/** Opens the display of the campus that hands an order out. */
export async function openDisplayOf(page: Page, order: string, hydrates = true): Promise<string> {
  for (const campus of [NORTH, LAKESIDE]) {
    await openDisplay(page, campus, hydrates);
    if ((await cardOf(page, order).count()) > 0) return campus;
  }
  throw new Error("no campus hands this order out today");
}

/** Simple things that no other test orders: the last ones of the menus. */
export async function lastItems(request: APIRequestContext): Promise<Item[]> {
  const simple = (await items(request, LAKESIDE)).filter((item) => !item.configurable);
  expect(simple.length).toBeGreaterThan(3);
  return simple.reverse();
}

/** Fills up what a test has said to be out of stock. */
export async function restock(kitchen: APIRequestContext, item: string): Promise<void> {
  const response = await kitchen.post(`/v1/stock/${item}/movements`, {
    headers: { "idempotency-key": `${Date.now()}-${Math.random()}` },
    data: { kind: "RECEIVED", quantity: 100, reason: "" },
  });
  expect(response.ok(), await response.text()).toBe(true);
}
