// A day at a campus in three browsers: somebody new who eats there, the kitchen, and who runs the place.
import type { Browser, Page } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { signInAs } from "../support/board";
import { expect, hydrated, newMember, putProfile, test } from "../support/fixtures";
import { cardIn, cardOf, display, openDisplay } from "../support/kitchen";
import { addToCart, items, NORTH, pageOf, placing, state, type Item } from "../support/ordering";
import { row, rows, title } from "../support/panel";
import { beginning, text } from "../support/texts";

// One server for three browsers, each of whose pages is looked at twice.
test.describe.configure({ timeout: 600_000 });

/** Who gives money back and counts, in the demo. */
const ADMINISTRATOR = "Ada Núñez";
const HOUR = 3_600_000;

/** What begins like a text. */
const start = (key: string): RegExp => new RegExp(`^${beginning(key)}`);

/** A sentence that no other test writes down. */
const unique = (words: string): string => `${words} ${Math.random().toString(36).slice(2, 8)}`;

/** Looks at an open page in both themes. */
async function look(page: Page): Promise<void> {
  await hydrated(page);
  await expectAccessible(page);
}

async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await look(page);
}

/** A browser of its own for an administrator. */
async function desk(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await signInAs(page, "admin");
  return page;
}

/** Items whose portions stock.spec.ts counts. */
async function counted(staff: Page): Promise<string[]> {
  const answer = await staff.request.get("/v1/stock?descending=true&limit=8");
  expect(answer.status(), await answer.text()).toBe(200);
  const { items } = (await answer.json()) as { items: { itemId: string }[] };
  return items.map(({ itemId }) => itemId);
}

/** Something simple that no other test orders: none of those that are counted, and not the first. */
async function ownItem(page: Page, others: string[]): Promise<Item> {
  const simple = (await items(page.request, NORTH)).filter((item) => !item.configurable).slice(1);
  const item = simple.reverse().find(({ itemId }) => !others.includes(itemId));
  if (!item) throw new Error(`${NORTH} sells too little that is simple`);
  return item;
}

interface Meal extends Item {
  /** The dish in the catalogue. */
  reference: string;
}

/** A meal of the open plan that is handed out on the same day as something else, as late as may be. */
async function mealBeside(page: Page, other: Item, others: string[]): Promise<Meal> {
  const links = page.locator(".week__meal:visible").getByRole("link");
  const planned = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  const from = Date.parse(other.firstSlot ?? "");
  const sold = ((await items(page.request, NORTH)) as Meal[])
    .filter(({ itemId }) => itemId !== other.itemId && !others.includes(itemId))
    .filter(({ reference }) => planned.includes(`/dishes/${reference}`))
    .map((meal) => ({ meal, at: Date.parse(meal.firstSlot ?? "") }))
    .filter(({ at }) => at - from < 3 * HOUR)
    .sort((one, next) => one.at - next.at);
  const last = sold.at(-1);
  if (!last) throw new Error(`${NORTH} hands out nothing of this plan today`);
  return last.meal;
}

