import type { Page } from "@playwright/test";
import { askForPlan, jobEnds, memberOf, signInAs } from "../support/board";
import { expect, refusedWith, test } from "../support/fixtures";
import { IMPOSSIBLE } from "../support/profiles";
import { pattern, table, text } from "../support/texts";
import { thisWeek } from "../support/weeks";

const sections = (page: Page) =>
  page.getByRole("navigation", { name: text("admin.sections") }).getByRole("link");
const list = (page: Page) => page.locator("[data-live=jobs]");
const rows = (page: Page) => list(page).getByRole("row").filter({ has: page.getByRole("rowheader") });
const title = (page: Page) => page.getByRole("heading", { level: 1 });
const state = (page: Page) => page.locator("[data-live=state] .chip");

/** A member whose one job was given up, and the address of its page; an administrator looks at it. */
async function deadLetter(page: Page): Promise<{ email: string; path: string }> {
  const { email } = await memberOf(page.request, IMPOSSIBLE);
  const job = await askForPlan(page.request, thisWeek());
  await jobEnds(page.request, job, "FAILED");
  await signInAs(page, "admin");
  return { email, path: `/admin/jobs/${job}` };
}

const deadOf = (email: string) => `/admin/jobs?state=DEAD&subject=${encodeURIComponent(email)}`;

test("the account menu leads administrators to the panel", async ({ page, open }) => {
  await signInAs(page, "admin");
  await open("/account");
  await page.getByRole("button", { name: text("frame.account") }).click();
  await page.locator("#account-menu").getByRole("link", { name: text("admin.title") }).click();
  await expect(page).toHaveURL(/\/admin\/overview$/);
  await expect(title(page)).toHaveText(text("overview.title"));

  for (const [name, path, heading] of [
    ["admin.overview", /\/admin\/queues$/, "queues.title"],
    ["admin.dead_letters", /\/admin\/jobs\?state=DEAD$/, "jobs.dead_title"],
    ["admin.system", /\/admin\/system$/, "system.title"],
    ["admin.jobs", /\/admin\/jobs$/, "jobs.title"],
  ] as const) {
    await sections(page).and(page.getByRole("link", { name: text(name), exact: true })).click();
    await expect(page).toHaveURL(path);
    await expect(title(page)).toHaveText(text(heading));
    const current = sections(page).and(page.locator("[aria-current=page]"));
    await expect(current).toHaveText(text(name));
  }
});

test("the overview shows each queue, who works and what runs when", async ({ page, open }) => {
  await signInAs(page, "admin");
  await open("/admin/queues");
  const queue = page.getByRole("region", { name: text("queue_name.diet-plans") });
  for (const name of table("job_state").filter((name) => name !== text("job_state.CANCELLING"))) {
    const number = queue.getByRole("list", { name: text("queues.states") }).getByRole("link");
    await expect(number.filter({ hasText: name })).toHaveCount(1);
  }
  await expect(queue.getByRole("img")).toHaveCount(1);
  await expect(page.getByRole("region", { name: text("queue_name.maintenance") })).toBeVisible();

  const workers = page.getByRole("region", { name: text("queues.workers") });
  await expect(workers.getByRole("heading", { level: 3 })).toHaveText(pattern("queues.worker"));
  const schedules = page.getByRole("region", { name: text("queues.schedules") });
  await expect(schedules).toContainText(text("kind.installation_sweep"));

  await test.step("a number leads to the jobs that it counts", async () => {
    await queue.getByRole("link", { name: text("job_state.DEAD") }).click();
    await expect(page).toHaveURL(/\/admin\/jobs\?queue=diet-plans&state=DEAD$/);
    await expect(page.getByLabel(text("jobs.queue"), { exact: true })).toHaveValue("diet-plans");
    await expect(page.getByLabel(text("jobs.state"), { exact: true })).toHaveValue("DEAD");
  });
});

