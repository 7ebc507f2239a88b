// Manifests: pasted, picked, dropped; good ones, and bad ones in all their forms.
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const OURS = new URL("../../../crates/cli/tests/manifests/", import.meta.url);
const PUBLIC = new URL("../../../../shared/manifests/", import.meta.url);

/** The text of a manifest of ours. */
const manifest = (name) => readFileSync(new URL(name, OURS), "utf8");

/** A public manifest's text, or a skip that says why. */
function publicManifest(name) {
  const file = new URL(name, PUBLIC);
  if (!existsSync(file)) console.log(`skipped: there is no ../shared/manifests/${name} beside the project`);
  test.skip(!existsSync(file), `there is no ../shared/manifests/${name}`);
  return readFileSync(file, "utf8");
}

/** What the Load dialog says about its text. */
const findings = (dialog) => dialog.getByRole("status", { name: "Findings" });

const SMALL = `apiVersion: v1
kind: Service
metadata: {name: pasted}
spec: {selector: {app: pasted}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pasted}
spec:
  replicas: 2
  selector: {matchLabels: {app: pasted}}
  template:
    metadata: {labels: {app: pasted}}
    spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}
`;

test("a pasted text becomes the lab, and Undo brings the old one back", async ({ page }) => {
  const lab = await Lab.open(page);
  const old = (await lab.ready("web-")).map(({ name }) => name);
  const dialog = await lab.paste(SMALL);
  await expect(findings(dialog)).toContainText("2 objects, nothing to say against it.");
  await dialog.getByRole("button", { name: "Load", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(lab.notices.filter({ hasText: "Loaded: 2 objects." })).toBeVisible();
  await expect(lab.service("pasted")).toHaveAccessibleName(/2 of 2 endpoints ready/);
  await expect(lab.service("web")).toHaveCount(0);
  await lab.notices.getByRole("button", { name: "Undo" }).click();
  await expect(lab.service("web")).toBeVisible();
  expect((await lab.ready("web-")).map(({ name }) => name)).toEqual(old);
});

/** Too long to be read at once, with one Service in it that can be seen. */
function longText(service) {
  const inert = Array.from({ length: 1200 }, (_, i) => `- {apiVersion: v1, kind: ConfigMap, metadata: {name: c${i}}}`);
  const seen = `- {apiVersion: v1, kind: Service, metadata: {name: ${service}}, spec: {ports: [{port: 80}]}}`;
  return `apiVersion: v1\nkind: List\nitems:\n${inert.join("\n")}\n${seen}\n`;
}

/** Typing it takes the browser longer than the lab. */
async function pasteLong(lab, text) {
  const dialog = await lab.paste("");
  await dialog.getByRole("textbox").evaluate((area, value) => {
    area.value = value;
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }, text);
  return dialog;
}

test("while a long text is read, that is said, and the old lab is there", async ({ page }) => {
  const lab = await Lab.open(page);
  const dialog = await pasteLong(lab, longText("long"));
  const press = dialog.getByRole("button", { name: "Load", exact: true });
  const said = await press.evaluate(
    (button) =>
      new Promise((resolve) => {
        const picture = button.getRootNode().querySelector(".pk-picture");
        const frames = new Set();
        requestAnimationFrame(function frame() {
          if (!picture.querySelector('[aria-label^="Service web"]')) return resolve([...frames]);
          frames.add(picture.querySelector(".pk-opening")?.textContent ?? "");
          requestAnimationFrame(frame);
        });
        button.click();
      }),
  );
  expect(said, "beside the old lab").toContain("Reading the text …Cancel");
  await expect(dialog).toBeHidden();
  await expect(lab.service("long")).toBeVisible();
});

/** Half an hour of a hundred requests a second: opening it takes seconds. */
const FAR = `apiVersion: v1
kind: Service
metadata: {name: far}
spec: {type: NodePort, selector: {app: far}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: far, labels: {app: far}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {at: 30m, clients: [{name: c, from: outside, to: service/default/far, rate: 100}]}
`;

test("an opening that is undone gives back the lab as it was, and meanwhile nothing can be done", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  const clock = await lab.clock();
  const dialog = await lab.paste(FAR);
  await dialog.getByRole("button", { name: "Load", exact: true }).click();
  await expect(lab.button("Stop here")).toBeVisible();
  await lab.select(lab.card("Pod", "far"));
  await page.keyboard.press("Delete");
  await expect(lab.root.getByText("The text is still being opened.")).toBeVisible();
  await page.keyboard.press("Control+z");
  await expect(lab.service("web")).toBeVisible();
  await expect(lab.button("Play")).toBeVisible();
  expect(await lab.clock()).toBe(clock);
});

test("a long text that is refused at its end loses nothing", async ({ page }) => {
  const lab = await Lab.open(page);
  const text = longText("UPPER");
  const dialog = await pasteLong(lab, text);
  await dialog.getByRole("button", { name: "Load", exact: true }).click();
  await expect(findings(dialog)).toContainText("1 error to repair. The lab stays as it is.");
  await expect(dialog.getByRole("textbox")).toHaveValue(text);
  await expect(lab.service("web")).toBeVisible();
});

test(
  "Pods of the old lab leave no ghosts in the new one",
  async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.load("apiVersion: v1\nkind: Service\nmetadata: {name: alone}\nspec: {ports: [{port: 80}]}\n");
    await expect(lab.service("alone")).toBeVisible();
    await expect(lab.picture.getByText(/is gone, and its replacement/)).toHaveCount(0);
  },
);

