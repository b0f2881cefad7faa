import type { APIRequestContext, Page, TestInfo } from "@playwright/test";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { apart, row, rows, title, type MenuRecord } from "../support/panel";
import { text } from "../support/texts";

interface Choice {
  key: string;
  name: { en: string };
}

/** A dish that no other test edits or orders, neither of this file nor in the other project. */
async function itemOf(request: APIRequestContext, info: TestInfo, number: number): Promise<MenuRecord> {
  const answer = await request.get("/v1/admin/menu-items?campus=lakeside&kind=DISH&sort=NAME&limit=100");
  expect(answer.status(), await answer.text()).toBe(200);
  const { items } = (await answer.json()) as { items: MenuRecord[] };
  const item = items[number * 2 + (info.project.name === "hydrated" ? 0 : 1)];
  expect(item, "the demo sells enough").toBeDefined();
  return item as MenuRecord;
}

const field = (page: Page, key: string) => page.getByLabel(text(key), { exact: true });
const save = (page: Page) => page.getByRole("button", { name: text("menu_editor.save"), exact: true });

test("a menu is searched, filtered and put in order by its address", async ({ page, open }, info) => {
  await signInAs(page, "operator");
  const item = await itemOf(page.request, info, 0);
  await open("/admin/menu?campus=lakeside");
  await field(page, "stock.text").fill(item.name.toUpperCase());
  await page.getByRole("button", { name: text("lists.apply") }).click();
  await expect(row(page, item.itemId)).toBeVisible();
  await expect(rows(page).filter({ hasNotText: item.name })).toHaveCount(0);
  await expect(page).toHaveURL(/campus=lakeside/);
  await row(page, item.itemId).getByRole("link").click();
  await expect(title(page)).toHaveText(item.name);
  await expect(page.getByText(text("menu_editor.read_only"))).toBeVisible();
  await expect(save(page)).toHaveCount(0);
});

test.describe("what is refused", () => {
  test.use({ allowedErrors: refusedWith(404, 409, 422) });

  test("a price is changed, and of two editors the second is told", async ({
    page,
    open,
    playwright,
    baseURL,
  }, info) => {
    await signInAs(page, "admin");
    const item = await itemOf(page.request, info, 1);
    await open(`/admin/menu/${item.itemId}`);
    await field(page, "menu_editor.price").fill("a lot");
    await save(page).click();
    await expect(page.getByText(text("invalid.malformed"))).toBeVisible();
    await expect(field(page, "menu_editor.price")).toHaveValue("a lot");
    await field(page, "menu_editor.price").fill("12.34");
    await save(page).click();
    await expect(page).toHaveURL(/saved=1$/);
    await expect(field(page, "menu_editor.price")).toHaveValue("12.34");

    const other = await apart(playwright, baseURL, "admin");
    const now = (await (await other.get(`/v1/admin/menu-items/${item.itemId}`)).json()) as Record<string, unknown>;
    expect(now.price).toBe(1234);
    const { minutes, active, position, sale, options, version } = now;
    const data = { price: 1300, minutes, active, position, sale, options };
    const put = await other.put(`/v1/admin/menu-items/${item.itemId}?version=${String(version)}`, { data });
    expect(put.status(), await put.text()).toBe(200);
    await field(page, "menu_editor.price").fill("15.00");
    await save(page).click();
    await expect(page.getByText(text("menu_editor.changed"))).toBeVisible();
    await expect(field(page, "menu_editor.price")).toHaveValue("15.00");
    await save(page).click();
    await expect(page).toHaveURL(/saved=1$/);
    await expect(field(page, "menu_editor.price")).toHaveValue("15.00");
    await other.dispose();
  });

  test("rules that contradict themselves are named, and what was typed is kept", async ({ page, open }, info) => {
    await signInAs(page, "admin");
    const item = await itemOf(page.request, info, 2);
    const answer = await page.request.get("/v1/admin/menu-options");
    const { items: choices } = (await answer.json()) as { items: Choice[] };
    const [one, two] = choices as [Choice, Choice];
    const before = (await (await page.request.get(`/v1/admin/menu-items/${item.itemId}`)).json()) as {
      options: { groups: unknown[]; rules: unknown[] };
      version: number;
    };
    const [group, rule] = [before.options.groups.length, before.options.rules.length];
    await open(`/admin/menu/${item.itemId}`);
    const input = (name: string) => page.locator(`[name="options[${name}]"]`);
    await input(`g${group}_en`).fill("Test choice");
    await input(`g${group}_es`).fill("Elección de prueba");
    await input(`g${group}_min`).fill("1");
    await input(`g${group}_max`).fill("2");
    await input(`o${group}_0_key`).selectOption(one.key);
    await input(`o${group}_1_key`).selectOption(two.key);
    await input(`r${rule}_option`).selectOption(one.key);
    await input(`r${rule}_kind`).selectOption("EXCLUDES");
    await input(`r${rule}_other`).selectOption(one.key);
    await save(page).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await expect(page.locator(`#o${group}_0_key-error`)).toBeVisible();
    await expect(input(`g${group}_en`)).toHaveValue("Test choice");
    await expect(input(`r${rule}_kind`)).toHaveValue("EXCLUDES");
    const after = await page.request.get(`/v1/admin/menu-items/${item.itemId}`);
    expect(((await after.json()) as { version: number }).version, "nothing changed").toBe(before.version);
  });

  test("an item is taken off the menu, after a question, and put back", async ({ page, open }, info) => {
    await signInAs(page, "admin");
    const item = await itemOf(page.request, info, 3);
    await open(`/admin/menu/${item.itemId}`);
    await page.getByRole("link", { name: text("menu_editor.delete"), exact: true }).click();
    await expect(page.getByText(text("menu_editor.delete_title"))).toBeVisible();
    await page.getByRole("button", { name: text("menu_editor.delete"), exact: true }).click();
    await expect(page.getByText(text("menu_editor.deleted"))).toBeVisible();
    await expect(row(page, item.itemId)).toHaveCount(0);
    expect(await open(`/menu/lakeside/${item.itemId}`)).toBe(404);
    await page.goBack();
    await page.getByRole("link", { name: text("menu_editor.undo") }).click();
    await page.getByRole("button", { name: text("menu_editor.restore") }).click();
    await expect(page).toHaveURL(/saved=1$/);
    await page.getByRole("radio", { name: text("standing.ACTIVE"), exact: true }).check({ force: true });
    await save(page).click();
    await expect(page).toHaveURL(/saved=1$/);
    expect(await open(`/menu/lakeside/${item.itemId}`)).toBe(200);
  });

  test("a campus keeps what was typed into its hours", async ({ page, open }) => {
    await signInAs(page, "admin");
    await open("/admin/campuses");
    await rows(page).first().getByRole("link").click();
    const monday = page.getByLabel(new RegExp(`^${text("weekday.1")}`));
    const before = await monday.inputValue();
    await monday.fill("noon to night");
    await page.getByRole("button", { name: text("campuses.save"), exact: true }).click();
    await expect(page.getByText(text("invalid.bad_hours"))).toBeVisible();
    await expect(monday).toHaveValue("noon to night");
    await monday.fill(before);
    await page.getByRole("button", { name: text("campuses.save"), exact: true }).click();
    await expect(page.getByText(text("campuses.saved"))).toBeVisible();
  });
});
