import type { Page } from "@playwright/test";
import { expect, test } from "../support/fixtures";

/** What the page loads of the built files, by kind. */
async function kinds(page: Page, load: () => Promise<unknown>): Promise<string[]> {
  const loaded: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/pkg/")) {
      loaded.push(pathname.split(".").at(-1) ?? "");
    }
  });
  await load();
  await page.waitForLoadState("load");
  return loaded.sort();
}

test("the landing page loads a style sheet and nothing more", async ({ page, open }) => {
  expect(await kinds(page, () => open("/"))).toEqual(["css"]);
});

test("the plan loads a style sheet and nothing more", async ({ page, open, withPlan }) => {
  await withPlan();
  expect(await kinds(page, () => open("/plan"))).toEqual(["css"]);
});

test("the planner is loaded once it has something to plan", async ({ page, open, signUp }) => {
  await signUp();
  expect(await kinds(page, () => open("/profile"))).toEqual(["css", "js", "wasm"]);
});
