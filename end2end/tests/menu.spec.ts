import { expect, refusedWith, test } from "../support/fixtures";
import { configurable, items, NORTH, pageOf } from "../support/ordering";
import { pattern, text } from "../support/texts";

const cards = "main ul.menu-grid > li";

test("campuses lead to what they sell", async ({ page, open }) => {
  await open("/");
  await page.getByRole("banner").getByRole("link", { name: text("nav.menu") }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("menu.title"));
  const campuses = page.getByRole("main").getByRole("heading", { level: 2 });
  await expect(campuses).toHaveCount(2);
  await campuses.getByRole("link", { name: "North campus" }).click();

  await expect(page).toHaveURL(/\/menu\/north$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("North campus");
  expect(await page.locator(cards).count()).toBeGreaterThanOrEqual(50);
  await expect(page.getByRole("main").getByRole("status")).toHaveText(pattern("menu.count"));
  const first = page.locator(cards).first();
  await expect(first).toContainText(/US\$\d+\.\d\d/);
  await expect(first).toContainText(/\d\s*kcal · \d+(\.\d)?\s*g/);

  await page.getByRole("navigation", { name: text("menu.others") }).getByRole("link").click();
  await expect(page).toHaveURL(/\/menu\/lakeside$/);
});

test("a menu is filtered by what stands in the address", async ({ page, open }) => {
  await open("/menu/north");
  const all = await page.locator(cards).count();
  await page.getByLabel(text("dishes.diet"), { exact: true }).selectOption(text("diet.VEGAN"));
  await page.getByLabel(text("menu.price")).fill("6.5");
  await page.getByRole("main").locator("summary").click();
  await page
    .getByRole("group", { name: text("dishes.without") })
    .locator("label", { hasText: text("allergen.GLUTEN") })
    .click();
  await page.getByRole("button", { name: text("menu.apply"), exact: true }).click();

  for (const part of ["diet=VEGAN", "price=6.5", "without=GLUTEN"]) {
    await expect(page).toHaveURL(new RegExp(`[?&]${part}(&|$)`));
  }
  const found = await page.locator(cards).count();
  expect(found).toBeGreaterThan(3);
  expect(found).toBeLessThan(all);
  for (const price of await page.locator(`${cards} b.num`).allInnerTexts()) {
    expect(Number(price.replace("US$", ""))).toBeLessThanOrEqual(6.5);
  }
  await expect(page.getByLabel(text("dishes.diet"), { exact: true })).toHaveValue("VEGAN");

  await test.step("names are found without their accents, in either language", async () => {
    await page.getByRole("link", { name: text("menu.clear") }).click();
    await expect(page.locator(cards)).toHaveCount(all);
    await page.getByLabel(text("menu.text"), { exact: true }).fill("pollo MOLE");
    await page.getByRole("button", { name: text("menu.apply"), exact: true }).click();
    await expect(page.locator(cards)).toHaveCount(1);
  });

  await test.step("what is not there leads back to everything", async () => {
    await page.getByLabel(text("menu.text"), { exact: true }).fill("stroopwafel");
    await page.getByRole("button", { name: text("menu.apply"), exact: true }).click();
    await expect(page.getByRole("heading", { name: text("menu.none") })).toBeVisible();
    await page.getByRole("link", { name: text("menu.clear") }).first().click();
    await expect(page.locator(cards)).toHaveCount(all);
  });
});

test("what a profile forbids is marked, and hidden on request", async ({
  page,
  open,
  withProfile,
}) => {
  await withProfile({ allergens: ["MILK"] });
  await open("/menu/north");
  const marked = page.locator(`${cards}[data-forbidden]`);
  const all = await page.locator(cards).count();
  const against = await marked.count();
  expect(against).toBeGreaterThan(3);
  await expect(marked.first()).toContainText(
    text("forbidden.allergen", { allergen: text("allergen.MILK") }),
  );

  await page.getByLabel(text("menu.hide")).check();
  await page.getByRole("button", { name: text("menu.apply"), exact: true }).click();
  await expect(page).toHaveURL(/[?&]hide=1(&|$)/);
  await expect(page.locator(cards)).toHaveCount(all - against);
  await expect(marked).toHaveCount(0);
  await expect(page.getByText(text("menu.hidden", { count: against }))).toBeVisible();
});

test("an item says what it is and what may be chosen of it", async ({ page, open }) => {
  const item = await configurable(page.request, ({ options }) =>
    options.groups.some((group) => group.min === 1),
  );
  await open(`/menu/${NORTH}`);
  await page.locator(cards).getByRole("link", { name: item.name, exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`${pageOf(item)}$`));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(item.name);
  await expect(page).toHaveTitle(`${item.name} · NutriFlow`);
  const facts = page.getByRole("region", { name: text("menu_item.facts") });
  await expect(facts.getByRole("term")).toHaveCount(6);
  for (const group of item.options.groups) {
    const fieldset = page.getByRole("group", { name: group.name.en, exact: true });
    for (const option of group.options) {
      await expect(fieldset.getByText(option.name.en, { exact: true })).toBeVisible();
    }
  }
});

test.describe("what is not there", () => {
  test.use({ allowedErrors: refusedWith(404) });

  test("is not found", async ({ page, open }) => {
    const [item] = await items(page.request, NORTH);
    for (const path of [
      "/menu/moon",
      "/menu/north/soup",
      "/menu/north/0197a5c4-0000-7000-8000-000000000000",
      `/menu/lakeside/${item?.itemId}`,
    ]) {
      expect(await open(path), path).toBe(404);
      await expect(page.getByText(text("not_found.title"))).toBeVisible();
    }
  });
});
