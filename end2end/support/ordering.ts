// What is sold, as the API tells it, and the ways that somebody takes to an order.
import type { APIRequestContext, Locator, Page } from "@playwright/test";
import { expect } from "./fixtures";
import { text } from "./texts";

export interface Option {
  key: string;
  name: { en: string; es: string };
  price: number;
}

export interface Group {
  key: string;
  name: { en: string; es: string };
  min: number;
  max: number;
  options: Option[];
}

export interface Item {
  campus: string;
  itemId: string;
  name: string;
  price: number;
  left: number;
  configurable: boolean;
  firstSlot: string | null;
}

export interface Configurable extends Item {
  options: {
    groups: Group[];
    rules: { kind: "REQUIRES" | "EXCLUDES"; option: string; other: string }[];
  };
  simplest: string[];
}

export const NORTH = "north";
export const LAKESIDE = "lakeside";

/** What a campus sells and hands out in the next days. */
export async function items(request: APIRequestContext, campus: string): Promise<Item[]> {
  const answer = await request.get(`/v1/campuses/${campus}/menu`);
  const menu = (await answer.json()) as { items: Item[] };
  return menu.items
    .filter((item) => item.firstSlot !== null && item.left > 0)
    .map((item) => ({ ...item, campus }));
}

/** Something about which there is nothing to choose. */
export async function plainItem(request: APIRequestContext, campus = NORTH): Promise<Item> {
  const found = (await items(request, campus)).find((item) => !item.configurable);
  if (!found) throw new Error(`${campus} sells nothing simple`);
  return found;
}

/** Something whose options have what is asked for. */
export async function configurable(
  request: APIRequestContext,
  has: (item: Configurable) => boolean,
): Promise<Configurable> {
  for (const item of await items(request, NORTH)) {
    if (!item.configurable) continue;
    const answer = await request.get(`/v1/campuses/${item.campus}/menu/${item.itemId}`);
    const whole = { ...((await answer.json()) as Configurable), ...item };
    if (has(whole)) return whole;
  }
  throw new Error("no such item is sold");
}

export const pageOf = (item: Item): string => `/menu/${item.campus}/${item.itemId}`;

/** The way to the cart in the page's head. */
export const cartLink = (page: Page): Locator =>
  page.getByRole("banner").getByRole("link", { name: new RegExp(`^${text("cart.badge_none")}`) });

/** Puts the item of an open page into the cart, as it is suggested. */
export async function addToCart(page: Page): Promise<void> {
  await page.getByRole("button", { name: text("menu_item.add"), exact: true }).click();
  await expect(page).toHaveURL(/\/cart$/);
}

/** From a filled cart to the order: the first time that has room, paid as it is named. */
export async function checkOut(page: Page, gateway: "SIMULATED" | "WALLET"): Promise<string> {
  await page.getByRole("link", { name: text("cart.checkout") }).click();
  await expect(page).toHaveURL(/\/checkout$/);
  const slots = page.getByRole("group", { name: text("checkout.slot") });
  await slots.locator("label:has(input:enabled)").first().click();
  const payment = page.getByRole("group", { name: text("checkout.payment") });
  await payment.locator("label").filter({ hasText: text(`gateway.${gateway}`) }).click();
  await page.getByRole("button", { name: placing() }).click();
  await expect(page).toHaveURL(/\/orders\/[0-9a-f-]{36}$/);
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

/** The button that orders, whatever it costs. */
export function placing(): RegExp {
  const [start] = text("checkout.place", { total: "|" }).split("|");
  return new RegExp(`^${start}`);
}

/** How the order of an open page stands. */
export const state = (page: Page): Locator => page.locator("[data-live=order] .chip");
