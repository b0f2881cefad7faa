import { readFile } from "node:fs/promises";
import type { Page, TestInfo } from "@playwright/test";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { text } from "../support/texts";

interface Item {
  itemId: string;
  name: string;
  campusName: string;
  onHand: number;
}

const title = (page: Page) => page.getByRole("heading", { level: 1 });
const list = (page: Page) => page.locator("[data-live=stock]");
const rows = (page: Page) => list(page).locator("tbody tr[data-key]");
const row = (page: Page, item: Item) => list(page).locator(`tr[data-key="${item.itemId}"]`);
const correct = (page: Page, item: Item) =>
  row(page, item).getByRole("link", { name: text("stock.correct_item", { name: item.name }) });

/** A word that no other test writes down. */
const unique = (words: string) => `${words} ${Math.random().toString(36).slice(2, 8)}`;

/** An item that no other test touches, neither of this file nor in the other project. */
async function itemOf(page: Page, info: TestInfo, number: number): Promise<Item> {
  const answer = await page.request.get("/v1/stock?descending=true&limit=100");
  expect(answer.status(), await answer.text()).toBe(200);
  const { items } = (await answer.json()) as { items: Item[] };
  const item = items[number * 2 + (info.project.name === "hydrated" ? 0 : 1)];
  expect(item, "the demo sells enough").toBeDefined();
  return item as Item;
}

async function levelOf(page: Page, item: Item): Promise<number> {
  const answer = await page.request.get(`/v1/stock?text=${encodeURIComponent(item.name)}&limit=100`);
  const { items } = (await answer.json()) as { items: Item[] };
  return items.find(({ itemId }) => itemId === item.itemId)?.onHand ?? -1;
}

/** Only this item, on a page of its own. */
const search = (item: Item) => `/admin/stock?text=${encodeURIComponent(item.name)}`;

test("staff are led to the stock, and see of the panel besides only the orders", async ({ page, open }) => {
  await signInAs(page, "staff");
  await open("/account");
  await page.getByRole("button", { name: text("frame.account") }).click();
  await page.locator("#account-menu").getByRole("link", { name: text("admin.title") }).click();
  await expect(page).toHaveURL(/\/admin\/stock$/);
  await expect(title(page)).toHaveText(text("stock.title"));
  const sections = page.getByRole("navigation", { name: text("admin.sections") });
  await expect(sections.getByRole("link")).toHaveText([text("admin.orders"), text("admin.stock")]);
});

test("the table is searched, filtered and put in order by its address", async ({ page, open }, info) => {
  await signInAs(page, "admin");
  const item = await itemOf(page, info, 0);
  await open("/admin/stock");
  await expect(rows(page).nth(5)).toBeVisible();

  await page.getByLabel(text("stock.text"), { exact: true }).fill(item.name.toUpperCase());
  await page.getByRole("button", { name: text("stock.apply") }).click();
  expect(new URL(page.url()).searchParams.get("text")).toBe(item.name.toUpperCase());
  await expect(row(page, item)).toBeVisible();
  await expect(rows(page).filter({ hasNotText: item.name })).toHaveCount(0);

  await page.getByRole("link", { name: text("stock.clear") }).click();
  await page.getByLabel(text("stock.sort"), { exact: true }).selectOption("AVAILABLE");
  await page.getByLabel(text("stock.size"), { exact: true }).selectOption("100");
  await page.getByRole("button", { name: text("stock.apply") }).click();
  const head = (name: string) => page.getByRole("columnheader", { name, exact: true });
  const free = text("stock.column_available");
  await expect(head(free)).toHaveAttribute("aria-sort", "ascending");
  const numbers = async () => {
    const cells = await list(page).locator(".stock-table__free b").allInnerTexts();
    return cells.map((cell) => Number(cell.replace(/\s/g, "")));
  };
  const up = await numbers();
  expect(up).toEqual([...up].sort((one, other) => one - other));
  await head(free).getByRole("link").click();
  await expect(head(free)).toHaveAttribute("aria-sort", "descending");
  expect(new URL(page.url()).searchParams.get("order")).toBe("DESC");
  const down = await numbers();
  expect(down).toEqual([...down].sort((one, other) => other - one));

  await test.step("little is left", async () => {
    const shortages = page.getByRole("navigation", { name: text("stock.shortage") });
    await shortages.getByRole("link", { name: text("shortage.LOW") }).click();
    await expect(page).toHaveURL(/shortage=LOW/);
    await expect(shortages.locator("[aria-current]")).toContainText(text("shortage.LOW"));
    const low = rows(page);
    await expect(low.filter({ hasNotText: new RegExp(`${text("shortage.LOW")}|${text("shortage.OUT")}`) })).toHaveCount(0);
  });

  await test.step("nothing is found", async () => {
    await open("/admin/stock?text=stroopwafel");
    await expect(page.getByText(text("stock.none"), { exact: true })).toBeVisible();
    await page.getByRole("main").getByRole("link", { name: text("stock.clear") }).first().click();
    await expect(page).toHaveURL(/\/admin\/stock$/);
  });

  await test.step("pages", async () => {
    await open("/admin/stock");
    const first = await rows(page).first().getAttribute("data-key");
    await page.getByRole("link", { name: text("stock.next"), exact: true }).click();
    await expect(page).toHaveURL(/\/admin\/stock\?page=2$/);
    expect(await rows(page).first().getAttribute("data-key")).not.toBe(first);
    await page.getByRole("link", { name: text("stock.previous"), exact: true }).click();
    await expect(rows(page).first()).toHaveAttribute("data-key", first ?? "");
  });
});

