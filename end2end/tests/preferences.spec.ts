import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";
import { text, type Language } from "../support/texts";

// By keyboard: a click waits for frames, which a headless browser without scripts may not draw.
async function prefer(page: Page, language: Language, choice: string): Promise<void> {
  await page.getByRole("button", { name: text("frame.preferences", {}, language) }).press("Enter");
  await page
    .locator("#preferences")
    .getByRole("button", { name: choice, exact: true })
    .press("Enter");
}

test("Spanish is chosen where one is, and stays", async ({ page, open }) => {
  await open("/dishes?diet=VEGAN");
  await prefer(page, "en", "Español");

  await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("dishes.title", {}, "es"));
  await expect(page).toHaveURL(/\/dishes\?diet=VEGAN$/);
  await expect(page.locator("html")).toHaveAttribute("lang", "es");

  const nav = page.getByRole("navigation", { name: text("frame.nav", {}, "es") });
  await nav.getByRole("link", { name: text("nav.plan", {}, "es") }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("sign_in.title", {}, "es"));

  await prefer(page, "es", "English");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("sign_in.title"));
  await expect(page).toHaveURL(/\/sign-in\?next=\/plan$/);
});

test("a browser that asks for Spanish gets it", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ baseURL, locale: "es-MX" });
  const page = await context.newPage();
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("landing.title", {}, "es"));
  await context.close();
});

test("the dark theme is chosen, and stays", async ({ page, open }) => {
  const background = () =>
    page.locator("html").evaluate((html) => getComputedStyle(html).backgroundColor);
  await page.emulateMedia({ colorScheme: "light" });
  await open("/");
  const light = await background();
  await prefer(page, "en", text("frame.theme_dark"));
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  const dark = await background();
  expect(dark).not.toBe(light);

  await open("/dishes");
  expect(await background()).toBe(dark);
  await page.getByRole("button", { name: text("frame.preferences") }).click();
  const pressed = page.getByRole("button", { name: text("frame.theme_dark"), exact: true });
  await expect(pressed).toHaveAttribute("aria-pressed", "true");
});