test("a job that was given up says why, and can be tried again", async ({ page, open }) => {
  const { email, path } = await deadLetter(page);
  await open(deadOf(email));
  await expect(rows(page)).toHaveCount(1);
  await expect(list(page)).toContainText(text("jobs.count_one"));
  await expect(rows(page)).toContainText(email);
  await rows(page).getByRole("link").click();

  await expect(page).toHaveURL(new RegExp(`${path}$`));
  await expect(title(page)).toHaveText(text("kind.plan_compute"));
  await expect(state(page)).toHaveText(text("job_state.DEAD"));
  const problem = page.getByRole("region", { name: text("job.problem") });
  await expect(problem).toContainText(text("problem.INFEASIBLE"));
  await expect(page.getByRole("region", { name: text("job.arguments") })).toContainText(thisWeek());
  await expect(page.getByText(email)).toBeVisible();

  await page.getByRole("button", { name: text("change.RETRY"), exact: true }).click();
  await expect(page).toHaveURL(/\?changed=[0-9a-f-]{36}&action=RETRY$/);
  await expect(page.getByText(text("changed.RETRY"))).toBeVisible();
  // It fails again at once: there is nothing to take back by then.
  await jobIsDead(page, path);
  await page.getByRole("button", { name: text("job.undo"), exact: true }).click();
  await expect(page).toHaveURL(/\?undone=0$/);
  await expect(page.getByText(text("job.undone_none"))).toBeVisible();
});

async function jobIsDead(page: Page, path: string): Promise<void> {
  await expect
    .poll(async () => (await page.request.get(path)).text(), { intervals: [100, 200, 500] })
    .toContain(text("problem.INFEASIBLE"));
}

test.describe("what is deleted", () => {
  // A page that follows a job may ask for it once more while the browser leaves what was deleted.
  test.use({ allowedErrors: refusedWith(404) });

  test("a job is deleted once that is confirmed", async ({ page, open }) => {
    const { email, path } = await deadLetter(page);
    await open(path);
    await page.getByRole("link", { name: text("change.DELETE"), exact: true }).click();
    await expect(page.getByText(text("job.delete_title"))).toBeVisible();
    await page.getByRole("link", { name: text("job.keep") }).click();
    await expect(page.getByText(text("job.delete_title"))).toHaveCount(0);
    await page.getByRole("link", { name: text("change.DELETE"), exact: true }).click();
    await page.getByRole("button", { name: text("job.delete"), exact: true }).click();

    await expect(page).toHaveURL(/\/admin\/jobs\?deleted=1$/);
    await expect(page.getByText(text("jobs.deleted"))).toBeVisible();
    expect((await page.request.get(path)).status()).toBe(404);
    await open(deadOf(email));
    await expect(page.getByText(text("jobs.none"), { exact: true })).toBeVisible();
    await page.getByRole("main").getByRole("link", { name: text("jobs.clear") }).first().click();
    await expect(page).toHaveURL(/\/admin\/jobs$/);
  });
});

test("all that match are changed by a job that is watched", async ({ page, open }) => {
  const { email, path } = await deadLetter(page);
  await open(deadOf(email));
  await page.getByRole("link", { name: text("change.DELETE"), exact: true }).click();
  await expect(title(page)).toHaveText(text("change_one.DELETE"));
  await expect(page.getByText(text("change_page.final"))).toBeVisible();
  await expect(page.getByRole("main")).toContainText(email);
  await page.getByRole("button", { name: text("change.DELETE"), exact: true }).click();

  await expect(page).toHaveURL(/\/admin\/jobs\/[0-9a-f-]{36}$/);
  await expect(async () => {
    await page.reload();
    await expect(state(page)).toHaveText(text("job_state.SUCCEEDED"), { timeout: 1000 });
  }).toPass();
  expect((await page.request.get(path)).status()).toBe(404);

  await test.step("and then there is nothing to change", async () => {
    await open(`/admin/jobs/change?action=DELETE&subject=${encodeURIComponent(email)}`);
    await expect(page.getByText(text("change_page.none"), { exact: true })).toBeVisible();
  });
});

