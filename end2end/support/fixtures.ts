// What every test starts from: `import { expect, test } from "../support/fixtures";`
import {
  test as base,
  expect,
  type APIRequestContext,
  type ConsoleMessage,
  type Page,
} from "@playwright/test";
import { ANA, type Profile } from "./profiles";
import { thisWeek } from "./weeks";

export { expect };

export interface Member {
  name: string;
  email: string;
  password: string;
}

export interface Planned {
  member: Member;
  /** `2026-W31`. */
  week: string;
  planId: string;
}

interface Options {
  /** Console errors that the test means to cause, such as that of a refused request. */
  allowedErrors: RegExp;
}

interface Fixtures {
  /** Whether this run has JavaScript, for the few places where the two ways differ. */
  hydrates: boolean;
  /** Opens a page and waits until it reacts; gives the status of the answer. */
  open: (path: string) => Promise<number>;
  /**
   * Makes a member that no other test knows, and leaves the browser signed in as that member. It
   * posts the form of the page; that page itself is tested in accounts.spec.ts.
   */
  signUp: () => Promise<Member>;
  /** A new member with this profile. */
  withProfile: (profile?: Partial<Profile>) => Promise<Member>;
  /** A new member with this profile and a plan for this week. */
  withPlan: (profile?: Partial<Profile>) => Promise<Planned>;
}

interface Watchers {
  quietConsole: void;
}

export const test = base.extend<Options & Fixtures & Watchers>({
  // Matches nothing.
  allowedErrors: [/(?!)/, { option: true }],

  hydrates: async ({ javaScriptEnabled }, use) => {
    await use(javaScriptEnabled !== false);
  },

  open: async ({ page, hydrates }, use) => {
    await use(async (path) => {
      const response = await page.goto(path);
      if (hydrates) {
        await hydrated(page);
      }
      return response?.status() ?? 0;
    });
  },

  // The browser and `page.request` share their cookies.
  signUp: async ({ page }, use) => {
    await use(async () => {
      const member = newMember();
      const form = { _action: "/api/sign-up", ...member };
      const response = await page.request.post("/sign-up", { form, maxRedirects: 0 });
      expect(response.status(), "signing up").toBe(303);
      return member;
    });
  },

  withProfile: async ({ page, signUp }, use) => {
    await use(async (profile = {}) => {
      const member = await signUp();
      await putProfile(page.request, profile);
      return member;
    });
  },

  withPlan: async ({ page, withProfile }, use) => {
    await use(async (profile = {}) => {
      const member = await withProfile(profile);
      const week = thisWeek();
      return { member, week, planId: await requestPlan(page.request, week) };
    });
  },

  // A page that looks right may still have failed: hydration errors, panics in WebAssembly, missing
  // files and violations of the content security policy are seen on the console only.
  quietConsole: [
    async ({ context, allowedErrors }, use) => {
      const errors: string[] = [];
      const note = (text: string) => {
        if (!allowedErrors.test(text)) {
          errors.push(text);
        }
      };
      context.on("console", (message) => {
        if (isFailure(message)) {
          note(`${message.text()} (${message.location().url})`);
        }
      });
      context.on("weberror", (error) => note(String(error.error())));
      await use();
      expect(errors, "errors on the browser's console").toEqual([]);
    },
    { auto: true },
  ],
});

/** What Chromium says of an answer with this status; a test that causes one allows it. */
export function refusedWith(...statuses: number[]): RegExp {
  return new RegExp(`the server responded with a status of (${statuses.join("|")})`);
}

/** Waits until the page reacts; the app marks it so after hydration. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
}

/** Stores the profile of whoever is signed in. */
export async function putProfile(
  request: APIRequestContext,
  profile: Partial<Profile>,
): Promise<void> {
  const response = await request.put("/v1/profile", { data: { ...ANA, ...profile } });
  expect(response.ok(), await response.text()).toBe(true);
}

/** Plans a week for whoever is signed in, and waits for it; gives the plan's id. */
export async function requestPlan(request: APIRequestContext, week: string): Promise<string> {
  const response = await request.post("/v1/diet/plans", { data: { week } });
  expect(response.status(), await response.text()).toBe(202);
  const { jobId } = (await response.json()) as { jobId: string };
  let planId = "";
  await expect
    .poll(
      async () => {
        const answer = await request.get(`/v1/diet/jobs/${jobId}`);
        const job = (await answer.json()) as { status: string; planId?: string };
        planId = job.planId ?? "";
        return job.status;
      },
      { intervals: [50, 100, 200] },
    )
    .toBe("READY");
  return planId;
}

function isFailure(message: ConsoleMessage): boolean {
  // Chromium reports a policy that is only reported as a warning.
  return message.type() === "error" || /content security policy/i.test(message.text());
}

export function newMember(): Member {
  const id = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
  return {
    name: `Test ${id}`,
    email: `test-${id}@example.org`,
    password: `plate and spoon ${id}`,
  };
}
