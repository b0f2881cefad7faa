import type { Page } from "@playwright/test";
import { expectAccessible } from "../support/accessibility";
import { askForPlan, jobEnds, memberOf, signInAs } from "../support/board";
import { expect, hydrated, refusedWith, test } from "../support/fixtures";
import { invisibleStops, tabTo } from "../support/keyboard";
import { IMPOSSIBLE } from "../support/profiles";
import { pattern, text } from "../support/texts";
import { thisWeek, weekFromNow } from "../support/weeks";

const rows = (page: Page) =>
  page.locator("[data-live=jobs]").getByRole("row").filter({ has: page.getByRole("rowheader") });
const toggle = (page: Page) => page.getByRole("button", { name: text("live.on") });
const jobsOf = (email: string) => `/admin/jobs?subject=${encodeURIComponent(email)}`;

test("a list follows what happens, and leaves the reader's things alone", async ({
  page,
  open,
  playwright,
  baseURL,
}) => {
  const request = await playwright.request.newContext({ baseURL });
  const { email } = await memberOf(request);
  await jobEnds(request, await askForPlan(request, thisWeek()), "READY");
  await signInAs(page, "admin");
  await open(jobsOf(email));
  await expect(rows(page)).toHaveCount(1);
  const first = rows(page).getByRole("link");
  await first.focus();
  const id = await first.getAttribute("href");
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));

  await askForPlan(request, weekFromNow(1));
  await expect(rows(page)).toHaveCount(2);
  await expect(page.locator("[data-live=jobs]")).toContainText(text("jobs.count", { count: 2 }));
  await expect(page.locator(`a[href="${id}"]`), "what had the focus has it").toBeFocused();
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);

  await test.step("what was opened stays open, what is typed stays", async () => {
    await page.getByText(text("jobs.more_filters")).click();
    await page.getByLabel(text("jobs.text")).fill("2026");
    await askForPlan(request, weekFromNow(2));
    await expect(rows(page)).toHaveCount(3);
    await expect(page.getByLabel(text("jobs.text"))).toHaveValue("2026");
    await expect(page.getByLabel(text("jobs.text"))).toBeFocused();
  });
  await request.dispose();
});

test("a chart's table stays open while the chart goes on", async ({ page, open }) => {
  await memberOf(page.request);
  await jobEnds(page.request, await askForPlan(page.request, thisWeek()), "READY");
  await signInAs(page, "admin");
  await open("/admin/queues");
  const queue = page.getByRole("region", { name: text("queue_name.diet-plans") });
  // What has run is counted within a moment.
  const table = queue.getByText(text("chart.table"));
  await table.click();
  const rowOf = queue.getByRole("table").getByRole("row");
  await expect(rowOf).not.toHaveCount(1);
  const answered = () =>
    page.waitForResponse((answer) => new URL(answer.url()).pathname === "/admin/queues");
  await answered();
  await answered();
  await expect(queue.getByRole("table")).toBeVisible();
});

test.describe("a server that does not answer", () => {
  test.use({ allowedErrors: /ERR_FAILED/ });

  test("is said, and then forgotten", async ({ page, open }) => {
    await signInAs(page, "admin");
    await open("/admin/jobs");
    const status = page.locator("[data-live-control] [role=status]");
    await expect(page.getByRole("link", { name: text("live.reload") })).toBeHidden();
    await page.route("**/admin/jobs", (route) => route.abort("failed"));
    await expect(status).toHaveText(pattern("live.lost"));
    await expect(page.getByRole("link", { name: text("live.reload") })).toBeVisible();
    await page.unroute("**/admin/jobs");
    await expect(status).toBeEmpty({ timeout: 30_000 });
  });
});

test("people can stop it", async ({ page, open }) => {
  await signInAs(page, "admin");
  await open("/admin/queues");
  await toggle(page).click();
  await expect(toggle(page)).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByText(pattern("live.stopped"))).toBeVisible();
  await toggle(page).click();
  await expect(toggle(page)).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByText(pattern("live.stopped"))).toHaveCount(0);
});

test("the panel loads a style sheet and nothing more", async ({ page, open }) => {
  await signInAs(page, "admin");
  const loaded: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/pkg/")) {
      loaded.push(pathname.split(".").at(-1) ?? "");
    }
  });
  await open("/admin/queues");
  await page.waitForLoadState("load");
  expect(loaded).toEqual(["css"]);
});

test.describe("the panel's pages", () => {
  test.describe.configure({ timeout: 180_000 });

  /** Every page of the panel, and a job that was given up. */
  async function pages(page: Page): Promise<string[]> {
    await memberOf(page.request, IMPOSSIBLE);
    const job = await askForPlan(page.request, thisWeek());
    await jobEnds(page.request, job, "FAILED");
    await signInAs(page, "admin");
    return [
      "/admin/queues",
      "/admin/queues/diet-plans",
      "/admin/jobs?size=50",
      "/admin/jobs?text=stroopwafel",
      "/admin/jobs?state=DEAD",
      "/admin/jobs/change?action=SET_PRIORITY",
      `/admin/jobs/${job}?ask=delete`,
      "/admin/dead-events",
      "/admin/payments",
      "/admin/system",
      "/admin/system?hours=24",
    ];
  }

  test("are accessible in both themes", async ({ page, open }) => {
    for (const path of await pages(page)) {
      await test.step(path, async () => {
        await open(path);
        await expectAccessible(page);
      });
    }
  });

  for (const language of ["en", "es"] as const) {
    test(`are not wider than a phone (${language})`, async ({ page, open, context, baseURL }) => {
      await context.addCookies([{ name: "language", value: language, url: baseURL ?? "" }]);
      await page.setViewportSize({ width: 390, height: 844 });
      for (const path of await pages(page)) {
        await open(path);
        const wide = await page.evaluate(() => {
          for (const details of document.querySelectorAll("main details")) {
            details.setAttribute("open", "");
          }
          const root = document.scrollingElement ?? document.documentElement;
          return root.scrollWidth - root.clientWidth;
        });
        expect(wide, path).toBe(0);
      }
    });
  }

  test.describe("by keyboard", () => {
    // A page that follows a job may ask for it once more while the browser leaves what was deleted.
    test.use({ allowedErrors: refusedWith(404) });

    test("are reached and used", async ({ page, open }) => {
      const [, , , , , , job] = await pages(page);
      await open("/admin/jobs");
      await tabTo(page, page.getByRole("link", { name: text("admin.overview"), exact: true }));
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(/\/admin\/queues$/);
      await hydrated(page);
      expect(await invisibleStops(page, 30)).toEqual([]);
      await open(job ?? "");
      const remove = page.getByRole("button", { name: text("job.delete"), exact: true });
      await tabTo(page, remove);
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(/\?deleted=1$/);
    });
  });
});
