import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { title } from "../support/panel";
import { text } from "../support/texts";
import { confirmedOrder } from "../support/waiting";

test("the overview shows what was sold, as charts and as tables", async ({ page, open, signUp }) => {
  await signUp();
  await confirmedOrder(page.request);
  await signInAs(page, "admin");
  await open("/admin");
  await expect(page).toHaveURL(/\/admin\/overview$/);
  await expect(title(page)).toHaveText(text("overview.title"));
  const orders = page.locator(".stat").filter({ hasText: text("overview.living") });
  await expect(orders.locator("b")).not.toHaveText("0");
  const chart = page.getByRole("img", { name: text("overview.orders_a_day") });
  await expect(chart).toBeVisible();
  const card = page.locator(".chart").filter({ hasText: text("overview.orders_a_day") });
  await card.getByText(text("chart.table")).click();
  await expect(card.getByRole("table").getByRole("row").nth(1)).toBeVisible();
  const popular = page.getByRole("region", { name: text("overview.popular") });
  await expect(popular.locator("tbody tr").first()).toBeVisible();
});

test("days and campus stand in the address", async ({ page, open }) => {
  await signInAs(page, "operator");
  await open("/admin/overview");
  const days = page.getByRole("navigation", { name: text("overview.days") });
  await expect(days.locator("[aria-current]")).toHaveText(text("overview.days_7"));
  await days.getByRole("link", { name: text("overview.days_90") }).click();
  await expect(page).toHaveURL(/days=90/);
  await expect(days.locator("[aria-current]")).toHaveText(text("overview.days_90"));
  const campus = page.getByRole("navigation", { name: text("overview.campus") });
  await campus.getByRole("link").nth(1).click();
  await expect(page).toHaveURL(/days=90&campus=\w+/);
  await page.goBack();
  await expect(campus.locator("[aria-current]")).toHaveText(text("overview.all_campuses"));
});

test.describe("who may not", () => {
  test.use({ allowedErrors: refusedWith(403, 422) });

  test("it is no business of staff and members", async ({ page, open, signUp }) => {
    await signUp();
    expect(await open("/admin/overview")).toBe(403);
    await signInAs(page, "staff");
    expect(await open("/admin/overview")).toBe(403);
    await signInAs(page, "admin");
    expect(await open("/admin/overview?campus=moon")).toBe(422);
  });
});
