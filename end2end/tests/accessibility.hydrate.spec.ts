import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { expect, putProfile, refusedWith, test } from "../support/fixtures";
import { invisibleStops, tabTo } from "../support/keyboard";
import { NEW, PLANNED, PUBLIC, STEPS, WITHOUT_A_WEEK, type Stop } from "../support/pages";
import { text } from "../support/texts";

// The refused sign-up and the page that is not there.
test.use({ allowedErrors: refusedWith(404, 422) });
// These tests walk through many pages.
test.describe.configure({ timeout: 180_000 });

type Open = (path: string) => Promise<number>;
type Check = (name: string) => Promise<void>;

async function visit(page: Page, open: Open, stops: Stop[], check: Check): Promise<void> {
  for (const { name, path, then } of stops) {
    await test.step(name, async () => {
      await open(path);
      await then?.(page);
      await check(name);
    });
  }
}

/** The profile's steps, targets and preview included. */
async function steps(page: Page, open: Open, check: Check, language: "en" | "es"): Promise<void> {
  await open("/profile");
  await expect(page.locator(".preview[data-plan-digest]")).toBeAttached();
  for (const [index, { name }] of STEPS.entries()) {
    await test.step(name, async () => {
      if (index > 0) {
        const next = text("profile.next", {}, language);
        await page.getByRole("button", { name: next, exact: true }).click();
      }
      await expect(page.locator(`#step-${index}`)).toBeVisible();
      await check(name);
    });
  }
}

/** What a week says that cannot be planned. */
async function infeasible(page: Page, open: Open, language: "en" | "es"): Promise<void> {
  await putProfile(page.request, WITHOUT_A_WEEK);
  await open("/plan/2026-W20");
  await page.getByRole("button", { name: text("plan.generate", {}, language) }).click();
  await page.getByText(text("plan.infeasible", {}, language)).waitFor();
}

test("pages for everybody are accessible", async ({ page, open }) => {
  await visit(page, open, PUBLIC, () => expectAccessible(page));
  await test.step("preferences", async () => {
    await open("/sign-in");
    await page.getByRole("button", { name: text("frame.preferences") }).click();
    await expectAccessible(page);
  });
});

test("pages of a new member are accessible", async ({ page, open, signUp }) => {
  await signUp();
  await visit(page, open, NEW, () => expectAccessible(page));
});

test("pages of a plan are accessible", async ({ page, open, withPlan }) => {
  await withPlan();
  await visit(page, open, PLANNED, () => expectAccessible(page));
  await test.step("infeasible", async () => {
    await infeasible(page, open, "en");
    await expectAccessible(page);
  });
});

test("the profile's steps are accessible", async ({ page, open, withProfile }) => {
  await withProfile({ dislikedFoods: ["01123"] });
  await steps(page, open, () => expectAccessible(page), "en");
});

for (const language of ["en", "es"] as const) {
  test(`nothing is wider than a phone (${language})`, async ({
    page,
    context,
    open,
    withPlan,
    signUp,
    baseURL,
  }) => {
    await context.addCookies([{ name: "language", value: language, url: baseURL ?? "" }]);
    await page.setViewportSize({ width: 390, height: 844 });
    const wide: string[] = [];
    const check = async (name: string) => {
      const found = await page.evaluate(() => {
        const root = document.scrollingElement ?? document.documentElement;
        if (root.scrollWidth <= root.clientWidth) {
          return null;
        }
        const beyond = [...document.querySelectorAll("main *, header *, footer *")].find(
          (node) => node.getBoundingClientRect().right > root.clientWidth + 1,
        );
        return `${root.scrollWidth} px: ${beyond?.outerHTML.slice(0, 120)}`;
      });
      if (found !== null) {
        wide.push(`${name}, ${found}`);
      }
    };
    const english = (stop: Stop) => language === "en" || stop.then === undefined;
    await visit(page, open, PUBLIC.filter(english), check);
    await signUp();
    await visit(page, open, NEW, check);
    await context.clearCookies({ name: /session/ });
    await withPlan();
    await visit(page, open, PLANNED.filter(english), check);
    await steps(page, open, check, language);
    await infeasible(page, open, language);
    await check("infeasible");
    expect(wide).toEqual([]);
  });
}

test("the first stop of Tab skips to the content", async ({ page, open }) => {
  await open("/dishes");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: text("frame.skip") });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByLabel(text("dishes.text"))).toBeFocused();
});

test("whatever has the focus shows it", async ({ page, open, withPlan }) => {
  await withPlan();
  for (const [path, stops] of [["/", 8], ["/plan", 14], ["/profile", 16], ["/dishes", 11]] as const) {
    await test.step(path, async () => {
      await open(path);
      expect(await invisibleStops(page, stops)).toEqual([]);
    });
  }
});

test("the days of a week are chosen by the arrow keys", async ({ page, open, withPlan }) => {
  await withPlan();
  await open("/plan");
  const days = page.getByRole("group", { name: text("plan.days") }).getByRole("radio");
  await page.getByRole("group", { name: text("plan.days") }).locator("input:checked").focus();
  const shown = page.locator(".day-detail:visible").getByRole("heading");
  const first = await shown.innerText();
  await page.keyboard.press("ArrowRight");
  await expect(shown).toHaveCount(1);
  await expect(shown).not.toHaveText(first);
  await expect(days).toHaveCount(7);
});

test("the menus open and close by keyboard", async ({ page, open }) => {
  await open("/");
  const button = page.getByRole("button", { name: text("frame.preferences") });
  await tabTo(page, button);
  await page.keyboard.press("Enter");
  const menu = page.locator("#preferences");
  await expect(menu).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(menu.getByRole("button", { name: "English" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(menu).toBeHidden();
  await expect(button).toBeFocused();
});
