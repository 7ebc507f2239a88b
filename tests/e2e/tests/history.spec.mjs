// What was done can be undone, is kept over a reload, and can be thrown away.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const DELETE = "Delete (with its grace period)";
const names = async (lab) => (await lab.pods("web-")).map(({ name }) => name).sort();

test("undo goes back to the run before the action, redo does it again", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  const [clock, before] = [await lab.clock(), await lab.pods()];
  await expect(lab.button("Undo")).toBeDisabled();
  await lab.choose(lab.card("Pod", "web-").first(), DELETE);
  await lab.hurry();
  await lab.play();
  await expect.poll(() => names(lab)).not.toContain(before.find(({ name }) => name.startsWith("web-")).name);
  await lab.pause();
  await lab.button("Undo").click();
  await expect(lab.notices.filter({ hasText: /Undone: .*web-/ })).toBeVisible();
  await expect.poll(() => lab.pods()).toEqual(before);
  expect(await lab.clock()).toBe(clock);
  await expect(lab.button("Undo")).toBeDisabled();
  const terminating = async () => (await lab.pods("web-")).filter(({ state }) => state === "Terminating").length;
  await lab.button("Redo").click();
  await expect.poll(terminating).toBe(1);
  await lab.card("Pod", "web-").first().press("Control+z");
  await expect.poll(() => lab.pods()).toEqual(before);
  await page.keyboard.press("Control+Shift+Z");
  await expect.poll(terminating).toBe(1);
});

test(
  "the keys go on working after the Undo button has been used up",
  async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.setType("web", "NodePort");
    await lab.button("Undo").click();
    await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
    await page.keyboard.press("Control+Shift+Z");
    await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  },
);

test("a reload keeps the work", async ({ page }) => {
  const lab = await Lab.open(page);
  const [{ name: victim }] = await lab.ready("web-");
  await lab.choose(lab.card("Pod", victim), DELETE);
  await lab.setType("web", "NodePort");
  await lab.hurry();
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(3);
  await expect.poll(() => names(lab)).not.toContain(victim);
  await lab.pause();
  const [kept, clock] = [await names(lab), await lab.clock()];
  await page.reload();
  await lab.stands();
  await expect(lab.service("web")).toHaveAccessibleName(/^Service web, NodePort, /);
  expect(await names(lab)).toEqual(kept);
  expect(await lab.clock()).toBeGreaterThanOrEqual(clock);
});

test("what was done before a reload can be undone after it, and done again after another", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  const [clock, before] = [await lab.clock(), await lab.pods()];
  await lab.choose(lab.card("Pod", "web-").first(), DELETE);
  await lab.hurry();
  await lab.play();
  const [{ name: victim }] = before.filter(({ name }) => name.startsWith("web-"));
  await expect.poll(() => names(lab)).not.toContain(victim);
  await lab.pause();
  const between = [await lab.clock(), await lab.pods()];
  await lab.setType("web", "NodePort");
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  await page.reload();
  await lab.stands();
  await lab.pause();
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  await lab.button("Undo").click();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
  expect([await lab.clock(), await lab.pods()]).toEqual(between);
  await lab.button("Undo").click();
  await expect.poll(() => lab.pods()).toEqual(before);
  expect(await lab.clock()).toBe(clock);
  await expect(lab.button("Undo")).toBeDisabled();
  // All of it is undone, which a reload keeps too.
  await page.reload();
  await lab.stands();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
  expect(await names(lab)).toContain(victim);
  await expect(lab.button("Undo")).toBeDisabled();
  for (let n = 0; n < 2; n += 1) await lab.button("Redo").click();
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
  await expect.poll(() => names(lab)).not.toContain(victim);
  await expect(lab.button("Redo")).toBeDisabled();
});

test("what was undone before it was kept does not come back with a reload", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.setType("web", "NodePort");
  const kept = () => page.evaluate(() => localStorage.getItem("packetyard.1:lab:scenario/first"));
  await expect.poll(kept).toContain("NodePort");
  await lab.button("Undo").click();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
  await page.reload();
  await lab.stands();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
});

test("undo after steps back, over an action, is the way back of the run that is there", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  await lab.setType("web", "NodePort");
  await lab.button("Step back").click();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
  await lab.setType("web", "ClusterIP");
  await lab.button("Undo").click();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
  await expect(lab.button("Undo")).toBeDisabled();
});

test("starting again asks first, begins from the beginning, and can be undone", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  const original = await names(lab);
  await lab.choose(lab.card("Pod", original[0]), DELETE);
  await expect(lab.card("Pod", original[0])).toHaveAccessibleName(/Terminating/);
  await lab.button("Start again").click();
  const dialog = lab.dialog("Start again?");
  await dialog.getByRole("button", { name: "Keep going" }).click();
  await expect(lab.card("Pod", original[0])).toHaveAccessibleName(/Terminating/);
  await lab.button("Start again").click();
  await dialog.getByRole("button", { name: "Start again" }).click();
  await expect(dialog).toBeHidden();
  await expect(lab.card("Pod", original[0])).toHaveAccessibleName(/, Ready, /);
  await expect(lab.clockText).toHaveText("0.000 s");
  await lab.notices.getByRole("button", { name: "Undo" }).click();
  await expect(lab.card("Pod", original[0])).toHaveAccessibleName(/Terminating/);
});

test("after starting again, a reload begins anew as well", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.setType("web", "NodePort");
  await lab.button("Start again").click();
  await lab.dialog("Start again?").getByRole("button", { name: "Start again" }).click();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
  await page.reload();
  await lab.stands();
  await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
});

test("the lab opens where its clients begin, and one can go back to before that", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  expect(await lab.clock()).toBeGreaterThanOrEqual(0);
  const ready = (await lab.ready()).length;
  expect(ready).toBe(4);
  await lab.root.getByRole("slider", { name: "Moment" }).press("Home");
  await expect(lab.clockText).toHaveText(/^-\d/);
  expect(await lab.ready()).toEqual([]);
  await lab.hurry();
  await lab.play();
  await expect.poll(() => lab.clock()).toBeGreaterThan(0);
  await expect.poll(async () => (await lab.ready()).length).toBe(ready);
});
