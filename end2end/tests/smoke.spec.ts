import { expect, test } from "../support/fixtures";

test("the landing page says what this is and leads to signing up", async ({ page, open }) => {
  await open("/");

  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.locator('main a[href="/sign-up"]').first().click();

  await expect(page).toHaveURL(/\/sign-up$/);
  await expect(page.locator('input[name="email"]')).toBeVisible();
});
