import type { Page, WebSocketRoute } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { expect, test } from "../support/fixtures";
import { text } from "../support/texts";
import { confirmedOrder, cook, kitchen, unread } from "../support/waiting";

/** The names of the built scripts and modules that a page loads, without their hashes. */
function loaded(page: Page): string[] {
  const names: string[] = [];
  page.on("request", (request) => {
    const file = new URL(request.url()).pathname.split("/pkg/")[1];
    const [name, , kind] = file?.split(".") ?? [];
    if (kind && kind !== "css") {
      names.push(`${name}.${kind}`);
    }
  });
  return names;
}

const toast = (page: Page) => page.locator("[data-follow] .toast");

test("only pages of somebody who waits follow what happens", async ({ page, open, signUp }) => {
  await signUp();
  const before = loaded(page);
  await open("/dishes");
  await page.waitForLoadState("load");
  expect(before).toEqual([]);
  await confirmedOrder(page.request);
  await open("/dishes");
  await expect.poll(() => before.sort()).toEqual(["follow.js", "follow.wasm"]);
});

test("a meal that is ready is announced wherever the member is", async ({
  page,
  open,
  signUp,
  playwright,
  baseURL,
}) => {
  await signUp();
  const { orderId, number } = await confirmedOrder(page.request);
  await unread(page.request, 1);
  const socket = page.waitForEvent("websocket");
  await open("/dishes");
  await (await socket).waitForEvent("framereceived");
  const staff = await kitchen(playwright, baseURL);
  await cook(staff, orderId);
  await staff.dispose();

  await expect(toast(page)).toHaveCount(1);
  await expect(toast(page)).toContainText(
    text("follow.ready", { number, campus: "\u0000" }).split("\u0000")[0] ?? "",
  );
  await expect(page.locator("[data-follow]")).toHaveRole("status");
  const link = toast(page).getByRole("link", { name: text("follow.open") });
  await expect(link).toHaveAttribute("href", `/orders/${orderId}`);
  const badge = text("inbox.badge", { count: 2 });
  await expect(page.getByRole("link", { name: badge, exact: true })).toBeVisible();
  await expectAccessible(page);

  await toast(page).getByRole("button", { name: text("follow.dismiss") }).press("Enter");
  await expect(toast(page)).toHaveCount(0);
  await expect(page.locator("#main")).toBeFocused();
  await test.step("once", async () => {
    const again = page.waitForEvent("websocket");
    await open("/dishes");
    await (await again).waitForEvent("framereceived");
    await expect(toast(page)).toHaveCount(0);
  });
});

test("what happened while the connection was lost is told when it is back", async ({
  page,
  open,
  signUp,
  playwright,
  baseURL,
}) => {
  await signUp();
  const { orderId } = await confirmedOrder(page.request);
  const sockets: WebSocketRoute[] = [];
  let admits = true;
  await page.routeWebSocket(/\/v1\/events/, (socket) => {
    sockets.push(socket);
    if (admits) {
      socket.connectToServer();
    } else {
      void socket.close({ code: 4000 });
    }
  });
  const heard = page.waitForEvent("console", (message) => message.text() === "heard");
  await page.addInitScript(() => {
    document.addEventListener("nutriflow:event", () => console.log("heard"));
  });
  await open("/dishes");
  await heard;
  admits = false;
  await sockets[0]?.close({ code: 4000 });
  const staff = await kitchen(playwright, baseURL);
  await cook(staff, orderId);
  await staff.dispose();
  await expect.poll(() => sockets.length).toBeGreaterThan(1);
  await expect(toast(page)).toHaveCount(0);
  admits = true;
  await expect(toast(page)).toHaveCount(1);
  expect(sockets.at(-1)?.url()).toMatch(/\?after=\d+$/);
});

test("the inbox follows at once", async ({ page, open, signUp, playwright, baseURL }) => {
  await signUp();
  const { orderId, number } = await confirmedOrder(page.request);
  await unread(page.request, 1);
  const socket = page.waitForEvent("websocket");
  await open("/inbox");
  await (await socket).waitForEvent("framereceived");
  const messages = page.locator("[data-live=messages]").getByRole("heading");
  await expect(messages).toHaveCount(1);
  const staff = await kitchen(playwright, baseURL);
  await cook(staff, orderId);
  await staff.dispose();
  await expect(messages.first()).toHaveText(text("message.ORDER_READY", { number }));
});
