// Checks of the Web Content Accessibility Guidelines that a program can make.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/**
 * Fails with what axe finds against WCAG 2.2 at level AA, in the light theme and in the dark one,
 * where only colours differ. Needs JavaScript.
 */
export async function expectAccessible(page: Page): Promise<void> {
  const axe = () => new AxeBuilder({ page });
  await show(page, "light");
  await expectNone(axe().withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]), "light");
  await show(page, "dark");
  await expectNone(axe().withRules(["color-contrast"]), "dark");
}

/** What the theme's cookie makes the server write; preferences.spec.ts tests the cookie. */
async function show(page: Page, theme: "light" | "dark"): Promise<void> {
  await page.evaluate((theme) => {
    document.documentElement.dataset.theme = theme;
  }, theme);
}

async function expectNone(axe: AxeBuilder, theme: string): Promise<void> {
  const { violations } = await axe.analyze();
  const findings = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.map((node) => node.target.join(" ")),
  }));
  expect(findings, `in the ${theme} theme`).toEqual([]);
}