test("filters stand in the address, and lead through the pages", async ({ page, open }) => {
  const member = await memberOf(page.request);
  for (const week of ["2026-W31", "2026-W32", "2026-W33"]) {
    await jobEnds(page.request, await askForPlan(page.request, week), "READY");
  }
  await signInAs(page, "admin");
  await open("/admin/jobs");
  await page.getByLabel(text("jobs.kind")).selectOption("plan.compute");
  await page.getByText(text("jobs.more_filters")).click();
  await page.getByLabel(text("jobs.subject")).fill(member.email);
  await page.getByRole("button", { name: text("jobs.apply") }).click();

  const address = new URL(page.url()).searchParams;
  expect(address.get("kind")).toBe("plan.compute");
  expect(address.get("subject")).toBe(member.email);
  await expect(rows(page)).toHaveCount(3);
  await expect(list(page)).toContainText(text("jobs.count", { count: 3 }));

  await page.getByLabel(text("jobs.text")).fill("2026-W32");
  await page.getByRole("button", { name: text("jobs.apply") }).click();
  await expect(rows(page)).toHaveCount(1);
  await rows(page).getByRole("link").click();
  await expect(page.getByRole("region", { name: text("job.arguments") })).toContainText("2026-W32");
});

test.describe("who may not", () => {
  test.use({ allowedErrors: refusedWith(400, 403, 404) });

  test("an operator sees everything, and can change nothing", async ({ page, open }) => {
    const { path } = await deadLetter(page);
    await signInAs(page, "operator");
    const pages = ["/admin/queues", "/admin/queues/diet-plans", "/admin/jobs", path, "/admin/system"];
    for (const address of pages) {
      expect(await open(address), address).toBe(200);
      await expect(page.getByRole("main").locator("form[method=post] button"), address).toHaveCount(0);
      await expect(page.getByRole("link", { name: text("change.DELETE") }), address).toHaveCount(0);
    }
    const id = path.slice("/admin/jobs/".length);
    for (const form of [
      { _action: "/api/admin/queue/pause", pause: "maintenance" },
      { _action: "/api/admin/queue/concurrency", queue: "maintenance", concurrency: "3" },
      { _action: "/api/admin/job/change", id, action: "DELETE" },
      { _action: "/api/admin/jobs/change", action: "DELETE" },
      { _action: "/api/admin/schedule/run", kind: "installation.sweep" },
    ]) {
      const answer = await page.request.post("/admin/queues", { form, maxRedirects: 0 });
      expect(answer.status(), form._action).toBe(403);
    }
    expect(await open("/admin/jobs/change?action=DELETE")).toBe(403);
  });

  test("a member is told that this is not theirs", async ({ page, open, signUp }) => {
    await signUp();
    for (const path of ["/admin/queues", "/admin/queues/diet-plans", "/admin/jobs", "/admin/system"]) {
      expect(await open(path), path).toBe(403);
      await expect(page.getByText(text("problem.FORBIDDEN"))).toBeVisible();
      await expect(sections(page)).toHaveCount(0);
    }
    await page.getByRole("button", { name: text("frame.account") }).click();
    const menu = page.locator("#account-menu");
    await expect(menu.getByRole("link", { name: text("account.title") })).toBeVisible();
    await expect(menu.getByRole("link", { name: text("admin.title") })).toHaveCount(0);
  });

  test("who is not signed in is led there, and back to the same filter", async ({ page, open }) => {
    await open("/admin/jobs?state=DEAD");
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    const main = page.getByRole("main");
    await main.getByLabel(text("account.email")).fill("admin@demo.nutriflow.org");
    await main.getByLabel(text("account.password")).fill("admin-demo");
    await main.getByRole("button", { name: text("account.sign_in"), exact: true }).click();
    await expect(page).toHaveURL(/\/admin\/jobs\?state=DEAD$/);
  });

  test("an address that makes no sense changes nothing", async ({ page, open }) => {
    await signInAs(page, "admin");
    expect(await open("/admin/jobs?state=HUNGRY")).toBe(400);
    expect(await open("/admin/jobs/0197a5c4-0000-7000-8000-000000000000")).toBe(404);
    expect(await open("/admin/jobs/soup")).toBe(404);
    expect(await open("/admin/queues/soup")).toBe(404);
  });
});
