// Pods: killed and replaced, their labels, their readiness, their number.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const DELETE = "Delete (with its grace period)";

/** A Pod that was not there takes over from the one that is gone, and is sent requests. */
async function takenOver(lab, before, victim) {
  await lab.hurry();
  await expect.poll(async () => (await lab.pods("web-")).map(({ name }) => name)).not.toContain(victim.name);
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(3);
  const old = before.map(({ name }) => name);
  const added = (await lab.ready("web-")).filter(({ name }) => !old.includes(name));
  expect(added).toHaveLength(1);
  const [heir] = added;
  expect(heir.ip).toMatch(/^10\.244\.\d+\.\d+$/);
  expect(before.map(({ ip }) => ip)).not.toContain(heir.ip);
  await expect(lab.service("web")).toHaveAccessibleName(/3 of 3 endpoints ready/);
  await lab.select(lab.service("web"));
  const endpoints = await lab.tab("Endpoints");
  const row = endpoints.getByRole("row").filter({ hasText: heir.name });
  await expect(row).toContainText(`${heir.ip}`);
  await expect(row.getByRole("cell").nth(2)).toHaveText(/^[1-9]\d* \(\d+ %\)$/);
  await expect(endpoints).not.toContainText(victim.name);
  return heir;
}

test("a Pod deleted by its menu is replaced, and the traffic goes to its heir", async ({ page }) => {
  const lab = await Lab.open(page);
  const before = await lab.ready("web-");
  const [victim] = before;
  // By the mouse, in the corner where no wire is: a packet that passes would be what is clicked.
  const card = lab.card("Pod", victim.name);
  const { width, height } = await card.boundingBox();
  await card.click({ button: "right", position: { x: width - 16, y: height - 10 } });
  const menu = page.getByRole("menu", { name: `Pod ${victim.name}` });
  await menu.getByRole("menuitem", { name: DELETE }).click();
  await expect(menu).toBeHidden();
  await expect(card).toHaveAccessibleName(/, Terminating, /);
  const heir = await takenOver(lab, before, victim);
  await lab.tab("Path");
  await expect.poll(async () => (await lab.connections()).map(({ to }) => to)).toContain(heir.name);
});

test("a Pod deleted by key is replaced as well", async ({ page }) => {
  const lab = await Lab.open(page);
  const before = await lab.ready("web-");
  const victim = before.at(-1);
  const card = lab.card("Pod", victim.name);
  await lab.select(card);
  await page.keyboard.press("Delete");
  await expect(card).toHaveAccessibleName(/, Terminating, /);
  await takenOver(lab, before, victim);
});

test("who noted a Pod's address notices that it is gone", async ({ page }) => {
  const lab = await Lab.open(page);
  const noted = (await lab.ready("web-")).find(({ ip }) => ip === "10.244.1.2");
  await lab.choose(lab.card("Pod", noted.name), DELETE);
  await lab.hurry();
  const objects = await lab.tab("Objects");
  await objects.getByRole("button", { name: "by-address" }).click();
  await expect(lab.fact("Failed")).toContainText(/\d+ (refused|unreachable)/);
  await expect(lab.fact("Failed")).toContainText(/unreachable/);
  // By its name, the Service goes on.
  await lab.button("Close: nothing selected").click();
  await (await lab.tab("Objects")).getByRole("button", { name: "by-name" }).click();
  await lab.tab("Path");
  await expect.poll(async () => (await lab.connections()).filter(({ ended }) => ended === "delivered").length).toBeGreaterThan(5);
});

test("a Pod whose label is taken away leaves its Service, as was said before", async ({ page }) => {
  const lab = await Lab.open(page);
  const before = await lab.ready("web-");
  const leaver = before.find(({ ip }) => ip !== "10.244.1.2");
  const card = lab.card("Pod", leaver.name);
  await lab.select(card);
  await lab.button("Take away app=web").click();
  const preview = lab.inspector.getByRole("status");
  await expect(preview).toContainText("It leaves Service web");
  await expect(preview).toContainText(/ReplicaSet web-\w+ lets it go, and makes a new Pod/);
  // Nothing has happened yet.
  expect((await lab.ready("web-")).map(({ services }) => services)).toEqual(["web", "web", "web"]);
  await lab.button("Apply").click();
  await expect(card).toHaveAccessibleName(/, Ready, .*, behind no Service/);
  await lab.hurry();
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(4);
  await expect(lab.service("web")).toHaveAccessibleName(/3 of 3 endpoints ready/);
  const added = (await lab.ready("web-")).find(({ name }) => !before.some((pod) => pod.name === name));
  expect(added.services).toBe("web");
  // It runs as before, and is asked nothing more.
  await expect(lab.fact("In Services")).toHaveText("none");
  await lab.select(lab.card("Pod", added.name));
  await expect(lab.fact("Answered")).toHaveText(/^[1-9]/);
  await lab.select(card);
  const answered = await lab.fact("Answered").textContent();
  const clock = await lab.clock();
  await expect.poll(() => lab.clock()).toBeGreaterThan(clock + 10);
  await expect(lab.fact("Answered")).toHaveText(answered);
});

