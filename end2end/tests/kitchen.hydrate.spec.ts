// What only a display with JavaScript can do: follow at once, without loading itself again.
import type { APIRequestContext, Page } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { cardIn, cardOf, display, lastItems, openDisplay } from "../support/kitchen";
import { LAKESIDE } from "../support/ordering";
import { beginning, text } from "../support/texts";
import { confirmedOrder, kitchen, type Placed } from "../support/waiting";

/** Which orders a display shows in which state, of those that a test knows. */
async function shown(page: Page, orders: string[]): Promise<string[]> {
  const all = await page.locator(".kitchen-card").evaluateAll((cards) =>
    cards.map((card) => {
      const column = card.closest<HTMLElement>(".kitchen__column");
      return `${(card as HTMLElement).dataset.key}:${column?.dataset.state}`;
    }),
  );
  return all.filter((one) => orders.some((order) => one.startsWith(order))).sort();
}

/** The same, as the server knows it. */
async function known(staff: APIRequestContext, orders: string[]): Promise<string[]> {
  const answer = await staff.get(`/v1/campuses/${LAKESIDE}/kitchen`);
  const { items } = (await answer.json()) as { items: { orderId: string; status: string }[] };
  return items
    .filter((one) => orders.includes(one.orderId))
    .map((one) => `${one.orderId}:${one.status}`)
    .sort();
}

/** So many orders of the same member at the same campus. */
async function orders(page: Page, count: number): Promise<Placed[]> {
  const [item] = await lastItems(page.request);
  if (!item) throw new Error("nothing simple is sold");
  const placed: Placed[] = [];
  for (let one = 0; one < count; one += 1) placed.push(await confirmedOrder(page.request, item));
  return placed;
}

test.describe("two displays", () => {
  test.use({ allowedErrors: refusedWith(409) });

  test("never disagree, and two who press at once press once", async ({
    page,
    signUp,
    browser,
    playwright,
    baseURL,
  }) => {
    await signUp();
    const ids = (await orders(page, 4)).map(({ orderId }) => orderId);
    const staff = await kitchen(playwright, baseURL);
    const displays = [await display(browser), await display(browser)] as const;
    for (const one of displays) await openDisplay(one, LAKESIDE);
    const agree = async () => {
      await expect(async () => {
        const truth = await known(staff, ids);
        for (const one of displays) expect(await shown(one, ids)).toEqual(truth);
      }).toPass();
    };
    await agree();
    for (const advance of ["START", "READY"]) {
      for (const [place, order] of ids.entries()) {
        const press = (one: Page) =>
          cardOf(one, order)
            .getByRole("button", { name: text(`advance.${advance}`) })
            .click({ timeout: 3000 });
        if (place % 2 === 0) {
          // Whoever is late may find the button gone, or is told that somebody was faster.
          await Promise.allSettled(displays.map((one) => press(one)));
        } else {
          await press(displays[place % 4 === 1 ? 0 : 1]);
        }
      }
      await agree();
      const after = advance === "START" ? "PREPARING" : "READY";
      for (const order of ids) {
        await expect(cardIn(displays[0], after, order)).toBeVisible();
      }
    }
    for (const one of displays) await one.context().close();
    await staff.dispose();
  });
});

test("only what has changed is asked for, and everything else stays what it is", async ({
  page,
  signUp,
  browser,
  playwright,
  baseURL,
}) => {
  await signUp();
  const [first, second] = await orders(page, 2);
  if (!first || !second) throw new Error("two orders are needed");
  const staff = await kitchen(playwright, baseURL);
  const cook = await display(browser);
  await openDisplay(cook, LAKESIDE);
  const other = await cardOf(cook, first.orderId).elementHandle();
  const asked = cook.waitForRequest((request) => {
    const only = new URL(request.url()).searchParams.get("only") ?? "";
    return only.split(".").includes(second.orderId);
  });
  const response = await staff.post(`/v1/orders/${second.orderId}/advance`, {
    data: { advance: "START" },
  });
  expect(response.status()).toBe(204);
  await asked;
  await expect(cardIn(cook, "PREPARING", second.orderId)).toBeVisible();
  await expect(cardIn(cook, "CONFIRMED", second.orderId)).toHaveCount(0);
  // The same element, with all that is in it.
  expect(await other?.evaluate((node) => node.isConnected)).toBe(true);
  await expect(cardOf(cook, first.orderId).getByRole("button")).toHaveCount(1);
  await cook.context().close();
  await staff.dispose();
});

