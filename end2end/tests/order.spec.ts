import { expect, refusedWith, test } from "../support/fixtures";
import { addToCart, checkOut, pageOf, placing, plainItem, state } from "../support/ordering";
import { text } from "../support/texts";
import { confirmedOrder } from "../support/waiting";

test("someone orders, pays, follows the order and cancels it", async ({ page, open, signUp }) => {
  await signUp();
  const item = await plainItem(page.request);
  await open(pageOf(item));
  await addToCart(page);
  const order = await checkOut(page, "SIMULATED");

  await test.step("the page follows until the kitchen has it", async () => {
    await expect(state(page)).toHaveText(text("order_state.CONFIRMED"), { timeout: 30_000 });
    const steps = page.getByRole("list").and(page.locator(".timeline")).getByRole("listitem");
    for (const step of ["PLACED", "VERIFY_STOCK", "RESERVE", "PAY", "COMPLETE"]) {
      const shown = steps.filter({ hasText: text(`order_step.${step}`) });
      await expect(shown).toHaveAttribute("data-state", "done");
      await expect(shown.locator("time")).toHaveText(/^\d\d:\d\d:\d\d$/);
    }
    await expect(steps.filter({ hasText: text("order_step.READY") })).toHaveAttribute(
      "data-state",
      "waiting",
    );
    await expect(page.locator("[data-live=payment]")).toContainText(text("payment_state.CHARGED"));
    await expect(page.locator(".order-head__number b")).toHaveText(/^\d+$/);
    await expect(page.getByRole("timer")).toHaveText(/\d+\s(min|h|d) \d\d\s(s|min|h)$/);
  });

  await test.step("it is among the orders", async () => {
    await page.getByRole("link", { name: text("orders.title") }).first().click();
    await expect(page.locator(".order-card")).toHaveCount(1);
    const filters = page.getByRole("navigation", { name: text("orders.filter") });
    await filters.getByRole("link", { name: text("order_state.READY"), exact: true }).click();
    await expect(page).toHaveURL(/\?state=READY$/);
    await expect(page.getByRole("heading", { name: text("orders.none") })).toBeVisible();
    await filters.getByRole("link", { name: text("order_state.CONFIRMED"), exact: true }).click();
    await page.locator(".order-card").getByRole("link").click();
    await expect(page).toHaveURL(new RegExp(`/orders/${order}$`));
  });

  await test.step("it is cancelled once that is confirmed, and the money goes back", async () => {
    await page.getByRole("link", { name: text("order.cancel") }).click();
    await page.getByRole("link", { name: text("order.keep") }).click();
    await expect(page.getByText(text("order.cancel_title"))).toHaveCount(0);
    await page.getByRole("link", { name: text("order.cancel") }).click();
    await page.getByRole("button", { name: text("order.cancel_yes") }).click();
    await expect(state(page)).toHaveText(text("order_state.CANCELLED"), { timeout: 30_000 });
    await expect(page.getByRole("main")).toContainText(text("cancel_reason.MEMBER"));
    await expect(async () => {
      await page.reload();
      await expect(page.locator("[data-live=payment]")).toContainText(
        text("payment_state.REFUNDED"),
        { timeout: 1000 },
      );
    }).toPass();
    await expect(page.getByText(text("order_undo.PAY"))).toBeVisible();
    await expect(page.getByRole("link", { name: text("order.cancel") })).toHaveCount(0);
  });
});

test("an order is paid from the wallet where there is enough", async ({ page, open, signUp }) => {
  await signUp();
  const topUp = await page.request.post("/v1/wallet/top-ups", {
    headers: { "idempotency-key": "first" },
    data: { amount: 2000, currency: "USD" },
  });
  expect(topUp.ok(), await topUp.text()).toBe(true);
  await expect
    .poll(async () => JSON.stringify(await (await page.request.get("/v1/wallet")).json()))
    .toContain("2000");
  await open(pageOf(await plainItem(page.request)));
  await addToCart(page);
  await page.getByRole("link", { name: text("cart.checkout") }).click();
  const payment = page.getByRole("group", { name: text("checkout.payment") });
  await expect(payment).toContainText(text("checkout.balance", { balance: "US$20.00" }));
  await page.goBack();
  await checkOut(page, "WALLET");
  await expect(page.locator("[data-live=payment]")).toContainText(
    `${text("gateway.WALLET")} · ${text("payment_state.CHARGED")}`,
    { timeout: 30_000 },
  );
});

test("a time on a later day is one more step away", async ({ page, open, signUp }) => {
  await signUp();
  await open(pageOf(await plainItem(page.request)));
  await addToCart(page);
  await page.getByRole("link", { name: text("cart.checkout") }).click();
  const day = page.getByRole("group", { name: text("checkout.slot") }).locator("details").last();
  const time = day.locator("label:has(input:enabled)").first();
  await expect(time).toBeHidden();
  await day.locator("summary").click();
  await time.click();
  await page.getByRole("button", { name: placing() }).click();
  await expect(page).toHaveURL(/\/orders\/[0-9a-f-]{36}$/);
});

test.describe("what is refused", () => {
  test.use({ allowedErrors: refusedWith(404, 422) });

  test("an order needs a time", async ({ page, open, signUp }) => {
    await signUp();
    await open(pageOf(await plainItem(page.request)));
    await addToCart(page);
    await page.getByRole("link", { name: text("cart.checkout") }).click();
    await page.getByRole("button", { name: placing() }).click();
    const slots = page.getByRole("group", { name: text("checkout.slot") });
    await expect(slots).toContainText(text("invalid.required"));
    await expect(slots.locator("input:enabled").first()).toBeFocused();
  });

  test("another member's order is not there", async ({ page, open, signUp }) => {
    await signUp();
    const { orderId } = await confirmedOrder(page.request);
    expect(await open(`/orders/${orderId}`)).toBe(200);
    // The page that is left follows its order no more, which it could not without its cookie.
    await page.goto("about:blank");
    await page.context().clearCookies();
    await signUp();
    expect(await open(`/orders/${orderId}`)).toBe(404);
  });
});

test("orders lead to signing in, and from there back", async ({ page, open, signUp }) => {
  const { email, password } = await signUp();
  const { orderId } = await confirmedOrder(page.request);
  await page.context().clearCookies();
  for (const path of ["/orders", "/checkout", `/orders/${orderId}`]) {
    await open(path);
    await expect(page).toHaveURL(new RegExp(`/sign-in\\?next=${path}$`));
  }
  const main = page.getByRole("main");
  await main.getByLabel(text("account.email")).fill(email);
  await main.getByLabel(text("account.password")).fill(password);
  await main.getByRole("button", { name: text("account.sign_in"), exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/orders/${orderId}$`));
});

test("an empty cart has nothing to check out", async ({ page, open, signUp }) => {
  await signUp();
  await open("/checkout");
  await expect(page.getByRole("heading", { name: text("cart.empty") })).toBeVisible();
});
