// What every test starts from: `import { expect, test } from "../support/fixtures";`
import { test as base, expect, type ConsoleMessage, type Page } from "@playwright/test";

export { expect };

export interface Member {
  name: string;
  email: string;
  password: string;
}

interface Options {
  /** Console errors that the test means to cause, such as that of a refused request. */
  allowedErrors: RegExp[];
}

interface Fixtures {
  /** Whether this run has JavaScript, for the few places where the two ways differ. */
  hydrates: boolean;
  /** Opens a page and waits until it reacts. */
  open: (path: string) => Promise<void>;
  /** Makes a member that no other test knows, and leaves the page signed in as that member. */
  signUp: () => Promise<Member>;
}

interface Watchers {
  quietConsole: void;
}

export const test = base.extend<Options & Fixtures & Watchers>({
  allowedErrors: [[], { option: true }],

  hydrates: async ({ javaScriptEnabled }, use) => {
    await use(javaScriptEnabled !== false);
  },

  open: async ({ page, hydrates }, use) => {
    await use(async (path) => {
      await page.goto(path);
      if (hydrates) {
        await hydrated(page);
      }
    });
  },

  signUp: async ({ page, open }, use) => {
    await use(async () => {
      const member = newMember();
      await open("/sign-up");
      await page.locator('input[name="name"]').fill(member.name);
      await page.locator('input[name="email"]').fill(member.email);
      await page.locator('input[name="password"]').fill(member.password);
      await page.locator('main form button[type="submit"]').click();
      await expect(page).not.toHaveURL(/\/sign-up/);
      return member;
    });
  },

  // A page that looks right may still have failed: hydration errors, panics in WebAssembly, missing
  // files and violations of the content security policy are seen on the console only.
  quietConsole: [
    async ({ context, allowedErrors }, use) => {
      const errors: string[] = [];
      const note = (text: string) => {
        if (!allowedErrors.some((allowed) => allowed.test(text))) {
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

/** Waits until the page reacts; the app marks it so after hydration. */
export async function hydrated(page: Page): Promise<void> {
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
}

function isFailure(message: ConsoleMessage): boolean {
  // Chromium reports a policy that is only reported as a warning.
  return message.type() === "error" || /content security policy/i.test(message.text());
}

function newMember(): Member {
  const id = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
  return {
    name: `Test ${id}`,
    email: `test-${id}@example.org`,
    password: `plate and spoon ${id}`,
  };
}
