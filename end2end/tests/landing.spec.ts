import { expect, test } from "../support/fixtures";
import { text } from "../support/texts";

test("the landing page says what this is and leads to signing up", async ({ page, open }) => {
  await open("/");

  await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("landing.title"));
  await page.getByRole("main").getByRole("link", { name: text("landing.start") }).first().click();

  await expect(page).toHaveURL(/\/sign-up$/);
  await expect(page.getByLabel(text("account.email"))).toBeVisible();
});

test("the landing page leads to the dishes, which need no account", async ({ page, open }) => {
  await open("/");
  await page.getByRole("link", { name: text("landing.browse") }).click();

  await expect(page).toHaveURL(/\/dishes$/);
  await expect(page.getByRole("main").getByRole("listitem").first()).toBeVisible();
});