test("what was loaded is there after a reload", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.load(SMALL);
  await expect(lab.service("pasted")).toHaveAccessibleName(/2 of 2 endpoints ready/);
  const pods = (await lab.pods("pasted-")).map(({ name }) => name);
  await page.reload();
  await lab.stands();
  expect((await lab.pods("pasted-")).map(({ name }) => name)).toEqual(pods);
  await expect(page.getByRole("combobox", { name: "Scenario" }).getByRole("option", { selected: true })).toHaveText("Your manifests");
});

test(
  "files that are picked are one text",
  async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.button("Load").click();
    const [service, deployment] = SMALL.split("---\n");
    await lab.dialog("Load manifests").getByLabel("Choose files …").setInputFiles([
      { name: "service.yaml", mimeType: "text/yaml", buffer: Buffer.from(service) },
      { name: "deployment.yaml", mimeType: "text/yaml", buffer: Buffer.from(deployment) },
    ]);
    await expect(findings(lab.dialog("Load manifests"))).toContainText("2 objects");
    await lab.dialog("Load manifests").getByRole("button", { name: "Load", exact: true }).click();
    await expect(lab.service("pasted")).toHaveAccessibleName(/2 of 2 endpoints ready/);
  },
);

test("a file that is dropped on the lab is shown before it is loaded", async ({ page }) => {
  const lab = await Lab.open(page);
  const transfer = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "pasted.yaml", { type: "text/yaml" }));
    return transfer;
  }, SMALL);
  await lab.picture.dispatchEvent("dragover", { dataTransfer: transfer });
  await lab.picture.dispatchEvent("drop", { dataTransfer: transfer });
  const dialog = lab.dialog("Load manifests");
  await expect(dialog.getByRole("textbox")).toHaveValue(SMALL);
  await dialog.getByRole("button", { name: "Load", exact: true }).click();
  await expect(lab.service("pasted")).toBeVisible();
});

test("JSON is read as well", async ({ page }) => {
  const lab = await Lab.open(page);
  const service = { apiVersion: "v1", kind: "Service", metadata: { name: "json" }, spec: { ports: [{ port: 80 }] } };
  await lab.load(JSON.stringify({ apiVersion: "v1", kind: "List", items: [service] }, null, 2));
  await expect(lab.service("json")).toBeVisible();
});

/** How many endpoints each Service has, by its name: `{web: "2 of 2"}`. */
async function endpoints(lab) {
  const names = await lab.card("Service").evaluateAll((all) => all.map((e) => e.getAttribute("aria-label")));
  return Object.fromEntries(names.map((name) => [name.match(/^Service ([^,]+)/)[1], name.match(/(\d+ of \d+) endpoints ready/)?.[1]]));
}

/** Each Service that is called delivers: the first calls come before the Pods are ready. */
async function callsArrive(lab, service) {
  const packets = await lab.packets();
  await expect.poll(() => lab.packets()).not.toBe(packets);
  await lab.select(lab.service(service));
  await lab.hurry();
  await lab.tab("Path");
  const ends = async () => (await lab.connections()).map(({ ended }) => ended).filter((ended) => ended !== "under way");
  await expect.poll(async () => new Set(await ends())).toEqual(new Set(["delivered"]));
}

