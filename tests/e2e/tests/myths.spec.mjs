// The myths: each opens, and shows what the command line counts in the same file.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ask } from "../command.mjs";
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const FOLDER = fileURLToPath(new URL("../../../crates/cluster/tests/scenarios/", import.meta.url));

/** How the requests of each client end, as the command line counts them. */
const counted = (name) => ask(name, "run", "--at", "0s", "--for", "60s").clients;

/** What comes before the reason. Of some time-outs the reason is the name: `time-out: source not allowed`. */
const way = (ended) => ended.split(":")[0].replace(/^(time-out|reply lost)$/, "timed out");

const myths = readdirSync(FOLDER).filter((name) => name.startsWith("myth-"));

test("there are as many as the reference has", () => expect(myths).toHaveLength(22));

for (const name of myths) {
  test(`${name} opens, and packets end as the command line says`, async ({ page }) => {
    const lab = new Lab(page);
    await page.goto(`./?scenario=${name}`);
    await expect(page.getByRole("combobox", { name: "Scenario" })).toHaveValue(`scenario/${name}`);
    await expect(lab.inspector.getByText("In truth")).toBeVisible();
    await expect(lab.inspector.getByRole("heading", { name: "Watch for" })).toBeVisible();
    const wanted = new Set();
    for (const { delivered, refused, timed_out, unresolved } of counted(name)) {
      if (delivered > 10) wanted.add("delivered");
      else if (unresolved > 0) wanted.add("name not found");
      else if (refused > 10) wanted.add("refused");
      else if (timed_out > 10) wanted.add("timed out");
    }
    await lab.tab("Path");
    const seen = new Set();
    const missing = async (hows) => {
      for (const { ended } of await lab.connections()) seen.add(way(ended));
      return hows.filter((how) => !seen.has(how));
    };
    // What goes well does so at once, and not always for long; a client's patience takes its time.
    await expect.poll(() => missing([...wanted].filter((how) => how === "delivered"))).toEqual([]);
    await lab.hurry();
    await expect.poll(() => missing([...wanted]), { timeout: 20_000 }).toEqual([]);
  });
}

test("a myth is opened from the list, is reloaded as it was left, and is started again", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.button("Load").click();
  const dialog = lab.dialog("Load manifests");
  await dialog.getByText(/^Myths: 22 /).click();
  await dialog.getByRole("button", { name: /^kube-proxy takes turns/ }).click();
  await expect(dialog).toBeHidden();
  await expect(lab.inspector.getByText("kube-proxy takes turns.")).toBeVisible();
  await lab.choose(lab.card("Node", "node-2"), "Cordon (no new Pods here)");
  await expect(lab.card("Node", "node-2")).toHaveAccessibleName(/Cordoned/);
  // It is kept a moment later.
  await expect.poll(() => page.evaluate(() => Object.keys(localStorage).join())).toContain("myth-kube-proxy-takes-turns");
  await page.reload();
  await expect(page.getByRole("combobox", { name: "Scenario" })).toHaveValue("scenario/myth-kube-proxy-takes-turns");
  await expect(lab.card("Node", "node-2")).toHaveAccessibleName(/Cordoned/);
});

test("a myth that is not there is said not to be", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=myth-nobody-told");
  await expect(page.getByText("There is no myth named “myth-nobody-told”.")).toBeVisible();
  await expect(lab.service("web")).toBeVisible();
});
