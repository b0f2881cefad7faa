import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import { tabTo } from "../support/keyboard";
import { choose, field, fillAbout, next } from "../support/profile-form";
import { ANA, IMPOSSIBLE } from "../support/profiles";
import { pattern, text } from "../support/texts";

const targets = (page: Page) =>
  page.getByRole("complementary", { name: text("profile.targets"), exact: true });
const preview = (page: Page) => page.getByRole("region", { name: text("profile.preview") });
const step = (page: Page, key: string) =>
  page.getByRole("heading", { level: 2, name: text(`profile.${key}`), exact: true });
const current = (page: Page) =>
  page.getByRole("navigation", { name: text("profile.steps") }).locator("[aria-current=step]");

async function energy(page: Page): Promise<number> {
  const shown = await targets(page).locator(".targets__energy b").innerText();
  return Number(shown.replace(/\D/g, ""));
}

/** The digest of the plan that the preview is of, once it differs from `before`. */
async function digest(page: Page, before = ""): Promise<string> {
  await expect(preview(page)).toHaveAttribute("data-plan-digest", /^[0-9a-f]{64}$/);
  if (before !== "") {
    await expect(preview(page)).not.toHaveAttribute("data-plan-digest", before);
    await expect(preview(page)).toHaveAttribute("data-plan-digest", /^[0-9a-f]{64}$/);
  }
  return (await preview(page).getAttribute("data-plan-digest")) ?? "";
}

test("targets appear and follow what is typed", async ({ page, open, signUp }) => {
  await signUp();
  await open("/profile");
  await expect(targets(page)).toContainText(text("profile.empty"));
  await fillAbout(page, ANA);
  await expect(targets(page)).toContainText(text("profile.targets_energy"));
  // Mifflin-St Jeor, 1990: 10 kg + 6.25 cm − 5 years − 161, times 1.55.
  const published = (10 * 62 + 6.25 * 165 - 5 * 31 - 161) * 1.55;
  expect(Math.abs((await energy(page)) - published)).toBeLessThanOrEqual(1);

  await test.step("and what the last change did is told", async () => {
    const before = await energy(page);
    await expect(targets(page)).not.toContainText(text("profile.changed"));
    // No blur: each stroke counts.
    await field.weight(page).press("End");
    await field.weight(page).press("Backspace");
    await field.weight(page).press("4");
    await expect(targets(page)).toContainText(`+31 kcal`);
    await expect(targets(page)).toContainText(text("profile.changed"));
    expect(await energy(page)).toBe(before + 31);
  });

  await test.step("half a number keeps the last targets, and says so", async () => {
    const before = await energy(page);
    await field.weight(page).fill("6");
    await expect(targets(page)).toContainText(text("profile.targets_waiting"));
    expect(await energy(page)).toBe(before);
    await expect(field.weight(page)).not.toHaveAttribute("aria-invalid");
    await field.weight(page).blur();
    await expect(field.weight(page)).toHaveAttribute("aria-invalid", "true");
    await field.weight(page).fill("60");
    await expect(field.weight(page)).not.toHaveAttribute("aria-invalid");
    await expect(targets(page)).not.toContainText(text("profile.targets_waiting"));
  });

  await test.step("a stage of life changes references", async () => {
    await choose(page, text("profile.life_stage"), text("life_stage.PREGNANCY"));
    await expect(targets(page)).toContainText(text("note.LIFE_STAGE_ENERGY_ADDED"));
  });
});

test("a step with something to mend is not left", async ({ page, open, signUp }) => {
  await signUp();
  await open("/profile");
  await page.getByRole("button", { name: text("profile.next"), exact: true }).click();
  await expect(step(page, "about")).toBeVisible();
  await expect(page.locator('input[name="profile[sex]"]').first()).toBeFocused();
  await expect(field.age(page)).toHaveAccessibleDescription(new RegExp(text("invalid.required")));

  await fillAbout(page, { ...ANA, age: 300 });
  await expect(field.height(page)).not.toHaveAttribute("aria-invalid");
  await page.getByRole("button", { name: text("profile.next"), exact: true }).click();
  await expect(field.age(page)).toBeFocused();
  await expect(field.age(page)).toHaveAccessibleDescription(
    new RegExp(text("invalid.out_of_range", { min: 14, max: 120 })),
  );
  await field.age(page).fill("30");
  await next(page, true, text("profile.goal"));
});

test("the form is filled in by keyboard alone", async ({ page, open, signUp }) => {
  await signUp();
  await open("/profile");
  const press = (key: string) => page.keyboard.press(key);
  await tabTo(page, page.locator('input[name="profile[sex]"]').first());
  await press("Space");
  await tabTo(page, field.age(page));
  await page.keyboard.type("31");
  await press("Tab");
  await page.keyboard.type("165");
  await press("Tab");
  await page.keyboard.type("62.5");
  // Enter goes on, and here says what is missing.
  await press("Enter");
  await expect(step(page, "about")).toBeVisible();
  await expect(page.locator('input[name="profile[activity]"]').first()).toBeFocused();
  await press("Space");
  await press("ArrowDown");
  await press("ArrowDown");
  await expect(page.locator('input[name="profile[activity]"]:checked')).toHaveValue("MODERATE");
  await press("Enter");

  await expect(step(page, "goal")).toBeVisible();
  await expect(page.locator("#step-1")).toBeFocused();
  await expect(current(page)).toHaveText(text("profile.goal"));
  await tabTo(page, page.getByRole("button", { name: text("profile.next"), exact: true }));
  await press("Enter");

  await expect(page.locator("#step-2")).toBeFocused();
  await press("Tab");
  await press("ArrowDown");
  await expect(page.locator('input[name="profile[diet]"]:checked')).not.toHaveValue("OMNIVORE");
  await tabTo(page, page.locator('input[name="profile[allergens][]"]').first());
  await press("Space");
  await tabTo(page, page.getByRole("button", { name: text("profile.next"), exact: true }));
  await press("Enter");

  await expect(page.locator("#step-3")).toBeFocused();
  await tabTo(page, page.getByRole("button", { name: text("profile.save") }));
  await press("Enter");
  await expect(page).toHaveURL(/\/plan$/);
});

