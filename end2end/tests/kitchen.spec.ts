import { expect, refusedWith, test } from "../support/fixtures";
import { signInAs } from "../support/board";
import { cardIn, cardOf, display, lastItems, openDisplayOf, restock } from "../support/kitchen";
import { state } from "../support/ordering";
import { beginning, text } from "../support/texts";
import { confirmedOrder, kitchen } from "../support/waiting";

/** What begins like a text. */
const start = (key: string): RegExp => new RegExp(`^${beginning(key)}`);

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

  const cook = await display(browser, hydrates);
  const campus = await openDisplayOf(cook, orderId, hydrates);
  await expect(cardIn(cook, "CONFIRMED", orderId)).toBeVisible();
  for (const [button, after] of [
    ["START", "PREPARING"],
    ["READY", "READY"],
    ["COLLECTED", "COLLECTED"],
  ] as const) {
    const card = cardOf(cook, orderId);
    await card.getByRole("button", { name: text(`advance.${button}`) }).click();
    if (after === "COLLECTED") {
      await expect(card).toHaveCount(0);
    } else {
      await expect(cardIn(cook, after, orderId)).toBeVisible();
    }
    await expect(cook).toHaveURL(new RegExp(`/kitchen/${campus}$`));
    // Hydrated it hears of it; without JavaScript the page loads itself again.
    await expect(state(page)).toHaveText(text(`order_state.${after}`));
  }
  await expect(page.locator(".timeline > li").last()).toHaveAttribute("data-state", "done");
  await cook.context().close();
});

test("staff refuse with a reason that the member reads", async ({
  page,
  open,
  signUp,
  browser,
  hydrates,
}) => {
  await signUp();
  const { orderId } = await confirmedOrder(page.request);
  const cook = await display(browser, hydrates);
  await openDisplayOf(cook, orderId, hydrates);
  await cardOf(cook, orderId).getByRole("link", { name: start("kitchen.refuse") }).click();
  const yes = cook.getByRole("button", { name: text("kitchen.refuse_yes") });
  await yes.click();
  const reason = cook.getByLabel(text("kitchen.other_reason"));
  await expect(reason).toHaveAccessibleDescription(new RegExp(text("invalid.required")));
  await reason.fill("The oven is broken");
  await yes.click();
  await expect(cook).toHaveURL(/\/kitchen\/\w+$/);
  await open(`/orders/${orderId}`);
  await expect(state(page)).toHaveText(text("order_state.CANCELLED"));
  await expect(page.getByRole("main")).toContainText("The oven is broken");
  await cook.context().close();
});

test("what is out of stock is replaced by what the member chooses", async ({
  page,
  open,
  signUp,
  browser,
  hydrates,
  playwright,
  baseURL,
}) => {
  await signUp();
  const staff = await kitchen(playwright, baseURL);
  const last = await lastItems(page.request);
  const item = last[hydrates ? 0 : 1];
  if (!item) throw new Error("nothing simple is sold");
  const { orderId } = await confirmedOrder(page.request, item);
  await open(`/orders/${orderId}`);

  const cook = await display(browser, hydrates);
  await openDisplayOf(cook, orderId, hydrates);
  const card = cardOf(cook, orderId);
  await card.getByRole("link", { name: start("kitchen.refuse") }).click();
  await cook.getByRole("link", { name: start("kitchen.out_of") }).click();
  const choices = cook.getByRole("group", { name: text("kitchen.offer") });
  await expect(choices.getByRole("checkbox", { checked: true })).toHaveCount(3);
  await test.step("nothing is offered by mistake", async () => {
    for (const box of await choices.getByRole("checkbox").all()) {
      await box.setChecked(false);
    }
    await cook.getByRole("button", { name: text("kitchen.offer_send") }).click();
    await expect(choices).toHaveAccessibleDescription(new RegExp(text("invalid.required")));
    // What other tests say to be out of stock may be so at any moment.
    for (const box of await choices.getByRole("checkbox").all()) {
      const label = await box.evaluate((one: HTMLInputElement) => one.labels?.[0]?.textContent ?? "");
      if (last.slice(0, 6).some(({ name }) => label.includes(name))) continue;
      await box.check();
      break;
    }
    await expect(choices.getByRole("checkbox", { checked: true })).toHaveCount(1);
  });
  await cook.getByRole("button", { name: text("kitchen.offer_send") }).click();
  await expect(cook).toHaveURL(/\/kitchen\/\w+$/);
  await expect(card.locator(".kitchen-card__asked")).toBeVisible();
  await expect(card.getByRole("button")).toHaveCount(0);

  await test.step("the member takes it", async () => {
    const take = page.getByRole("button", { name: start("offer.take") });
    await expect(take).toHaveCount(1);
    await take.click();
    await expect(take).toHaveCount(0);
    await expect(page.locator("[data-live=offers]")).toContainText(beginning("offer_state.ACCEPTED"));
    await expect(page.locator("[data-live=lines]")).not.toContainText(item.name);
    await expect(state(page)).toHaveText(text("order_state.CONFIRMED"));
  });
  if (!hydrates) await cook.reload();
  await expect(card.getByRole("button", { name: text("advance.START") })).toBeVisible();
  await expect(card.locator(".kitchen-card__lines")).not.toContainText(item.name);
  await restock(staff, item.itemId);
  await staff.dispose();
  await cook.context().close();
});

