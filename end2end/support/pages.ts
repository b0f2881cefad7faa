// Every page and state of a page, for what must hold on all of them.
import type { Page } from "@playwright/test";
import { IMPOSSIBLE, type Profile } from "./profiles";
import { text } from "./texts";
import { thisWeek } from "./weeks";

export interface Stop {
  name: string;
  path: string;
  /** What to do there first. */
  then?: (page: Page) => Promise<void>;
}

/** Pages for everybody. */
export const PUBLIC: Stop[] = [
  { name: "landing", path: "/" },
  { name: "sign-up", path: "/sign-up" },
  {
    name: "sign-up, refused",
    path: "/sign-up",
    then: async (page) => {
      await page.getByRole("button", { name: text("sign_up.submit") }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "sign-in", path: "/sign-in" },
  { name: "dishes", path: "/dishes?diet=VEGAN&without=GLUTEN" },
  { name: "dishes, none found", path: "/dishes?q=stroopwafel" },
  { name: "a dish that is not there", path: "/dishes/soup-of-the-day-before" },
  { name: "campuses", path: "/menu" },
  { name: "cart, empty", path: "/cart" },
];

/** Pages of a member who has just come. */
export const NEW: Stop[] = [
  { name: "profile, empty", path: "/profile" },
  { name: "week without a profile", path: "/plan" },
  { name: "weeks, none", path: "/plans" },
  { name: "account", path: "/account" },
  { name: "wallet", path: "/wallet" },
  { name: "orders, none", path: "/orders" },
  { name: "inbox, empty", path: "/inbox" },
];

/** Pages of a member with a plan for this week. */
export const PLANNED: Stop[] = [
  { name: "plan", path: "/plan" },
  { name: "nutrients", path: `/plan/${thisWeek()}/nutrients` },
  { name: "shopping", path: `/plan/${thisWeek()}/shopping` },
  { name: "weeks", path: "/plans" },
  {
    name: "dish",
    path: "/plan",
    then: async (page) => {
      await page.locator("[data-plan-digest] li a:visible").first().click();
      await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
      await page.getByText(text("dish.foods_note")).waitFor();
    },
  },
];

/** The steps of the profile, each after the one before. */
export const STEPS: (Stop & { title: string })[] = [
  { name: "profile, who", path: "/profile", title: text("profile.about") },
  { name: "profile, goal", path: "", title: text("profile.goal") },
  { name: "profile, food", path: "", title: text("profile.food") },
  { name: "profile, taste", path: "", title: text("profile.taste") },
];

/** A member whom no week suits. */
export const WITHOUT_A_WEEK: Partial<Profile> = { ...IMPOSSIBLE, diet: "KETO" };
