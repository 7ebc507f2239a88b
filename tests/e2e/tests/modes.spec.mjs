// What decides: kube-proxy's mode, a Service's policies, and nodes whose kube-proxy lags for good.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

test("the mode is switched on the live cluster, and every node's rules are then the other mode's", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.hurry();
  await page.getByRole("button", { name: /^kube-proxy: iptables/ }).click();
  const dialog = page.getByRole("dialog", { name: "kube-proxy's mode" });
  for (const [mode, reader] of [["nftables", /as nft -f takes them/], ["ipvs", /ipvsadm|ipset/]]) {
    await dialog.getByRole("button", { name: mode, exact: true }).click();
    await expect(dialog.getByRole("button", { name: mode, exact: true })).toHaveAttribute("aria-pressed", "true");
    await dialog.getByRole("button", { name: "Close" }).click();
    await lab.select(lab.card("Node", "node-1"));
    await lab.tab("Rules");
    await expect(lab.inspector.getByText(reader).first()).toBeVisible({ timeout: 20_000 });
    await page.getByRole("button", { name: `kube-proxy: ${mode}` }).click();
  }
});

test("a policy is set on the Service, and what the API server forbids is refused in its words", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.select(lab.service("web"));
  const policy = lab.inspector.getByRole("group", { name: "externalTrafficPolicy" });
  await expect(policy.getByRole("button", { name: "Cluster" })).toHaveAttribute("aria-pressed", "true");
  await policy.getByRole("button", { name: "Local" }).click();
  await expect(policy.getByRole("button", { name: "Local" })).toHaveAttribute("aria-pressed", "true");
  await lab.button("Undo").click();
  await expect(policy.getByRole("button", { name: "Cluster" })).toHaveAttribute("aria-pressed", "true");
});

test("a paused kube-proxy is told, and goes on", async ({ page }) => {
  const lab = await Lab.open(page);
  const node = lab.card("Node", "node-1");
  await lab.choose(node, "Pause its kube-proxy");
  await lab.select(node);
  await expect(lab.inspector.getByText("paused", { exact: true })).toBeVisible();
  await lab.choose(node, "Let its kube-proxy go on");
  await expect(lab.inspector.getByText("paused", { exact: true })).toHaveCount(0);
});
