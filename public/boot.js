// Loads the module once and mounts a lab into every element that has `data-packetyard`.
// All data-* attributes of the element go to the lab as one JSON object, under their dataset names.
import { Recorder, showMessage, showStopped, takeResumed } from "./stopped.js";

const labs = [...document.querySelectorAll("[data-packetyard]")];
const resumed = takeResumed();
const recorders = labs.map((_, nth) => new Recorder(resumed[nth]));

/** The module, compiled while it arrives where server and browser can do that. */
async function compile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: the server answered ${response.status}`);
  const streams = WebAssembly.compileStreaming && response.headers.get("Content-Type") === "application/wasm";
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

async function load() {
  const glue = import("./packetyard-web.js");
  const module = compile(new URL("packetyard-web_bg.wasm", import.meta.url));
  // Both are on their way; when both fail the first failure is told, and the other is not left unhandled.
  const [{ default: initialise, ...exports }, module_or_path] = await Promise.all([glue, module]);
  await initialise({ module_or_path });
  return exports;
}

/**
 * Leptos makes elements that never change from text, which a page with `require-trusted-types-for 'script'` takes
 * from a policy only. Where the page has one of its own, that decides; else this one, which passes elements and
 * plain attributes and nothing that could run.
 */
function allowMarkup() {
  const runs = /<\s*(script|iframe|object|embed|base|link|meta|style)\b|\son\w+\s*=|javascript:/i;
  const createHTML = (text) => (runs.test(text) ? null : text);
  try {
    if (!window.trustedTypes?.defaultPolicy) window.trustedTypes?.createPolicy("default", { createHTML });
  } catch {
    // The page's `trusted-types` does not name it. Without such a policy the lab cannot be drawn, and says so.
  }
}

/** What a person can do about an error. */
function advice(error) {
  if (typeof WebAssembly === "undefined") {
    return "This browser has no WebAssembly, or it is switched off. Use Chrome 97, Firefox 102, Safari 16 or newer.";
  }
  const { CompileError, LinkError } = WebAssembly;
  if (error instanceof CompileError && /Content Security Policy|CSP|unsafe-eval/.test(error.message)) {
    return "The site's content security policy forbids WebAssembly. Its script-src needs 'wasm-unsafe-eval'.";
  }
  if (error instanceof CompileError || error instanceof LinkError) {
    return "The files do not fit together, or the browser is too old. Load the page again without the cache.";
  }
  return "Look whether you are online, and load the page again.";
}

/** A panic ends in a trap; so do a stack that is too deep and a memory that is used up. */
function isTrap(error) {
  const inModule = () => /wasm/.test(error.stack);
  return error instanceof WebAssembly.RuntimeError || (error instanceof RangeError && inModule());
}

/** After a trap the memory of every lab is in doubt, so all of them stop. */
function stopOnTraps({ on_panic, version }) {
  const about = version();
  let panic = null;
  let stopped = false;
  // Before the trap, which says nothing about itself.
  on_panic((message) => (panic ??= message));
  const stop = (error) => {
    if (stopped || !isTrap(error)) return false;
    stopped = true;
    const fault = [panic, error.stack ?? String(error)].filter(Boolean).join("\n");
    labs.forEach((element, nth) => showStopped(element, nth, recorders, fault, about));
    return true;
  };
  addEventListener("error", (event) => stop(event.error));
  addEventListener("unhandledrejection", (event) => stop(event.reason));
  return stop;
}

function mountAll({ mount }) {
  labs.forEach((element, nth) => {
    element.replaceChildren();
    mount(element, JSON.stringify({ ...element.dataset }), recorders[nth]);
  });
}

try {
  const exports = await load();
  const stop = stopOnTraps(exports);
  allowMarkup();
  try {
    mountAll(exports);
  } catch (error) {
    if (!stop(error)) throw error;
  }
} catch (error) {
  for (const element of labs) showMessage(element, "Packetyard could not start.", advice(error), String(error));
  console.error("Packetyard could not start.", error);
}
