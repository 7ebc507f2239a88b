// Whether a lab that runs for long keeps its memory: the scenario `first` with 20 requests a
// second, 20 times faster than time, and a Pod is killed every 20 seconds.
//
//   node bench/soak.mjs [--minutes 15]
//
// Serves dist/ itself. Prints a Markdown row a minute, and what the last minutes added.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium, expect } from "@playwright/test";
import { launchOptions } from "../browser.mjs";
import { Lab } from "../lab.mjs";
import { serve } from "../server.mjs";
import { link } from "./scenes.mjs";

const { values: options } = parseArgs({ options: { minutes: { type: "string", default: "15" } } });
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error(`--minutes ${options.minutes}: a number of minutes is wanted`);

const MUST_MB = 120;
const KILL_EVERY_S = 20;
/** So long at the end nothing may grow any more. */
const FLAT_MINUTES = Math.min(5, minutes / 3);

/** The scenario with one more client, which makes 20 requests a second of all. */
function busy() {
  const text = readFileSync(new URL("../../../public/scenarios/first.yaml", import.meta.url), "utf8");
  const heading = "  clients:\n";
  if (!text.includes(heading)) throw new Error("the scenario has no list of clients any more");
  const rates = [...text.matchAll(/rate: ([\d.]+)/g)].map(([, rate]) => Number(rate));
  const rest = 20 - rates.reduce((sum, rate) => sum + rate, 0);
  const busy = `  - {name: busy, from: outside, to: service/default/web, rate: ${rest}}\n`;
  return text.replace(heading, heading + busy);
}

/** In the page, before its own scripts: the memory of the module, once there is one. */
function noteMemory() {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const made = await instantiate.apply(WebAssembly, args);
    const { memory } = (made.instance ?? made).exports;
    if (memory instanceof WebAssembly.Memory) globalThis.moduleMemory = memory;
    return made;
  };
}

async function megabytes(page, session) {
  const module = await page.evaluate(() => globalThis.moduleMemory.buffer.byteLength);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return { module: module / 1e6, scripts: usedSize / 1e6 };
}

const server = await serve();
const browser = await chromium.launch(launchOptions);
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
page.on("pageerror", (error) => {
  throw error;
});
await page.addInitScript(noteMemory);
const session = await page.context().newCDPSession(page);
const lab = await Lab.open(page, server.url + link(busy()));
await lab.play();
await lab.hurry();

console.log("| minute | Pods killed | module MB | scripts MB |\n|---:|---:|---:|---:|");
const began = performance.now();
const elapsed = () => (performance.now() - began) / 60_000;
const rows = [];
let kills = 0;
while (elapsed() < minutes) {
  await page.waitForTimeout(Math.max(0, (kills + 1) * KILL_EVERY_S * 1000 - elapsed() * 60_000));
  const [victim] = await lab.ready("web-");
  if (victim) {
    await lab.select(lab.card("Pod", victim.name));
    await page.keyboard.press("Delete");
    await expect.poll(async () => (await lab.ready("web-")).map(({ name }) => name)).not.toContain(victim.name);
    kills += 1;
  }
  if (elapsed() >= rows.length + 1 || elapsed() >= minutes) {
    const row = { at: elapsed(), ...(await megabytes(page, session)) };
    rows.push(row);
    console.log(`| ${row.at.toFixed(1)} | ${kills} | ${row.module.toFixed(1)} | ${row.scripts.toFixed(1)} |`);
  }
}
const last = rows.at(-1);
const before = rows.findLast(({ at }) => at <= last.at - FLAT_MINUTES + 0.5) ?? rows[0];
const grown = last.module - before.module;
const [most, simulated] = [last.module.toFixed(1), await lab.clock()];
console.log(`${(simulated / 60).toFixed(0)} simulated minutes. The module has ${most} MB, must ${MUST_MB};`);
console.log(`in the last ${(last.at - before.at).toFixed(1)} minutes it grew by ${grown.toFixed(1)} MB, must 0.`);
await browser.close();
await server.stop();