test("a weight loss that is not safe is refused at once", async ({ page, open, withProfile }) => {
  await withProfile({ direction: "LOSE", paceKcal: 250 });
  await open("/profile");
  await field.weight(page).fill("48");
  await field.weight(page).blur();
  await expect(targets(page)).toContainText(text("profile.targets_waiting"));
  await next(page, true, text("profile.goal"));
  await expect(page.getByText(text("invalid.loss_underweight"))).toBeVisible();
  await page.getByRole("button", { name: text("profile.next"), exact: true }).click();
  await expect(step(page, "goal")).toBeVisible();

  await choose(page, text("profile.direction"), text("direction.MAINTAIN"));
  await expect(page.getByText(text("invalid.loss_underweight"))).toHaveCount(0);
  await next(page, true, text("profile.food"));
});

test("the preview is of the very plan that the server makes", async ({
  page,
  open,
  withProfile,
}) => {
  await withProfile();
  await open("/profile");
  const first = await digest(page);
  await expect(preview(page).getByRole("listitem")).toHaveCount(ANA.mealsPerDay);
  await next(page, true, text("profile.goal"));
  await next(page, true, text("profile.food"));
  await choose(page, text("profile.diet"), text("diet.VEGETARIAN"));
  const second = await digest(page, first);
  await choose(page, text("profile.allergens"), text("allergen.EGG"));
  const third = await digest(page, second);
  const monday = await preview(page).locator(".meal-row__name").allInnerTexts();
  await page.getByRole("button", { name: text("profile.save_now"), exact: true }).click();

  await page.getByRole("button", { name: text("plan.generate") }).click();
  const plan = page.locator("main [data-plan-digest]");
  await expect(plan).toHaveAttribute("data-plan-digest", third);
  const days = page.getByRole("group", { name: text("plan.days") });
  expect(await days.getByRole("list").first().getByRole("link").allInnerTexts()).toEqual(monday);
});

test("the preview says what does not go together, and mends it", async ({
  page,
  open,
  withProfile,
}) => {
  await withProfile(IMPOSSIBLE);
  await open("/profile");
  await expect(preview(page)).toContainText(text("conflict.budget", { dollars: 10 }));
  await preview(page).getByRole("button", { name: pattern("relaxation.budget") }).click();
  await digest(page);
  await expect(preview(page).getByRole("listitem")).toHaveCount(ANA.mealsPerDay);
  for (const title of ["goal", "food", "taste"]) {
    await next(page, true, text(`profile.${title}`));
  }
  expect(Number(await field.budget(page).inputValue())).toBeGreaterThan(10);
});

test("foods and dishes are found, left out and taken back", async ({ page, open, withProfile }) => {
  await withProfile();
  await open("/profile");
  for (const title of ["goal", "food", "taste"]) {
    await next(page, true, text(`profile.${title}`));
  }
  const search = page.getByRole("searchbox", { name: text("profile.search") });
  const left = page.locator(".pills--out");
  await search.fill("stroopwafel");
  await expect(page.getByText(text("profile.found_none"))).toBeVisible();
  await search.fill("tuna");
  const found = page.locator("#dislike-found").getByRole("button");
  const tuna = found.first();
  await expect(tuna).toBeVisible();
  await expect(tuna).toHaveAttribute("aria-pressed", "false");
  await tuna.click();
  await expect(tuna).toHaveAttribute("aria-pressed", "true");
  await expect(tuna).toContainText(text("profile.found_already"));
  await expect(left.getByRole("checkbox")).toHaveCount(1);
  const name = (await left.locator("label").first().innerText()).trim();
  await expect(left.getByRole("checkbox", { name })).toBeChecked();
  await search.press("Enter");
  await expect(step(page, "taste")).toBeVisible();

  await found.nth(1).click();
  await expect(left.getByRole("checkbox")).toHaveCount(2);
  await left.locator("label").nth(1).click();
  await expect(left.getByRole("checkbox").nth(1)).not.toBeChecked();
  await expect(found.nth(1)).toHaveAttribute("aria-pressed", "false");
  await page.getByRole("button", { name: text("profile.save"), exact: true }).click();
  await expect(page).toHaveURL(/\/plan$/);

  const stored = (await (await page.request.get("/v1/profile")).json()) as unknown;
  expect(JSON.stringify(stored)).toMatch(/"disliked(Foods|Dishes)":\["[^"]+"\]/);
  await open("/profile");
  await expect(left.getByRole("checkbox", { name, includeHidden: true })).toBeChecked();
});

test("on a phone the targets are a bar that opens", async ({ page, open, withProfile }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await withProfile();
  await open("/profile");
  const bar = targets(page).getByRole("button", { name: text("profile.targets_show") });
  await expect(bar).toHaveAttribute("aria-expanded", "false");
  await expect(bar).toContainText(text("profile.targets_energy"));
  await expect(preview(page)).toBeHidden();
  await bar.click();
  await expect(preview(page)).toBeVisible();
  const hide = targets(page).getByRole("button", { name: text("profile.targets_hide") });
  await expect(hide).toHaveAttribute("aria-expanded", "true");
  await hide.click();
  await expect(preview(page)).toBeHidden();
});
