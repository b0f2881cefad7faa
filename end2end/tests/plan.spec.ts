import type { Locator, Page } from "@playwright/test";
import {
  expect,
  hydrated,
  putProfile,
  refusedWith,
  requestPlan,
  test,
} from "../support/fixtures";
import { fillProfile } from "../support/profile-form";
import { ANA, IMPOSSIBLE } from "../support/profiles";
import { pattern, text } from "../support/texts";
import { thisWeek, weekFromNow } from "../support/weeks";

const plan = (page: Page): Locator => page.locator("[data-plan-digest]");
const digest = async (page: Page) => (await plan(page).getAttribute("data-plan-digest")) ?? "";
const generate = (page: Page) => page.getByRole("button", { name: text("plan.generate") });
const regenerate = (page: Page) => page.getByRole("button", { name: text("plan.regenerate") });

/** The number in "1 970 kcal", whatever space parts its thousands. */
function number(shown: string): number {
  return Number(/[\d\s.]+/.exec(shown.replace(/[\s\u202f\u00a0]/g, ""))?.[0]);
}

test("someone fills in a profile and gets a week of meals", async ({
  page,
  open,
  signUp,
  hydrates,
}) => {
  await signUp();
  await open("/plan");
  await page.getByRole("link", { name: text("plan.no_profile_start") }).click();
  if (hydrates) {
    await hydrated(page);
  }
  await fillProfile(page, hydrates, { ...ANA, allergens: ["PEANUT"], weeklyBudget: 120_00 });
  await page.getByRole("button", { name: text("profile.save") }).click();

  await expect(page).toHaveURL(/\/plan$/);
  await generate(page).click();
  await expect(plan(page)).toBeVisible();
  expect(await digest(page)).toMatch(/^[0-9a-f]{64}$/);

  const days = page.getByRole("group", { name: text("plan.days") });
  await test.step("seven days, each with its meals", async () => {
    await expect(days.getByRole("radio")).toHaveCount(7);
    const meals = days.getByRole("list");
    await expect(meals).toHaveCount(7);
    for (const day of await meals.all()) {
      await expect(day.getByRole("link")).toHaveCount(ANA.mealsPerDay);
      await expect(day).toContainText(text("meal.BREAKFAST"));
      await expect(day).toContainText(text("meal.LUNCH"));
      await expect(day).toContainText(text("meal.DINNER"));
      await expect(day).toContainText(text("meal.SNACK"));
    }
  });

  await test.step("each day's energy is within 5 % of the target", async () => {
    await expect(page.locator(".day-detail")).toHaveCount(7);
    const rings = await page.locator(".day-detail .macro-energy").allTextContents();
    for (const ring of rings) {
      const of = /of (.+) kcal/.exec(ring)?.[1] ?? "";
      const target = number(of);
      const energy = number(ring.split("of")[0] ?? "");
      expect(target).toBeGreaterThan(1200);
      expect(Math.abs(energy - target), ring).toBeLessThanOrEqual(target * 0.05 + 1);
    }
  });

  await test.step("a day shows rings and totals, and another day its own", async () => {
    const shown = page.locator(".day-detail:visible");
    await expect(shown).toHaveCount(1);
    for (const name of ["energy", "protein", "carbohydrate", "fat"]) {
      await expect(shown.getByRole("figure", { name: text(`nutrient.${name}`) })).toBeVisible();
    }
    const totals = shown.getByRole("table", { name: text("plan.against") });
    await expect(totals.getByRole("row")).toHaveCount(8);
    await expect(totals).toContainText(/\d+–\d+\sg/);

    await days.locator("label").nth(2).click();
    await expect(shown.getByRole("heading")).toContainText(text("weekday.3"));
    await days.locator("label").nth(5).click();
    await expect(shown.getByRole("heading")).toContainText(text("weekday.6"));
    await expect(shown).toHaveCount(1);
  });

  await test.step("the week in numbers", async () => {
    const summary = page.getByRole("region", { name: text("plan.summary") });
    await expect(summary.getByRole("listitem")).not.toHaveCount(0);
    await expect(summary).toContainText(text("plan.stat_energy"));
    await expect(summary).toContainText(text("plan.stat_reached"));
    await expect(page.getByText(text("plan.hash"))).toBeVisible();
  });

  await test.step("a meal leads to its dish", async () => {
    const meal = days.getByRole("link").first();
    const name = await meal.innerText();
    await meal.click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
    await expect(page.getByText(text("allergen.PEANUT"), { exact: true })).toHaveCount(0);
  });
});

