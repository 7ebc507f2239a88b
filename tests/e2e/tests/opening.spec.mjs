// What is on show with nobody touching anything, and what stands still when it should.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

/** What goes on in the page by itself while its clock is moved on by so many milliseconds. */
async function goesOn(page, duration) {
  const watch = await page.evaluateHandle(() => {
    const root = document.querySelector("[data-packetyard]").shadowRoot;
    const seen = { changes: 0, frames: globalThis.framesAsked, root };
    seen.observer = new MutationObserver((list) => (seen.changes += list.length));
    seen.observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
    return seen;
  });
  await page.clock.runFor(duration);
  return watch.evaluate(({ changes, frames, root, observer }) => {
    const last = observer.takeRecords().length;
    observer.disconnect();
    const animations = root.getAnimations().filter(({ playState }) => playState === "running").length;
    return { frames: globalThis.framesAsked - frames, changes: changes + last, animations };
  });
}

/** A page whose clock the test can move on, and which counts its frames. */
async function countFrames(page) {
  await page.clock.install();
  await page.addInitScript(() => {
    globalThis.framesAsked = 0;
    const ask = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.requestAnimationFrame = (callback) => ((globalThis.framesAsked += 1), ask(callback));
  });
}

const NOTHING = { frames: 0, changes: 0, animations: 0 };

test("packets move within five seconds, untouched", async ({ page }) => {
  await page.goto("./");
  const lab = new Lab(page);
  const soon = { timeout: 5_000 };
  await expect(lab.card("Client", "browser")).toBeVisible(soon);
  const [clock, packets] = [await lab.clock(), await lab.packets()];
  await expect.poll(() => lab.packets(), soon).not.toBe(packets);
  await expect.poll(() => lab.clock(), soon).toBeGreaterThan(clock + 0.5);
  await expect(lab.card("Client", "browser")).toHaveAccessibleName(/% ok/, soon);
});

test("what was delivered is counted", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.hurry();
  await lab.select(lab.card("Client", "browser"));
  const sent = async () => Number.parseInt(await lab.fact("Requests").textContent());
  const before = await sent();
  await expect.poll(sent).toBeGreaterThan(before + 3);
  await expect(lab.fact("Requests")).toContainText("100.0 % delivered");
  await expect(lab.fact("Failed")).toHaveText("none");
});

for (const [title, about] of [
  ["Three doors: ClusterIP, NodePort, LoadBalancer", { services: 3, pods: 4 }],
  ["Ready, or not", { services: 1, pods: 6 }],
  ["Labels decide who belongs", { services: 2, pods: 5 }],
  ["A small shop", { services: 4, pods: 7 }],
]) {
  test(`the scenario “${title}” opens at once`, async ({ page }) => {
    const lab = await Lab.open(page);
    await page.getByRole("combobox", { name: "Scenario" }).selectOption({ label: title });
    await expect(lab.inspector.getByRole("heading", { name: title })).toBeVisible();
    await expect(lab.card("Service")).toHaveCount(about.services);
    await expect.poll(async () => (await lab.ready()).length).toBe(about.pods);
    const packets = await lab.packets();
    await expect.poll(() => lab.packets()).not.toBe(packets);
  });
}

test("a paused lab asks for no frame and changes nothing", async ({ page }) => {
  await countFrames(page);
  const lab = await Lab.open(page);
  expect((await goesOn(page, 300)).frames).toBeGreaterThan(0);
  await lab.pause();
  await expect.poll(() => goesOn(page, 1_000)).toEqual(NOTHING);
  const [clock, packets] = [await lab.clock(), await lab.packets()];
  expect(await goesOn(page, 1_000)).toEqual(NOTHING);
  expect([await lab.clock(), await lab.packets()]).toEqual([clock, packets]);
});

test("a paused lab with something selected stands still too", async ({ page }) => {
  await countFrames(page);
  const lab = await Lab.open(page);
  await lab.pause();
  await lab.select(lab.card("Pod", "web-").first());
  await expect.poll(() => goesOn(page, 1_000)).toEqual(NOTHING);
});

test("a lab in which nothing will happen asks for no frame, though it plays", async ({ page }) => {
  await countFrames(page);
  const lab = await Lab.open(page);
  await lab.load(`apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {clients: [], dns: ideal}
---
apiVersion: v1
kind: Service
metadata: {name: alone}
spec: {ports: [{port: 80}]}
`);
  await expect(lab.service("alone")).toBeVisible();
  await expect(lab.button("Pause")).toBeVisible();
  await lab.notices.getByRole("button", { name: "Dismiss" }).click();
  await expect.poll(() => goesOn(page, 1_000)).toEqual(NOTHING);
});

