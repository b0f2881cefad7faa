import { expectAccessible } from "../support/accessibility";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { text } from "../support/texts";

// The file that is refused.
test.use({ allowedErrors: refusedWith(422) });
test.describe.configure({ timeout: 180_000 });

for (const width of [390, 1440]) {
  test(`the stock's pages are accessible and fit ${width} px`, async ({ page, open }) => {
    await page.setViewportSize({ width, height: 900 });
    await signInAs(page, "admin");
    const answer = await page.request.get("/v1/stock?limit=1");
    const { items } = (await answer.json()) as { items: { itemId: string }[] };
    const item = items[0]?.itemId ?? "";
    for (const path of [
      "/admin/stock?sort=AVAILABLE",
      `/admin/stock?correct=${item}`,
      "/admin/stock?text=stroopwafel",
      `/admin/stock/${item}`,
      "/admin/stock/import",
    ]) {
      await test.step(path, async () => {
        await open(path);
        await expectAccessible(page);
        const wide = await page.evaluate(() => {
          const root = document.scrollingElement ?? document.documentElement;
          return root.scrollWidth - root.clientWidth;
        });
        expect(wide, "pixels beyond the window").toBeLessThanOrEqual(0);
      });
    }
    await test.step("a refused file", async () => {
      const file = `item,kind,quantity,reason\n${item},EATEN,1,\n`;
      await page.getByLabel(text("stock_import.typed")).fill(file);
      await page.getByRole("button", { name: text("stock_import.all") }).click();
      await page.getByRole("alert").waitFor();
      await expectAccessible(page);
    });
  });
}
