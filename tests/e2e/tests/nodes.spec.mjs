// Nodes: without power, cordoned, added.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

test("a node is powered off, is missed, and comes back", async ({ page }) => {
  const lab = await Lab.open(page);
  const node = lab.card("Node", "node-3");
  const there = (await lab.ready("web-")).find(({ ip }) => ip.startsWith("10.244.3."));
  await lab.choose(node, "Power off");
  await expect(node).toHaveAccessibleName(/ Off, /);
  await expect(lab.card("Pod", there.name)).toHaveAccessibleName(/, Node off, /);
  await lab.hurry();
  // The control plane notices late: until then the rules elsewhere still send there.
  await expect(node).toHaveAccessibleName(/ Off, NotReady/);
  await expect(lab.service("web")).toHaveAccessibleName(/2 of 3 endpoints ready/);
  await lab.choose(node, "Power on");
  await expect(node).toHaveAccessibleName(/^Node node-3, Ready, /);
  await expect(lab.service("web")).toHaveAccessibleName(/3 of 3 endpoints ready/);
});

test("no new Pod goes to a cordoned node", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.choose(lab.card("Node", "node-1"), /^Cordon/);
  await expect(lab.card("Node", "node-1")).toHaveAccessibleName(/, Cordoned, /);
  await lab.hurry();
  await lab.select(lab.service("web"));
  for (let n = 0; n < 3; n += 1) await lab.button("One replica more of web").click();
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(6);
  expect((await lab.pods("web-")).filter(({ ip }) => ip.startsWith("10.244.1."))).toHaveLength(1);
  await lab.choose(lab.card("Node", "node-1"), "Uncordon");
  await expect(lab.card("Node", "node-1")).toHaveAccessibleName(/, Ready, /);
});

test("a node is added, and writes rules of its own", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.choose(lab.card("Node", "node-1"), "Add another node");
  await lab.hurry();
  await expect(lab.card("Node", "node-4")).toHaveAccessibleName(/^Node node-4, Ready, .*kube-proxy: synced/);
});
