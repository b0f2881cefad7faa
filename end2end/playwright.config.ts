// Run by `cargo xtask test --only end2end`, which builds and starts the product and says where it is.
import { defineConfig } from "@playwright/test";

const asRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: "./tests",
  outputDir: "./test-results",
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  workers: 2,
  // A debug server and two browsers share what may be two cores.
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: process.env.NUTRIFLOW_REPORT
    ? [["list"], ["json", { outputFile: process.env.NUTRIFLOW_REPORT }]]
    : [["list"]],
  use: {
    baseURL: process.env.NUTRIFLOW_URL ?? "http://127.0.0.1:3000",
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "UTC",
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    screenshot: "only-on-failure",
    // Traces take as long as the tests: `--trace=retain-on-failure` for whoever looks for something.
    // Nothing moves: every picture of it is drawn by a core that tests wait for. And what still moves is tried
    // again after a wait that Playwright has the page make, which one without JavaScript never ends.
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env.NUTRIFLOW_BROWSER,
      args: [
        // Chromium's sandbox refuses to run as root.
        ...(asRoot ? ["--no-sandbox"] : []),
        // No traffic of the browser's own: it fails where there is no network, and then takes time.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-domain-reliability",
        "--disable-extensions",
        "--disable-features=OptimizationHints,MediaRouter,Translate",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--no-first-run",
        "--no-pings",
        "--metrics-recording-only",
      ],
    },
  },
  // Every page works without JavaScript, so every file runs twice; what only a browser with
  // WebAssembly can do is tested in files of their own.
  projects: [
    { name: "hydrated" },
    {
      name: "no-javascript",
      testIgnore: "**/*.hydrate.spec.ts",
      use: { javaScriptEnabled: false },
    },
  ],
});
