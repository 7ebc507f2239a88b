import { defineConfig } from "@playwright/test";
import { launchOptions } from "./browser.mjs";

export default defineConfig({
  testDir: "tests",
  outputDir: "../../target/e2e",
  reporter: [["list"]],
  forbidOnly: Boolean(process.env.CI),
  // A test that passes at the second attempt has found something: it must not be hidden.
  retries: 0,
  workers: 1,
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
