// A Service's policies: each control changes the rules, and then where packets go.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

/** web has a Pod on every node; curl calls it from node-1, browser from outside. */
const MANIFEST = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: node-1, containers: [{name: curl, image: curl}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, clusterIP: 10.96.0.40, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  clients:
  - {name: browser, from: outside, to: 'service/default/web', rate: 2}
  - {name: by-external-ip, from: {ip: 203.0.113.77}, to: '192.0.2.10:80', rate: 2}
  - {name: curl, from: pod/default/curl, to: 'http://web', rate: 3}
`;

/** The web Pod of a node: the one that this node's card stands around. */
async function webOn(lab, node) {
  await lab.select(lab.card("Node", node));
  await lab.tab("About");
  const links = await lab.inspector.getByRole("button", { name: /^web-/ }).allTextContents();
  return links[0];
}

/** Where a client's connections went that began after this moment, until so many have ended. */
async function ends(lab, client, count = 6) {
  // A Pod's calls have no card of their own: the list of the Pod has them.
  await lab.select(lab.card(client === "curl" ? "Pod" : "Client", client));
  await lab.tab("Path");
  const latest = Math.max(0, ...(await lab.connections()).map(({ id }) => id));
  const since = async () =>
    (await lab.connections()).filter((c) => c.id > latest && c.from === client && c.ended !== "under way");
  const found = new Map();
  await expect
    .poll(async () => {
      for (const connection of await since()) found.set(connection.id, connection);
      return found.size;
    }, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(count);
  return [...found.values()];
}

async function rulesOn(lab, node) {
  await lab.select(lab.service("web"));
  const panel = await lab.tab("Rules");
  await panel.getByRole("combobox", { name: "Node" }).selectOption(node);
  return panel.getByRole("region", { name: `Rules: web on ${node}` });
}

const choose = (policy, value) => (lab) =>
  lab.inspector.getByRole("group", { name: policy }).getByRole("button", { name: value, exact: true }).click();

const add = (list, entry) => async (lab) => {
  const form = lab.inspector.getByRole("form", { name: list });
  await form.getByRole("textbox").fill(entry);
  await form.getByRole("button", { name: "Add" }).click();
  await expect(lab.button(`Take away ${entry}`)).toBeVisible();
};

const everywhere = (found) => new Set(found.map(({ to }) => to)).size;

const POLICIES = [
  {
    field: "externalTrafficPolicy",
    set: choose("externalTrafficPolicy", "Local"),
    rules: /KUBE-SVL-.*masquerade|KUBE-EXT-[A-Z0-9]{16} .*-j KUBE-SVL-/s,
    // The address that the Pod sees is the client's own.
    async path(lab) {
      await lab.select(lab.card("Client", "browser"));
      const list = await lab.tab("Path");
      const saw = async () => {
        await list.getByRole("listitem").filter({ hasText: "✓" }).first().getByRole("button").click();
        const said = await lab.fact("The Pod saw").textContent();
        await lab.button("Back to browser").click();
        return said;
      };
      await expect.poll(saw).toMatch(/^203\.0\.113\.\d+:\d+, the client's own address$/);
    },
  },
  {
    field: "internalTrafficPolicy",
    set: choose("internalTrafficPolicy", "Local"),
    rules: /-A KUBE-SERVICES .*"default\/web cluster IP" .*-j KUBE-SVL-/,
    async path(lab) {
      const here = await webOn(lab, "node-1");
      const to = (await ends(lab, "curl")).map(({ to }) => to);
      expect(new Set(to)).toEqual(new Set([here]));
    },
  },
  {
    field: "sessionAffinity",
    set: choose("sessionAffinity", "ClientIP"),
    rules: /-m recent --name KUBE-SEP-[A-Z0-9]{16} --rcheck --seconds 10800/,
    async path(lab) {
      // The first of them may have been drawn before its node wrote the rule.
      await ends(lab, "curl", 3);
      expect(everywhere(await ends(lab, "curl"))).toBe(1);
    },
  },
  {
    field: "trafficDistribution",
    set: choose("trafficDistribution", "same zone"),
    rules: /^(?!.*statistic).*KUBE-SVC-.*KUBE-SEP-/s,
    async path(lab) {
      const here = await webOn(lab, "node-1");
      const to = (await ends(lab, "curl")).map(({ to }) => to);
      expect(new Set(to)).toEqual(new Set([here]));
    },
  },
  {
    field: "service.kubernetes.io/topology-mode",
    set: choose("service.kubernetes.io/topology-mode", "Auto"),
    rules: /^(?!.*statistic).*KUBE-SVC-.*KUBE-SEP-/s,
    async path(lab) {
      await lab.select(lab.service("web"));
      const table = await lab.tab("Endpoints");
      const place = (node, zone) => table.getByRole("cell", { name: `${node}, ${zone} hints: ${zone}`, exact: true });
      await expect(place("node-1", "a").first()).toBeVisible();
      // A node that comes to another zone takes its endpoint's hint there.
      await lab.select(lab.card("Node", "node-2"));
      await lab.tab("About");
      const form = lab.inspector.getByRole("form", { name: "Zone" });
      await form.getByRole("textbox").fill("d");
      await form.getByRole("button", { name: "Apply" }).click();
      await expect(lab.fact("Zone")).toHaveText("d");
      await lab.select(lab.service("web"));
      await lab.tab("Endpoints");
      await expect(place("node-2", "d").first()).toBeVisible();
    },
  },
  {
    field: "trafficDistribution PreferClose",
    set: choose("trafficDistribution", "PreferClose"),
    rules: /^(?!.*statistic).*KUBE-SVC-.*KUBE-SEP-/s,
    async path(lab) {
      const here = await webOn(lab, "node-1");
      expect(new Set((await ends(lab, "curl")).map(({ to }) => to))).toEqual(new Set([here]));
    },
  },
  {
    field: "loadBalancerSourceRanges",
    set: add("loadBalancerSourceRanges", "192.0.2.0/24"),
    rules: /-A KUBE-FW-[A-Z0-9]{16}|-A KUBE-PROXY-FIREWALL .*default\/web/,
    async path(lab) {
      for (const { ended } of await ends(lab, "browser", 2)) expect(ended).toBe("time-out: source not allowed");
    },
  },
  {
    field: "externalIPs",
    set: add("externalIPs", "192.0.2.10"),
    rules: /-A KUBE-SERVICES .*"default\/web external IP" .*-d 192\.0\.2\.10/,
    async path(lab) {
      for (const { ended } of await ends(lab, "by-external-ip", 3)) expect(ended).toBe("delivered");
    },
  },
];

for (const { field, set, rules, path } of POLICIES) {
  test(`${field} changes the rules, then the paths`, async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.load(MANIFEST);
    await lab.hurry();
    await expect(lab.service("web")).toHaveAccessibleName(/3 of 3 endpoints ready, from outside: 198/);
    for (const node of ["node-1", "node-2", "node-3"]) {
      await expect(await rulesOn(lab, node)).toContainText("-A KUBE-SVC-");
      await expect(await rulesOn(lab, node)).not.toContainText(rules);
    }
    await lab.tab("About");
    await set(lab);
    for (const node of ["node-1", "node-2", "node-3"]) {
      await expect(await rulesOn(lab, node)).toContainText(rules);
    }
    await path(lab);
  });
}

test("ipMode Proxy takes the load balancer's address out of the rules, and its packets come to the node port", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(MANIFEST);
  await lab.hurry();
  await expect(lab.service("web")).toHaveAccessibleName(/3 of 3 endpoints ready, from outside: 198/);
  await expect(await rulesOn(lab, "node-1")).toContainText("-d 198.51.100.");
  await lab.tab("About");
  await choose("ipMode", "Proxy")(lab);
  for (const node of ["node-1", "node-2", "node-3"]) await expect(await rulesOn(lab, node)).not.toContainText("-d 198.51.100.");
  for (const { ended } of await ends(lab, "browser", 3)) expect(ended).toBe("delivered");
  const list = lab.inspector.getByRole("tabpanel", { name: "Path" });
  await list.getByRole("listitem").filter({ hasText: "✓" }).first().getByRole("button").click();
  const picks = lab.inspector.getByRole("listitem").filter({ hasText: /picks node-\d/ }).first();
  await expect(picks.getByRole("insertion").filter({ hasText: /^192\.168\.0\.1\d:3\d{4}$/ })).toHaveCount(1);
});

test("publishNotReadyAddresses brings Pods that are not ready into the rules, and packets to them", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(MANIFEST);
  await lab.hurry();
  await expect(lab.service("web")).toHaveAccessibleName(/3 of 3 endpoints ready/);
  const [{ name, ip }] = await lab.ready("web-");
  await lab.choose(lab.card("Pod", name), "Fail readiness");
  await expect(await rulesOn(lab, "node-1")).not.toContainText(`--to-destination ${ip}:8080`);
  await lab.tab("About");
  await choose("publishNotReadyAddresses", "yes")(lab);
  await expect(await rulesOn(lab, "node-1")).toContainText(`--to-destination ${ip}:8080`);
  await expect.poll(async () => (await ends(lab, "curl", 4)).map(({ to }) => to), { timeout: 25_000 }).toContain(name);
});

test("the time-out of session affinity is in the rules, and what the server forbids is refused in its words", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(MANIFEST);
  await lab.hurry();
  await lab.select(lab.service("web"));
  await choose("sessionAffinity", "ClientIP")(lab);
  const field = lab.inspector.getByRole("textbox", { name: /timeoutSeconds$/ });
  await expect(field).toHaveValue("10800");
  const form = lab.inspector.getByRole("form", { name: "timeoutSeconds" });
  await field.fill("90000");
  await form.getByRole("button", { name: "Apply" }).click();
  await expect(lab.inspector.getByRole("alert").filter({ hasText: "timeoutSeconds" })).toContainText("86400");
  await field.fill("60");
  await field.press("Enter");
  await expect(await rulesOn(lab, "node-1")).toContainText("--rcheck --seconds 60 ");
});

test("a list takes only what the API server takes, and gives it up again", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(MANIFEST);
  await lab.select(lab.service("web"));
  const form = lab.inspector.getByRole("form", { name: "loadBalancerSourceRanges" });
  await form.getByRole("textbox").fill("nobody");
  await form.getByRole("textbox").press("Enter");
  await expect(lab.inspector.getByRole("alert").filter({ hasText: "nobody" })).toContainText("loadBalancerSourceRanges");
  await expect(form.getByRole("textbox")).toHaveValue("nobody");
  await add("loadBalancerSourceRanges", "203.0.113.0/24")(lab);
  await lab.button("Take away 203.0.113.0/24").click();
  await expect(lab.button("Take away 203.0.113.0/24")).toHaveCount(0);
  await lab.root.getByTitle("Undo (Ctrl+Z)").click();
  await expect(lab.button("Take away 203.0.113.0/24")).toBeVisible();
});
