// What members are told outside the product. In the demo it stays there, where administrators read it.
import type { APIRequestContext, Page } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { apart } from "../support/panel";
import { text } from "../support/texts";
import { confirmedOrder } from "../support/waiting";

// What Playwright would run in a message that is shown without its scripts.
test.use({ allowedErrors: /^Blocked script execution in 'about:srcdoc'/ });

interface Delivery {
  deliveryId: string;
  state: string;
  channel: string;
  template: string;
  number: number;
}

const title = (page: Page) => page.getByRole("heading", { level: 1 });
const list = (page: Page) => page.locator("[data-live=deliveries]");
const rows = (page: Page) => list(page).locator("tbody tr[data-key]");

/** Waits until so many messages to somebody were taken, and gives them: for administrators. */
async function told(request: APIRequestContext, email: string, many: number): Promise<Delivery[]> {
  let items: Delivery[] = [];
  await expect
    .poll(
      async () => {
        const query = `text=${encodeURIComponent(email)}&state=SENT`;
        const answer = await request.get(`/v1/admin/deliveries?${query}`);
        ({ items } = (await answer.json()) as { items: Delivery[] });
        return items.length;
      },
      { intervals: [50, 100, 200] },
    )
    .toBe(many);
  return items;
}

/** A phone number that no other test has: each is sent so many codes an hour. */
function newNumber(): { typed: string; kept: string } {
  const own = String(10_000_000 + Math.floor(Math.random() * 89_999_999));
  return { typed: `+52 (55) ${own.slice(0, 4)}-${own.slice(4)}`, kept: `+5255${own}` };
}

/** Waits until so many messages to somebody were taken, and reads the code in the newest: for administrators. */
async function newestCode(
  request: APIRequestContext,
  email: string,
  many: number,
): Promise<string> {
  const [newest] = await told(request, email, many);
  expect(newest?.template).toBe("CODE");
  const answer = await request.get(`/v1/admin/deliveries/${newest?.deliveryId}`);
  const { short } = (await answer.json()) as { short: string };
  return /\d{6}/.exec(short)?.[0] ?? "";
}

/** The part of the account's page where a code is typed. */
const confirmation = (page: Page) =>
  page.getByRole("region", { name: text("notify.code_title"), exact: true });
const codeField = (page: Page) =>
  confirmation(page).getByRole("textbox", { name: text("notify.code"), exact: true });

test("administrators find, read and repeat what a member was told", async ({
  page,
  open,
  signUp,
  hydrates,
}) => {
  const { email, name } = await signUp();
  const { orderId, number } = await confirmedOrder(page.request);
  await signInAs(page, "admin");
  const [delivery] = await told(page.request, email, 1);
  expect(delivery?.channel).toBe("EMAIL");

  await open("/admin/deliveries");
  await expect(title(page)).toHaveText(text("deliveries.title"));
  await page.getByLabel(text("deliveries.text"), { exact: true }).fill(email.toUpperCase());
  await page.getByRole("button", { name: text("deliveries.apply") }).click();
  expect(new URL(page.url()).searchParams.get("text")).toBe(email.toUpperCase());
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByText(text("deliveries.count_one"), { exact: true })).toBeVisible();
  await expect(rows(page)).toContainText(email);
  await expect(rows(page)).toContainText(text("deliveries.order", { number }));
  await expect(rows(page).locator(".chip")).toHaveText(text("delivery_state.SENT"));
  if (hydrates) {
    await expectAccessible(page);
  }

  await rows(page).getByRole("link", { name: text("mail_template.CONFIRMED") }).click();
  await expect(page).toHaveURL(new RegExp(`/admin/deliveries/${delivery?.deliveryId}$`));
  await expect(title(page)).toHaveText(text("mail_subject.CONFIRMED", { number }));
  await expect(page.getByText(text("delivery.kept_here"))).toBeVisible();
  const frame = page.locator("iframe");
  await expect(frame).toHaveAttribute("sandbox", "");
  const inside = frame.contentFrame();
  await expect(inside.getByText(text("mail.hello", { name }))).toBeVisible();
  await expect(inside.getByRole("link", { name: text("mail.open") })).toHaveAttribute(
    "href",
    new RegExp(`/orders/${orderId}$`),
  );
  const plain = page.getByRole("region", { name: text("delivery.text") }).last();
  await expect(plain).toContainText(text("mail.hello", { name }));
  await expect(plain).toContainText(`/orders/${orderId}`);

  await page.getByRole("button", { name: text("delivery.repeat") }).click();
  await expect(page.getByText(text("delivery.repeated"))).toBeVisible();
  await told(page.request, email, 1);
});

