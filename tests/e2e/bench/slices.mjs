// What of the core nothing can interrupt, in a browser: a large cluster from its text until it has settled.
//
//   node bench/slices.mjs --core slices.wasm [--services 500] [--pods 10] [--nodes 50] [--runs 5]
//
// First the core alone, built as the page has it (crates/slices): each of its steps by what it does. Then the page of
// dist/, which it serves: after every step it looks at the clock, so what is between two looks is a step. Prints Markdown.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import { launchOptions } from "../browser.mjs";
import { Lab } from "../lab.mjs";
import { serve } from "../server.mjs";
import { cluster } from "./scenes.mjs";

const { values: options } = parseArgs({
  options: {
    core: { type: "string" },
    services: { type: "string", default: "500" },
    pods: { type: "string", default: "10" },
    nodes: { type: "string", default: "50" },
    runs: { type: "string", default: "5" },
  },
});
const MUST_MS = 8;
const text = cluster(Number(options.services), Number(options.pods), Number(options.nodes));

/**
 * In a page: the names of what steps do, and of every step which of them it is and how long it took. A small text goes
 * before, as a page has one when it opens: functions are compiled when they are first called.
 */
async function takeTheSteps([module, small, manifests]) {
  const bytes = Uint8Array.from(atob(module), (c) => c.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const core = instance.exports;
  const names = ["any event, and a snapshot"];
  settle(small);
  return { names, ...settle(manifests) };

  function settle(manifests) {
    const encoded = new TextEncoder().encode(manifests);
    const at = core.room(encoded.length);
    new Uint8Array(core.memory.buffer, at, encoded.length).set(encoded);
    const [kinds, times] = [[], []];
    for (;;) {
      const next = core.next();
      if (next === 0) return { kinds, times };
      names[next] ??= new TextDecoder().decode(new Uint8Array(core.memory.buffer, core.name_at(), core.name_length()));
      const kept = core.history_bytes();
      const start = performance.now();
      core.step();
      times.push(performance.now() - start);
      kinds.push(kept !== 0 && core.history_bytes() !== kept ? 0 : next);
    }
  }
}

/**
 * In the page, before its own scripts: how long it is from each look at the clock to the next one in the same task. The
 * page looks after every step of the core, and draws in between two tasks or after the last look of one.
 */
function noteSteps() {
  const clock = performance.now.bind(performance);
  let task = 0;
  let last = { task: -1, at: 0 };
  globalThis.steps = [];
  performance.now = () => {
    const at = clock();
    if (last.task === task) globalThis.steps.push(at - last.at);
    last = { task, at: clock() };
    return at;
  };
  window.addEventListener("click", () => (task += 1), true);
  for (const name of ["setTimeout", "requestAnimationFrame"]) {
    const ask = window[name];
    window[name] = (callback, ...rest) =>
      ask.call(
        window,
        (...args) => {
          task += 1;
          return callback(...args);
        },
        ...rest,
      );
  }
}

/** Every run takes the same steps, so the least that one took is what it takes: the rest is what else the machine did. */
async function coreAlone(module) {
  let least = null;
  for (let run = 0; run < Number(options.runs); run += 1) {
    // In a browser of its own, which has compiled nothing yet.
    const browser = await chromium.launch(launchOptions);
    const page = await browser.newPage();
    const taken = await page.evaluate(takeTheSteps, [readFileSync(module).toString("base64"), cluster(3, 3, 3), text]);
    await browser.close();
    if (least && least.kinds.length !== taken.kinds.length) throw new Error("another run has other steps");
    least = { ...taken, times: taken.times.map((ms, step) => Math.min(ms, least?.times[step] ?? ms)) };
  }
  const kinds = least.names.map((name) => ({ name, count: 0, all: 0, longest: 0 }));
  least.kinds.forEach((number, step) => {
    const [kind, ms] = [kinds[number], least.times[step]];
    kind.count += 1;
    kind.all += ms;
    kind.longest = Math.max(kind.longest, ms);
  });
  kinds.sort((a, b) => b.longest - a.longest);
  console.log(`| the core's step, the least of ${options.runs} runs | how many | all ms | longest ms, must ${MUST_MS} |`);
  console.log("|---|---:|---:|---:|");
  for (const { name, count, all, longest } of kinds) {
    console.log(`| ${name} | ${count} | ${all.toFixed(0)} | ${longest.toFixed(1)} |`);
  }
}

/** One run in the page: the steps from the button on, and milliseconds until the cluster is there, and settled. */
async function once(url) {
  const browser = await chromium.launch(launchOptions);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.addInitScript(noteSteps);
  const lab = await Lab.open(page, url);
  // So that no step is the old cluster's.
  await lab.pause();
  const dialog = await lab.paste("");
  // Typing it would take longer.
  await dialog.getByRole("textbox").evaluate((area, value) => {
    area.value = value;
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, text);
  await dialog.getByText("nothing to say against it").waitFor({ timeout: 60_000 });
  await page.evaluate(() => (globalThis.steps = []));
  const start = performance.now();
  await dialog.getByRole("button", { name: "Load", exact: true }).click();
  const opening = page.getByText("Running up to its moment");
  await opening.waitFor({ timeout: 120_000 });
  const loaded = performance.now() - start;
  await opening.waitFor({ state: "detached", timeout: 600_000 });
  const settled = performance.now() - start;
  const steps = await page.evaluate(() => globalThis.steps);
  await browser.close();
  return { steps, loaded, settled };
}

/** As for the core alone, the least that each step took. */
async function inThePage(url) {
  const runs = [];
  for (let run = 0; run < Math.min(3, Number(options.runs)); run += 1) runs.push(await once(url));
  const counts = runs.map(({ steps }) => steps.length);
  if (new Set(counts).size > 1) console.log(`the runs have ${counts} steps: they are not compared`);
  const [first, ...others] = new Set(counts).size > 1 ? [runs[0]] : runs;
  const least = first.steps.map((ms, step) => Math.min(ms, ...others.map(({ steps }) => steps[step])));
  const longest = least.reduce((a, b) => Math.max(a, b), 0);
  const best = (key) => (Math.min(...runs.map((run) => run[key])) / 1000).toFixed(1);
  console.log(`\n| in the page, the best of ${runs.length} runs | |\n|---|---:|`);
  console.log(`| the longest from one look at the clock to the next, must ${MUST_MS} | ${longest.toFixed(1)} ms |`);
  console.log(`| from the button Load until the new cluster is there | ${best("loaded")} s |`);
  console.log(`| ... until it has settled | ${best("settled")} s |`);
}

if (options.core) await coreAlone(options.core);
const server = await serve();
await inThePage(server.url);
await server.stop();
