// In other people's pages: in a frame with options, and twice in one page.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";
import { BASE, HOST } from "../server.mjs";

/** A page of somebody else's, on another path, with the site in a frame. */
async function framed(page, query) {
  await page.goto(`${HOST}?src=${encodeURIComponent(BASE + query)}`);
  const lab = new Lab(page.frameLocator("iframe"), page);
  await lab.stands();
  return lab;
}

test("a figure in a frame: scenario, theme, no controls, still", async ({ page }) => {
  const lab = await framed(page, "?scenario=labels&theme=dark&controls=none&autoplay=0");
  await expect(lab.card("Service", "web-canary")).toBeVisible();
  await expect(lab.root.locator("[data-theme]")).toHaveAttribute("data-theme", "dark");
  await expect(lab.inspector).toHaveCount(0);
  for (const name of ["Pause", "Load", "Share", "Undo"]) await expect(lab.button(name)).toHaveCount(0);
  await expect(lab.button("Play")).toBeVisible();
  // Still, but not dead: its menus work.
  await lab.choose(lab.card("Pod", "canary-"), "Delete (with its grace period)");
  await expect(lab.card("Pod", "canary-").first()).toHaveAccessibleName(/Terminating/);
  await lab.button("Undo").click();
  await expect(lab.card("Pod", "canary-").first()).toHaveAccessibleName(/Ready/);
});

test.describe("an address that is not understood", () => {
  test.use({ expectedMessages: [/^Packetyard: /] });

  test("whoever embeds is told", async ({ page }) => {
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    await framed(page, "?scenario=first&controls=some");
    expect(said).toContain("Packetyard: controls=some is not understood, only none, transport and full.");
  });
});

test("a figure follows the theme of the page around it", async ({ page }) => {
  const lab = await framed(page, "?scenario=first&theme=auto");
  const tell = (message) =>
    page.evaluate((it) => document.querySelector("iframe").contentWindow.postMessage(it, "*"), message);
  await tell({ packetyard: { theme: "dark" } });
  await expect(lab.root.locator("[data-theme]")).toHaveAttribute("data-theme", "dark");
  await tell({ packetyard: { theme: "light" } });
  await expect(lab.root.locator("[data-theme]")).toHaveAttribute("data-theme", "light");
});

test("a figure with the controls of time", async ({ page }) => {
  const lab = await framed(page, "?scenario=readiness&theme=light&controls=transport");
  await expect(lab.root.locator("[data-theme]")).toHaveAttribute("data-theme", "light");
  await expect(lab.inspector).toHaveCount(0);
  await expect(lab.button("Load")).toHaveCount(0);
  const clock = await lab.clock();
  await expect.poll(() => lab.clock()).toBeGreaterThan(clock);
  await lab.pause();
  await lab.play();
});

test("a figure begins anew each time", async ({ page }) => {
  const lab = await framed(page, "?scenario=first");
  await lab.setType("web", "NodePort");
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  await page.reload();
  await lab.stands();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
});

test("the theme follows the system until somebody chooses", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  const lab = await Lab.open(page);
  const theme = page.locator("[data-theme]");
  await expect(theme).toHaveAttribute("data-theme", "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect(theme).toHaveAttribute("data-theme", "light");
  await lab.button("Theme: as the system").click();
  await expect(theme).toHaveAttribute("data-theme", "dark");
  await expect(lab.button("Theme: dark")).toBeVisible();
});

test("two labs in one page share nothing, and touch nothing of the page", async ({ page }) => {
  await page.addInitScript(() => {
    globalThis.namesBefore = new Set(Object.getOwnPropertyNames(globalThis));
  });
  await page.goto("two.html");
  const mounts = page.locator("[data-packetyard]");
  await expect(mounts).toHaveCount(2);
  const [first, second] = [new Lab(mounts.nth(0), page), new Lab(mounts.nth(1), page)];
  await first.stands();
  await second.stands();
  await expect(first.service("web")).toBeVisible();
  await expect(second.service("ported")).toBeVisible();
  await second.pause();
  await expect(first.button("Pause")).toBeVisible();
  const [{ name: victim }] = await first.ready("web-");
  const others = await second.pods();
  await first.hurry();
  await first.choose(first.card("Pod", victim), "Delete (with its grace period)");
  await expect.poll(async () => (await first.pods()).map(({ name }) => name)).not.toContain(victim);
  await expect.poll(async () => (await first.ready("web-")).length).toBe(3);
  expect(await second.pods()).toEqual(others);
  await expect(second.button("Undo")).toBeDisabled();
  await expect(first.button("Undo")).toBeEnabled();
  // Outside the mount elements the page is what the server sent.
  const { now, sent, added } = await page.evaluate(async () => {
    const text = await (await fetch(location.href)).text();
    const added = Object.getOwnPropertyNames(globalThis).filter((name) => !globalThis.namesBefore.has(name));
    const html = (page) => page.documentElement.outerHTML.replace(/\s+/g, " ");
    return { now: html(document), sent: html(new DOMParser().parseFromString(text, "text/html")), added };
  });
  expect(now).toBe(sent);
  expect(added.filter((name) => !/^(namesBefore|\d+|__playwright.*|__pw.*)$/.test(name))).toEqual([]);
});

test("a lab whose element is taken away stops", async ({ page }) => {
  // Not by Playwright's clock: its frames have numbers that no 32 bits hold, so that none can be cancelled.
  await page.addInitScript(() => {
    globalThis.framesAsked = 0;
    globalThis.nextFrame = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.requestAnimationFrame = (callback) => ((globalThis.framesAsked += 1), globalThis.nextFrame(callback));
  });
  const lab = await Lab.open(page);
  /** How often the lab asks for a frame while the page has thirty. */
  const asked = () => page.evaluate(async () => {
    const before = globalThis.framesAsked;
    for (let n = 0; n < 30; n += 1) await new Promise((come) => globalThis.nextFrame(come));
    return globalThis.framesAsked - before;
  });
  expect(await asked()).toBeGreaterThan(0);
  await page.evaluate(() => document.querySelector("[data-packetyard]").remove());
  await expect(lab.button("Pause")).toHaveCount(0);
  await expect.poll(asked).toBe(0);
});
