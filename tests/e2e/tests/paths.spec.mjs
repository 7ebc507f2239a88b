// Why a packet went where it went; and what the objects are and what happened to them.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

test("a connection shows its hops, its addresses before and after, and the rules", async ({ page }) => {
  const lab = await Lab.open(page);
  const ips = (await lab.ready("web-")).map(({ ip }) => ip);
  await lab.select(lab.card("Client", "browser"));
  const list = await lab.tab("Path");
  await expect.poll(async () => (await lab.connections()).map(({ ended }) => ended)).toContain("delivered");
  await lab.pause();
  await list.getByRole("listitem").filter({ hasText: "✓" }).first().getByRole("button").click();
  await expect(lab.inspector.getByRole("heading", { name: /^Connection \d+$/ })).toBeVisible();
  const path = lab.inspector.getByRole("tabpanel", { name: "Path" });
  // Why.
  await expect(path).toContainText(/KUBE-|rule|chance|1\/3/);
  // There: a deletion is an address before, an insertion the one after.
  const there = path.locator("details").filter({ has: page.getByText("SYN: delivered", { exact: false }) }).first();
  await expect(there).toHaveAttribute("open");
  const natted = there.getByRole("listitem").filter({ has: page.getByRole("insertion") });
  await expect(natted.first()).toBeVisible();
  await expect(natted.getByRole("deletion").filter({ hasText: /^198\.51\.100\.\d+:80$/ })).toHaveCount(1);
  const target = natted.getByRole("insertion").filter({ hasText: /:8080$/ });
  await expect(target).toHaveCount(1);
  expect(ips.map((ip) => `${ip}:8080`)).toContain(await target.textContent());
  await expect(there).toContainText(/KUBE-SERVICES → .*KUBE-SVC-[A-Z0-9]{16} → KUBE-SEP-[A-Z0-9]{16}/);
  await there.getByText(/rules? matched$/).first().click();
  await expect(there.getByRole("region", { name: "Rules that matched" }).first()).toContainText(/nat: .*-A KUBE-/);
  // And back: the reply comes from the address that was called.
  const back = path.locator("details").filter({ hasText: "SYN-ACK: delivered" });
  await expect(back).toHaveAttribute("open");
  await expect(back.getByRole("insertion").filter({ hasText: /^198\.51\.100\.\d+:80$/ })).toHaveCount(1);
  // The way back to the client.
  await lab.button("Back to browser").click();
  await expect(lab.inspector.getByRole("heading", { name: "browser" })).toBeVisible();
});

/** The packets in the picture: points of the canvas that have colour. */
const dots = (lab) =>
  lab.picture.locator("canvas").evaluate((canvas) => {
    const { width, height } = canvas;
    // Read from a copy: reading the canvas itself again and again would slow it down.
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const found = [];
    for (let y = 0; y < height; y += 2) for (let x = 0; x < width; x += 2) if (data[(y * width + x) * 4 + 3] > 200) found.push([x, y]);
    return found;
  });

test("a packet that is clicked tells its connection", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=readiness");
  await lab.pause();
  const box = await lab.picture.boundingBox();
  // What is drawn may be a cross, or the frame before the pause: then another packet is awaited.
  await expect(async () => {
    const found = await dots(lab);
    if (found.length === 0) await lab.button("Step to the next event").click();
    const [x, y] = found[Math.floor(found.length / 2)];
    await page.mouse.click(box.x + x, box.y + y);
    const heading = lab.inspector.getByRole("heading", { name: /^Packet \d+$/ });
    await heading.waitFor({ timeout: 500 }).catch(async (why) => {
      await lab.button("Step to the next event").click();
      throw why;
    });
  }).toPass({ intervals: [100], timeout: 20_000 });
  await expect(lab.inspector.getByRole("tabpanel", { name: "Path" })).toContainText(/SYN/);
});

test("an object has its YAML and its events", async ({ page }) => {
  const lab = await Lab.open(page);
  const [{ name, ip }] = await lab.ready("web-");
  await lab.select(lab.card("Pod", name));
  const yaml = (await lab.tab("YAML")).getByRole("region", { name: "YAML" });
  for (const line of ["apiVersion: v1", "kind: Pod", `name: ${name}`, `podIP: ${ip}`, "containerPort: 8080"]) {
    await expect(yaml).toContainText(line);
  }
  const events = await lab.tab("Events");
  await expect(events).toContainText(`Pod ${name} runs at ${ip}.`);
  await expect(events).toContainText(`Pod ${name} is ready.`);
  const others = (await lab.pods("web-")).map((pod) => pod.name).filter((other) => other !== name);
  for (const other of others) await expect(events).not.toContainText(other);
  await lab.select(lab.service("web"));
  await lab.tab("YAML");
  for (const line of ["kind: Service", "type: LoadBalancer", "targetPort: 8080", "app: web"]) await expect(yaml).toContainText(line);
});

test("the latest events of the run are on its track", async ({ page }) => {
  const lab = await Lab.open(page);
  const { name } = (await lab.ready("web-"))[0];
  await lab.pause();
  await lab.choose(lab.card("Pod", name), "Delete (with its grace period)");
  const killed = page.getByRole("group", { name: "Timeline" }).getByRole("button", { name: "Pod killed" });
  // Its kubelet hears of it a moment later. Step by step, since while time passes several events are told as one.
  await expect(async () => {
    await lab.button("Step to the next event").click();
    await expect(killed).toBeVisible({ timeout: 60 });
  }).toPass({ intervals: [0] });
  await killed.click();
  await expect(lab.inspector.getByRole("heading", { name: `Pod ${name}` })).toBeVisible();
  await expect(lab.inspector.getByRole("tabpanel", { name: "Events" })).toContainText(`Pod ${name} was told to stop.`);
  await expect(page.getByRole("log", { name: "What happens" })).toContainText(`Pod ${name} was told to stop`);
});

test("a mark of several nodes names each once", async ({ page }) => {
  const lab = await Lab.open(page);
  const [{ name }] = await lab.ready("web-");
  await lab.hurry();
  // All nodes hear of it, one after another.
  await lab.choose(lab.card("Pod", name), "Delete (with its grace period)");
  await lab.button("Timeline in lanes").click();
  const marks = page.getByRole("group", { name: "kube-proxy" }).getByRole("button", { name: / synced/ });
  const nodes = async () => {
    const names = await marks.evaluateAll((all) => all.map((mark) => mark.getAttribute("aria-label")));
    return names.map((name) => name.split(" synced")[0].match(/\d+/g));
  };
  await expect.poll(async () => Math.max(...(await nodes()).map((numbers) => numbers.length))).toBeGreaterThan(1);
  await lab.pause();
  const together = await nodes();
  expect(together.some((numbers) => numbers.length > 1)).toBe(true);
  for (const numbers of together) expect(new Set(numbers).size, `${numbers}`).toBe(numbers.length);
});