test("the same answers give the same plan", async ({ page, open, withPlan }) => {
  const first = await withPlan();
  expect(await requestPlan(page.request, first.week), "asked again").toBe(first.planId);
  await open("/plan");
  const one = await digest(page);

  await page.context().clearCookies();
  await withPlan();
  await open("/plan");
  expect(await digest(page), "another member with the same answers").toBe(one);
});

test("a changed profile offers to plan again", async ({ page, open, withPlan }) => {
  await withPlan();
  await open("/plan");
  await expect(regenerate(page)).toHaveCount(0);
  const before = await digest(page);

  await putProfile(page.request, { diet: "VEGAN" });
  await open("/plan");
  await expect(page.getByText(text("plan.stale"))).toBeVisible();
  expect(await digest(page)).toBe(before);
  await regenerate(page).click();
  await expect(page.getByText(text("plan.stale"))).toHaveCount(0);
  await expect(plan(page)).toBeVisible();
  expect(await digest(page)).not.toBe(before);

  await test.step("and the way back leads to the first plan", async () => {
    await putProfile(page.request, {});
    await open("/plan");
    await expect(plan(page)).toHaveAttribute("data-plan-digest", before);
    await expect(regenerate(page)).toHaveCount(0);
  });
});

test("the weeks beside a week are plans of their own", async ({ page, open, withPlan }) => {
  await withPlan();
  await open("/plan");
  const title = await page.getByRole("heading", { level: 1 }).innerText();
  await page.getByRole("link", { name: text("plan.next"), exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/plan/${weekFromNow(1)}$`));
  await expect(page.getByText(text("plan.none"))).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 }).first()).not.toHaveText(title);
  await page.getByRole("link", { name: text("plan.previous"), exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
  await expect(plan(page)).toBeVisible();
});

test("conditions that no week meets are named, with what would help", async ({
  page,
  open,
  withProfile,
}) => {
  await withProfile({ ...IMPOSSIBLE, diet: "VEGAN" });
  await open(`/plan/${thisWeek()}`);
  await generate(page).click();

  await expect(page.getByText(text("plan.infeasible"))).toBeVisible();
  const list = (key: string) =>
    page.getByRole("heading", { name: text(key) }).locator("xpath=following-sibling::ul");
  const conflicts = list("plan.conflicts").getByRole("listitem");
  await expect(conflicts.filter({ hasText: text("conflict.budget", { dollars: 10 }) })).toBeVisible();
  const help = list("plan.relaxations").getByRole("listitem");
  await expect(help.filter({ hasText: pattern("relaxation.budget") })).toBeVisible();
  await expect(plan(page)).toHaveCount(0);

  await page.getByRole("link", { name: text("plan.to_profile") }).click();
  await expect(page).toHaveURL(/\/profile$/);
});

test.describe("addresses that lead nowhere", () => {
  test.use({ allowedErrors: refusedWith(404) });

  test("another member's plan is not there", async ({ page, open, withPlan, signUp }) => {
    const { week, planId } = await withPlan();
    const own = `/plan/${week}?plan=${planId}`;
    expect(await open(own)).toBe(200);
    await page.context().clearCookies();
    await signUp();

    expect((await page.request.get(`/v1/diet/plans/${planId}`)).status()).toBe(404);
    expect((await page.request.get(`/plan/${week}/shopping.csv?plan=${planId}`)).status()).toBe(404);
    for (const section of ["", "/nutrients", "/shopping"]) {
      expect(await open(`/plan/${week}${section}?plan=${planId}`), section).toBe(404);
      await expect(page.getByText(text("not_found.title"))).toBeVisible();
    }
  });

  test("a week that no year has is not there", async ({ page, open, withPlan }) => {
    await withPlan();
    for (const path of ["/plan/2026-W54", "/plan/2025-W53/nutrients", "/plan/tomorrow/shopping"]) {
      expect(await open(path), path).toBe(404);
      await expect(page.getByText(text("not_found.title"))).toBeVisible();
    }
  });

  test("an address that never was says so, and leads home", async ({ page, open }) => {
    expect(await open("/no/such/page")).toBe(404);
    await page.getByRole("link", { name: text("not_found.home") }).click();
    await expect(page).toHaveURL(/\/$/);
  });
});
