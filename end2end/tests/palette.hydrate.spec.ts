import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { tooWide } from "../support/panel";
import { text } from "../support/texts";
import { confirmedOrder } from "../support/waiting";

const palette = (page: Page) => page.getByRole("dialog", { name: text("palette.title") });
const field = (page: Page) => palette(page).getByRole("combobox");
/** Opens the palette by its keys, once its script listens. */
async function summon(page: Page, keys = "Control+k"): Promise<void> {
  await page.locator("html[data-palette-ready]").waitFor({ state: "attached" });
  await page.keyboard.press(keys);
}
const hits = (page: Page) => palette(page).getByRole("option");

test("Ctrl K finds pages, orders, dishes and people, by keyboard alone", async ({ page, open, signUp }) => {
  const member = await signUp();
  const { orderId, number } = await confirmedOrder(page.request);
  await signInAs(page, "admin");
  await open("/dishes");
  await summon(page);
  await expect(field(page)).toBeFocused();
  await expect(hits(page).filter({ hasText: text("admin.stock") })).toHaveCount(1);

  await field(page).fill(`#${number}`);
  await expect(hits(page).filter({ hasText: member.name })).toHaveCount(1);
  await field(page).fill(member.email);
  // Jobs of theirs may follow.
  await expect(hits(page).filter({ hasText: member.email })).toHaveCount(1);
  await expect(hits(page).first()).toContainText(text("palette.person"));
  await field(page).fill("stroopwafel");
  await expect(palette(page).getByRole("status")).toHaveText(text("palette.none"));

  await field(page).fill(text("admin.audit"));
  await expect(hits(page).first()).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/admin\/audit$/);

  await summon(page, "Meta+k");
  await field(page).fill(orderId);
  await expect(hits(page).first()).toContainText(text("palette.order"));
  await hits(page).first().click();
  await expect(page).toHaveURL(new RegExp(`/admin/orders/${orderId}$`));
  await summon(page);
  await page.keyboard.press("Escape");
  await expect(palette(page)).toBeHidden();
});

test("it finds only what its reader may see", async ({ page, open }) => {
  await signInAs(page, "staff");
  await open("/admin/stock");
  await page.locator("html[data-palette-ready]").waitFor({ state: "attached" });
  await page.getByRole("link", { name: text("admin.search") }).click();
  await expect(hits(page).filter({ hasText: text("admin.orders") })).toHaveCount(1);
  await expect(hits(page).filter({ hasText: text("admin.people") })).toHaveCount(0);
  await field(page).fill("member@demo.nutriflow.org");
  await expect(palette(page).getByRole("status")).toHaveText(text("palette.none"));
});

test("members have none", async ({ page, open, signUp }) => {
  await signUp();
  await open("/dishes");
  await page.keyboard.press("Control+k");
  await expect(page.locator("[data-palette]")).toHaveCount(0);
});

test.describe("the panel's pages", () => {
  test.describe.configure({ timeout: 180_000 });
  test.use({ allowedErrors: refusedWith(422) });

  async function pages(page: Page, signUp: () => Promise<unknown>): Promise<string[]> {
    await signUp();
    const { orderId } = await confirmedOrder(page.request);
    await signInAs(page, "admin");
    const answer = await page.request.get("/v1/admin/menu-items?campus=north&limit=1");
    const { items } = (await answer.json()) as { items: { itemId: string }[] };
    const people = await page.request.get("/v1/admin/people?role=MEMBER&limit=1");
    const person = (await people.json()) as { items: { accountId: string }[] };
    const item = items[0]?.itemId ?? "";
    return [
      "/admin/overview?days=30",
      "/admin/orders",
      "/admin/orders?person=stroopwafel",
      `/admin/orders/${orderId}`,
      `/admin/orders/${orderId}?ask=refund`,
      "/admin/menu?campus=north",
      `/admin/menu/${item}`,
      `/admin/menu/${item}?ask=delete`,
      "/admin/menu/new?campus=north",
      "/admin/campuses",
      "/admin/campuses/north",
      "/admin/people",
      `/admin/people/${person.items[0]?.accountId ?? ""}`,
      "/admin/audit",
      "/admin/search?q=1",
    ];
  }

  test("are accessible in both themes", async ({ page, open, signUp }) => {
    for (const path of await pages(page, signUp)) {
      await test.step(path, async () => {
        await open(path);
        await expectAccessible(page);
      });
    }
    await summon(page);
    await expect(hits(page).first()).toBeVisible();
    await expectAccessible(page);
  });

  for (const language of ["en", "es"] as const) {
    test(`are not wider than a phone (${language})`, async ({ page, open, signUp, context, baseURL }) => {
      await context.addCookies([{ name: "language", value: language, url: baseURL ?? "" }]);
      await page.setViewportSize({ width: 390, height: 844 });
      for (const path of await pages(page, signUp)) {
        await open(path);
        expect(await tooWide(page), path).toBeLessThanOrEqual(0);
      }
    });
  }
});
