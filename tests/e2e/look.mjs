import { chromium } from "@playwright/test";
import { launchOptions } from "./browser.mjs";
import { serve } from "./server.mjs";
// Screenshots in both themes at the three sizes: node look.mjs [FOLDER] [QUERY OR #LINK] [SIZE-THEME]
const out = process.argv[2] ?? "test-results/look";
const query = process.argv[3] ?? "";
const only = process.argv[4];
const server = await serve();
const browser = await chromium.launch(launchOptions);
for (const [w, h] of [[1440, 900], [1024, 768], [390, 844]]) for (const scheme of ["light", "dark"]) {
  const name = `${w}-${scheme}`;
  if (only && !name.startsWith(only)) continue;
  const page = await browser.newPage({ viewport: { width: w, height: h }, colorScheme: scheme, hasTouch: w < 400 });
  page.on("console", (m) => console.log(name, m.type(), m.text()));
  page.on("pageerror", (e) => console.log(name, "ERROR", e.message));
  await page.goto(server.url + query);
  await page.waitForTimeout(6000);
  await page.screenshot({ path: `${out}/${name}.png` });
  await page.close();
}
await browser.close(); await server.stop();