test("who wants nothing else gets the money back", async ({
  page,
  open,
  signUp,
  hydrates,
  playwright,
  baseURL,
}) => {
  await signUp();
  const staff = await kitchen(playwright, baseURL);
  const item = (await lastItems(page.request))[hydrates ? 2 : 3];
  if (!item) throw new Error("nothing simple is sold");
  const { orderId } = await confirmedOrder(page.request, item);
  const found = await staff.get(`/v1/orders/${orderId}/substitutes?itemId=${item.itemId}`);
  const { items } = (await found.json()) as { items: { itemId: string }[] };
  const refused = await staff.post(`/v1/orders/${orderId}/refuse`, {
    data: { itemId: item.itemId, substitutes: items.slice(0, 2).map((one) => one.itemId) },
  });
  expect(refused.status(), await refused.text()).toBe(204);
  await open("/inbox");
  await expect(page.getByRole("main")).toContainText(item.name);
  await open(`/orders/${orderId}`);
  await expect(page.getByRole("button", { name: start("offer.take") })).toHaveCount(2);
  await page.getByRole("button", { name: text("offer.decline") }).click();
  await expect(state(page)).toHaveText(text("order_state.CANCELLED"));
  await expect(page.locator("[data-live=payment]")).toContainText(text("payment_state.REFUNDED"));
  await restock(staff, item.itemId);
  await staff.dispose();
});

test("a display shows one station", async ({ page, open }) => {
  await signInAs(page, "staff");
  await open("/kitchen");
  await expect(page).toHaveURL(/\/kitchen\/\w+$/);
  const stations = page.getByRole("navigation", { name: text("kitchen.stations") });
  await stations.getByRole("link", { name: text("station.COLD") }).click();
  await expect(page).toHaveURL(/\?station=COLD$/);
  await expect(stations.getByRole("link", { name: text("station.COLD") })).toHaveAttribute(
    "aria-current",
    "true",
  );
  const lines = page.locator(".kitchen-card__lines > li > small");
  await expect(lines.filter({ hasNotText: text("station.COLD") })).toHaveCount(0);
});

test("a screen in the hall shows numbers to everybody, and nothing else", async ({
  page,
  open,
  signUp,
  playwright,
  baseURL,
}) => {
  const member = await signUp();
  const [item] = await lastItems(page.request);
  if (!item) throw new Error("nothing simple is sold");
  const { orderId, number } = await confirmedOrder(page.request, item);
  await page.context().clearCookies();
  const staff = await kitchen(playwright, baseURL);
  await open(`/board/${item.campus}`);
  const part = (name: string) =>
    page.locator(`[data-live=${name}]`).getByRole("listitem").filter({ hasText: new RegExp(`^${number}$`) });
  await expect(part("cooking")).toHaveCount(0);
  for (const [advance, shown, gone] of [
    ["START", "cooking", "ready"],
    ["READY", "ready", "cooking"],
  ] as const) {
    const response = await staff.post(`/v1/orders/${orderId}/advance`, { data: { advance } });
    expect(response.status()).toBe(204);
    // It follows by itself.
    await expect(part(shown)).toHaveCount(1);
    await expect(part(gone)).toHaveCount(0);
  }
  const shown = await page.getByRole("main").innerHTML();
  for (const secret of [member.name, orderId, item.name]) {
    expect(shown).not.toContain(secret);
  }
  await staff.dispose();
});

test.describe("who may not", () => {
  test.use({ allowedErrors: refusedWith(403) });

  test("a member does not see the kitchen, nor the way to it", async ({ page, open, signUp }) => {
    await signUp();
    await open("/orders");
    const banner = page.getByRole("banner");
    await expect(banner.getByRole("link", { name: text("nav.staff") })).toHaveCount(0);
    expect(await open("/kitchen")).toBe(403);
    // The address that it once had.
    expect(await open("/staff/orders?campus=north")).toBe(403);
    await expect(page).toHaveURL(/\/kitchen\/north$/);
    await page.context().clearCookies();
    await signInAs(page, "admin");
    await open("/orders");
    await banner.getByRole("link", { name: text("nav.staff") }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("kitchen.title"));
  });
});
