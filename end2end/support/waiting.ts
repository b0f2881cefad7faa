// Somebody who waits for an order, and the kitchen that they wait for.
import type { APIRequest, APIRequestContext } from "@playwright/test";
import { expect } from "./fixtures";

export interface Placed {
  orderId: string;
  /** What is called out at the counter. */
  number: number;
}

interface Campus {
  slug: string;
}

interface MenuItem {
  itemId: string;
  price: number;
  left: number;
  configurable: boolean;
  firstSlot?: string;
}

/** What is ordered, where it is something of which the test knows. */
export interface Wanted {
  campus: string;
  itemId: string;
  price: number;
  firstSlot: string | null;
}

/** Orders something for whoever is signed in, until a payment goes through: something simple, or this. */
export async function confirmedOrder(
  request: APIRequestContext,
  wanted?: Wanted,
): Promise<Placed> {
  let confirmed: Placed | undefined;
  // One payment in twenty is declined.
  await expect(async () => {
    const order = wanted ? await placeOne(request, wanted) : await place(request);
    const { orderId, number, status } = await settled(request, order);
    expect(status).toBe("CONFIRMED");
    confirmed = { orderId, number };
  }).toPass();
  if (!confirmed) throw new Error("no order was confirmed");
  return confirmed;
}

async function place(request: APIRequestContext): Promise<string> {
  const campuses = (await (await request.get("/v1/campuses")).json()) as { items: Campus[] };
  const wanted: (Wanted & { firstSlot: string })[] = [];
  for (const { slug } of campuses.items) {
    const menu = (await (await request.get(`/v1/campuses/${slug}/menu`)).json()) as {
      items: MenuItem[];
    };
    for (const { itemId, price, firstSlot, left, configurable } of menu.items) {
      if (!firstSlot || left === 0 || configurable) continue;
      wanted.push({ campus: slug, itemId, price, firstSlot });
    }
  }
  // What is to be had soonest: a breakfast's next slot may be tomorrow's, and no kitchen shows it today.
  const [soonest] = wanted.sort((one, other) => one.firstSlot.localeCompare(other.firstSlot));
  if (!soonest) throw new Error("nothing simple is sold just now");
  return await placeOne(request, soonest);
}

async function placeOne(request: APIRequestContext, item: Wanted): Promise<string> {
  const response = await request.post("/v1/orders", {
    headers: { "idempotency-key": `${Date.now()}-${Math.random()}` },
    data: {
      campus: item.campus,
      slotAt: item.firstSlot,
      payment: "SIMULATED",
      lines: [{ itemId: item.itemId, quantity: 1, unitPrice: item.price }],
    },
  });
  expect(response.status(), await response.text()).toBe(202);
  return ((await response.json()) as { orderId: string }).orderId;
}

async function settled(
  request: APIRequestContext,
  order: string,
): Promise<Placed & { status: string }> {
  let found = { orderId: order, number: 0, status: "PENDING" };
  await expect
    .poll(
      async () => {
        const answer = await request.get(`/v1/orders/${order}/status`);
        found = (await answer.json()) as typeof found;
        return found.status;
      },
      { intervals: [100, 200, 500] },
    )
    .not.toBe("PENDING");
  return found;
}

/** The kitchen, signed in apart from the browser. */
export async function kitchen(
  playwright: { request: APIRequest },
  baseURL: string | undefined,
): Promise<APIRequestContext> {
  const request = await playwright.request.newContext({ baseURL });
  const form = { _action: "/api/demo-sign-in", email: "staff@demo.nutriflow.org" };
  const response = await request.post("/sign-in", { form, maxRedirects: 0 });
  expect(response.status(), "signing in").toBe(303);
  return request;
}

/** Cooks an order. */
export async function cook(kitchen: APIRequestContext, order: string): Promise<void> {
  for (const advance of ["START", "READY"]) {
    const response = await kitchen.post(`/v1/orders/${order}/advance`, { data: { advance } });
    expect(response.status(), await response.text()).toBe(204);
  }
}

/** Waits until the inbox of whoever is signed in has so many unread messages. */
export async function unread(request: APIRequestContext, messages: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const answer = await request.get("/v1/inbox?limit=1");
        return ((await answer.json()) as { unread: number }).unread;
      },
      { intervals: [100, 200, 500] },
    )
    .toBe(messages);
}
