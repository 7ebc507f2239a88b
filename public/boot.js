// Loads the module once and mounts a lab into every element that has `data-packetyard`.
// All data-* attributes of the element go to the lab as one JSON object, under their dataset names.

const labs = () => document.querySelectorAll("[data-packetyard]");

/** Replaces every lab by a message that a person can act on. */
function giveUp(what, whatToDo, cause) {
  for (const element of labs()) {
    const message = document.createElement("div");
    message.setAttribute("role", "alert");
    // Set here because the page's style sheet does not reach into a shadow root.
    Object.assign(message.style, { maxWidth: "36em", padding: "2em", font: "16px/1.5 system-ui, sans-serif" });
    for (const [tag, text] of [["strong", what], ["p", whatToDo], ["code", String(cause)]]) {
      message.append(Object.assign(document.createElement(tag), { textContent: text }));
    }
    (element.shadowRoot ?? element).replaceChildren(message);
  }
  console.error(what, cause);
}

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
  const [{ default: initialise, mount }, module_or_path] = await Promise.all([glue, module]);
  await initialise({ module_or_path });
  return mount;
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

const FAULT = "This is a fault in Packetyard, not in your browser. Load the page again.";

/** What a person can do about an error. */
function advice(error) {
  if (typeof WebAssembly === "undefined") {
    return "This browser has no WebAssembly, or it is switched off. Use Chrome 97, Firefox 102, Safari 16 or newer.";
  }
  const { CompileError, LinkError, RuntimeError } = WebAssembly;
  if (error instanceof CompileError && /Content Security Policy|CSP|unsafe-eval/.test(error.message)) {
    return "The site's content security policy forbids WebAssembly. Its script-src needs 'wasm-unsafe-eval'.";
  }
  if (error instanceof CompileError || error instanceof LinkError) {
    return "The files do not fit together, or the browser is too old. Load the page again without the cache.";
  }
  if (error instanceof RuntimeError) return FAULT;
  return "Look whether you are online, and load the page again.";
}

/** After a trap the memory of every lab is in doubt, so all of them stop. */
function watchForTraps() {
  const stop = (error) => {
    if (error instanceof WebAssembly.RuntimeError) giveUp("Packetyard has stopped.", FAULT, error);
  };
  addEventListener("error", (event) => stop(event.error));
  addEventListener("unhandledrejection", (event) => stop(event.reason));
}

try {
  const mount = await load();
  watchForTraps();
  allowMarkup();
  for (const element of labs()) {
    element.replaceChildren();
    mount(element, JSON.stringify({ ...element.dataset }));
  }
} catch (error) {
  giveUp("Packetyard could not start.", advice(error), error);
}
