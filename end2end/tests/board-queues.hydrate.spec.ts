// Queues are everybody's: what these tests set would be in the way of one another, so they run one
// after the other in one file, with JavaScript and without. They stay with the queue on which no
// other test waits.
import type { Page } from "@playwright/test";
import { signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { text } from "../support/texts";

test.describe.configure({ mode: "serial" });
test.use({ allowedErrors: refusedWith(409, 422) });

// Buttons are pressed by keyboard: a click waits for frames, which a headless browser without scripts
// may not draw.
const SPOKEN = text("queue_name.maintenance");
const button = (page: Page, key: string) =>
  page.getByRole("button", { name: `${text(key)}: ${SPOKEN}` });
const queue = (page: Page) => page.getByRole("region", { name: SPOKEN });
const state = (page: Page) => page.locator("[data-live=state] .chip");

/** Loads the page again until its job stands so. */
async function standsAs(page: Page, name: string): Promise<void> {
  await expect(async () => {
    await page.reload();
    await expect(state(page)).toHaveText(text(name), { timeout: 1000 });
  }).toPass();
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("jobs of a paused queue wait until it goes on", async ({ page, open }) => {
      await signInAs(page, "admin");
      await open("/admin/queues");
      await button(page, "queues.pause").press("Enter");
      await expect(queue(page).getByText(text("queues.paused"), { exact: true })).toBeVisible();

      const run = `${text("queues.schedule_run")}: ${text("kind.installation_sweep")}`;
      await page.getByRole("button", { name: run }).press("Enter");
      await expect(page).toHaveURL(/\/admin\/jobs\/[0-9a-f-]{36}$/);
      await expect(state(page)).toHaveText(text("job_state.READY"));
      const job = page.url();

      await test.step("there it can be cancelled, and that be undone", async () => {
        await page.getByRole("button", { name: text("change.CANCEL"), exact: true }).press("Enter");
        await expect(page.getByText(text("changed.CANCEL"))).toBeVisible();
        await expect(state(page)).toHaveText(text("job_state.CANCELLED"));
        await page.getByRole("button", { name: text("job.undo"), exact: true }).press("Enter");
        await expect(page.getByText(text("job.undone"))).toBeVisible();
        await expect(state(page)).toHaveText(text("job_state.READY"));
      });

      await test.step("and go before others", async () => {
        await page.getByLabel(text("job.priority_new")).fill("soon");
        await page.getByRole("button", { name: text("change.SET_PRIORITY") }).press("Enter");
        await expect(page.getByLabel(text("job.priority_new"))).toHaveAccessibleDescription(
          new RegExp(text("invalid.malformed")),
        );
        await page.getByLabel(text("job.priority_new")).fill("5");
        await page.getByRole("button", { name: text("change.SET_PRIORITY") }).press("Enter");
        await expect(page.getByText(text("changed.SET_PRIORITY"))).toBeVisible();
        await expect(page.getByLabel(text("job.priority_new"))).toHaveValue("5");
      });

      await open("/admin/queues");
      await button(page, "queues.resume").press("Enter");
      await expect(button(page, "queues.pause")).toBeVisible();
      await page.goto(job);
      await standsAs(page, "job_state.SUCCEEDED");
    });

    test("limits are set, and refused beyond their bounds", async ({ page, open }) => {
      await signInAs(page, "admin");
      await open("/admin/queues/maintenance");
      const concurrency = page.getByLabel(text("queue.concurrency"), { exact: true });
      const save = (title: string) =>
        page.getByRole("region", { name: text(title) }).getByRole("button");
      await concurrency.fill("2000");
      await save("queue.concurrency_title").press("Enter");
      await expect(concurrency).toHaveAccessibleDescription(
        new RegExp(text("invalid.out_of_range", { min: 1, max: 1000 })),
      );
      await expect(concurrency).toHaveValue("2000");
      await concurrency.fill("3");
      await save("queue.concurrency_title").press("Enter");
      await expect(page.getByText(text("queues.concurrency_line", { count: 3 }))).toBeVisible();
      await concurrency.fill("1");
      await save("queue.concurrency_title").press("Enter");

      const jobs = page.getByLabel(text("queue.rate_jobs"), { exact: true });
      const seconds = page.getByLabel(text("queue.rate_seconds"), { exact: true });
      await jobs.fill("100");
      await save("queue.rate_title").press("Enter");
      await expect(seconds).toHaveAccessibleDescription(new RegExp(text("invalid.required")));
      await seconds.fill("2.5");
      await save("queue.rate_title").press("Enter");
      const line = text("queues.rate_line", { jobs: 100, duration: "2.5 s" });
      await expect(page.getByText(line)).toBeVisible();
      await expect(seconds).toHaveValue("2.5");
      await jobs.fill("");
      await seconds.fill("");
      await save("queue.rate_title").press("Enter");
      await expect(page.getByText(text("queues.rate_unlimited"))).toBeVisible();
    });
  });
}
