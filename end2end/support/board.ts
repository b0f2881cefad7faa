// What tests of the panel start from: somebody of the staff, and jobs that only this test knows.
import type { APIRequestContext, Page } from "@playwright/test";
import { expect, newMember, putProfile, type Member } from "./fixtures";
import type { Profile } from "./profiles";

/** Leaves the browser signed in with one of the demo's accounts. */
export async function signInAs(
  page: Page,
  role: "admin" | "operator" | "staff" | "member",
): Promise<void> {
  const form = { _action: "/api/demo-sign-in", email: `${role}@demo.nutriflow.org` };
  const response = await page.request.post("/sign-in", { form, maxRedirects: 0 });
  expect(response.status(), "signing in").toBe(303);
}

/** A new member with this profile, signed in where these requests come from. */
export async function memberOf(
  request: APIRequestContext,
  profile: Partial<Profile> = {},
): Promise<Member> {
  const member = newMember();
  const form = { _action: "/api/sign-up", ...member };
  const response = await request.post("/sign-up", { form, maxRedirects: 0 });
  expect(response.status(), "signing up").toBe(303);
  await putProfile(request, profile);
  return member;
}

/** Asks for a week's plan and gives its job's id, without waiting for it. */
export async function askForPlan(request: APIRequestContext, week: string): Promise<string> {
  const response = await request.post("/v1/diet/plans", { data: { week } });
  expect(response.status(), await response.text()).toBe(202);
  return ((await response.json()) as { jobId: string }).jobId;
}

/** Waits until a job of whoever asks has ended so. */
export async function jobEnds(
  request: APIRequestContext,
  job: string,
  status: "READY" | "FAILED",
): Promise<void> {
  await expect
    .poll(
      async () => {
        const answer = await request.get(`/v1/diet/jobs/${job}`);
        return ((await answer.json()) as { status: string }).status;
      },
      { intervals: [50, 100, 200] },
    )
    .toBe(status);
}