/** A StatefulSet whose Pods run one after the other, and the headless Service that names them. */
async function runsInOrder(page, text, name) {
  const lab = await Lab.open(page);
  await lab.load(text);
  await expect(lab.service(name)).toHaveAccessibleName(/no virtual IP: a name for its Pods/);
  await lab.hurry();
  const ready = async () => (await lab.pods()).filter(({ state }) => state === "Ready").map((pod) => pod.name);
  await expect.poll(ready).toContain(`${name}-0`);
  await expect.poll(ready).toContain(`${name}-1`);
  await lab.select(lab.service(name));
  await lab.tab("About");
  await expect(lab.fact("Type")).toHaveText("headless");
  await expect(lab.fact("Addresses")).toHaveText("none: headless");
}

test.describe("manifests of the shapes that real ones have", () => {
  const CASES = [
    ["what a chart prints", "helm-template.yaml", { "release-name-notes": "2 of 2", "release-name-notes-db": "1 of 1" }],
    ["what kubectl prints", "exported-list.yaml", { clock: "2 of 2" }],
    ["anchors, merge keys and strings of all kinds", "anchors.yaml", { anchored: "2 of 2" }],
    ["line ends, tabs and a mark at the start as other systems have them", "windows.yaml", { windows: "1 of 1" }],
    ["kinds that nobody simulates, in a namespace", "ingress-and-crds.yaml", { tea: "2 of 2" }],
    ["JSON in a List in a List", "list.json", { json: "2 of 2" }],
  ];
  for (const [what, file, expected] of CASES) {
    test(`${what}: ${file}`, async ({ page }) => {
      const lab = await Lab.open(page);
      await lab.load(manifest(file));
      await expect.poll(() => endpoints(lab)).toEqual(expected);
    });
  }

  test("the bakery's Services have their Pods, and all calls arrive", async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.load(manifest("bakery.yaml"));
    await expect.poll(() => endpoints(lab)).toEqual({ counter: "2 of 2", oven: "1 of 1", flour: "1 of 1", orders: "1 of 1" });
    await callsArrive(lab, "oven");
  });

  test("the Pods of a StatefulSet start in order, and its headless Service is their name", ({ page }) => runsInOrder(page, manifest("stateful.yaml"), "store"));
});

test.describe("public manifests", () => {
  test("online-boutique has twelve Services, each with its Pod, and all calls arrive", async ({ page }) => {
    const text = publicManifest("online-boutique.yaml");
    const lab = await Lab.open(page);
    await lab.load(text);
    await expect(lab.card("Service")).toHaveCount(12);
    await expect.poll(async () => new Set(Object.values(await endpoints(lab)))).toEqual(new Set(["1 of 1"]));
    await expect.poll(async () => (await lab.pods()).every(({ state }) => state === "Ready")).toBe(true);
    await callsArrive(lab, "cartservice");
  });

  test("guestbook loads with its endpoints", async ({ page }) => {
    const text = publicManifest("guestbook.yaml");
    const lab = await Lab.open(page);
    await lab.load(text);
    await expect(lab.card("Service")).toHaveCount(text.match(/^kind: Service$/gm).length);
    for (const service of await lab.card("Service").all()) await expect(service).toHaveAccessibleName(/([1-9]\d*) of \1 endpoints ready/);
  });

  test("the Pods of cassandra's StatefulSet start in order, and its headless Service is their name", ({ page }) => runsInOrder(page, publicManifest("cassandra-headless.yaml"), "cassandra"));
});

