import { expect, refusedWith, test } from "../support/fixtures";
import { choose, field, next } from "../support/profile-form";
import { ANA } from "../support/profiles";
import { text } from "../support/texts";

/** Whoever has a profile can save at each step; without JavaScript there is but one button. */
const save = (hydrates: boolean) => text(hydrates ? "profile.save_now" : "profile.save");

test.describe("a profile that cannot be", () => {
  test.use({ allowedErrors: refusedWith(422) });

  test("is refused at its fields, and nothing typed is lost", async ({
    page,
    open,
    withProfile,
    hydrates,
  }) => {
    await withProfile({ allergens: ["SESAME"] });
    await open("/profile");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("profile.head_edit"));
    await choose(page, text("profile.activity"), text("activity.ACTIVE"));
    await field.age(page).fill("300");
    await field.height(page).fill("0");
    await field.weight(page).fill("about 60");
    await page.getByRole("button", { name: save(hydrates), exact: true }).click();

    // The browser checks by the same rules and does not even send it; the server says so above.
    if (!hydrates) {
      await expect(page.getByRole("alert")).toContainText(text("problem.INVALID"));
    }
    const refused = [
      { input: field.age(page), typed: "300", why: text("invalid.out_of_range", { min: 14, max: 120 }) },
      { input: field.height(page), typed: "0", why: text("invalid.out_of_range", { min: 100, max: 250 }) },
      { input: field.weight(page), typed: "about 60", why: text("invalid.malformed") },
    ];
    for (const { input, typed, why } of refused) {
      await expect(input).toHaveValue(typed);
      await expect(input).toHaveAttribute("aria-invalid", "true");
      await expect(input).toHaveAccessibleDescription(new RegExp(why));
    }
    await expect(field.age(page)).toBeFocused();
    const checked = (name: string) => page.locator(`input[name="${name}"]:checked`);
    await expect(checked("profile[activity]")).toHaveValue("ACTIVE");
    await expect(checked("profile[allergens][]")).toHaveValue("SESAME");
    const stored = (await (await page.request.get("/v1/profile")).json()) as { age?: number };
    expect(JSON.stringify(stored)).toContain(`"age":${ANA.age}`);

    await test.step("and saves once it is mended", async () => {
      await field.age(page).fill("30");
      await field.height(page).fill("170");
      await field.weight(page).fill("60,5");
      await page.getByRole("button", { name: save(hydrates), exact: true }).click();
      await expect(page).toHaveURL(/\/plan$/);
      await open("/profile");
      await expect(field.weight(page)).toHaveValue("60.5");
      await expect(checked("profile[activity]")).toHaveValue("ACTIVE");
    });
  });

  test("a weight loss that is not safe is refused", async ({ page, open, withProfile, hydrates }) => {
    await withProfile({ weightKg: 48 });
    await open("/profile");
    await next(page, hydrates, text("profile.goal"));
    await choose(page, text("profile.direction"), text("direction.LOSE"));
    await page.getByRole("button", { name: save(hydrates), exact: true }).click();
    if (!hydrates) {
      await expect(page.getByRole("alert")).toContainText(text("problem.INVALID"));
    }
    await expect(page.getByText(text("invalid.loss_underweight"))).toBeVisible();
    await expect(page.locator('input[name="profile[direction]"]:checked')).toHaveValue("LOSE");
  });
});

test("foods are left out from the list of all that we cook with", async ({
  page,
  open,
  withProfile,
  hydrates,
}) => {
  await withProfile();
  await open("/profile");
  for (const title of ["profile.goal", "profile.food", "profile.taste"]) {
    await next(page, hydrates, text(title));
  }
  await page.locator("summary", { hasText: text("profile.browse") }).click();
  const aisle = page.getByRole("group", { name: text("aisle.fish"), exact: true });
  const food = aisle.locator("label").first();
  const name = await food.innerText();
  await food.click();
  await page.getByRole("button", { name: text("profile.save"), exact: true }).click();
  await expect(page).toHaveURL(/\/plan$/);

  await open("/profile");
  await expect(page.getByRole("checkbox", { name, includeHidden: true })).toBeChecked();
});
