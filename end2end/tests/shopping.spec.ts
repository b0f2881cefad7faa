import { readFile } from "node:fs/promises";
import { expect, test } from "../support/fixtures";
import { table, text, type Language } from "../support/texts";

const columns = (language: Language) =>
  ["aisle", "food", "quantity", "bought", "edible", "number"].map((column) =>
    text(`shopping.csv_${column}`, {}, language),
  );

/** Fields of RFC 4180. */
function parse(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n|$)/g)) {
    const row = rows.at(-1);
    row?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "\r\n") {
      rows.push([]);
    } else if (end === "") {
      break;
    }
  }
  return rows.filter((row) => row.length > 1);
}

test("the shopping list is grouped, can be ticked off and downloaded", async ({
  page,
  open,
  withPlan,
}) => {
  const { week } = await withPlan();
  await open(`/plan/${week}/shopping`);

  const main = page.getByRole("main");
  const aisles = await main.getByRole("heading", { level: 2 }).allInnerTexts();
  expect(aisles.length).toBeGreaterThan(4);
  expect(new Set(aisles).size).toBe(aisles.length);
  for (const aisle of aisles) {
    expect(table("aisle").map((it) => it.toLowerCase())).toContain(aisle.toLowerCase());
  }
  const items = main.getByRole("checkbox");
  const count = await items.count();
  await expect(main.getByText(text("shopping.items", { count }), { exact: true })).toBeVisible();
  await items.first().check();
  await expect(items.first()).toBeChecked();
  const weights = await main.locator(".shopping__item b").allInnerTexts();
  expect(weights).toHaveLength(count);
  for (const weight of weights) {
    expect(weight).toMatch(/\d.*(g|kg)$/);
  }

  const downloaded = page.waitForEvent("download");
  await page.getByRole("link", { name: text("shopping.csv") }).click();
  const download = await downloaded;
  expect(download.suggestedFilename()).toBe(`nutriflow-${week}.csv`);
  const csv = await readFile(await download.path(), "utf8");
  expect(csv.startsWith("\ufeff"), "spreadsheets know UTF-8 by its mark").toBe(true);
  const [head, ...rows] = parse(csv.slice(1));
  expect(head).toEqual(columns("en"));
  expect(rows).toHaveLength(count);
  for (const row of rows) {
    expect(row).toHaveLength(6);
    expect(aisles.map((it) => it.toLowerCase())).toContain(row[0]?.toLowerCase());
    expect(row[3]).toMatch(/^\d+\.\d$/);
    expect(row[4]).toMatch(/^\d+\.\d$/);
    expect(Number(row[3]), "what is eaten was bought").toBeGreaterThanOrEqual(Number(row[4]));
    expect(row[5]).toMatch(/^\d{4,5}$/);
    for (const cell of row) {
      expect(cell, "no cell is a formula").not.toMatch(/^[=+\-@\t\r]/);
    }
  }
});

test("the file speaks the reader's language, and is nobody else's", async ({ page, withPlan }) => {
  const { week } = await withPlan();
  const address = `/plan/${week}/shopping.csv`;
  const spanish = await page.request.get(address, { headers: { "accept-language": "es" } });
  expect(spanish.headers()["content-type"]).toBe("text/csv; charset=utf-8");
  expect(spanish.headers()["content-disposition"]).toContain("attachment");
  expect(spanish.headers()["cache-control"]).toContain("private");
  expect(parse((await spanish.text()).replace(/^\ufeff/, ""))[0]).toEqual(columns("es"));

  await page.context().clearCookies();
  const nobody = await page.request.get(address, { maxRedirects: 0 });
  expect(nobody.status()).toBe(303);
  expect(nobody.headers()["location"]).toBe(`/sign-in?next=/plan/${week}/shopping`);
});
