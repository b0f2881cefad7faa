import type { Browser, Page } from "@playwright/test";
import { signInAs } from "../support/board";
import { expect, hydrated, refusedWith, test } from "../support/fixtures";
import { LAKESIDE, NORTH, state } from "../support/ordering";
import { text } from "../support/texts";
import { confirmedOrder } from "../support/waiting";

/** A browser of its own in the kitchen. */
async function kitchen(browser: Browser, javaScriptEnabled: boolean): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  await signInAs(page, "staff");
  return page;
}

/** The list of the campus that hands the order out, and the order's card there. */
async function cardOf(page: Page, order: string) {
  for (const campus of [NORTH, LAKESIDE]) {
    await page.goto(`/staff/orders?campus=${campus}`);
    const card = page.locator(".staff-order").filter({ has: page.locator(`a[href="/orders/${order}"]`) });
    if ((await card.count()) > 0) return card;
  }
  throw new Error("no campus hands this order out today");
}

test("staff move an order on, and the member's page shows it", async ({
  page,
  open,
  signUp,
  browser,
  hydrates,
}) => {
  await signUp();
  const { orderId } = await confirmedOrder(page.request);
  await open(`/orders/${orderId}`);
  await expect(state(page)).toHaveText(text("order_state.CONFIRMED"));

  const cook = await kitchen(browser, hydrates);
  const card = await cardOf(cook, orderId);
  if (hydrates) {
    await hydrated(cook);
  }
  for (const [button, after] of [
    ["START", "PREPARING"],
    ["READY", "READY"],
    ["COLLECTED", "COLLECTED"],
  ] as const) {
    await card.getByRole("button", { name: text(`advance.${button}`) }).click();
    if (after === "COLLECTED") {
      await cook.getByText(text("staff.ended")).click();
    }
    await expect(card.locator(".chip")).toHaveText(text(`order_state.${after}`));
    // Hydrated it hears of it; without JavaScript the page loads itself again.
    await expect(state(page)).toHaveText(text(`order_state.${after}`));
  }
  await expect(page.locator(".timeline > li").last()).toHaveAttribute("data-state", "done");
  await cook.context().close();
});

test("staff cancel with a reason that the member reads", async ({
  page,
  open,
  signUp,
  browser,
  hydrates,
}) => {
  await signUp();
  const { orderId } = await confirmedOrder(page.request);
  const cook = await kitchen(browser, hydrates);
  const card = await cardOf(cook, orderId);
  await card.getByRole("link", { name: new RegExp(`^${text("order.cancel")}`) }).click();
  const yes = cook.getByRole("button", { name: text("order.cancel_yes") });
  await yes.click();
  await expect(cook.getByLabel(text("order.why"))).toHaveAccessibleDescription(
    new RegExp(text("invalid.required")),
  );
  await cook.getByLabel(text("order.why")).fill("The oven is broken");
  await yes.click();
  await expect(cook).toHaveURL(/\/staff\/orders\?campus=\w+$/);
  await open(`/orders/${orderId}`);
  await expect(state(page)).toHaveText(text("order_state.CANCELLED"));
  await expect(page.getByRole("main")).toContainText("The oven is broken");
  await cook.context().close();
});

test.describe("who may not", () => {
  test.use({ allowedErrors: refusedWith(403) });

  test("a member does not see the kitchen's list, nor the way to it", async ({
    page,
    open,
    signUp,
  }) => {
    await signUp();
    await open("/orders");
    const banner = page.getByRole("banner");
    await expect(banner.getByRole("link", { name: text("nav.staff") })).toHaveCount(0);
    expect(await open("/staff/orders")).toBe(403);
    await page.context().clearCookies();
    await signInAs(page, "admin");
    await open("/orders");
    await banner.getByRole("link", { name: text("nav.staff") }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("staff.title"));
  });
});
