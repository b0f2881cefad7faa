import { expectAccessible } from "../support/accessibility";
import { expect, test } from "../support/fixtures";
import { text } from "../support/texts";
import { confirmedOrder, cook, kitchen, unread } from "../support/waiting";

test("an inbox without messages says what will be in it", async ({ page, open, signUp }) => {
  await signUp();
  await open("/");
  await page.getByRole("link", { name: text("inbox.badge_none"), exact: true }).click();
  await expect(page).toHaveURL(/\/inbox$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("inbox.title"));
  await expect(page.getByText(text("inbox.empty_text"))).toBeVisible();
  await expect(page.getByRole("button", { name: text("inbox.read_all") })).toHaveCount(0);
});

test("whoever has not signed in is asked to", async ({ page, open }) => {
  await open("/inbox");
  await expect(page).toHaveURL(/\/sign-in\?next=(\/|%2F)inbox$/);
});

test("what happens to an order is told, and read by opening it", async ({
  page,
  open,
  signUp,
  hydrates,
  playwright,
  baseURL,
}) => {
  await signUp();
  const { orderId, number } = await confirmedOrder(page.request);
  await unread(page.request, 1);
  const staff = await kitchen(playwright, baseURL);
  await cook(staff, orderId);
  await staff.dispose();
  await unread(page.request, 2);

  await open("/inbox");
  const badge = (key: string, count?: number) =>
    page.getByRole("banner").getByRole("link", { name: text(key, { count: count ?? 0 }), exact: true });
  await expect(badge("inbox.badge", 2)).toBeVisible();
  await expect(page.getByText(text("inbox.count", { count: 2 }))).toBeVisible();
  const messages = page.locator("[data-live=messages]").getByRole("listitem");
  await expect(messages.getByRole("heading")).toHaveText([
    text("message.ORDER_READY", { number }),
    text("message.ORDER_CONFIRMED", { number }),
  ]);
  if (hydrates) {
    await expectAccessible(page);
  }

  await messages.first().getByRole("button").click();
  await expect(page).toHaveURL(new RegExp(`/orders/${orderId}$`));
  await open("/inbox");
  await expect(badge("inbox.badge_one")).toBeVisible();
  await expect(messages.first().getByRole("link")).toHaveAttribute("href", `/orders/${orderId}`);

  await page.getByRole("button", { name: text("inbox.read_all") }).click();
  await expect(page).toHaveURL(/\/inbox$/);
  await expect(page.getByText(text("inbox.count_none"))).toBeVisible();
  await expect(badge("inbox.badge_none")).toBeVisible();
});

for (const language of ["en", "es"] as const) {
  test(`an inbox is not wider than a phone (${language})`, async ({
    page,
    open,
    signUp,
    context,
    baseURL,
  }) => {
    await context.addCookies([{ name: "language", value: language, url: baseURL ?? "" }]);
    await page.setViewportSize({ width: 390, height: 844 });
    await signUp();
    await confirmedOrder(page.request);
    await unread(page.request, 1);
    await open("/inbox");
    await expect(page.locator("[data-live=messages]").getByRole("listitem")).toHaveCount(1);
    const wide = await page.evaluate(() => {
      const root = document.scrollingElement ?? document.documentElement;
      return root.scrollWidth - root.clientWidth;
    });
    expect(wide).toBe(0);
  });
}
