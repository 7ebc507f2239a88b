// Every test imports `test` and `expect` from here.
import { test as base, expect } from "@playwright/test";
import axe from "axe-core";
import { serve } from "./server.mjs";

export { expect };

export const test = base.extend({
  /** Patterns of console messages that a test provokes on purpose. */
  expectedMessages: [[], { option: true }],

  site: [
    async ({}, use) => {
      const server = await serve();
      await use(server.url);
      await server.stop();
    },
    { scope: "worker" },
  ],

  baseURL: async ({ site }, use) => use(site),

  /** Fails the test on any complaint in a page's console and on any request to another host. */
  quiet: [
    async ({ context, site, expectedMessages }, use) => {
      const complaints = [];
      const complain = (what, text) => {
        if (!expectedMessages.some((pattern) => pattern.test(text))) complaints.push(`${what}: ${text}`);
      };
      context.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complain(`console ${message.type()}`, message.text());
      });
      context.on("weberror", (error) => complain("page error", String(error.error())));
      context.on("request", (request) => {
        const { origin, protocol } = new URL(request.url());
        const inside = origin === new URL(site).origin || ["data:", "blob:"].includes(protocol);
        if (!inside) complaints.push(`request to another origin: ${request.url()}`);
      });
      await use();
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

/** What axe finds wrong with the page as it is now, one line for each element. */
export async function accessibilityFaults(page, impacts = ["minor", "moderate", "serious", "critical"]) {
  // As an expression, which the page's content security policy does not see.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  const lines = ({ id, help, nodes }) => nodes.map(({ target }) => `${id} (${help}): ${target.flat().join(" ")}`);
  return violations.filter(({ impact }) => impacts.includes(impact)).flatMap(lines);
}