test("the list keeps its filters in the address, and says what to do where nothing matches", async ({
  page,
  open,
  signUp,
}) => {
  const { email } = await signUp();
  await confirmedOrder(page.request);
  await signInAs(page, "admin");
  await told(page.request, email, 1);
  await open(`/admin/deliveries?text=${encodeURIComponent(email)}`);
  const states = page.getByRole("navigation", { name: text("deliveries.state") });
  await states.getByRole("link", { name: text("delivery_state.FAILED") }).click();
  await expect(page).toHaveURL(/state=FAILED/);
  await expect(page.getByRole("heading", { name: text("deliveries.none") })).toBeVisible();
  await page.goBack();
  await expect(rows(page)).toHaveCount(1);
  await states.getByRole("link", { name: text("delivery_state.SENT"), exact: true }).click();
  await page.getByLabel(text("deliveries.channel"), { exact: true }).selectOption("EMAIL");
  await page.getByLabel(text("deliveries.sort"), { exact: true }).selectOption("OLDEST");
  await page.getByRole("button", { name: text("deliveries.apply") }).click();
  const { searchParams } = new URL(page.url());
  expect(Object.fromEntries(searchParams)).toMatchObject({
    text: email,
    state: "SENT",
    channel: "EMAIL",
    sort: "OLDEST",
  });
  await expect(rows(page)).toHaveCount(1);
  const file = await page
    .getByRole("link", { name: text("deliveries.export") })
    .getAttribute("href");
  const answer = await page.request.get(file ?? "");
  expect(answer.headers()["content-type"]).toContain("text/csv");
  const lines = (await answer.text()).trim().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(email);
  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole("link", { name: text("deliveries.clear") }).click();
  await expect(page).toHaveURL(/\/admin\/deliveries$/);
});

test("messages speak the language that a member has chosen", async ({ page, open, signUp }) => {
  const { email } = await signUp();
  await open("/account");
  const section = page.getByRole("region", { name: text("notify.title") });
  await section.getByRole("radio", { name: text("language_name.es") }).check();
  await section.getByRole("button", { name: text("notify.save") }).click();
  await expect(page).toHaveURL(/saved=notifications/);
  await expect(page.getByText(text("notify.saved"))).toBeVisible();
  const { number } = await confirmedOrder(page.request);
  await signInAs(page, "admin");
  const [delivery] = await told(page.request, email, 1);
  await open(`/admin/deliveries/${delivery?.deliveryId}`);
  await expect(title(page)).toHaveText(text("mail_subject.CONFIRMED", { number }, "es"));
});

test.describe("preferences", () => {
  test.use({ allowedErrors: refusedWith(422) });

  test("a member chooses how they are told, and keeps what was typed where it is refused", async ({
    page,
    open,
    signUp,
    hydrates,
    playwright,
    baseURL,
  }) => {
    const { email } = await signUp();
    const { typed, kept } = newNumber();
    await open("/account");
    const section = page.getByRole("region", { name: text("notify.title") });
    const box = (key: string) =>
      section.getByRole("checkbox", { name: new RegExp(`^${text(`channel.${key}`)}`) });
    await expect(box("INBOX")).toBeChecked();
    await expect(box("EMAIL")).toBeChecked();
    await expect(box("SMS")).not.toBeChecked();
    if (hydrates) {
      await expectAccessible(page);
    }
    await box("SMS").check();
    const phone = section.getByRole("textbox", { name: new RegExp(`^${text("notify.phone")}`) });
    await phone.fill("55 1234");
    await section.getByRole("button", { name: text("notify.save") }).click();
    await expect(section.getByText(text("invalid.not_a_phone_number"))).toBeVisible();
    await expect(phone).toHaveValue("55 1234");
    await expect(box("SMS")).toBeChecked();
    await phone.fill(typed);
    await box("EMAIL").uncheck();
    await section.getByRole("button", { name: text("notify.save") }).click();
    await expect(page.getByText(text("notify.saved"))).toBeVisible();
    await expect(phone).toHaveValue(kept);
    await expect(box("EMAIL")).not.toBeChecked();

    // Nothing goes there before the code has come back that did.
    await expect(confirmation(page)).toContainText(text("notify.code_text", { phone: kept }));
    if (hydrates) {
      await expectAccessible(page);
    }
    const admin = await apart(playwright, baseURL, "admin");
    const code = await newestCode(admin, email, 1);
    await codeField(page).fill("12");
    await confirmation(page)
      .getByRole("button", { name: text("notify.code_confirm") })
      .click();
    await expect(confirmation(page).getByText(text("invalid.wrong_code"))).toBeVisible();
    await expect(codeField(page)).toHaveValue("12");
    await codeField(page).fill(code);
    await confirmation(page)
      .getByRole("button", { name: text("notify.code_confirm") })
      .click();
    await expect(page).toHaveURL(/saved=phone/);
    await expect(page.getByText(text("notify.phone_confirmed"))).toBeVisible();
    await expect(confirmation(page)).toHaveCount(0);
    await expect(
      section.getByText(text("notify.phone_is_confirmed"), { exact: true }),
    ).toBeVisible();

    await confirmedOrder(page.request);
    const [delivery] = await told(admin, email, 2);
    expect(delivery).toMatchObject({ channel: "SMS", template: "CONFIRMED" });
    await admin.dispose();
    await signInAs(page, "admin");
    await open(`/admin/deliveries/${delivery?.deliveryId}`);
    await expect(page.locator("iframe")).toHaveCount(0);
    const plain = page.getByRole("region", { name: text("delivery.text") }).last();
    await expect(plain).toContainText("NutriFlow:");
  });
});