test("what happens elsewhere, or changes nothing here, is passed over", async ({ page, open }) => {
  await signInAs(page, "staff");
  const tells: ((event: object) => void)[] = [];
  await page.routeWebSocket(/\/v1\/events/, (socket) => {
    tells.push((event) => socket.send(JSON.stringify({ at: new Date().toISOString(), ...event })));
  });
  const parts: string[] = [];
  let wholes = 0;
  page.on("request", (request) => {
    if (request.resourceType() !== "fetch") return;
    const { pathname, searchParams } = new URL(request.url());
    const only = searchParams.get("only");
    if (only !== null) parts.push(only);
    else if (pathname.startsWith("/kitchen/")) wholes += 1;
  });
  await open(`/kitchen/${LAKESIDE}`);
  await expect.poll(() => tells.length).toBe(1);
  const tell = tells[0] ?? (() => undefined);
  const campusId = await page.locator("[data-live-control]").getAttribute("data-campus");
  const order = (number: number) => `0197a5c4-0000-7000-8000-00000000000${number}`;
  tell({ kind: "CONNECTED", id: 1 });
  // By itself it looks once more before it relies on what it is told.
  await expect.poll(() => wholes).toBeGreaterThan(0);
  tell({ kind: "ORDER_READY", id: 2, campusId: order(0), orderId: order(1) });
  tell({ kind: "PAYMENT_CHARGED", id: 3, campusId, orderId: order(2) });
  tell({ kind: "ORDER_READY", id: 4, campusId, orderId: order(3) });
  await expect.poll(() => parts).toContain(order(3));
  expect(parts.join(".")).not.toContain(order(1));
  expect(parts.join(".")).not.toContain(order(2));
});

test("a new order can be heard, where somebody wants to hear it", async ({
  page,
  signUp,
  browser,
}) => {
  await signUp();
  const cook = await display(browser);
  await openDisplay(cook, LAKESIDE);
  const sound = cook.getByRole("button", { name: text("kitchen.sound") });
  await expect(sound).toHaveAttribute("aria-pressed", "false");
  await sound.click();
  await expect(sound).toHaveAttribute("aria-pressed", "true");
  // So that whoever wants it knows what they will hear.
  await expect(sound).toHaveAttribute("data-heard", "1");
  await orders(page, 1);
  await expect.poll(async () => Number(await sound.getAttribute("data-heard"))).toBeGreaterThan(1);
  await openDisplay(cook, LAKESIDE);
  await expect(sound, "it is kept").toHaveAttribute("aria-pressed", "true");
  await cook.context().close();
});

test("a display is pressed with gloves and read by everybody", async ({ page, signUp, browser }) => {
  await signUp();
  const [order] = await orders(page, 1);
  if (!order) throw new Error("an order is needed");
  const cook = await display(browser);
  await openDisplay(cook, LAKESIDE);
  const refuse = cardOf(cook, order.orderId).getByRole("link", { name: text("kitchen.refuse") });
  for (const step of ["the display", "a question"]) {
    await test.step(step, async () => {
      const small = await cook.locator(".kitchen").evaluate((root) =>
        [...root.querySelectorAll<HTMLElement>("a, button, summary, label")]
          .filter((node) => node.checkVisibility())
          .map((node) => ({ node, box: node.getBoundingClientRect() }))
          .filter(({ node }) => node.tagName !== "LABEL" || node.querySelector("input") !== null)
          .filter(({ box }) => box.width < 44 || box.height < 44)
          .map(({ node, box }) => `${node.outerHTML.slice(0, 80)} ${box.width}x${box.height}`),
      );
      expect(small).toEqual([]);
      await expectAccessible(cook);
    });
    if (step === "the display") {
      await refuse.click();
      await cook.getByRole("heading", { level: 2 }).first().waitFor();
    }
  }
  await test.step("how pressing it is stands there in words", async () => {
    const said = await cardOf(cook, order.orderId).locator(".chip").innerText();
    expect(said).toMatch(
      new RegExp(["FRESH", "SOON", "DUE", "LATE"].map((age) => beginning(`age.${age}`)).join("|")),
    );
  });
  await cook.context().close();
});
