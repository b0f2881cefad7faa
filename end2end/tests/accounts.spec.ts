import type { Page } from "@playwright/test";
import { expect, hydrated, newMember, refusedWith, test } from "../support/fixtures";
import { text } from "../support/texts";

async function signIn(page: Page, email: string, password: string): Promise<void> {
  const main = page.getByRole("main");
  await main.getByLabel(text("account.email")).fill(email);
  await main.getByLabel(text("account.password")).fill(password);
  await main.getByRole("button", { name: text("account.sign_in"), exact: true }).click();
}

test("someone signs up, signs out and signs in again", async ({ page, open, hydrates }) => {
  const member = newMember();
  await open("/sign-up");
  await page.getByLabel(text("account.name"), { exact: true }).fill(member.name);
  await page.getByLabel(text("account.email")).fill(member.email);
  await page.getByLabel(text("account.password")).fill(member.password);
  await page.getByRole("button", { name: text("sign_up.submit") }).click();

  await test.step("signing up leads to the profile", async () => {
    await expect(page).toHaveURL(/\/profile$/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("profile.head_new"));
  });

  await test.step("the account shows who it is, and signs out", async () => {
    if (hydrates) {
      await hydrated(page);
    }
    await page.getByRole("button", { name: text("frame.account") }).click();
    const menu = page.locator("#account-menu");
    await expect(menu).toContainText(member.name);
    await expect(menu).toContainText(member.email);
    await menu.getByRole("button", { name: text("account.sign_out") }).click();
    await expect(page).toHaveURL(/\/$/);
    await expect(page.getByRole("button", { name: text("frame.account") })).toHaveCount(0);
  });

  await test.step("signing in leads to the plan", async () => {
    await page.getByRole("banner").getByRole("link", { name: text("account.sign_in") }).click();
    await expect(page).toHaveURL(/\/sign-in$/);
    // An address is the same in capitals.
    await signIn(page, member.email.toUpperCase(), member.password);
    await expect(page).toHaveURL(/\/plan$/);
  });

  await test.step("the account page names the member", async () => {
    await open("/account");
    const facts = page.getByRole("main");
    await expect(facts.getByRole("definition").nth(0)).toHaveText(member.name);
    await expect(facts.getByRole("definition").nth(1)).toHaveText(member.email);
    await expect(facts.getByRole("definition").nth(2)).toHaveText(text("role.MEMBER"));
  });
});

test.describe("what is refused", () => {
  test.use({ allowedErrors: refusedWith(401, 404, 422) });

  test("a wrong password and an unknown address get the same answer", async ({
    page,
    open,
    signUp,
  }) => {
    const { email } = await signUp();
    await page.context().clearCookies();
    const answers: string[] = [];
    for (const address of [email, `nobody-${email}`]) {
      await open("/sign-in");
      await signIn(page, address, "not the password");
      const alert = page.getByRole("alert");
      await expect(alert).toContainText(text("problem.WRONG_CREDENTIALS"));
      answers.push(await alert.innerText());
      await expect(page.getByLabel(text("account.email"))).toHaveValue(address);
      await expect(page.getByLabel(text("account.password"))).toHaveValue("");
    }
    expect(answers[1]).toBe(answers[0]);
  });

  test("a refused sign-up keeps what was typed, marks the fields and focuses the first", async ({
    page,
    open,
  }) => {
    await open("/sign-up");
    await page.getByLabel(text("account.name"), { exact: true }).fill("Ana María O'Neill <3");
    await page.getByLabel(text("account.email")).fill("ana@nowhere");
    await page.getByLabel(text("account.password")).fill("short");
    await page.getByRole("button", { name: text("sign_up.submit") }).click();

    await expect(page.getByRole("alert")).toContainText(text("problem.INVALID"));
    const name = page.getByLabel(text("account.name"), { exact: true });
    const email = page.getByLabel(text("account.email"));
    const password = page.getByLabel(text("account.password"));
    await expect(name).toHaveValue("Ana María O'Neill <3");
    await expect(name).not.toHaveAttribute("aria-invalid");
    await expect(email).toHaveValue("ana@nowhere");
    await expect(email).toHaveAttribute("aria-invalid", "true");
    await expect(email).toHaveAccessibleDescription(new RegExp(text("invalid.not_an_email")));
    await expect(email).toBeFocused();
    await expect(password).toHaveAttribute("aria-invalid", "true");
    await expect(password).toHaveAccessibleDescription(
      new RegExp(text("invalid.too_short", { min: 10 })),
    );
    // A password is never sent back.
    await expect(password).toHaveValue("");
  });

  test("an address signs up once", async ({ page, open, signUp }) => {
    const { email } = await signUp();
    await page.context().clearCookies();
    await open("/sign-up");
    await page.getByLabel(text("account.name"), { exact: true }).fill("Somebody else");
    await page.getByLabel(text("account.email")).fill(email);
    await page.getByLabel(text("account.password")).fill("three words in a row");
    await page.getByRole("button", { name: text("sign_up.submit") }).click();

    const field = page.getByLabel(text("account.email"));
    await expect(field).toHaveAccessibleDescription(new RegExp(text("invalid.email_taken")));
    await expect(field).toBeFocused();
    await expect(field).toHaveValue(email);
  });
});

test("pages of a member lead to signing in, and from there back", async ({
  page,
  open,
  signUp,
}) => {
  const { email, password } = await signUp();
  await page.context().clearCookies();
  for (const path of ["/plan", "/profile", "/account", "/plan/2026-W40/shopping", "/plans"]) {
    await open(path);
    await expect(page).toHaveURL(new RegExp(`/sign-in\\?next=${path}$`));
  }
  await signIn(page, email, password);
  await expect(page).toHaveURL(/\/plans$/);
  await expect(page.getByRole("heading", { name: text("plans.empty") })).toBeVisible();
});

test("signing in leads to no other site", async ({ page, open, signUp, baseURL }) => {
  const { email, password } = await signUp();
  await page.context().clearCookies();
  await open("/sign-in?next=//example.org/plan");
  await signIn(page, email, password);
  await expect(page).toHaveURL(`${baseURL}/plan`);
});
