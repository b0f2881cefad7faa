// Checks of the Web Content Accessibility Guidelines that a program can make.
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/**
 * Fails with what axe finds against WCAG 2.2 at level AA, in the light theme and in the dark one,
 * where only colours differ. Needs JavaScript.
 */
export async function expectAccessible(page: Page): Promise<void> {
  // Without frames of other sites there is no need for the blank page that axe otherwise opens.
  const axe = () => new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  await show(page, "light");
  await expectNone(axe().withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]), "light");
  await show(page, "dark");
  await expectNone(axe().withRules(["color-contrast"]), "dark");
}

/** What the theme's cookie makes the server write; preferences.spec.ts tests the cookie. */
async function show(page: Page, theme: "light" | "dark"): Promise<void> {
  await page.evaluate(async (theme) => {
    document.documentElement.dataset.theme = theme;
    // Colours that are on their way would be measured halfway; what inherits them sets off later.
    for (let frame = 0; frame < 4; frame += 1) {
      await new Promise((resume) => requestAnimationFrame(resume));
      for (const animation of document.getAnimations()) {
        if (animation instanceof CSSTransition) {
          animation.finish();
        }
      }
    }
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
