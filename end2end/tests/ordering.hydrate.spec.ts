import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { invisibleStops, tabTo } from "../support/keyboard";
import { addToCart, configurable, LAKESIDE, NORTH, pageOf, plainItem } from "../support/ordering";
import { text } from "../support/texts";
import { confirmedOrder } from "../support/waiting";

// These tests walk through many pages.
test.describe.configure({ timeout: 180_000 });
test.use({ allowedErrors: refusedWith(422) });

type Open = (path: string) => Promise<number>;
type Check = (name: string) => Promise<void>;

/** Every page on the way from the menu to a collected meal, of somebody who has just signed up. */
async function way(page: Page, open: Open, check: Check): Promise<void> {
  const visit = async (path: string) => {
    await test.step(path, async () => {
      await open(path);
      await check(path);
    });
  };
  const item = await configurable(page.request, ({ options }) => options.groups.length > 1);
  await visit(`/menu/${NORTH}`);
  await visit(`/menu/${NORTH}?q=stroopwafel`);
  await visit(pageOf(item));
  await test.step("a refused choice", async () => {
    await page.getByLabel(/^(Portions|Porciones)$/).fill("200");
    await page.getByRole("button", { name: /^(Add to the cart|Agregar al carrito)$/ }).click();
    await page.getByRole("alert").waitFor();
    await check("a refused choice");
  });
  await open(pageOf(item));
  await page.getByRole("button", { name: /^(Add to the cart|Agregar al carrito)$/ }).click();
  await expect(page).toHaveURL(/\/cart$/);
  await visit("/cart");
  await visit("/checkout");
  const { orderId } = await confirmedOrder(page.request);
  await visit("/orders");
  await visit(`/orders/${orderId}`);
  await visit(`/orders/${orderId}?ask=cancel`);
  await signInAs(page, "staff");
  for (const campus of [NORTH, LAKESIDE]) {
    await visit(`/kitchen/${campus}`);
    await visit(`/kitchen/${campus}?station=COLD`);
    await visit(`/board/${campus}`);
  }
}

test("the way to a meal is accessible in both themes", async ({ page, open, withProfile }) => {
  await withProfile({ allergens: ["MILK"] });
  await way(page, open, () => expectAccessible(page));
});

for (const language of ["en", "es"] as const) {
  test(`nothing on it is wider than a phone (${language})`, async ({
    page,
    open,
    context,
    baseURL,
    withProfile,
  }) => {
    await context.addCookies([{ name: "language", value: language, url: baseURL ?? "" }]);
    await page.setViewportSize({ width: 390, height: 844 });
    await withProfile({ allergens: ["MILK"] });
    await way(page, open, async (name) => {
      const wide = await page.evaluate(() => {
        for (const details of document.querySelectorAll("main details")) {
          details.setAttribute("open", "");
        }
        const root = document.scrollingElement ?? document.documentElement;
        return root.scrollWidth - root.clientWidth;
      });
      expect(wide, name).toBe(0);
    });
  });

  test(`the name gives way to what stands beside it (${language})`, async ({
    page,
    open,
    context,
    baseURL,
  }) => {
    await context.addCookies([{ name: "language", value: language, url: baseURL ?? "" }]);
    for (const width of [320, 360, 390, 400]) {
      await page.setViewportSize({ width, height: 844 });
      await open("/menu");
      const brand = page.getByRole("banner").getByRole("link", { name: "NutriFlow" });
      const [name, tools] = [await brand.boundingBox(), await page.locator(".site-tools").boundingBox()];
      expect((name?.x ?? width) + (name?.width ?? 0), `${width}px`).toBeLessThanOrEqual(tools?.x ?? 0);
      expect((tools?.x ?? 0) + (tools?.width ?? width), `${width}px`).toBeLessThanOrEqual(width);
    }
  });
}

test("a meal is ordered without a pointer", async ({ page, open, signUp }) => {
  await signUp();
  const item = await plainItem(page.request);
  await open(`/menu/${NORTH}`);
  expect(await invisibleStops(page, 30)).toEqual([]);
  await open(pageOf(item));
  await tabTo(page, page.getByRole("button", { name: text("menu_item.add"), exact: true }));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/cart$/);
  await tabTo(page, page.getByRole("link", { name: text("cart.checkout") }));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/checkout$/);
  await tabTo(page, page.locator("input[name=slot]:enabled").first());
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/orders\//);
});

test("the time to the slot is counted down", async ({ page, open, signUp }) => {
  await signUp();
  const { orderId } = await confirmedOrder(page.request);
  await page.clock.install();
  await open(`/orders/${orderId}`);
  const timer = page.getByRole("timer");
  await expect(timer).toHaveText(/\d+\s(min|h|d) \d\d/);
  const first = await timer.innerText();
  // A slot that is hours away is told in minutes.
  await page.clock.fastForward("02:00");
  await expect(timer).not.toHaveText(first);
  await open("/cart");
  await expect(page.getByRole("timer")).toHaveCount(0);
});

test("pages of the menu load a style sheet and nothing more", async ({ page, open }) => {
  const loaded: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/pkg/")) {
      loaded.push(pathname.split(".").at(-1) ?? "");
    }
  });
  await open(`/menu/${NORTH}`);
  await addOne(page);
  await page.waitForLoadState("load");
  expect(new Set(loaded)).toEqual(new Set(["css"]));
});

async function addOne(page: Page): Promise<void> {
  const item = await plainItem(page.request);
  await page.goto(pageOf(item));
  await addToCart(page);
}