test("a label that is changed says which Service is joined", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=labels");
  const card = lab.card("Pod", "web-").first();
  await lab.select(card);
  await lab.button("Change track=stable").click();
  const field = lab.inspector.getByRole("textbox");
  await expect(field).toHaveValue("track=stable");
  await field.fill("track=canary");
  await field.press("Enter");
  const preview = lab.inspector.getByRole("status");
  await expect(preview).toContainText("It joins Service web-canary");
  await lab.button("Leave as it is").click();
  await expect(preview).toBeHidden();
  await expect(card).toHaveAccessibleName(/behind web$/);
  await field.fill("track=canary");
  await field.press("Enter");
  await lab.button("Apply").click();
  await expect(card).toHaveAccessibleName(/behind web, web-canary/);
  await expect(lab.service("web-canary")).toHaveAccessibleName(/2 of 2 endpoints ready/);
});

test("a label is written letter by letter while time passes", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.hurry();
  await lab.select(lab.card("Pod", "web-").first());
  const field = lab.inspector.getByRole("textbox");
  await field.pressSequentially("tier=front", { delay: 40 });
  await expect(field).toHaveValue("tier=front");
  await field.press("Enter");
  await expect(lab.inspector.getByRole("status")).toContainText("Nobody's membership changes.");
  await lab.button("Apply").click();
  await expect(lab.button("Take away tier=front")).toBeVisible();
  await expect(lab.button("Apply")).toBeHidden();
});

test("a label that the API server refuses is refused with its reason", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.select(lab.card("Pod", "web-").first());
  await lab.inspector.getByRole("textbox").fill("-bad key-=x y");
  await lab.inspector.getByRole("textbox").press("Enter");
  await lab.button("Apply").click();
  await expect(lab.notices.filter({ hasText: /-bad key-|x y/ }).first()).toBeVisible();
  await expect(lab.button("Undo")).toBeDisabled();
});

test("readiness fails and is restored", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=readiness");
  const { name } = (await lab.ready("stock-"))[0];
  const card = lab.card("Pod", name);
  await lab.choose(card, "Fail readiness");
  await lab.hurry();
  await expect(card).toHaveAccessibleName(/, Not ready, /);
  await expect(lab.service("stock")).toHaveAccessibleName(/3 of 4 endpoints ready/);
  await lab.select(lab.service("stock"));
  const row = (await lab.tab("Endpoints")).getByRole("row").filter({ hasText: name });
  await expect(row.getByRole("cell").nth(1)).toHaveText("not ready");
  await lab.choose(card, "Restore readiness");
  await expect(lab.service("stock")).toHaveAccessibleName(/4 of 4 endpoints ready/);
  await expect(row.getByRole("cell").nth(1)).toHaveText("ready, serving");
});

test("a Deployment is scaled up and down to nothing", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.select(lab.service("web"));
  await lab.hurry();
  const more = lab.button("One replica more of web");
  await more.click();
  await more.click();
  await expect(lab.service("web")).toHaveAccessibleName(/5 of 5 endpoints ready/);
  await expect(lab.card("Pod", "web-")).toHaveCount(5);
  const less = lab.button("One replica less of web");
  for (let n = 0; n < 5; n += 1) await less.click();
  await expect(less).toBeDisabled();
  await expect(lab.card("Pod", "web-")).toHaveCount(0);
  await expect(lab.service("web")).toHaveAccessibleName(/no endpoints/);
  await lab.tab("Path");
  await expect.poll(async () => (await lab.connections()).map(({ ended }) => ended).join()).toMatch(/refused/);
});
