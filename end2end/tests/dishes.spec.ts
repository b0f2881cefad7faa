import { expect, refusedWith, test } from "../support/fixtures";
import { pattern, text } from "../support/texts";

test("dishes are filtered by what stands in the address", async ({ page, open }) => {
  await open("/dishes");
  const main = page.getByRole("main");
  const all = await main.getByRole("status").innerText();
  expect(all).toMatch(pattern("dishes.count"));

  await page.getByLabel(text("dishes.diet"), { exact: true }).selectOption(text("diet.VEGAN"));
  await main.locator("summary").click();
  await main
    .getByRole("group", { name: text("dishes.without") })
    .locator("label", { hasText: text("allergen.GLUTEN") })
    .click();
  await page.getByRole("button", { name: text("dishes.apply") }).click();

  await expect(page).toHaveURL(/[?&]diet=VEGAN(&|$)/);
  await expect(page).toHaveURL(/[?&]without=GLUTEN(&|$)/);
  const count = main.getByRole("status");
  await expect(count).toHaveText(pattern("dishes.count_of"));
  const [found = 0, total = 0] = (await count.innerText()).match(/\d+/g)?.map(Number) ?? [];
  expect(found).toBeGreaterThan(10);
  expect(found).toBeLessThan(total);
  await expect(page.getByLabel(text("dishes.diet"), { exact: true })).toHaveValue("VEGAN");
  await expect(main.locator("summary")).toHaveText(
    text("dishes.without_count", { list: text("allergen.GLUTEN") }),
  );

  await test.step("what is found is what was asked for", async () => {
    await main.getByRole("heading", { level: 2 }).first().getByRole("link").click();
    await expect(page).toHaveURL(/\/dishes\/[\w-]+$/);
    const section = (key: string) =>
      page.locator("section").filter({ has: page.getByRole("heading", { name: text(key) }) });
    await expect(section("dish.diets")).toContainText(text("diet.VEGAN"));
    await expect(section("dish.allergens")).not.toContainText(text("allergen.GLUTEN"));
    await expect(section("dish.allergens")).not.toContainText(text("allergen.MILK"));
    await page.goBack();
    await expect(count).toHaveText(pattern("dishes.count_of"));
  });

  await test.step("the filters go away together", async () => {
    await page.getByRole("link", { name: text("dishes.clear") }).click();
    await expect(count).toHaveText(all);
    await expect(page).toHaveURL(/\/dishes$/);
  });
});

test("a search that finds nothing leads back to everything", async ({ page, open }) => {
  await open("/dishes");
  await page.getByLabel(text("dishes.text")).fill("stroopwafel");
  await page.getByRole("button", { name: text("dishes.apply") }).click();
  await expect(page.getByRole("heading", { name: text("dishes.none") })).toBeVisible();
  await expect(page.getByLabel(text("dishes.text"))).toHaveValue("stroopwafel");
  await page.getByRole("main").getByRole("link", { name: text("dishes.clear") }).first().click();
  await expect(page.getByRole("status")).toHaveText(pattern("dishes.count"));
});

test("more dishes are shown on demand, and names are found without their accents", async ({
  page,
  open,
}) => {
  await open("/dishes");
  const names = page.getByRole("main").getByRole("heading", { level: 2 });
  await expect(names).toHaveCount(48);
  await page.getByRole("link", { name: text("dishes.more") }).click();
  await expect(names).toHaveCount(96);
  await page.getByLabel(text("dishes.text")).fill("JALAPENO");
  await page.getByRole("button", { name: text("dishes.apply") }).click();
  await expect(names).not.toHaveCount(96);
  expect(await names.count()).toBeGreaterThan(0);
});

test("a dish says what it is made of, how, and what that amounts to", async ({ page, open }) => {
  await open("/dishes?meal=LUNCH&without=FISH");
  const link = page.getByRole("main").getByRole("heading", { level: 2 }).getByRole("link").nth(3);
  const name = await link.innerText();
  await link.click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  await expect(page).toHaveTitle(`${name} · NutriFlow`);
  const section = (key: string) =>
    page.locator("section").filter({ has: page.getByRole("heading", { name: text(key) }) });
  const foods = section("dish.foods").getByRole("listitem");
  expect(await foods.count()).toBeGreaterThan(2);
  for (const food of await foods.allInnerTexts()) {
    expect(food).toMatch(/\d\s*g/);
  }
  expect(await section("dish.steps").getByRole("listitem").count()).toBeGreaterThan(1);
  await expect(section("dish.allergens")).toBeVisible();
  await expect(section("dish.allergens")).not.toContainText(text("allergen.FISH"));
  await expect(section("dish.diets")).toBeVisible();
  await expect(section("dish.shares").getByRole("listitem")).toHaveCount(3);

  const tables = section("dish.nutrients").getByRole("table");
  await expect(tables).toHaveCount(3);
  const rows = tables.locator("tbody tr");
  expect(await rows.count()).toBeGreaterThan(30);
  await expect(tables.first().getByRole("columnheader")).toHaveText([
    text("dish.column_nutrient"),
    text("dish.column_amount"),
    text("dish.column_known"),
  ]);
  await expect(rows.first()).toHaveText(/\d\skcal.*\d+\s%/);

  await page.getByRole("link", { name: text("dish.back") }).click();
  await expect(page).toHaveURL(/\/dishes$/);
});

test.describe("a dish that there is not", () => {
  test.use({ allowedErrors: refusedWith(404) });

  test("is a page that was not found", async ({ page, open }) => {
    expect(await open("/dishes/soup-of-the-day-before")).toBe(404);
    await expect(page.getByText(text("not_found.title"))).toBeVisible();
    await expect(page).toHaveTitle(new RegExp(text("not_found.title")));
  });
});
