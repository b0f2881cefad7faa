import type { Page } from "@playwright/test";
import { expect, newMember, refusedWith, test } from "../support/fixtures";
import {
  addToCart,
  cartLink,
  configurable,
  LAKESIDE,
  NORTH,
  pageOf,
  plainItem,
  type Group,
} from "../support/ordering";
import { pattern, text } from "../support/texts";

const lines = (page: Page) => page.locator("ul.cart-lines > li");
const option = (page: Page, group: Group, name: string) =>
  page
    .getByRole("group", { name: group.name.en, exact: true })
    .locator("label")
    .filter({ has: page.getByText(name, { exact: true }) });

test("a cart survives a reload and signing up", async ({ page, open }) => {
  const item = await plainItem(page.request);
  await open(`/menu/${NORTH}`);
  await expect(cartLink(page)).toHaveAccessibleName(text("cart.badge_none"));
  await page.getByRole("button", { name: text("menu.add_named", { name: item.name }) }).click();
  await expect(page.getByText(text("menu.added", { name: item.name }))).toBeVisible();
  await expect(cartLink(page)).toHaveAccessibleName(text("cart.badge_one"));

  await page.reload();
  await expect(cartLink(page)).toHaveAccessibleName(text("cart.badge_one"));
  await cartLink(page).click();
  await expect(lines(page)).toHaveCount(1);
  await expect(lines(page)).toContainText(item.name);

  await test.step("checking out asks to sign in", async () => {
    await page.getByRole("link", { name: text("cart.checkout") }).click();
    await expect(page).toHaveURL(/\/sign-in\?next=\/checkout$/);
  });

  const member = newMember();
  await open("/sign-up");
  await page.getByLabel(text("account.name"), { exact: true }).fill(member.name);
  await page.getByLabel(text("account.email")).fill(member.email);
  await page.getByLabel(text("account.password")).fill(member.password);
  await page.getByRole("button", { name: text("sign_up.submit") }).click();
  await expect(page).toHaveURL(/\/profile$/);
  await open("/cart");
  await expect(lines(page)).toHaveCount(1);

  await test.step("and is the account's from then on", async () => {
    await page.context().clearCookies();
    await open("/cart");
    await expect(page.getByRole("heading", { name: text("cart.empty") })).toBeVisible();
    await open("/sign-in");
    const main = page.getByRole("main");
    await main.getByLabel(text("account.email")).fill(member.email);
    await main.getByLabel(text("account.password")).fill(member.password);
    await main.getByRole("button", { name: text("account.sign_in"), exact: true }).click();
    await expect(page).toHaveURL(/\/plan$/);
    await expect(cartLink(page)).toHaveAccessibleName(text("cart.badge_one"));
  });
});

test.describe("a choice", () => {
  test.use({ allowedErrors: refusedWith(422) });

  test("that breaks a rule is told where, and keeps what was chosen", async ({ page, open }) => {
    const wanted = (group: Group) => group.max > 1 && group.options.length > group.max;
    const item = await configurable(page.request, ({ options }) => options.groups.some(wanted));
    const group = item.options.groups.find(wanted) as Group;
    await open(pageOf(item));
    const chosen = group.options.slice(0, group.max + 1);
    for (const { name } of chosen) {
      await option(page, group, name.en).click();
    }
    await page.getByLabel(text("menu_item.quantity"), { exact: true }).fill("2");
    await page.getByRole("button", { name: text("menu_item.add"), exact: true }).click();

    const fieldset = page.getByRole("group", { name: group.name.en, exact: true });
    await expect(fieldset).toContainText(text("invalid.choose_at_most", { max: group.max }));
    await expect(page.getByRole("alert")).toContainText(text("problem.INVALID"));
    await expect(fieldset.locator("input:checked")).toHaveCount(chosen.length);
    await expect(page.getByLabel(text("menu_item.quantity"), { exact: true })).toHaveValue("2");

    await test.step("put right it is in the cart, with its price", async () => {
      for (const { name } of chosen.slice(1)) {
        await option(page, group, name.en).click();
      }
      await addToCart(page);
      await expect(lines(page)).toContainText(chosen[0]?.name.en ?? "");
      const each = (item.price + (chosen[0]?.price ?? 0)) / 100;
      const others = item.options.groups
        .filter((one) => one !== group)
        .flatMap((one) => one.options)
        .filter((one) => item.simplest.includes(one.key))
        .reduce((sum, one) => sum + one.price, 0);
      const price = `US$${(each + others / 100).toFixed(2)}`;
      await expect(lines(page)).toContainText(text("cart.each", { price }));
    });
  });

  test("against a rule between options names both", async ({ page, open }) => {
    const excludes = (rule: { kind: string }) => rule.kind === "EXCLUDES";
    const item = await configurable(page.request, ({ options }) => options.rules.some(excludes));
    const rule = item.options.rules.find(excludes);
    const groupOf = (key: string | undefined) =>
      item.options.groups.find((group) => group.options.some((one) => one.key === key)) as Group;
    const nameOf = (key: string | undefined) =>
      groupOf(key).options.find((one) => one.key === key)?.name.en ?? "";
    await open(pageOf(item));
    for (const key of [rule?.option, rule?.other]) {
      const label = option(page, groupOf(key), nameOf(key));
      if (!(await label.locator("input").isChecked())) {
        await label.click();
      }
    }
    await page.getByRole("button", { name: text("menu_item.add"), exact: true }).click();
    await expect(
      page.getByRole("group", { name: groupOf(rule?.option).name.en, exact: true }),
    ).toContainText(
      text("invalid.option_excludes", { option: nameOf(rule?.option), other: nameOf(rule?.other) }),
    );
  });
});

