import type { Page, WebSocketRoute } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { signInAs } from "../support/board";
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

/** Resolves once the page hears the server; to be asked for before the page is opened. */
async function connected(page: Page): Promise<void> {
  const socket = await page.waitForEvent("websocket");
  await socket.waitForEvent("framereceived");
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
  const socket = connected(page);
  await open("/dishes");
  await socket;
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
    const again = connected(page);
    await open("/dishes");
    await again;
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
    document.addEventListener("nutriflow:follow", () => console.log("heard"));
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

/** The server's side of the page's connections, played by the test. */
async function played(page: Page): Promise<WebSocketRoute[]> {
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/v1\/events/, (socket) => {
    sockets.push(socket);
  });
  return sockets;
}

const teller = (sockets: WebSocketRoute[]) => (event: object) =>
  sockets.at(-1)?.send(JSON.stringify({ at: new Date().toISOString(), own: false, ...event }));

/** How often the page has been asked for since this was called last. */
function asked(page: Page): () => number {
  let times = 0;
  page.on("request", (request) => {
    if (request.resourceType() === "fetch" && request.url() === page.url()) times += 1;
  });
  return () => {
    const before = times;
    times = 0;
    return before;
  };
}

const pause = (milliseconds: number) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

test("a page asks for what is new, and not for each event", async ({ page, open }) => {
  await signInAs(page, "admin");
  const sockets = await played(page);
  const tell = teller(sockets);
  const times = asked(page);
  const orderId = "0197a5c4-0000-7000-8000-000000000000";
  await open("/admin/orders");
  await expect.poll(() => sockets.length).toBe(1);
  tell({ kind: "CONNECTED", id: 1 });
  // By itself it looks once more before it relies on what it is told.
  await expect.poll(times).toBeGreaterThan(0);
  await pause(500);
  times();
  tell({ kind: "STOCK_LOW", id: 2 });
  await pause(1200);
  expect(times(), "that is about stock").toBe(0);
  tell({ kind: "ORDER_CREATED", id: 3, orderId });
  await expect.poll(times, { timeout: 700 }).toBe(1);
  for (let id = 4; id < 34; id += 1) {
    tell({ kind: "ORDER_CREATED", id, orderId });
    await pause(40);
  }
  await pause(1000);
  const often = times();
  expect(often).toBeGreaterThan(0);
  expect(often, "thirty events").toBeLessThan(6);
});

test("a meal that was ready long ago is announced no more", async ({ page, open, signUp }) => {
  await signUp();
  await confirmedOrder(page.request);
  const sockets = await played(page);
  const tell = teller(sockets);
  await open("/dishes");
  await expect.poll(() => sockets.length).toBe(1);
  expect(sockets[0]?.url()).toMatch(/\?after=\d+$/);
  const event = { kind: "ORDER_READY", own: true, number: 7, orderId: "a", campus: {} };
  const before = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
  tell({ kind: "CONNECTED", id: 1 });
  tell({ ...event, id: 2, at: before(11) });
  tell({ ...event, id: 3, at: before(9) });
  await expect(toast(page)).toHaveCount(1);
});

test("the inbox follows at once", async ({ page, open, signUp, playwright, baseURL }) => {
  await signUp();
  const { orderId, number } = await confirmedOrder(page.request);
  await unread(page.request, 1);
  const socket = connected(page);
  await open("/inbox");
  await socket;
  const messages = page.locator("[data-live=messages]").getByRole("heading");
  await expect(messages).toHaveCount(1);
  const staff = await kitchen(playwright, baseURL);
  await cook(staff, orderId);
  await staff.dispose();
  await expect(messages.first()).toHaveText(text("message.ORDER_READY", { number }));
});