test.describe("a phone number", () => {
  test.use({ allowedErrors: refusedWith(422, 429) });

  test("is changed, and its code asked for again, three times an hour", async ({
    page,
    open,
    signUp,
    playwright,
    baseURL,
  }) => {
    const { email } = await signUp();
    const admin = await apart(playwright, baseURL, "admin");
    const [first, second] = [newNumber(), newNumber()];
    await open("/account");
    const section = page.getByRole("region", { name: text("notify.title") });
    const phone = section.getByRole("textbox", { name: new RegExp(`^${text("notify.phone")}`) });
    const save = section.getByRole("button", { name: text("notify.save") });
    await phone.fill(first.typed);
    await save.click();
    await expect(confirmation(page)).toContainText(first.kept);
    await newestCode(admin, email, 1);
    const again = confirmation(page).getByRole("button", { name: text("notify.code_again") });
    await again.click();
    await expect(page.getByText(text("notify.code_sent"))).toBeVisible();
    await newestCode(admin, email, 2);

    await phone.fill(second.typed);
    await save.click();
    await expect(confirmation(page)).toContainText(second.kept);
    const code = await newestCode(admin, email, 3);
    await again.click();
    await expect(
      confirmation(page).getByText(text("problem.RATE_LIMITED"), { exact: true }),
    ).toBeVisible();
    await codeField(page).fill(code);
    await confirmation(page)
      .getByRole("button", { name: text("notify.code_confirm") })
      .click();
    await expect(page.getByText(text("notify.phone_confirmed"))).toBeVisible();
    await expect(phone).toHaveValue(second.kept);

    // Another number is another one.
    await phone.fill(first.typed);
    await save.click();
    await expect(section.getByText(text("problem.RATE_LIMITED"), { exact: true })).toBeVisible();
    await admin.dispose();
  });
});

test.describe("rights", () => {
  test.use({ allowedErrors: refusedWith(403, 404) });

  test("nobody but administrators sees what members were told", async ({ page, open }) => {
    for (const role of ["member", "staff", "operator"] as const) {
      await signInAs(page, role);
      expect(await open("/admin/deliveries"), role).toBe(403);
    }
    await signInAs(page, "admin");
    expect(await open("/admin/deliveries/0197a5c4-0000-7000-8000-000000000000")).toBe(404);
  });
});

for (const language of ["en", "es"] as const) {
  test(`the list and a message are not wider than a phone (${language})`, async ({
    page,
    open,
    signUp,
    context,
    baseURL,
  }) => {
    await context.addCookies([{ name: "language", value: language, url: baseURL ?? "" }]);
    await page.setViewportSize({ width: 390, height: 844 });
    const { email } = await signUp();
    await confirmedOrder(page.request);
    await signInAs(page, "admin");
    const [delivery] = await told(page.request, email, 1);
    for (const path of ["/admin/deliveries", `/admin/deliveries/${delivery?.deliveryId}`]) {
      await open(path);
      const wide = await page.evaluate(() => {
        const root = document.scrollingElement ?? document.documentElement;
        return root.scrollWidth - root.clientWidth;
      });
      expect(wide, path).toBe(0);
    }
  });
}
