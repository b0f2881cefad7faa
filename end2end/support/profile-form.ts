// The profile's form: four steps one after the other, or without JavaScript all of them at once.
import type { Page } from "@playwright/test";
import { expect } from "./fixtures";
import type { Profile } from "./profiles";
import { text } from "./texts";

/** A choice by its label: its radio button or checkbox may be drawn by the label alone. */
export async function choose(page: Page, legend: string, label: string): Promise<void> {
  const group = page.getByRole("group", { name: legend, exact: true });
  await group.locator("label").filter({ has: page.getByText(label, { exact: true }) }).click();
}

export const field = {
  age: (page: Page) => page.getByLabel(text("profile.age"), { exact: true }),
  height: (page: Page) => page.getByLabel(text("profile.height"), { exact: true }),
  weight: (page: Page) => page.getByLabel(text("profile.weight"), { exact: true }),
  budget: (page: Page) => page.getByLabel(new RegExp(`^${text("profile.budget")}`)),
};

/** The first step, filled in. */
export async function fillAbout(page: Page, profile: Profile): Promise<void> {
  await choose(page, text("profile.sex"), text(`sex.${profile.sex}`));
  await field.age(page).fill(String(profile.age));
  await field.height(page).fill(String(profile.heightCm));
  await field.weight(page).fill(String(profile.weightKg));
  await choose(page, text("profile.activity"), text(`activity.${profile.activity}`));
}

/** On to the next step, where there are steps. */
export async function next(page: Page, hydrates: boolean, title: string): Promise<void> {
  if (hydrates) {
    await page.getByRole("button", { name: text("profile.next"), exact: true }).click();
  }
  await expect(page.getByRole("heading", { level: 2, name: title })).toBeVisible();
}

/** The whole form, filled in as somebody would, up to its last button. */
export async function fillProfile(page: Page, hydrates: boolean, profile: Profile): Promise<void> {
  await fillAbout(page, profile);
  await next(page, hydrates, text("profile.goal"));
  await choose(page, text("profile.direction"), text(`direction.${profile.direction}`));
  if (profile.paceKcal !== null) {
    await choose(page, text("profile.pace"), text("profile.pace_label", { kcal: profile.paceKcal }));
  }
  await next(page, hydrates, text("profile.food"));
  await choose(page, text("profile.diet"), text(`diet.${profile.diet}`));
  for (const allergen of profile.allergens) {
    await choose(page, text("profile.allergens"), text(`allergen.${allergen}`));
  }
  await next(page, hydrates, text("profile.taste"));
  await choose(page, text("profile.meals"), String(profile.mealsPerDay));
  if (profile.weeklyBudget !== null) {
    await field.budget(page).fill(String(profile.weeklyBudget / 100));
  }
}
