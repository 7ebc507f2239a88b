// What is done to workloads, and what faces say of what is not as it should be.
import { accessibilityFaults, expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const workload = (kind, name, spec, more = "") => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  ${more}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      ${spec}
---`;
const service = (name, selector, target) => `
apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec: {selector: ${selector}, ports: [{port: 80, targetPort: ${target}}]}
---`;
const web = "containers: [{name: web, image: 'nginx:1', ports: [{containerPort: 8080, name: web}]}]";

test("a rollout is restarted, given another image, rolled back, paused and resumed by its menu", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(service("web", "{app: web}", 8080) + workload("Deployment", "web", web, "replicas: 2"));
  await lab.hurry();
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(2);
  const names = async () => (await lab.ready("web-")).map(({ name }) => name).sort().join();
  const first = await names();
  await lab.choose(lab.card("Pod", "web-").first(), "Restart Deployment web (new Pods)");
  await expect.poll(async () => (await lab.ready("web-")).filter(({ name }) => first.includes(name)).length).toBe(0);
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(2);
  // Another image, by the panel.
  await lab.choose(lab.card("Pod", "web-").first(), "Show Deployment web");
  const image = lab.inspector.getByRole("form", { name: "Image" });
  await image.getByRole("textbox", { name: "Container web" }).fill("nginx:2");
  await image.getByRole("button", { name: "Apply" }).click();
  const yaml = async () => {
    await lab.tab("YAML");
    const text = await lab.inspector.getByRole("tabpanel").textContent();
    await lab.tab("About");
    return text;
  };
  expect(await yaml()).toContain("nginx:2");
  await lab.button("Roll it back to the revision before").click();
  expect(await yaml()).toContain("nginx:1");
  await lab.button("Pause the rollout of it").click();
  await expect(lab.inspector.getByText("Paused", { exact: true })).toBeVisible();
  await expect(lab.button("Restart it (new Pods)")).toBeHidden();
  await lab.button("Resume the rollout of it").click();
  await expect(lab.inspector.getByText("Paused", { exact: true })).toBeHidden();
});

test("a StatefulSet's Pods have their numbers, and it is scaled like any other", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(service("db", "{app: db}", 8080) + workload("StatefulSet", "db", web, "replicas: 2"));
  await lab.hurry();
  await expect.poll(async () => (await lab.ready("db-")).length).toBe(2);
  await expect(lab.card("Pod", "db-1")).toHaveAccessibleName(/number 1 of its StatefulSet/);
  await lab.select(lab.service("db"));
  await lab.button("One replica less of db").click();
  await expect(lab.card("Pod", "db-1")).toHaveCount(0);
  await expect(lab.card("Pod", "db-0")).toHaveCount(1);
});

test("a Service says why it is empty on its face, in its panel and in the list", async ({ page }) => {
  const lab = await Lab.open(page);
  const named = "containers: [{name: web, image: i, resources: {requests: {cpu: 100}}}]";
  await lab.load(
    service("typo", "{app: shpo}", 8080) + service("name", "{app: web}", "http") + service("full", "{app: big}", 80)
      + workload("Deployment", "web", web) + workload("Deployment", "shop", web) + workload("Deployment", "big", named),
  );
  await expect(lab.service("typo")).toHaveAccessibleName(/selector matches no Pod; nearest: app=shop of Deployment shop/);
  await expect(lab.service("name")).toHaveAccessibleName(/no Pod has a port named http; they have web/);
  const unfit = /0\/3 nodes are available: 3 Insufficient cpu/;
  await expect(lab.service("full")).toHaveAccessibleName(unfit);
  await expect(lab.card("Pod", "big-")).toHaveAccessibleName(unfit);
  await expect(lab.inspector.getByText("Services that lack endpoints")).toBeVisible();
  await lab.select(lab.service("typo"));
  await expect(lab.fact("Endpoints")).toContainText("Selector matches no Pod; nearest: app=shop of Deployment shop.");
  await lab.select(lab.card("Pod", "big-"));
  await expect(lab.fact("Why")).toContainText("3 Insufficient cpu. no new claims to deallocate");
  expect(await accessibilityFaults(page, ["serious", "critical"])).toEqual([]);
});

test("a port that is not declared is refused, until one click serves it", async ({ page }) => {
  const lab = await Lab.open(page);
  const other = "containers: [{name: web, image: i, ports: [{containerPort: 9000}]}]";
  await lab.load(service("web", "{app: web}", 8080) + workload("Deployment", "web", other));
  await expect(lab.service("web")).toHaveAccessibleName(/asks port 8080 of Deployment web: others are declared/);
  await lab.select(lab.service("web"));
  await lab.button("Serve 8080").click();
  await expect(lab.button("Refuse 8080")).toBeVisible();
  await expect(lab.service("web")).toHaveAccessibleName(/endpoints ready$/);
});

test("what a Pod needs is made missing and brought by one click", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(workload("Deployment", "web", web) + service("web", "{app: web}", 8080));
  await lab.hurry();
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(1);
  await lab.select(lab.card("Pod", "web-"));
  await lab.button("Make image nginx:1 missing").click();
  await lab.button("Delete (with its grace period)").click();
  await expect(lab.card("Pod", "web-").first()).toHaveAccessibleName(/, (ErrImagePull|ImagePullBackOff), /);
  await lab.select(lab.card("Pod", "web-").first());
  await lab.button("Bring image nginx:1").click();
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(1);
});