test.describe("what is refused", () => {
  test.use({ allowedErrors: refusedWith(400, 403, 404, 422) });

  test("a count is corrected in its row, with a reason", async ({ page, open }, info) => {
    await signInAs(page, "staff");
    const item = await itemOf(page, info, 1);
    const reason = unique("counted again");
    await open(search(item));
    await correct(page, item).click();
    await expect(page).toHaveURL(new RegExp(`correct=${item.itemId}`));
    const counted = page.getByLabel(text("stock.counted"), { exact: true });
    const seen = Number(await counted.inputValue());

    await counted.fill("a few");
    await page.getByRole("button", { name: text("stock.save") }).click();
    await expect(page.getByText(text("invalid.malformed"))).toBeVisible();
    await expect(counted).toHaveValue("a few");
    await counted.fill(String(seen));
    await page.getByLabel(text("stock.reason"), { exact: true }).fill(reason);
    await page.getByRole("button", { name: text("stock.save") }).click();
    await expect(page.getByText(text("invalid.nothing_to_correct"))).toBeVisible();
    await expect(page.getByLabel(text("stock.reason"), { exact: true })).toHaveValue(reason);

    await counted.fill(String(seen + 7));
    await page.getByRole("button", { name: text("stock.save") }).click();
    await expect(page.getByText(text("stock.corrected"))).toBeVisible();
    // The search is still there, and the form is not.
    expect(new URL(page.url()).searchParams.get("text")).toBe(item.name);
    await expect(counted).toHaveCount(0);
    expect(await levelOf(page, item)).toBe(seen + 7);

    await row(page, item).getByRole("rowheader").getByRole("link").click();
    await expect(title(page)).toHaveText(item.name);
    const movement = page.getByRole("row").filter({ hasText: reason });
    await expect(movement).toContainText("+7");
    await expect(movement).toContainText(text("movement.CORRECTED"));
  });

  test("an item's page shows its ledger, and takes more", async ({ page, open }, info) => {
    await signInAs(page, "admin");
    const item = await itemOf(page, info, 2);
    await open(`/admin/stock/${item.itemId}`);
    await expect(title(page)).toHaveText(item.name);
    const charts = page.getByRole("region", { name: text("stock_item.history") });
    await expect(charts.getByRole("img")).toHaveCount(2);

    const reason = unique("truck");
    const form = page.getByRole("region", { name: text("stock_item.write_down") });
    await form.getByLabel(text("stock_item.quantity"), { exact: true }).fill("12");
    await form.getByLabel(text("stock.reason"), { exact: true }).fill(reason);
    await form.getByRole("button", { name: text("stock_item.save") }).click();
    await expect(page).toHaveURL(/\?recorded=1$/);
    await expect(page.getByText(text("stock_item.recorded"))).toBeVisible();
    const movement = page.getByRole("row").filter({ hasText: reason });
    await expect(movement).toContainText("+12");
    expect(await levelOf(page, item)).toBe(item.onHand + 12);

    await test.step("more than is free can't be wasted", async () => {
      await form.getByRole("radio", { name: text("movement.WASTED") }).check();
      await form.getByLabel(text("stock_item.quantity"), { exact: true }).fill("99999");
      await form.getByLabel(text("stock.reason"), { exact: true }).fill("lost");
      await form.getByRole("button", { name: text("stock_item.save") }).click();
      const start = text("invalid.not_in_stock", { free: "" }).split(":")[0] ?? "";
      await expect(form.getByText(start)).toBeVisible();
      await expect(form.getByRole("radio", { name: text("movement.WASTED") })).toBeChecked();
      expect(await levelOf(page, item)).toBe(item.onHand + 12);
    });
  });

  test("a file goes out and in, and a bad line is named", async ({ page, open }, info) => {
    await signInAs(page, "staff");
    const item = await itemOf(page, info, 3);
    await open(search(item));
    const downloaded = page.waitForEvent("download");
    await page.getByRole("link", { name: text("stock.export") }).click();
    const download = await downloaded;
    expect(download.suggestedFilename()).toBe("nutriflow-stock.csv");
    const out = await readFile(await download.path(), "utf8");
    const lines = out.split("\r\n");
    const mine = lines.findIndex((line) => line.startsWith(item.itemId));
    expect(lines[mine]).toMatch(/,,,$/);

    const reason = unique("by file");
    const filled = lines.map((line, place) =>
      place === mine ? line.replace(/,,,$/, `,RECEIVED,5,${reason}`) : line,
    );
    filled.splice(lines.length - 1, 0, `${item.itemId},,,,,,,EATEN,1,hunger`);
    await page.getByRole("link", { name: text("stock.import") }).click();
    await page.getByLabel(text("stock_import.file"), { exact: true }).setInputFiles({
      name: "stock.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(filled.join("\r\n")),
    });
    await page.getByRole("button", { name: text("stock_import.all") }).click();
    const bad = page.getByRole("region", { name: text("stock_import.lines_one") }).locator("tbody tr");
    await expect(bad).toHaveCount(1);
    await expect(bad).toContainText(String(lines.length));
    await expect(bad).toContainText(text("invalid.unknown_choice"));
    expect(await levelOf(page, item), "nothing was taken").toBe(item.onHand);
    const kept = page.getByLabel(text("stock_import.typed"));
    expect(await kept.inputValue()).toContain(reason);

    await page.getByRole("button", { name: text("stock_import.rest") }).click();
    await expect(page).toHaveURL(/\?taken=1&left=1$/);
    await expect(page.getByText(text("stock.taken_one"))).toBeVisible();
    await expect(page.getByText(text("stock.left_one"))).toBeVisible();
    expect(await levelOf(page, item)).toBe(item.onHand + 5);
  });

  test("it is no business of members and operators", async ({ page, open, signUp }) => {
    await signUp();
    for (const path of ["/admin/stock", "/admin/stock/import"]) {
      expect(await open(path), path).toBe(403);
      await expect(page.getByText(text("problem.FORBIDDEN"))).toBeVisible();
    }
    await signInAs(page, "operator");
    expect(await open("/admin/stock")).toBe(403);
    await open("/admin/jobs");
    await expect(page.getByRole("main").getByRole("link", { name: text("admin.stock"), exact: true })).toHaveCount(0);
  });

  test("an address that makes no sense changes nothing", async ({ page, open }) => {
    await signInAs(page, "admin");
    expect(await open("/admin/stock?sort=COLOUR")).toBe(400);
    expect(await open("/admin/stock?campus=moon")).toBe(422);
    expect(await open("/admin/stock/soup")).toBe(404);
    expect(await open("/admin/stock/0197a5c4-0000-7000-8000-000000000000")).toBe(404);
  });
});

test("who is not signed in is led there, and back to the same filter", async ({ page, open }) => {
  await open("/admin/stock?shortage=LOW");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  const main = page.getByRole("main");
  await main.getByLabel(text("account.email")).fill("staff@demo.nutriflow.org");
  await main.getByLabel(text("account.password")).fill("staff-demo");
  await main.getByRole("button", { name: text("account.sign_in"), exact: true }).click();
  await expect(page).toHaveURL(/\/admin\/stock\?shortage=LOW$/);
});
