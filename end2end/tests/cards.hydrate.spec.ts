// What a campus takes is everybody's: what this test sets would be in the way of whoever orders there.
// The campus by the lake is where no other test pays in two ways; it takes cards all the while.
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { LAKESIDE, addToCart, pageOf, plainItem } from "../support/ordering";
import { text } from "../support/texts";

// Choices are made by keyboard: a click waits for frames, which a headless browser without scripts may not
// draw.
test.describe.configure({ mode: "serial" });
test.use({ allowedErrors: refusedWith(403, 409, 422) });

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled, contextOptions: { reducedMotion: "reduce" } });

    test("an administrator chooses what a campus takes, and the checkout offers that", async ({
      page,
      open,
      signUp,
      browser,
    }) => {
      const context = await browser.newContext({ javaScriptEnabled, reducedMotion: "reduce" });
      const panel = await context.newPage();
      await signInAs(panel, "admin");
      await panel.goto(`/admin/payments?campus=${LAKESIDE}`);
      const choice = (value: string) => panel.locator(`[name="gateways[]"][value="${value}"]`);
      const save = panel.getByRole("button", { name: text("admin.payments_save") });
      const main = panel.getByRole("main");
      await expect(choice("SIMULATED")).toBeChecked();
      await expect(choice("WALLET")).toBeChecked();
      await expect(choice("STRIPE")).not.toBeChecked();
      await expect(main).toContainText(text("admin.payments_no_key"));

      await test.step("what is not set up is refused, and what was chosen stays", async () => {
        await choice("STRIPE").press("Space");
        await save.press("Enter");
        await expect(main).toContainText(text("invalid.payment_not_set_up"));
        await expect(choice("STRIPE")).toBeChecked();
        await choice("STRIPE").press("Space");
      });

      await test.step("a campus takes something", async () => {
        await choice("SIMULATED").press("Space");
        await choice("WALLET").press("Space");
        await save.press("Enter");
        await expect(main).toContainText(text("invalid.required"));
      });

      await signUp();
      await open(pageOf(await plainItem(page.request, LAKESIDE)));
      await addToCart(page);
      await open("/checkout");
      const payment = page.getByRole("group", { name: text("checkout.payment") });
      await expect(payment.getByRole("radio")).toHaveCount(2);

      try {
        await test.step("what somebody else chose meanwhile is not overwritten unseen", async () => {
          const other = await panel.request.put(`/v1/admin/payments/${LAKESIDE}`, {
            data: { seen: ["SIMULATED", "WALLET"], gateways: ["WALLET"] },
          });
          expect(other.status(), await other.text()).toBe(204);
          await choice("SIMULATED").press("Space");
          await save.press("Enter");
          await expect(main).toContainText(text("admin.payments_changed"));
          await expect(choice("SIMULATED")).toBeChecked();
          await expect(choice("WALLET")).not.toBeChecked();
        });

        await test.step("without the wallet, the checkout does not offer it", async () => {
          await save.press("Enter");
          await expect(main.getByRole("status")).toHaveText(text("admin.payments_saved"));
          await expect(choice("WALLET")).not.toBeChecked();
          await page.reload();
          await expect(payment.getByRole("radio")).toHaveCount(1);
          await expect(payment.getByRole("radio")).toHaveValue("SIMULATED");
          const answer = await page.request.get(`/v1/campuses/${LAKESIDE}/payments`);
          expect(await answer.json()).toEqual({ items: ["SIMULATED"] });
        });
      } finally {
        await choice("WALLET").press("Space");
        await save.press("Enter");
        await expect(choice("WALLET")).toBeChecked();
      }
      await page.reload();
      await expect(payment.getByRole("radio")).toHaveCount(2);
      await context.close();
    });

    test("nobody else chooses", async ({ page, open }) => {
      for (const role of ["staff", "operator", "member"] as const) {
        await page.context().clearCookies();
        await signInAs(page, role);
        expect(await open("/admin/payments")).toBe(403);
        const answer = await page.request.put(`/v1/admin/payments/${LAKESIDE}`, {
          data: { seen: [], gateways: ["WALLET"] },
        });
        expect(answer.status()).toBe(403);
      }
    });
  });
}
