import { expect, putProfile, requestPlan, test } from "../support/fixtures";
import { text } from "../support/texts";
import { weekFromNow } from "../support/weeks";

test("earlier weeks are kept, the newest first, each as it was", async ({
  page,
  open,
  withProfile,
}) => {
  await withProfile();
  await open("/plans");
  await expect(page.getByRole("heading", { name: text("plans.empty") })).toBeVisible();

  const [before, now] = [weekFromNow(-1), weekFromNow(0)];
  await requestPlan(page.request, before);
  await requestPlan(page.request, now);
  await open("/plan");
  await page.getByRole("link", { name: text("plan.earlier") }).click();
  const weeks = page.getByRole("main").getByRole("listitem");
  await expect(weeks).toHaveCount(2);
  await expect(weeks.first().getByRole("link")).toHaveAttribute("href", new RegExp(now));
  await expect(weeks.first()).toContainText(/\d\skcal/);
  const title = await weeks.last().getByRole("link").innerText();

  await putProfile(page.request, { diet: "VEGETARIAN" });
  await weeks.last().getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`/plan/${before}\\?plan=`));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(title);
  await expect(page.locator("[data-plan-digest]")).toBeVisible();
  await expect(page.getByText(text("plan.version"))).toBeVisible();
  await expect(page.getByRole("link", { name: text("plan.version_back") })).toBeVisible();
});