test.describe("bad input says what and where, and leaves the lab alone", () => {
  const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
  const NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: same}\n";
  const BAD = [
    ["malformed YAML", "apiVersion: v1\nkind: Service\nmetadata: {name: web\nspec: [", /[34]:\d+/, /./],
    ["a tab for an indent", "apiVersion: v1\nkind: Service\nmetadata:\n\tname: web\n", /4:\d+/, /tab/i],
    ["a word where a number belongs", `${SERVICE}spec: {ports: [{port: eighty}]}\n`, /4:\d+/, /port/],
    ["a number where a string belongs", `${SERVICE}spec: {selector: {app: 1}, ports: [{port: 80}]}\n`, /4:\d+/, /string/],
    ["a list where a map belongs", "apiVersion: v1\nkind: Service\nmetadata: [web]\nspec: {ports: [{port: 80}]}\n", /3:\d+/, /metadata/],
    ["no name", "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}\n", /\d+:\d+/, /name/],
    ["a name that no object may have", "apiVersion: v1\nkind: Service\nmetadata: {name: Web_1}\nspec: {ports: [{port: 80}]}\n", /3:\d+/, /Web_1/],
    ["two nodes of one name", `${NODE}---\n${NODE}`, /[5-7]:\d+/, /same/],
    ["no manifest at all", "just some words\n", /1:\d+/, /./],
  ];

  test(`${BAD.length} forms of it`, async ({ page }) => {
    const lab = await Lab.open(page);
    const before = (await lab.pods()).map(({ name }) => name);
    for (const [what, text, place, says] of BAD) {
      await test.step(what, async () => {
        const clock = await lab.clock();
        const dialog = await lab.paste(text);
        const found = findings(dialog);
        const load = dialog.getByRole("button", { name: "Load", exact: true });
        await load.click();
        await expect(found).toContainText(/\d errors? to repair. The lab stays as it is./);
        await expect(dialog).toBeVisible();
        const finding = found.getByRole("listitem").first();
        await expect(finding).toContainText("error");
        await expect(finding).toContainText(place);
        await expect(finding).toContainText(says);
        // Choosing it marks the place.
        await finding.getByRole("button").click();
        await expect(dialog.getByRole("textbox")).toBeFocused();
        await page.keyboard.press("Escape");
        await expect(dialog).toBeHidden();
        expect((await lab.pods()).map(({ name }) => name)).toEqual(before);
        await expect.poll(() => lab.clock()).toBeGreaterThan(clock);
        await expect(lab.button("Undo")).toBeDisabled();
      });
    }
  });

  test("a selector that matches nothing is told, and is no error", async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.load(`${SERVICE}spec: {selector: {app: nobody}, ports: [{port: 80}]}\n`);
    await expect(lab.service("web")).toHaveAccessibleName(/, no endpoints/);
    await lab.select(lab.service("web"));
    await expect(await lab.tab("Endpoints")).toContainText("No endpoints: kube-proxy writes a rule that refuses every connection.");
  });

  test("a text of 10 MB is refused, dropped or pasted", async ({ page }) => {
    const lab = await Lab.open(page);
    const before = (await lab.pods()).map(({ name }) => name);
    // Made in the page: the way into it is slow for so much.
    const transfer = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([`# ${"x".repeat(98)}\n`.repeat(100_000)], "large.yaml"));
      return transfer;
    });
    await lab.picture.dispatchEvent("drop", { dataTransfer: transfer });
    await expect(lab.notices.filter({ hasText: "10.1 MB are too much: at most 4 MB are read." })).toBeVisible();
    await lab.button("Load").click();
    const dialog = lab.dialog("Load manifests");
    await dialog.getByRole("textbox").evaluate((area) => {
      area.value = `# ${"x".repeat(98)}\n`.repeat(100_000);
      area.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
    });
    await expect(findings(dialog)).toContainText("1:1 the text has 10100000 bytes; at most 4194304 are read.");
    await dialog.getByRole("button", { name: "Load", exact: true }).press("Enter");
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    expect((await lab.pods()).map(({ name }) => name)).toEqual(before);
  });

  test("markup in names is text, wherever it is shown", async ({ page }) => {
    const lab = await Lab.open(page);
    const markup = "<img src=x onerror=alert(1)>";
    page.on("dialog", () => expect("a script ran").toBe("no script ran"));
    const marked = `apiVersion: v1\nkind: Service\nmetadata: {name: "${markup}"}\nspec: {ports: [{port: 80}]}\n`;
    let dialog = await lab.paste(marked);
    await expect(findings(dialog)).toContainText(markup);
    await page.keyboard.press("Escape");
    // Where the API server allows any text: a title, an annotation, a kind of nobody's.
    dialog = await lab.paste(`apiVersion: packetyard/v1alpha1
kind: Scenario
spec: {title: "${markup}", description: "<b>bold</b>"}
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {note: "${markup}"}}
spec: {ports: [{port: 80}]}
---
apiVersion: example.org/v1
kind: Gadget
metadata: {name: gadget, annotations: {note: "<script>alert(1)</script>"}}
`);
    await dialog.getByRole("button", { name: "Load", exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect(lab.inspector.getByRole("heading", { name: markup })).toBeVisible();
    await lab.select(lab.service("web"));
    await expect(await lab.tab("YAML")).toContainText(markup);
    await expect(page.locator("img, script:not([src]), b:text-is('bold')")).toHaveCount(0);
  });
});
