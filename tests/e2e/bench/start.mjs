// How long a reader waits for the first packet: from the navigation until the canvas has its first
// dot, with a cold cache, on a slow line and a slow processor. The site is sent with brotli, as
// static hosts send it.
//
//   node bench/start.mjs [--runs 5]
//
// Serves dist/ itself. Prints a Markdown row a line.
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { launchOptions } from "../browser.mjs";
import { serve } from "../server.mjs";

const { values: options } = parseArgs({ options: { runs: { type: "string", default: "5" } } });

const LINES = [
  { name: "9 Mbit/s, 40 ms", megabits: 9, latency: 40, must: 1.3 },
  { name: "1.6 Mbit/s, 150 ms", megabits: 1.6, latency: 150, must: 4 },
];
const SLOWER = 4;

/** In the page, before its own scripts: when something is first drawn on a canvas. */
function noteFirstDot() {
  const noted = new Promise((resolve) => {
    const { prototype } = CanvasRenderingContext2D;
    for (const name of ["fill", "drawImage"]) {
      const draw = prototype[name];
      prototype[name] = function (...args) {
        if (this.canvas.isConnected) resolve(performance.now());
        return draw.apply(this, args);
      };
    }
  });
  globalThis.firstDot = noted;
}

/** Seconds from the navigation, in a browser that has nothing of the page yet. */
async function once(browser, url, { megabits, latency }) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.addInitScript(noteFirstDot);
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  const bytes = (megabits * 1e6) / 8;
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency,
    downloadThroughput: bytes,
    uploadThroughput: bytes,
  });
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.goto(url, { waitUntil: "commit" });
  const milliseconds = await page.evaluate(() => globalThis.firstDot);
  await context.close();
  return milliseconds / 1000;
}

const server = await serve(0, { brotli: true });
const browser = await chromium.launch(launchOptions);
console.log(`| line, processor ${SLOWER} times slower | must s | median of ${options.runs} s | best s |`);
console.log("|---|---:|---:|---:|");
for (const line of LINES) {
  const times = [];
  for (let run = 0; run < Number(options.runs); run += 1) times.push(await once(browser, server.url, line));
  times.sort((a, b) => a - b);
  const figures = [line.must, times[Math.floor(times.length / 2)], times[0]];
  console.log(`| ${[line.name, ...figures.map((figure) => figure.toFixed(2))].join(" | ")} |`);
}
await browser.close();
await server.stop();
