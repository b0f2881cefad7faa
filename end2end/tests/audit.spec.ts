import { readFile } from "node:fs/promises";
import { memberOf, signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { lastItems, restock } from "../support/kitchen";
import { row, rows, title } from "../support/panel";
import { text } from "../support/texts";
import { kitchen } from "../support/waiting";

test("somebody is given a role, and the log tells who did it and what it was before", async ({
  page,
  open,
  playwright,
  baseURL,
}) => {
  const request = await playwright.request.newContext({ baseURL });
  const { email, name } = await memberOf(request);
  await signInAs(page, "admin");
  await open("/admin/people");
  await page.getByLabel(text("people.text"), { exact: true }).fill(email);
  await page.getByRole("button", { name: text("lists.apply") }).click();
  await expect(rows(page)).toHaveCount(1);
  await rows(page).getByRole("link").click();
  await expect(title(page)).toHaveText(name);
  const id = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  await page.getByRole("radio", { name: new RegExp(`^${text("role.STAFF")}`) }).check({ force: true });
  await page.getByRole("button", { name: text("people.save"), exact: true }).click();
  await expect(page).toHaveURL(/saved=1$/);
  // They were signed out, and are staff once they sign in anew.
  expect((await request.get("/v1/profile")).status()).toBe(401);

  await open(`/admin/audit?subject=${id}`);
  const entry = rows(page).filter({ hasText: "person.edit" });
  await expect(entry).toHaveCount(1);
  await expect(entry.locator("del")).toContainText("MEMBER");
  await expect(entry.locator("ins")).toContainText("STAFF");
  await expect(entry).toContainText("Ada Núñez");

  await test.step("it is filtered and goes out as a file", async () => {
    await page.getByLabel(text("audit.action"), { exact: true }).fill("person.edit");
    await page.getByRole("button", { name: text("lists.apply") }).click();
    await expect(page).toHaveURL(/action=person\.edit/);
    await expect(rows(page)).toHaveCount(1);
    const downloaded = page.waitForEvent("download");
    await page.getByRole("link", { name: text("lists.file") }).click();
    const file = await readFile(await (await downloaded).path(), "utf8");
    expect(file).toContain("person.edit");
    expect(file).toContain(id);
  });
  await request.dispose();
});

test("it is read page by page", async ({ page, open, playwright, baseURL }) => {
  await signInAs(page, "admin");
  const staff = await kitchen(playwright, baseURL);
  const [item] = await lastItems(page.request);
  for (let entry = 0; entry <= 20; entry += 1) await restock(staff, item?.itemId ?? "");
  await staff.dispose();
  await open("/admin/audit?size=20");
  await expect(rows(page)).toHaveCount(20);
  const first = (await rows(page).first().getAttribute("data-key")) ?? "";
  await page.getByRole("link", { name: text("lists.next"), exact: true }).click();
  await expect(page).toHaveURL(/after=/);
  await expect(row(page, first)).toHaveCount(0);
  await page.getByRole("link", { name: text("lists.first"), exact: true }).click();
  await expect(page).not.toHaveURL(/after=/);
});

test.describe("who may not", () => {
  test.use({ allowedErrors: refusedWith(403, 422) });

  test("only administrators read it and see people", async ({ page, open }) => {
    for (const role of ["staff", "operator", "member"] as const) {
      await signInAs(page, role);
      expect(await open("/admin/audit"), role).toBe(403);
      expect(await open("/admin/people"), role).toBe(403);
    }
  });

  test("nobody changes their own role", async ({ page, open }) => {
    await signInAs(page, "admin");
    await open("/admin/people?text=admin%40demo.nutriflow.org");
    await rows(page).getByRole("link").click();
    await expect(page.getByText(text("people.own"))).toBeVisible();
    await expect(page.getByRole("button", { name: text("people.save"), exact: true })).toHaveCount(0);
  });
});