/** From the open checkout to the order, in the last slot of the first day: the others take the first. */
async function orderLate(page: Page): Promise<string> {
  const slots = page.getByRole("group", { name: text("checkout.slot") });
  await slots.locator(".slots__day").first().locator("label:has(input:enabled)").last().click();
  const payment = page.getByRole("group", { name: text("checkout.payment") });
  await payment.locator("label").filter({ hasText: text("gateway.SIMULATED") }).click();
  await page.getByRole("button", { name: placing() }).click();
  await expect(page).toHaveURL(/\/orders\/[0-9a-f-]{36}$/);
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

/** What the kitchen may offer instead: something that costs no less, so that nothing is owed. */
async function substitute(
  staff: Page,
  order: string,
  item: Item,
  others: string[],
): Promise<{ itemId: string; name: string }> {
  const answer = await staff.request.get(`/v1/orders/${order}/substitutes?itemId=${item.itemId}`);
  expect(answer.status(), await answer.text()).toBe(200);
  const found = (await answer.json()) as {
    items: { itemId: string; name: { en: string }; unitPrice: number }[];
  };
  const free = found.items.filter(({ itemId }) => !others.includes(itemId));
  const chosen = free.find(({ unitPrice }) => unitPrice >= item.price);
  if (!chosen) throw new Error("there is nothing to be offered");
  return { itemId: chosen.itemId, name: chosen.name.en };
}

test("a day: planned, ordered, cooked, collected, put right", async ({ page, browser }) => {
  const [cook, admin] = [await display(browser), await desk(browser)];
  const others = await counted(cook);
  const missing = await ownItem(page, others);
  const member = newMember();

  await test.step("somebody signs up", async () => {
    await visit(page, "/sign-up");
    await page.getByLabel(text("account.name"), { exact: true }).fill(member.name);
    await page.getByLabel(text("account.email")).fill(member.email);
    await page.getByLabel(text("account.password")).fill(member.password);
    await page.getByRole("button", { name: text("sign_up.submit") }).click();
    await expect(page).toHaveURL(/\/profile$/);
    await look(page);
    await putProfile(page.request, {});
  });

  await test.step("and has a week planned", async () => {
    await visit(page, "/plan");
    await page.getByRole("button", { name: text("plan.generate") }).click();
    await expect(page.locator("[data-plan-digest]")).toBeVisible();
    await look(page);
  });

  const meal = await test.step("a meal of it joins something from the menu", async () => {
    const meal = await mealBeside(page, missing, others);
    await visit(page, `/menu/${NORTH}`);
    // First: what is in the cart says at which campus the plan's meals are looked for.
    await visit(page, pageOf(missing));
    await addToCart(page);
    await page.goto("/plan");
    await hydrated(page);
    const planned = page
      .locator(".week__meal:visible")
      .filter({ has: page.locator(`a[href="/dishes/${meal.reference}"]`) });
    await planned.first().getByRole("button", { name: start("plan.order_meal") }).click();
    await expect(page).toHaveURL(/\/cart\?week=/);
    const lines = page.locator("ul.cart-lines > li");
    await expect(lines).toHaveCount(2);
    for (const { name } of [meal, missing]) {
      await expect(lines.filter({ hasText: name })).toHaveCount(1);
    }
    await look(page);
    return meal;
  });

  // From here on it only listens.
  await openDisplay(cook, NORTH);

  const order = await test.step("both are ordered and paid", async () => {
    await page.getByRole("link", { name: text("cart.checkout") }).click();
    await expect(page).toHaveURL(/\/checkout$/);
    await look(page);
    const order = await orderLate(page);
    await expect(state(page)).toHaveText(text("order_state.CONFIRMED"), { timeout: 30_000 });
    await expect(page.locator("[data-live=payment]")).toContainText(text("payment_state.CHARGED"));
    await look(page);
    return order;
  });
  const number = await page.locator(".order-head__number b").innerText();
  const card = cardOf(cook, order);
  const cooked = card.locator(".kitchen-card__lines");

  await test.step("the kitchen sees both without asking", async () => {
    await expect(cardIn(cook, "CONFIRMED", order)).toBeVisible();
    await expect(cooked).toContainText(meal.name);
    await expect(cooked).toContainText(missing.name);
    await look(cook);
  });

  const instead = await test.step("one is out of stock, and something else is offered", async () => {
    const instead = await substitute(cook, order, missing, others);
    await card.getByRole("link", { name: start("kitchen.refuse") }).click();
    await expect(cook).toHaveURL(/\?refuse=/);
    await look(cook);
    const out = text("kitchen.out_of", { item: missing.name });
    await cook.getByRole("link", { name: out, exact: true }).click();
    const choices = cook.getByRole("group", { name: text("kitchen.offer") });
    await expect(choices.getByRole("checkbox", { checked: true })).not.toHaveCount(0);
    await look(cook);
    for (const box of await choices.getByRole("checkbox").all()) {
      await box.setChecked((await box.getAttribute("value")) === instead.itemId);
    }
    await expect(choices.locator("input:checked")).toHaveCount(1);
    await cook.getByRole("button", { name: text("kitchen.offer_send") }).click();
    await expect(cook).toHaveURL(new RegExp(`/kitchen/${NORTH}$`));
    await expect(card.locator(".kitchen-card__asked")).toBeVisible();
    await expect(card.getByRole("button")).toHaveCount(0);
    await look(cook);
    return instead;
  });

  await test.step("the member takes it", async () => {
    const take = page.getByRole("button", { name: start("offer.take") });
    await expect(take).toHaveCount(1);
    await expect(take).toHaveAccessibleName(`${text("offer.take")}: ${instead.name}`);
    await look(page);
    const answered = page.waitForEvent("load");
    await take.click();
    await answered;
    await expect(take).toHaveCount(0);
    await expect(page.locator("[data-live=offers]")).toContainText(
      text("offer_state.ACCEPTED", { item: instead.name }),
    );
    const lines = page.locator("[data-live=lines]");
    await expect(lines).toContainText(meal.name);
    await expect(lines).toContainText(instead.name);
    await expect(lines).not.toContainText(missing.name);
    await expect(state(page)).toHaveText(text("order_state.CONFIRMED"));
    await look(page);
  });

  await test.step("it is cooked and handed out, and the member's page follows", async () => {
    await expect(cooked).toContainText(instead.name);
    await expect(cooked).not.toContainText(missing.name);
    // Now a press is sent without leaving the page.
    await expect(cook.locator("[data-live-control]")).toHaveAttribute("data-state", "on");
    for (const [button, after] of [
      ["START", "PREPARING"],
      ["READY", "READY"],
      ["COLLECTED", "COLLECTED"],
    ] as const) {
      await card.getByRole("button", { name: text(`advance.${button}`) }).click();
      if (after === "COLLECTED") {
        await expect(card).toHaveCount(0);
      } else {
        await expect(cardIn(cook, after, order)).toBeVisible();
      }
      await expect(state(page)).toHaveText(text(`order_state.${after}`));
      await look(cook);
      await look(page);
    }
    await expect(page.locator(".timeline > li").last()).toHaveAttribute("data-state", "done");
  });

  await test.step("an administrator finds the order by its number", async () => {
    await visit(admin, "/admin/orders");
    await admin.getByLabel(text("panel_orders.number"), { exact: true }).fill(`#${number}`);
    await admin.getByRole("button", { name: text("lists.apply") }).click();
    await expect(admin).toHaveURL(/number=/);
    await expect(row(admin, order)).toContainText(member.email);
    await expect(row(admin, order)).toContainText(text("order_state.COLLECTED"));
    await look(admin);
    await row(admin, order).getByRole("link").click();
    await expect(admin).toHaveURL(new RegExp(`/admin/orders/${order}$`));
    await expect(title(admin)).toHaveText(text("order.title", { number }));
    await look(admin);
  });

  const why = { refund: unique("The soup was cold"), count: unique("Found behind the crates") };
  const paid = await test.step("gives a part of the money back", async () => {
    await admin.getByRole("link", { name: text("panel_order.refund"), exact: true }).click();
    await expect(admin).toHaveURL(/\?ask=refund$/);
    await look(admin);
    const amount = admin.getByLabel(text("panel_order.amount"), { exact: true });
    const paid = Math.round(Number(await amount.inputValue()) * 100);
    await amount.fill("0.50");
    await admin.getByLabel(text("panel_order.reason"), { exact: true }).fill(why.refund);
    await admin.getByRole("button", { name: text("panel_order.refund_yes") }).click();
    await expect(admin).toHaveURL(/refunded=1$/);
    const refund = admin
      .getByRole("region", { name: text("panel_order.refunds") })
      .getByRole("row")
      .filter({ hasText: why.refund });
    await expect(refund).toContainText("0.50");
    await expect(refund).toContainText(ADMINISTRATOR);
    await expect(refund).toContainText(text("refund_state.DONE"), { timeout: 30_000 });
    await look(admin);
    return paid;
  });

  // Where the server is not a new one, the item has been counted before.
  const ofItem = `?subject=${missing.itemId}&action=stock.correct`;
  const logged = await admin.request.get(`/v1/admin/audit${ofItem}`);
  expect(logged.status(), await logged.text()).toBe(200);
  const before = ((await logged.json()) as { items: unknown[] }).items.length;

  await test.step("counts anew what the kitchen had not found", async () => {
    await visit(admin, `/admin/stock?text=${encodeURIComponent(missing.name)}`);
    const line = admin.locator(`[data-live=stock] tr[data-key="${missing.itemId}"]`);
    await expect(line).toContainText(text("shortage.OUT"));
    const correct = text("stock.correct_item", { name: missing.name });
    await line.getByRole("link", { name: correct, exact: true }).click();
    await expect(admin).toHaveURL(new RegExp(`correct=${missing.itemId}`));
    await look(admin);
    const there = admin.getByLabel(text("stock.counted"), { exact: true });
    const seen = Number(await there.inputValue());
    await there.fill(String(seen + missing.left));
    await admin.getByLabel(text("stock.reason"), { exact: true }).fill(why.count);
    await admin.getByRole("button", { name: text("stock.save") }).click();
    await expect(admin.getByText(text("stock.corrected"))).toBeVisible();
    await look(admin);
  });

  await test.step("and reads in the log what was given back", async () => {
    await visit(admin, "/admin/audit");
    await admin.getByLabel(text("audit.subject"), { exact: true }).fill(order);
    await admin.getByRole("button", { name: text("lists.apply") }).click();
    await expect(admin).toHaveURL(/subject=/);
    const entry = rows(admin).filter({ hasText: "order.refund" });
    await expect(entry).toHaveCount(1);
    await expect(entry).toContainText(ADMINISTRATOR);
    const change = (path: string) =>
      entry.locator(".difference > div").filter({ has: admin.getByText(path, { exact: true }) });
    await expect(change("left").locator("del")).toContainText(String(paid));
    await expect(change("left").locator("ins")).toContainText(String(paid - 50));
    await expect(change("reason").locator("ins")).toContainText(why.refund);
    await look(admin);
  });

  await test.step("and what was counted", async () => {
    await visit(admin, `/admin/audit${ofItem}`);
    await expect(rows(admin)).toHaveCount(before + 1);
    const entry = rows(admin).first();
    await expect(entry).toContainText(ADMINISTRATOR);
    const changes = entry.locator(".difference > div");
    const reason = changes.filter({ has: admin.getByText("reason", { exact: true }) });
    await expect(reason.locator("ins")).toContainText(why.count);
    // The movement is in the item's ledger, where the entry leads.
    await entry.getByRole("link", { name: missing.itemId }).click();
    await expect(admin).toHaveURL(new RegExp(`/admin/stock/${missing.itemId}$`));
    await expect(title(admin)).toHaveText(missing.name);
    const movement = admin.getByRole("row").filter({ hasText: why.count });
    await expect(movement).toContainText(text("movement.CORRECTED"));
    await expect(movement).toContainText(`+${missing.left}`);
    await expect(movement).toContainText(ADMINISTRATOR);
    await look(admin);
  });

  await test.step("the member is told", async () => {
    await visit(page, "/orders");
    await expect(page.locator(".order-card")).toHaveCount(1);
    await visit(page, "/inbox");
    await expect(page.locator("[data-live=messages]")).toContainText(
      text("message.PAYMENT_REFUNDED", { amount: "US$0.50" }),
    );
  });

  await cook.context().close();
  await admin.context().close();
});