test("portions are changed, and lines are taken out", async ({ page, open }) => {
  const item = await plainItem(page.request);
  await open(pageOf(item));
  await page.getByLabel(text("menu_item.quantity"), { exact: true }).fill("2");
  await addToCart(page);
  const line = lines(page);
  const count = line.locator(".quantity > span");
  await expect(count).toContainText("2");
  await line.getByRole("button", { name: text("cart.more_of", { name: item.name }) }).click();
  await expect(count).toContainText("3");
  await expect(page.locator("aside .order-total")).toHaveText(
    `US$${((3 * item.price) / 100).toFixed(2)}`,
  );
  await line.getByRole("button", { name: text("cart.less", { name: item.name }) }).click();
  await expect(count).toContainText("2");
  await line.getByRole("button", { name: text("cart.remove", { name: item.name }) }).click();
  await expect(page.getByRole("heading", { name: text("cart.empty") })).toBeVisible();
});

test.describe("another campus", () => {
  test.use({ allowedErrors: refusedWith(409) });

  test("empties the cart only when that is wanted", async ({ page, open }) => {
    const [here, there] = [
      await plainItem(page.request, NORTH),
      await plainItem(page.request, LAKESIDE),
    ];
    await open(pageOf(here));
    await addToCart(page);
    await open(pageOf(there));
    await page.getByRole("button", { name: text("menu_item.add"), exact: true }).click();
    await expect(page.getByRole("alert")).toContainText(text("problem.OTHER_CAMPUS"));
    const look = page.getByRole("link", { name: text("cart.look_at", { campus: "North campus" }) });
    await expect(look).toBeVisible();
    await page.getByRole("button", { name: text("cart.replace") }).click();
    await expect(page).toHaveURL(/\/cart$/);
    await expect(lines(page)).toHaveCount(1);
    await expect(page.getByRole("main")).toContainText("Lakeside campus");
  });
});

test("a day of the plan, or a meal of it, goes into the cart", async ({ page, open, withPlan }) => {
  await withPlan();
  await open("/plan");
  await page.locator(".day-detail:visible").getByRole("button", { name: text("plan.order_day") }).click();
  await expect(page).toHaveURL(/\/cart\?week=/);
  const notice = page.getByRole("main").locator(".notice").first();
  const told = new RegExp(
    ["cart.plan_none", "cart.plan_one", "cart.plan_some"]
      .map((key) => pattern(key).source.slice(1, -1))
      .join("|"),
  );
  await expect(notice.locator("strong")).toHaveText(told);
  // Whatever is not in the cart is named with the reason.
  const address = new URL(page.url()).searchParams;
  const missing = address.getAll("missing");
  await expect(notice.getByRole("listitem")).toHaveCount(missing.length);
  await expect(lines(page)).toHaveCount(Number(address.get("added")));

  await test.step("one meal", async () => {
    await open("/plan");
    const meal = page.locator(".week__meal:visible").first();
    const name = await meal.getByRole("link").innerText();
    await page.getByRole("button", { name: text("plan.order_meal", { name }) }).first().click();
    await expect(page).toHaveURL(/[?&]meal=0(&|$)/);
    await expect(page.getByRole("main").locator(".notice").first()).toBeVisible();
  });
});
