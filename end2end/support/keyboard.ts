// The page as someone without a pointer uses it.
import type { Locator, Page } from "@playwright/test";
import { expect } from "./fixtures";

/** Presses Tab until the element has the focus. */
export async function tabTo(page: Page, target: Locator, most = 80): Promise<void> {
  for (let presses = 0; presses < most; presses += 1) {
    if (await target.evaluate((node) => node === document.activeElement)) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  await expect(target, `reached by ${most} presses of Tab`).toBeFocused();
}

/** What has the focus without showing it, among the next stops of Tab. */
export async function invisibleStops(page: Page, stops: number): Promise<string[]> {
  const invisible: string[] = [];
  for (let stop = 0; stop < stops; stop += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const node = document.activeElement;
      if (!node || node === document.body) {
        return null;
      }
      const outlined = (style: CSSStyleDeclaration) =>
        style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      const box = node.closest("label") ?? node;
      const visible =
        outlined(getComputedStyle(node)) ||
        outlined(getComputedStyle(node, "::after")) ||
        outlined(getComputedStyle(box)) ||
        // A choice that is drawn by what stands beside its input.
        [...box.children].some((child) => outlined(getComputedStyle(child))) ||
        (node.parentElement !== null && outlined(getComputedStyle(node.parentElement)));
      return visible ? null : node.outerHTML.slice(0, 120);
    });
    if (found !== null) {
      invisible.push(found);
    }
  }
  return invisible;
}