test("who prefers less motion begins with a still picture", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await countFrames(page);
  const lab = await Lab.open(page);
  await expect(lab.button("Play")).toBeVisible();
  await expect.poll(() => goesOn(page, 1_000)).toEqual(NOTHING);
  const clock = await lab.clock();
  await lab.play();
  await expect.poll(() => lab.clock()).toBeGreaterThan(clock);
});

test("steps go to the next event and back", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  const clock = await lab.clock();
  await lab.button("Step to the next event").click();
  await expect.poll(() => lab.clock()).toBeGreaterThanOrEqual(clock);
  for (let n = 0; n < 8; n += 1) await lab.button("Step to the next event").click();
  await expect.poll(() => lab.clock()).toBeGreaterThan(clock);
  // The clock on show follows the steps ten times a second: let it come to rest.
  let later = await lab.clock();
  const rested = async () => {
    const before = later;
    later = await lab.clock();
    return later === before;
  };
  await expect.poll(rested, { intervals: [300] }).toBe(true);
  // Two events may be closer to each other than the clock tells: as many steps back as forward.
  for (let n = 0; n < 8; n += 1) await lab.button("Step back").click();
  await expect.poll(() => lab.clock()).toBeLessThan(later);
});

test("the speed is logarithmic, from a fiftieth to twenty", async ({ page }) => {
  await Lab.open(page);
  const speed = page.getByRole("slider", { name: "Speed" });
  await expect(speed).toHaveAttribute("aria-valuetext", "1×");
  await speed.press("Home");
  await expect(speed).toHaveAttribute("aria-valuetext", "1/50×");
  // The middle of nineteen stops.
  await speed.fill("9");
  await expect(speed).toHaveAttribute("aria-valuetext", "1/2×");
  await speed.press("End");
  await expect(speed).toHaveAttribute("aria-valuetext", "20×");
});

test("what needs no tools is done before they are there, and nothing moves when they come", async ({ page }) => {
  let come;
  const held = new Promise((resolve) => (come = resolve));
  await page.route("**/split_tools.wasm", async (route) => {
    await held;
    await route.continue();
  });
  const lab = await Lab.open(page);
  await expect(lab.button("Pause")).toBeHidden();
  const pod = lab.card("Pod", "web-").first();
  const name = (await lab.pods("web-"))[0].name;
  await pod.press("Enter");
  await page.keyboard.press("Delete");
  await expect(pod).toBeFocused();
  await expect(lab.card("Pod", name)).toHaveAccessibleName(/Terminating/);
  const before = await lab.picture.boundingBox();
  come();
  await expect(lab.inspector.getByRole("heading", { name: `Pod ${name}` })).toBeVisible();
  expect(await lab.picture.boundingBox()).toEqual(before);
  await lab.button("Undo").click();
  await expect(lab.card("Pod", name)).toHaveAccessibleName(/Ready/);
});

for (const [width, height] of [[1440, 900], [1024, 700], [768, 1024], [600, 900], [480, 900], [390, 844], [320, 640]]) {
  test(`the places of header, inspector and transport are kept for them, ${width} wide`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    let come;
    const held = new Promise((resolve) => (come = resolve));
    await page.route("**/split_tools.wasm", async (route) => {
      await held;
      await route.continue();
    });
    const lab = await Lab.open(page);
    const before = await lab.picture.boundingBox();
    come();
    await expect(lab.button("Load")).toBeVisible();
    expect(await lab.picture.boundingBox()).toEqual(before);
  });
}

test.describe("when the tools cannot be fetched", () => {
  test.use({ expectedMessages: [/Failed to (fetch|load resource)/] });

  test("that is said, and the next interaction tries again", async ({ page }) => {
    let online = false;
    await page.route("**/split_tools.wasm", (route) => (online ? route.continue() : route.abort()));
    const lab = await Lab.open(page);
    await expect(page.getByText("A part of this page could not be fetched.")).toBeVisible();
    await expect(lab.button("Load")).toBeHidden();
    online = true;
    await lab.card("Pod", "web-").first().hover();
    await expect(lab.button("Load")).toBeVisible();
  });
});
