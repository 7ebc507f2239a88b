// Services: their type, their selector, and who gets in from outside.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

/** Waits for a connection that was begun after this moment and has ended so. */
async function nextEnds(lab, how) {
  await lab.tab("Path");
  const [latest] = (await lab.connections()).map(({ id }) => id);
  const ends = async () => (await lab.connections()).filter(({ id, ended }) => id > latest && how.test(ended)).length;
  await expect.poll(ends).toBeGreaterThan(0);
}

test("a client outside gets in by NodePort and LoadBalancer, and not by ClusterIP", async ({ page }) => {
  const lab = await Lab.open(page);
  const [service, client] = [lab.service("web"), lab.card("Client", "browser")];
  await lab.hurry();
  await lab.select(client);
  await nextEnds(lab, /^delivered$/);

  await lab.setType("web", "ClusterIP");
  await expect(service).toHaveAccessibleName(/^Service web, ClusterIP, /);
  await expect(lab.card("Cloud load balancer")).toHaveCount(0);
  await nextEnds(lab, /^timed out: outside the nodes nobody carries the address$/);
  // Where it is seen without looking for it.
  await expect(lab.picture.getByText("✕ timed out")).toBeVisible();

  await lab.setType("web", "NodePort");
  await expect(service).toHaveAccessibleName(/^Service web, NodePort, .*, node port 3\d{4}$/);
  await nextEnds(lab, /^delivered$/);

  // Slowly enough to see it wait.
  await page.getByRole("slider", { name: "Speed" }).fill("0.57");
  await lab.setType("web", "LoadBalancer");
  await expect(service).toHaveAccessibleName(/waiting for an address$/);
  await lab.hurry();
  await expect(service).toHaveAccessibleName(/from outside: 198\.51\.100\.\d+$/);
  await nextEnds(lab, /^delivered$/);
  await expect(lab.picture.getByText("✕")).toHaveCount(0);
});

test(
  "a load balancer is on show while the cloud is still at work on it",
  async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.setType("web", "NodePort");
    await expect(lab.card("Cloud")).toHaveCount(0);
    // The cloud hears of it a moment later: a change back before that would find the old one there.
    const changed = await lab.clock();
    await expect.poll(() => lab.clock()).toBeGreaterThan(changed + 0.5);
    await lab.setType("web", "LoadBalancer");
    await expect(lab.card("Cloud", "load balancer of web, waiting for an address")).toBeVisible();
  },
);

test(
  "a client's trouble is said to those who do not see it",
  async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.hurry();
    await lab.setType("web", "ClusterIP");
    await expect(lab.card("Client", "browser")).toHaveAccessibleName(/no route/);
  },
);

test("each of three doors lets in whom it should", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=doors");
  await lab.hurry();
  for (const [client, failed] of [["wants-inner", /timed out/], ["wants-ported", /^none$/], ["wants-public", /^none$/]]) {
    await lab.select(lab.card("Client", client));
    await expect(lab.fact("Requests")).toHaveText(/^(\d{2,}|[3-9]) sent/);
    await expect(lab.fact("Failed")).toHaveText(failed);
  }
});

test("the type is switched by menu, too", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.choose(lab.service("web"), "Make it a NodePort");
  await expect(lab.service("web")).toHaveAccessibleName(/^Service web, NodePort, /);
  await lab.select(lab.service("web"));
  const type = lab.inspector.getByRole("group", { name: "Type" });
  await type.getByRole("button", { name: "ClusterIP" }).click();
  await expect(lab.service("web")).toHaveAccessibleName(/^Service web, ClusterIP, /);
  await expect(type.getByRole("button", { name: "ClusterIP" })).toHaveAttribute("aria-pressed", "true");
});

test("no word of the type or the mode is broken where there is little room", async ({ page }) => {
  await page.setViewportSize({ width: 1024, height: 768 });
  const lab = await Lab.open(page);
  const mode = page.getByRole("button", { name: "kube-proxy: iptables" });
  expect(await mode.evaluate((button) => button.scrollWidth <= button.clientWidth)).toBe(true);
  await lab.select(lab.service("web"));
  const buttons = lab.inspector.getByRole("group", { name: "Type" }).getByRole("button");
  await expect(buttons).toHaveCount(3);
  const heights = await buttons.evaluateAll((all) => all.map((button) => button.offsetHeight));
  for (const height of heights) expect(height).toBeLessThanOrEqual(32);
  const pane = lab.inspector.getByRole("tabpanel");
  expect(await pane.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
});

test("a Service's names are told as DNS has them", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=myth-srv-is-for-every-port");
  const records = lab.inspector.getByRole("region", { name: "DNS records" });
  await lab.select(lab.service("named"));
  await lab.tab("About");
  await lab.inspector.getByText(/^DNS \(2 records\)/).click();
  await expect(records).toContainText("_http._tcp.named.default.svc.cluster.local. 30 IN SRV 0 100 80 named.default");
  await lab.select(lab.service("unnamed"));
  await lab.tab("About");
  await expect(lab.inspector.getByText(/^DNS \(1 record\)/)).toBeVisible();
  await expect(records).not.toContainText("SRV");
});

test("a selector is edited, after it was said whom it loses and gains", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=labels");
  await lab.select(lab.service("web-canary"));
  await lab.button("Change track=canary").click();
  const field = lab.inspector.getByRole("textbox", { name: "Add or change" });
  await field.fill("track=stable");
  await field.press("Enter");
  const preview = lab.inspector.getByRole("status");
  await expect(preview).toContainText("It gains 3 Pods: web-");
  await expect(preview).toContainText("It loses 1 Pod: canary-");
  await expect(lab.service("web-canary")).toHaveAccessibleName(/1 of 1 endpoints ready/);
  await lab.button("Apply").click();
  await expect(lab.service("web-canary")).toHaveAccessibleName(/3 of 3 endpoints ready/);
  await expect.poll(async () => (await lab.pods("canary-"))[0].services).toBe("web");
});

test("a selector that matches nobody has every call refused", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.hurry();
  await lab.select(lab.service("web"));
  const field = lab.inspector.getByRole("textbox", { name: "Add or change" });
  await field.fill("app=wbe");
  await field.press("Enter");
  await expect(lab.inspector.getByRole("status")).toContainText("No Pod is left: every connection to it will be refused.");
  await lab.button("Apply").click();
  await expect(lab.service("web")).toHaveAccessibleName(/, no endpoints/);
  await expect(await lab.tab("Endpoints")).toContainText("No endpoints");
  await nextEnds(lab, /^refused: no endpoints$/);
  const rules = await lab.tab("Rules");
  await expect(rules).toContainText("No endpoint in these rules: a connection is refused.");
});

test("nodes show the rules of the Service that is looked at", async ({ page }) => {
  const lab = await Lab.open(page);
  const ips = (await lab.ready("web-")).map(({ ip }) => ip);
  await lab.select(lab.card("Node", "node-1"));
  await expect(lab.fact("Status")).toHaveText("Ready");
  const panel = await lab.tab("Rules");
  const listing = panel.getByRole("region", { name: /^Rules: / });
  await expect(listing).toHaveAccessibleName("Rules: web on node-1");
  await expect(listing).toContainText(/-A KUBE-SERVICES .*-j KUBE-SVC-[A-Z0-9]{16}/);
  for (const ip of ips) await expect(listing).toContainText(`--to-destination ${ip}:8080`);
});
