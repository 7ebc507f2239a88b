// How smoothly the built page runs: frames each second, the slowest frames, and how busy the main
// thread is. Headless and drawn in software, so the figures compare versions of the page, not screens.
//
//   node bench/frames.mjs [--url URL] [--ratio 1] [--seconds 10]
//
// Without --url it serves dist/ itself. Prints one JSON object and one Markdown row.
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { launchOptions } from "../browser.mjs";
import { serve } from "../server.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    ratio: { type: "string", default: "1" },
    seconds: { type: "string", default: "10" },
  },
});
const seconds = Number(options.seconds);
const ratio = Number(options.ratio);

/** What a person does in the middle of the measurement, by the page's own controls. Nothing yet. */
async function act(_page) {}

/** The times of all animation frames of so many seconds. */
const sample = (page) =>
  page.evaluate(
    (duration) =>
      new Promise((resolve) => {
        const times = [];
        requestAnimationFrame(function frame(now) {
          times.push(now);
          if (now - times[0] < duration) requestAnimationFrame(frame);
          else resolve(times);
        });
      }),
    seconds * 1000,
  );

/** Seconds of work of the main thread since the page began, and the time of that reading. */
async function work(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (name) => metrics.find((metric) => metric.name === name).value;
  return { busy: value("TaskDuration"), at: value("Timestamp") };
}

async function measure(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const before = await work(session);
  const middle = page.waitForTimeout(seconds * 500).then(() => act(page));
  const [times] = await Promise.all([sample(page), middle]);
  const after = await work(session);
  const frames = times.slice(1).map((time, index) => time - times[index]);
  frames.sort((a, b) => a - b);
  return {
    fps: (1000 * frames.length) / (times.at(-1) - times[0]),
    p99_frame_ms: frames[Math.floor(0.99 * (frames.length - 1))],
    worst_frame_ms: frames.at(-1),
    busy_percent: (100 * (after.busy - before.busy)) / (after.at - before.at),
  };
}

const server = options.url === undefined ? await serve() : null;
const browser = await chromium.launch(launchOptions);
const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: ratio });
page.on("pageerror", (error) => {
  throw error;
});
await page.goto(options.url ?? server.url);
await page.getByRole("heading", { level: 1 }).waitFor();
const result = { chromium: browser.version(), ratio, seconds, ...(await measure(page)) };
await browser.close();
await server?.stop();

console.log(JSON.stringify(result));
const figures = [result.fps, result.p99_frame_ms, result.worst_frame_ms, result.busy_percent];
console.log("| pixel ratio | frames/s | p99 frame ms | worst frame ms | main thread busy % |");
console.log("|---:|---:|---:|---:|---:|");
console.log(`| ${[ratio, ...figures.map((figure) => figure.toFixed(1))].join(" | ")} |`);
