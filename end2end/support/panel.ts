// The administrators' panel: its lists, and what their tests start from.
import type { APIRequest, APIRequestContext, Locator, Page } from "@playwright/test";
import { expect } from "./fixtures";

/** The rows of the list of an open page. */
export const rows = (page: Page): Locator => page.locator(".record-table tbody tr[data-key]");

/** The row of something by its id. */
export const row = (page: Page, id: string): Locator =>
  page.locator(`.record-table tr[data-key="${id}"]`);

export const title = (page: Page): Locator => page.getByRole("heading", { level: 1 });

/** Somebody of the demo, signed in apart from the browser. */
export async function apart(
  playwright: { request: APIRequest },
  baseURL: string | undefined,
  role: "admin" | "staff",
): Promise<APIRequestContext> {
  const request = await playwright.request.newContext({ baseURL });
  const form = { _action: "/api/demo-sign-in", email: `${role}@demo.nutriflow.org` };
  const response = await request.post("/sign-in", { form, maxRedirects: 0 });
  expect(response.status(), "signing in").toBe(303);
  return request;
}

export interface MenuRecord {
  itemId: string;
  name: string;
  price: number;
  version: number;
}

/** How many pixels a page is wider than its window. */
export const tooWide = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const root = document.scrollingElement ?? document.documentElement;
    return root.scrollWidth - root.clientWidth;
  });
