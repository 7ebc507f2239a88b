// The screen after a panic. A test provokes one by taking away what the page makes elements with: the
// module expects that it works.
import { accessibilityFaults, expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

test.use({ expectedMessages: [/panicked at|unreachable|taken away by the test/] });

/** Of the page as it is; the next one has all it needs. */
const takeElementsAway = (page) => page.evaluate(() => {
  const none = () => {
    throw new Error("taken away by the test");
  };
  Document.prototype.createElementNS = none;
  // The screen itself is made of these.
  const { createElement } = Document.prototype;
  Document.prototype.createElement = function (tag, ...options) {
    const fromModule = /\.wasm/.test(new Error().stack);
    return fromModule ? none() : createElement.call(this, tag, ...options);
  };
  const { cloneNode } = Node.prototype;
  Node.prototype.cloneNode = function (...args) {
    return /\.wasm/.test(new Error().stack) ? none() : cloneNode.apply(this, args);
  };
});

/** The lab's screen, after a panic at the moment that the clock shows. */
async function panic(page, lab) {
  // Nothing else shall want an element first.
  if (await lab.button("Pause").isVisible()) await lab.pause();
  await lab.select(lab.card("Pod", "").first());
  await expect(lab.inspector.getByRole("tab").first()).toBeVisible();
  await takeElementsAway(page);
  await lab.card("Service").first().press("Enter");
  const screen = page.getByRole("alert");
  await expect(screen).toContainText("Packetyard has stopped");
  return screen;
}

const button = (page, name) => page.getByRole("button", { name });

test("names the place, is announced, and has the focus", async ({ page }) => {
  const lab = await Lab.open(page);
  const screen = await panic(page, lab);
  await expect(screen.locator("code")).toContainText(/panicked at \S+\.rs:\d+:\d+:/);
  await expect(screen).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(button(page, "Continue from a second before")).toBeFocused();
  expect(await accessibilityFaults(page)).toEqual([]);
});

for (const theme of ["light", "dark"]) {
  test(`is ${theme} where the lab was`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme === "dark" ? "light" : "dark" });
    const lab = await Lab.open(page, `./?theme=${theme}`);
    const screen = await panic(page, lab);
    const lightness = (property) => screen.evaluate((element, property) => {
      const [red, green, blue] = getComputedStyle(element)[property].match(/\d+/g).map(Number);
      return red + green + blue;
    }, property);
    const [ink, paper] = [await lightness("color"), await lightness("backgroundColor")];
    expect(ink > paper).toBe(theme === "dark");
    expect(await accessibilityFaults(page)).toEqual([]);
  });
}

test("continues a second before, still, with all that was done until then", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  await lab.setType("web", "NodePort");
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  const done = await lab.clock();
  await lab.play();
  await expect.poll(() => lab.clock()).toBeGreaterThan(done + 2);
  await lab.pause();
  await lab.setType("web", "ClusterIP");
  await expect(lab.service("web")).toHaveAccessibleName(/, ClusterIP, /);
  const stopped = await lab.clock();
  await panic(page, lab);
  await button(page, "Continue from a second before").click();
  await lab.stands();
  await expect(button(page, "Play")).toBeVisible();
  await expect(lab.notices.getByText("a second before")).toBeVisible();
  expect(await lab.clock()).toBeCloseTo(stopped - 1, 1);
  // What was done in the last second can be done again; what was done before can be undone.
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  await lab.button("Redo").click();
  await expect(lab.service("web")).toHaveAccessibleName(/, ClusterIP, /);
  await lab.button("Undo").click();
  await lab.button("Undo").click();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
});

test("starts again from the beginning, whatever was kept", async ({ page }) => {
  const lab = await Lab.open(page, "./?scenario=doors&name=anew");
  const type = /, (ClusterIP|NodePort|LoadBalancer), /;
  const service = lab.card("Service").first();
  const before = (await service.getAttribute("aria-label")).match(type)[1];
  const other = before === "NodePort" ? "ClusterIP" : "NodePort";
  await lab.setType((await service.getAttribute("aria-label")).match(/^Service (\S+),/)[1], other);
  await expect(service).toHaveAccessibleName(new RegExp(`, ${other}, `));
  await panic(page, lab);
  await button(page, "Start again from the beginning").click();
  await lab.stands();
  await expect(service).toHaveAccessibleName(new RegExp(`, ${before}, `));
  await page.reload();
  await lab.stands();
  await expect(service).toHaveAccessibleName(new RegExp(`, ${before}, `));
});

test("keeps nothing in the browser any more, for what it has is in doubt", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.setType("web", "NodePort");
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  const keptOnLeaving = () => page.evaluate(() => {
    localStorage.clear();
    dispatchEvent(new Event("pagehide"));
    return localStorage.length;
  });
  expect(await keptOnLeaving()).toBeGreaterThan(0);
  await panic(page, lab);
  expect(await keptOnLeaving()).toBe(0);
});

test("copies a report that holds the run", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const lab = await Lab.open(page);
  await lab.setType("web", "NodePort");
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  await panic(page, lab);
  await button(page, "Copy a report").click();
  await expect(page.getByRole("status")).toContainText("Copied");
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toMatch(/panicked at \S+\.rs:\d+:\d+:/);
  expect(report).toMatch(/^Packetyard [\d.]+, model \d+$/m);
  expect(report).toContain("do: setServiceType");
  expect(report).toContain("kind: Scenario");
  expect(report).toContain("Chrome");
});

test("shows the report where the page may not copy", async ({ page }) => {
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("said by the test", "NotAllowedError"));
  });
  const lab = await Lab.open(page);
  await panic(page, lab);
  await button(page, "Copy a report").click();
  await expect(page.getByRole("textbox", { name: "Report" })).toHaveValue(/kind: Scenario/);
  await expect(page.getByRole("textbox", { name: "Report" })).toBeFocused();
});

test("two labs of a page stop together and go on together", async ({ page }) => {
  await page.goto("two.html");
  const mounts = page.locator("[data-packetyard]");
  const [first, second] = [new Lab(mounts.nth(0), page), new Lab(mounts.nth(1), page)];
  await first.stands();
  await second.stands();
  await first.setType("web", "NodePort");
  await expect(first.service("web")).toHaveAccessibleName(/, NodePort, /);
  await first.pause();
  const moment = await first.clock();
  await panic(page, second).catch(() => {});
  await expect(page.getByRole("alert")).toHaveCount(2);
  await mounts.nth(0).getByRole("button", { name: "Continue" }).click();
  await first.stands();
  await second.stands();
  await expect(first.button("Play")).toBeVisible();
  await expect(second.button("Play")).toBeVisible();
  expect(await first.clock()).toBeCloseTo(moment - 1, 1);
});
