import { readFile } from "node:fs/promises";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { apart, row, rows, title } from "../support/panel";
import { text } from "../support/texts";
import { confirmedOrder } from "../support/waiting";

test("an order is found by person, number and state, and the address keeps it", async ({
  page,
  open,
  signUp,
}) => {
  const member = await signUp();
  const { orderId, number } = await confirmedOrder(page.request);
  await signInAs(page, "staff");
  await open("/admin/orders");
  await page.getByLabel(text("panel_orders.person"), { exact: true }).fill(member.email);
  await page.getByRole("button", { name: text("lists.apply") }).click();
  await expect(page).toHaveURL(/person=/);
  await expect(rows(page).first()).toContainText(member.name);
  await expect(rows(page).filter({ hasNotText: member.email })).toHaveCount(0);
  await page.getByLabel(text("panel_orders.number"), { exact: true }).fill(`#${number}`);
  await page.getByLabel(text("panel_orders.state"), { exact: true }).selectOption("CONFIRMED");
  await page.getByRole("button", { name: text("lists.apply") }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(row(page, orderId)).toBeVisible();
  await expect(page.getByText(text("lists.count_one"))).toBeVisible();
  await page.reload();
  await expect(row(page, orderId)).toBeVisible();
  await expect(page.getByLabel(text("panel_orders.person"), { exact: true })).toHaveValue(member.email);

  await test.step("its columns put it in order", async () => {
    const head = page.getByRole("columnheader", { name: text("panel_orders.slot"), exact: true });
    await head.getByRole("link").click();
    await expect(head).toHaveAttribute("aria-sort", "descending");
    await head.getByRole("link").click();
    await expect(head).toHaveAttribute("aria-sort", "ascending");
    await expect(page).toHaveURL(/sort=SLOT&order=ASC/);
  });

  await test.step("it goes out as a file", async () => {
    const downloaded = page.waitForEvent("download");
    await page.getByRole("link", { name: text("lists.file") }).click();
    const file = await readFile(await (await downloaded).path(), "utf8");
    expect(file.trim().split("\r\n")).toHaveLength(2);
    expect(file).toContain(orderId);
  });

  await test.step("nothing matches", async () => {
    await open("/admin/orders?person=stroopwafel");
    await expect(page.getByText(text("lists.none"), { exact: true })).toBeVisible();
    await page.getByRole("main").getByRole("link", { name: text("lists.clear") }).first().click();
    await expect(page).toHaveURL(/\/admin\/orders$/);
    await expect(rows(page).first()).toBeVisible();
  });
});

test.describe("money", () => {
  test.use({ allowedErrors: refusedWith(422) });

  test("goes back in part, with a reason, and never more than was paid", async ({
    page,
    open,
    signUp,
  }) => {
    await signUp();
    const { orderId, number } = await confirmedOrder(page.request);
    await signInAs(page, "admin");
    await open(`/admin/orders/${orderId}`);
    await expect(title(page)).toHaveText(text("order.title", { number }));
    await expect(page.getByText(text("panel_order.no_refunds"))).toBeVisible();
    await page.getByRole("link", { name: text("panel_order.refund"), exact: true }).click();
    const amount = page.getByLabel(text("panel_order.amount"), { exact: true });
    const all = await amount.inputValue();
    await amount.fill("99999");
    await page.getByLabel(text("panel_order.reason"), { exact: true }).fill("The soup was cold");
    const yes = page.getByRole("button", { name: text("panel_order.refund_yes") });
    await yes.click();
    await expect(page.getByText(text("invalid.more_than_paid"))).toBeVisible();
    await expect(amount).toHaveValue("99999");
    await expect(page.getByLabel(text("panel_order.reason"), { exact: true })).toHaveValue("The soup was cold");
    await amount.fill("0.01");
    await yes.click();
    await expect(page).toHaveURL(/refunded=1$/);
    const refunds = page.getByRole("region", { name: text("panel_order.refunds") });
    await expect(refunds.getByRole("row").filter({ hasText: "The soup was cold" })).toHaveCount(1);
    await expect(async () => {
      await page.reload();
      await expect(refunds.getByText(text("refund_state.DONE"))).toBeVisible({ timeout: 1000 });
    }).toPass();
    await open(`/admin/orders/${orderId}?ask=refund`);
    expect(Number(await amount.inputValue())).toBeCloseTo(Number(all) - 0.01, 2);
    await expect(page.getByRole("region", { name: text("panel_order.events") })).toContainText(
      text("event.PAYMENT_REFUNDED"),
    );
  });
});

test("an order is cancelled with a reason that the log tells", async ({
  page,
  open,
  signUp,
  playwright,
  baseURL,
}) => {
  await signUp();
  const { orderId } = await confirmedOrder(page.request);
  await signInAs(page, "admin");
  await open(`/admin/orders/${orderId}`);
  await page.getByRole("link", { name: text("order.cancel"), exact: true }).click();
  await page.getByLabel(text("order.why")).fill("The oven is broken");
  await page.getByRole("button", { name: text("order.cancel_yes") }).click();
  await expect(page).toHaveURL(new RegExp(`/admin/orders/${orderId}$`));
  const admin = await apart(playwright, baseURL, "admin");
  const answer = await admin.get(`/v1/admin/audit?subject=${orderId}&action=order.cancel`);
  const { items } = (await answer.json()) as { items: { difference: { note: { after: string } } }[] };
  expect(items[0]?.difference.note.after).toBe("The oven is broken");
  await admin.dispose();
});

test.describe("who may not", () => {
  test.use({ allowedErrors: refusedWith(400, 403, 404) });

  test("members see nothing, operators only look", async ({ page, open, signUp }) => {
    await signUp();
    const { orderId } = await confirmedOrder(page.request);
    expect(await open("/admin/orders")).toBe(403);
    expect(await open(`/admin/orders/${orderId}`)).toBe(403);
    await signInAs(page, "operator");
    await open(`/admin/orders/${orderId}`);
    await expect(page.getByRole("link", { name: text("order.cancel"), exact: true })).toHaveCount(0);
    await expect(page.getByRole("link", { name: text("panel_order.refund"), exact: true })).toHaveCount(0);
    expect(await open("/admin/orders?state=EATEN")).toBe(400);
    expect(await open("/admin/orders/soup")).toBe(404);
  });
});
