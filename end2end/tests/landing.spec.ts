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

test("the landing page shows a day that the engine has planned", async ({ page, open }) => {
  await open("/");
  const day = page.getByRole("figure").filter({ hasText: "NutriFlow" });
  await expect(day.getByRole("listitem").filter({ has: page.getByRole("link") })).toHaveCount(4);
  const dish = day.getByRole("link").first();
  const name = await dish.innerText();
  await dish.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
});

test("whoever is signed in goes on to their plan", async ({ page, open, withProfile }) => {
  await withProfile();
  await open("/");
  await page.getByRole("main").getByRole("link", { name: text("landing.open") }).click();
  await expect(page).toHaveURL(/\/plan/);
});
