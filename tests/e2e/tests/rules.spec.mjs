// The rules of nodes: as text, in the picture, and what a connection met of them.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

/** The Rules tab of whatever is selected. */
async function rules(lab) {
  const panel = await lab.tab("Rules");
  return { panel, listing: panel.getByRole("region", { name: /^Rules: / }) };
}

/** The lines of a listing, as the command line prints them. */
const lines = (listing) => listing.locator("code").evaluateAll((all) =>
  all.map((code) => [...code.childNodes].filter((node) => !node.classList?.contains("pk-sr")).map((node) => node.textContent).join("")));

/** What a card shows beside its button. */
const inside = (card) => card.locator("xpath=..");

const services = (count) => {
  const service = (i) => `
apiVersion: v1
kind: Service
metadata: {name: s${i}}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---`;
  return `${Array.from({ length: count }, (_, i) => service(i)).join("")}
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
`;
};

test("a Service's rules on a node, and the node's whole rule set, are copied as they are printed", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const lab = await Lab.open(page);
  await lab.pause();
  await lab.select(lab.service("web"));
  const { panel, listing } = await rules(lab);
  await expect(listing).toHaveAccessibleName("Rules: web on node-1");
  const own = await lines(listing);
  expect(own.some((line) => /^-A KUBE-SERVICES .*-j KUBE-SVC-[A-Z0-9]{16}$/.test(line))).toBe(true);
  expect(own.every((line) => line.startsWith("-A KUBE-"))).toBe(true);
  await expect(listing.getByRole("heading", { name: /^nat KUBE-SVC-[A-Z0-9]{16}$/ })).toBeVisible();

  await panel.getByRole("combobox", { name: "Rules of" }).selectOption("Whole rule set");
  await expect(listing).toHaveAccessibleName("Rules: all of node-1");
  const whole = await lines(listing);
  expect(whole[0]).toBe("*filter");
  expect(whole.filter((line) => line === "COMMIT")).toHaveLength(2);
  expect(whole).toEqual(expect.arrayContaining(own));
  await lab.button("Copy: all of node-1").click();
  await expect(lab.notices.filter({ hasText: `Copied ${whole.length} lines: all of node-1.` })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${whole.join("\n")}\n`);

  await panel.getByRole("combobox", { name: "Node" }).selectOption("node-3");
  await expect(listing).toHaveAccessibleName("Rules: all of node-3");
});

test("a copy that the browser forbids is said to have failed", async ({ page }) => {
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"));
  });
  const lab = await Lab.open(page);
  await lab.select(lab.service("web"));
  await rules(lab);
  await lab.button("Copy: web on node-1").click();
  await expect(page.getByText("The browser did not allow copying")).toBeVisible();
});

test("what is typed into the filter stays while the rules are written anew", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.hurry();
  await lab.select(lab.service("web"));
  const { panel, listing } = await rules(lab);
  const filter = panel.getByRole("textbox", { name: "Filter" });
  await filter.fill("to-destination");
  await expect.poll(async () => (await lines(listing)).length).toBe(3);
  const before = await lines(listing);
  await lab.choose(lab.card("Pod", "web-").first(), "Delete (with its grace period)");
  await expect.poll(async () => (await lines(listing)).join() !== before.join()).toBe(true);
  await expect(filter).toHaveValue("to-destination");
  for (const line of await lines(listing)) expect(line).toContain("--to-destination");
});

test("a connection's rules are lit where it met them, and counted", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.select(lab.card("Client", "browser"));
  const list = await lab.tab("Path");
  await expect.poll(async () => (await lab.connections()).map(({ ended }) => ended)).toContain("delivered");
  await lab.pause();
  await list.getByRole("listitem").filter({ hasText: "✓" }).first().getByRole("button").click();
  const hop = lab.inspector.getByRole("listitem").filter({ hasText: "rewrites" }).first();
  const [, node] = (await hop.textContent()).match(/(node-\d) rewrites/);
  const target = await hop.getByRole("insertion").filter({ hasText: /:8080$/ }).first().textContent();
  const { panel, listing } = await rules(lab);
  await expect(listing).toHaveAccessibleName(`Rules: web on ${node}`);
  const lit = listing.locator("code").filter({ hasText: /^matched: / });
  await expect(lit.filter({ hasText: `--to-destination ${target}` })).toHaveCount(1);
  await expect(lit.filter({ hasText: /-j KUBE-SEP-/ })).toHaveCount(1);
  await panel.getByRole("button", { name: "Only matched" }).click();
  // What was matched by others is left too, and has a count.
  await expect(listing.getByTitle(/^\d+ packets?$/).first()).toBeVisible();
  for (const other of await listing.locator("code").all()) {
    await expect(other.locator("xpath=..")).toHaveText(/^\d+/);
  }
});

test("the same Service's rules stand side by side in another mode and on another node", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  await lab.select(lab.service("web"));
  await rules(lab);
  await lab.button("Side by side …").click();
  const dialog = lab.dialog("Rules side by side");
  await expect(dialog.getByRole("region", { name: "Rules: web on node-1" }).first()).toContainText("-A KUBE-SVC-");
  await dialog.getByRole("combobox", { name: "Right: mode" }).selectOption("as in nftables mode");
  const nft = dialog.getByRole("region", { name: "Rules: web on node-1, in nftables mode" });
  await expect(nft).toContainText(/goto service-[A-Z0-9]{8}-default\/web\/tcp\//);
  await expect(dialog).toContainText("as nft -f takes them");
  await dialog.getByRole("combobox", { name: "Right: node" }).selectOption("node-3");
  await expect(dialog.getByRole("region", { name: "Rules: web on node-3, in nftables mode" })).toBeVisible();
  await dialog.getByRole("combobox", { name: "Right: mode" }).selectOption("as in ipvs mode");
  await expect(dialog.getByRole("region", { name: "Rules: web on node-3, in ipvs mode" })).toContainText("-r 10.244.");
});

test("thousands of lines are shown in parts, none of them silently left out", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(services(150));
  await lab.select(lab.card("Node", "node-1"));
  const { panel, listing } = await rules(lab);
  await panel.getByRole("combobox", { name: "Rules of" }).selectOption("Whole rule set");
  const said = panel.getByText(/^\d+ of \d+ lines are shown\./);
  await expect(said).toBeVisible();
  const [shown, all] = (await said.textContent()).match(/\d+/g).map(Number);
  expect(all).toBeGreaterThan(1_000);
  expect(await lines(listing)).toHaveLength(shown);
  await panel.getByRole("button", { name: /^Show \d+ more$/ }).click();
  await expect.poll(async () => (await lines(listing)).length).toBe(Math.min(all, 2 * shown));
  // Beyond what is shown, too.
  await panel.getByRole("textbox", { name: "Filter" }).fill("default/s149 cluster IP");
  await expect.poll(async () => (await lines(listing)).length).toBeGreaterThan(0);
  for (const line of await lines(listing)) expect(line).toContain("default/s149");
});

for (const mode of ["iptables", "nftables", "ipvs"]) {
  test(`a node that lags says by how much, and its stale lines are struck out, in ${mode} mode`, async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.hurry();
    if (mode !== "iptables") {
      await page.getByRole("button", { name: /^kube-proxy: / }).click();
      const dialog = page.getByRole("dialog", { name: "kube-proxy's mode" });
      await dialog.getByRole("button", { name: mode, exact: true }).click();
      await dialog.getByRole("button", { name: "Close" }).click();
    }
    const node = lab.card("Node", "node-1");
    await lab.select(node);
    const { panel, listing } = await rules(lab);
    await expect(panel.getByText(new RegExp(`${mode} mode, synced`))).toBeVisible({ timeout: 20_000 });
    await lab.choose(node, "Pause its kube-proxy");
    const [victim] = await lab.ready("web-");
    await lab.choose(lab.card("Pod", victim.name), "Delete (with its grace period)");
    await expect(panel).toContainText(new RegExp(`still chooses .*${victim.ip.replaceAll(".", "\\.")}:8080`));
    await expect(panel).toContainText(/\d updates? behind, for /);
    await expect(listing.getByRole("deletion").filter({ hasText: victim.ip }).first()).toBeVisible();
    // In the picture, too.
    await expect(node).toHaveAccessibleName(/kube-proxy: paused, \d+ updates?, .* behind$/);
    await expect(inside(node).locator(".pk-rule-stale")).toHaveText(new RegExp(`^${victim.ip.replaceAll(".", "\\.")}:8080`));
  });
}

test("a node shows the rules of all ports of a Service, and those of the port that was called", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(`
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}, {containerPort: 9090}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: metrics, port: 90, targetPort: 9090}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {clients: [{name: browser, from: outside, to: 'service/default/web', rate: 2}]}
`);
  await lab.hurry();
  await lab.select(lab.service("web"));
  const rows = inside(lab.card("Node", "node-1")).locator(".pk-rule");
  await expect(rows.filter({ hasText: /^80 → 10\.244\.\d\.\d+:8080/ })).toHaveCount(1);
  await expect(rows.filter({ hasText: /^90 → 10\.244\.\d\.\d+:9090/ })).toHaveCount(1);
  // How many connections each rule has sent on.
  await expect(lab.picture.locator(".pk-sent").filter({ hasText: /^\d+×$/ }).first()).toBeVisible();
  await lab.select(lab.card("Client", "browser"));
  const list = await lab.tab("Path");
  await list.getByRole("listitem").filter({ hasText: "✓" }).first().getByRole("button").click();
  await expect(rows.filter({ hasText: /:8080/ })).toHaveCount(1);
  await expect(rows.filter({ hasText: /:9090/ })).toHaveCount(0);
});

test("a connection's round trip says what the Pod saw and who put the addresses back", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.select(lab.card("Client", "browser"));
  const list = await lab.tab("Path");
  await expect.poll(async () => (await lab.connections()).map(({ ended }) => ended)).toContain("delivered");
  await lab.pause();
  await list.getByRole("listitem").filter({ hasText: "✓" }).first().getByRole("button").click();
  await expect(lab.fact("Rewritten by")).toHaveText(/^node-\d \(destination and source\)$/);
  await expect(lab.fact("The Pod saw")).toHaveText(/, not the client's own$/);
  await expect(lab.fact("The reply")).toHaveText(/^came from 198\.51\.100\.\d+:80: put back by node-\d$/);
  const there = lab.inspector.locator("details").filter({ hasText: "SYN: delivered" }).first();
  await expect(there).toContainText(/PREROUTING ?KUBE-SERVICES → .*FORWARD ?KUBE-.*POSTROUTING ?KUBE-POSTROUTING/s);
  await expect(lab.inspector.locator("details").filter({ hasText: "SYN-ACK: delivered" }).first()).toContainText("conntrack");
});

test("what a rule drops is told from what it refuses, in the picture and in words, and ages go on", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(`
apiVersion: v1
kind: Pod
metadata: {name: w1, labels: {app: api}}
spec: {nodeName: node-2, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {internalTrafficPolicy: Local, sessionAffinity: ClientIP, selector: {app: api}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {clients: [{name: curl, from: pod/default/curl, to: 'http://api', rate: 2}]}
`);
  await lab.hurry();
  await lab.select(lab.service("api"));
  const rows = (node) => inside(lab.card("Node", node)).locator(".pk-rule");
  const drop = rows("node-1").filter({ hasText: "from inside: DROP" });
  await expect(drop).toHaveText(/^from inside: DROP\d+×none here$/);
  await expect(drop).toHaveClass(/pk-rule-hit/);
  await expect(rows("node-1").filter({ hasText: "REJECT" })).toHaveCount(0);
  await expect(rows("node-2").filter({ hasText: "sticky 3 h" })).toHaveCount(1);
  await expect(rows("node-2").filter({ hasText: /^10\.244\.\d\.\d+:8080.*inside else$/ })).toHaveCount(1);
  const panel = await lab.tab("Rules");
  await expect(panel).toContainText("what comes to the ClusterIP is dropped (policy Local)");
  const ages = panel.locator(".pk-section").first();
  const before = await ages.textContent();
  await expect(ages).not.toHaveText(before);
});
