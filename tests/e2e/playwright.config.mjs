import { defineConfig } from "@playwright/test";
import { launchOptions } from "./browser.mjs";

export default defineConfig({
  testDir: "tests",
  outputDir: "../../target/e2e",
  reporter: [["list"]],
  forbidOnly: Boolean(process.env.CI),
  // A test that passes at the second attempt has found something: here it fails at once. In CI, where
  // a machine may stall for seconds, it is tried once more, and the summary names it as flaky.
  retries: process.env.CI ? 1 : 0,
  // Every test has a page of its own, so they can run in any order and side by side.
  workers: 2,
  fullyParallel: true,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  use: {
    launchOptions,
    // A trace films the page, which never stands still: that doubles the time. TRACE=on records one.
    trace: process.env.TRACE ?? "off",
    screenshot: "only-on-failure",
    viewport: { width: 1440, height: 900 },
  },
});
