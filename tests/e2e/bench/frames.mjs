// How smoothly the built page runs: frames each second, the slowest frames, and how busy the main
// thread is. Headless and drawn in software, so the figures compare versions of the page, not screens.
//
//   node bench/frames.mjs [--url URL] [--ratio 1] [--seconds 10]
//
// Without --url it serves dist/ itself. Prints a Markdown row a scene.
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { launchOptions } from "../browser.mjs";
import { serve } from "../server.mjs";
import { scenes } from "./scenes.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    ratio: { type: "string", default: "1" },
    seconds: { type: "string", default: "10" },
  },
});
const seconds = Number(options.seconds);
const ratio = Number(options.ratio);

/** What a person does in the middle of the measurement: kills a Pod, with the inspector open. */
async function act(page) {
  await page.locator("[data-packetyard]").getByRole("button", { name: /^Pod (web|frontend)-/ }).first().focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Delete");
}

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
console.log("| scene | pixel ratio | frames/s | p99 frame ms | worst frame ms | main thread busy % |");
console.log("|---|---:|---:|---:|---:|---:|");
for (const scene of options.url === undefined ? scenes : [{ name: options.url, hash: "" }]) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: ratio });
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto((options.url ?? server.url) + scene.hash);
  await page.getByRole("button", { name: /^Pod / }).first().waitFor();
  const play = page.getByRole("button", { name: "Play" });
  await play.or(page.getByRole("button", { name: "Pause" })).first().waitFor();
  if (await play.isVisible()) await play.click();
  const result = await measure(page);
  const figures = [result.fps, result.p99_frame_ms, result.worst_frame_ms, result.busy_percent];
  console.log(`| ${[scene.name, ratio, ...figures.map((figure) => figure.toFixed(1))].join(" | ")} |`);
  await page.close();
}
await browser.close();
await server?.stop();
