import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { text } from "../support/texts";

test.use({ allowedErrors: refusedWith(422) });

test("a wallet is topped up by card and says how it came", async ({ page, open, signUp }) => {
  await signUp();
  await open("/wallet");
  const main = page.getByRole("main");
  const balance = main.getByRole("region", { name: text("wallet.balance") });
  const entries = main.getByRole("region", { name: text("wallet.entries") });
  await expect(balance).toContainText("US$0.00");
  await expect(entries).toContainText(text("wallet.entries_none"));

  const amount = page.getByLabel(text("wallet.amount"), { exact: true });
  const submit = page.getByRole("button", { name: text("wallet.submit") });

  await test.step("what can't be is refused in the unit that is typed", async () => {
    await amount.fill("0.50");
    await submit.click();
    await expect(main).toContainText(text("invalid.out_of_range", { min: 1, max: 500 }));
    await expect(amount).toHaveValue("0.50");
    await expect(amount).toBeFocused();
    await expect(balance).toContainText("US$0.00");
  });

  await test.step("the card is asked, and the page tells what came of it", async () => {
    await amount.fill("25.50");
    await submit.click();
    await expect(page).toHaveURL(/\/wallet\?currency=USD&top-up=[0-9a-f-]{36}$/);
    // Until the bank has answered, the page loads itself anew, also without JavaScript.
    await expect(main.getByText(text("wallet.done", { amount: "US$25.50" }))).toBeVisible();
    await expect(balance).toContainText("US$25.50");
  });

  await test.step("it is in the statement once, also when the page is loaded again", async () => {
    await page.reload();
    const rows = entries.getByRole("row").filter({ has: page.getByRole("rowheader") });
    await expect(rows).toHaveCount(1);
    await expect(rows).toContainText(text("wallet.from_card"));
    await expect(rows).toContainText("+US$25.50");
  });

  await test.step("the menu leads there", async () => {
    await open("/plan");
    await page.getByRole("button", { name: text("frame.account") }).click();
    await page.getByRole("link", { name: text("wallet.title"), exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(text("wallet.title"));
    await expect(balance).toContainText("US$25.50");
  });
});

test("who is not signed in signs in first", async ({ page, open }) => {
  await open("/wallet");
  await expect(page).toHaveURL(/\/sign-in\?next=\/wallet$/);
});

test("who runs the place sees how the gateways are", async ({ page, open }) => {
  await signInAs(page, "operator");
  await open("/admin/queues");
  const gateways = page.getByRole("region", { name: text("queues.breakers") });
  await expect(gateways.getByRole("listitem")).toHaveCount(2);
  for (const gateway of ["SIMULATED", "WALLET"]) {
    const card = gateways.getByRole("listitem").filter({ hasText: text(`gateway.${gateway}`) });
    await expect(card).toContainText(text("breaker.CLOSED"));
  }
});
