// What takes the place of a lab that cannot go on, and what is kept of its work for that moment.

// The lab's own colours: src/theme/theme.css.
const SHEET = `
.stopped {
  --bg: #f6f7f9;
  --panel: #ffffff;
  --ink: #16202c;
  --ink2: #4d5b6b;
  --line: #d3dae2;
  --control: #7d8997;
  --focus: #0b5fd6;
  box-sizing: border-box;
  display: grid;
  grid-template-columns: minmax(0, 44rem);
  justify-content: center;
  align-content: start;
  gap: 16px;
  height: 100%;
  padding: clamp(24px, 12vh, 120px) 20px 24px;
  overflow: auto;
  color-scheme: light;
  color: var(--ink);
  background: var(--bg);
  font: 15px/1.5 system-ui, sans-serif;
}
.stopped[data-theme="dark"] {
  --bg: #0f141a;
  --panel: #161d26;
  --ink: #e6ebf1;
  --ink2: #a3b0bf;
  --line: #2f3b4a;
  --control: #6f7f91;
  --focus: #6fb1ff;
  color-scheme: dark;
}
.stopped:focus { outline: none; }
.stopped > * { margin: 0; }
/* Nothing has been said yet: no room is taken. */
.stopped > p:empty { position: absolute; }
.stopped h1 { font-size: 22px; line-height: 1.2; letter-spacing: -0.01em; }
.stopped .actions { display: flex; flex-wrap: wrap; gap: 8px; }
.stopped button {
  min-height: 44px;
  padding: 8px 16px;
  border: 1px solid var(--control);
  border-radius: 7px;
  color: var(--ink);
  background: var(--panel);
  font: inherit;
  cursor: pointer;
}
.stopped button:first-child { border-color: var(--ink); color: var(--panel); background: var(--ink); }
.stopped button:focus-visible, .stopped textarea:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.stopped pre, .stopped textarea {
  box-sizing: border-box;
  padding: 12px 14px;
  border: 1px solid var(--line);
  border-radius: 8px;
  color: var(--ink2);
  background: var(--panel);
  font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
.stopped pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.stopped pre code { font: inherit; }
.stopped textarea { width: 100%; height: 16em; }
@media (max-width: 500px) {
  .stopped button { flex: 1 1 100%; }
}
`;

const SECOND = 1e9;

/**
 * What a lab says of its run as it goes. It is kept here, outside the module, whose memory is in
 * doubt after a panic. The module calls it: src/session/recorder.rs.
 */
export class Recorder {
  /** What there was in this lab before the page was loaded again, if it was loaded to go on with it. */
  resumed;
  /** Simulated nanoseconds, from when its clients begin, that the run has surely reached. */
  now = 0;
  /** The action that was begun last and has not been carried out yet, in words. */
  doing = null;
  /** The module's timers and frames may still come after a trap: it asks here whether they are to do anything. */
  stopped = false;
  #work = null;

  constructor(resumed = null) {
    this.resumed = resumed;
  }

  /**
   * The whole run as a scenario's text, and what was undone in it; the key of what was opened, and
   * its text where it is the reader's own.
   */
  keep(key, text, undone, original) {
    this.#work = { key, text, undone, original };
    this.doing = null;
  }

  get text() {
    return this.#work?.text ?? null;
  }

  /** For a lab that goes on a second before the moment that this one had reached. */
  aSecondBefore() {
    return this.#work && { ...this.#work, at: this.now - SECOND };
  }
}

/** For a lab that begins its text anew, whatever was kept of the work on it. */
const ANEW = { anew: true };

const HELD = "packetyard";

/** What the labs of the page, in their order, shall go on with. The next loading of the page is an ordinary one. */
export function takeResumed() {
  const { [HELD]: resumed, ...others } = Object(history.state);
  if (resumed) history.replaceState(Object.keys(others).length > 0 ? others : null, "");
  return resumed ?? [];
}

/** The page's modules cannot be begun again, so the page is. */
function loadAgainWith(resumed) {
  history.replaceState({ ...Object(history.state), [HELD]: resumed }, "");
  location.reload();
}

function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Shows these in place of the lab in the element, which may have had the focus. */
function show(element, ...children) {
  const hadFocus = document.activeElement === element;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = element.shadowRoot?.querySelector("[data-theme]")?.dataset.theme ?? system;
  const screen = made("div", { className: "stopped" }, ...children);
  screen.setAttribute("role", "alert");
  // Not one of its buttons: a key that is just being pressed would press that.
  screen.tabIndex = -1;
  screen.dataset.theme = theme;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.replaceChildren(screen);
  if (hadFocus) screen.focus({ preventScroll: true });
}

/** A message that a person can act on. */
export function showMessage(element, what, whatToDo, cause) {
  show(element, made("h1", { textContent: what }), made("p", { textContent: whatToDo }), pre(cause));
}

const pre = (text) => made("pre", {}, made("code", { textContent: text }));

/** What somebody needs who is to find the fault. */
function reportOf(fault, version, recorder) {
  const run = recorder.text === null ? [] : [`The run, at ${seconds(recorder.now)}:`, recorder.text];
  const doing = recorder.doing === null ? [] : [`While this was done: ${recorder.doing}`];
  return [fault, ...doing, version, navigator.userAgent, ...run].join("\n");
}

const seconds = (nanoseconds) => `${(nanoseconds / SECOND).toFixed(1)} s`;

/** Copies the text; where the browser forbids it, the text is shown, selected. */
async function copy(text, said, actions) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied. It holds the run and what your browser calls itself, and nothing else about you.";
  } catch {
    const area = made("textarea", { readOnly: true, value: text });
    area.setAttribute("aria-label", "Report");
    actions.after(area);
    area.select();
    said.textContent = "This browser does not let the page copy. The report is selected: copy it from here.";
  }
}

/**
 * The lab in the element has stopped, as have all others of the page, which share its module.
 * `recorders` are all labs', in the order of the page; `fault` says what went wrong, and where.
 */
export function showStopped(element, nth, recorders, fault, version) {
  const recorder = recorders[nth];
  recorder.stopped = true;
  const goOn = recorders.map((each) => each.aSecondBefore());
  const anew = goOn.map((work, other) => (other === nth ? ANEW : work));
  const said = made("p");
  said.setAttribute("role", "status");
  const button = (textContent, onclick) => made("button", { type: "button", textContent, onclick });
  const actions = made("p", { className: "actions" });
  if (goOn[nth] !== null) actions.append(button("Continue from a second before", () => loadAgainWith(goOn)));
  actions.append(button("Start again from the beginning", () => loadAgainWith(anew)));
  const report = reportOf(fault, version, recorder);
  actions.append(button("Copy a report", () => copy(report, said, actions)));
  const kept = goOn[nth] === null ? "" : ` What you did in it until ${seconds(recorder.now)} is kept.`;
  show(
    element,
    made("h1", { textContent: "Packetyard has stopped" }),
    made("p", { textContent: `This is a fault in Packetyard, not in your browser and not in what you did.${kept}` }),
    actions,
    said,
    pre(fault),
  );
}
