import { expect, test } from "../support/fixtures";
import { pattern, table, text } from "../support/texts";

test("every nutrient of the week stands against its reference", async ({
  page,
  open,
  withPlan,
}) => {
  const { week } = await withPlan();
  await open("/plan");
  await page
    .getByRole("navigation", { name: text("plan.sections") })
    .getByRole("link", { name: text("plan.tab_nutrients") })
    .click();
  await expect(page).toHaveURL(new RegExp(`/plan/${week}/nutrients$`));

  const rows: { name: string; cells: string[] }[] = [];
  for (const group of ["main", "minerals", "vitamins"]) {
    const one = page.getByRole("table", { name: text(`nutrients.${group}`) });
    await expect(one.getByRole("columnheader")).toHaveText(
      ["nutrient", "bar", "amount", "reference", "status"].map((column) =>
        text(`nutrients.column_${column}`),
      ),
    );
    for (const row of await one.locator("tbody tr").all()) {
      const cells = await row.locator("td").allInnerTexts();
      rows.push({ name: await row.getByRole("rowheader").innerText(), cells });
    }
  }
  expect(rows.map((row) => row.name).sort()).toEqual(table("nutrient").sort());

  const statuses = table("status");
  const amounts = [pattern("nutrients.about"), pattern("nutrients.at_least")];
  for (const { name, cells } of rows) {
    const [, amount = "", reference = "", status = ""] = cells;
    const [first = ""] = amount.split("\n");
    expect(amounts.some((it) => it.test(first.trim())), `${name}: ${amount}`).toBe(true);
    expect(amount).toMatch(/\d/);
    expect(statuses, name).toContain(status.trim());
    if (status.trim() === text("status.NO_REFERENCE")) {
      expect(reference.trim(), name).toBe("");
    } else {
      expect(reference, name).toMatch(/\d/);
    }
  }

  await test.step("references name their kind and their source", async () => {
    const row = (name: string) => rows.find((row) => row.name === text(`nutrient.${name}`));
    expect(row("vitaminC")?.cells[2]).toMatch(new RegExp(`${text("reference.RDA")} · \\S+`));
    expect(row("sodium")?.cells[2]).toMatch(new RegExp(`${text("reference.CDRR")} · \\S+`));
    const kind = page.getByTitle(text("reference_name.RDA")).first();
    await expect(kind).toHaveText(text("reference.RDA"));
    await expect(page.getByText(text("nutrients.legend_at_least"))).toBeVisible();
    await expect(page.getByRole("term").filter({ hasText: text("reference.CDRR") })).toBeVisible();
  });
});

test("without a plan the sections of a week say how to get one", async ({
  page,
  open,
  withProfile,
}) => {
  await withProfile();
  for (const section of ["nutrients", "shopping"]) {
    expect(await open(`/plan/2026-W40/${section}`)).toBe(200);
    await expect(page.getByRole("button", { name: text("plan.generate") })).toBeVisible();
  }
});
