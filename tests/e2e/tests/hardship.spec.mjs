// Browsers that keep nothing, machines that are too slow, and readers with colours of their own.
import { accessibilityFaults, expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const UNKEPT = /keeps nothing of this page/;

test.describe("a browser's storage", () => {
  const no = (name) => `throw new DOMException("said by the test", "${name}")`;
  const FORMS = [
    ["that is denied", `Object.defineProperty(window, "localStorage", { get() { ${no("SecurityError")} } })`],
    ["that is not there", `Object.defineProperty(window, "localStorage", { get: () => null })`],
    ["that is full", `Storage.prototype.setItem = () => { ${no("QuotaExceededError")} }`],
    ["that cannot be read", `Storage.prototype.getItem = () => { ${no("UnknownError")} }`],
  ];
  for (const [what, script] of FORMS) {
    test(`${what}: the lab works, and begins anew`, async ({ page }) => {
      await page.addInitScript(script);
      const lab = await Lab.open(page);
      await lab.button("Theme: as the system").click();
      await expect(page.locator("[data-theme]")).toHaveAttribute("data-theme", "dark");
      await lab.setType("web", "NodePort");
      await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
      // Work that cannot be kept is told once; what is written and cannot be read, nobody knows.
      const told = lab.notices.getByText(UNKEPT);
      if (what !== "that cannot be read") {
        await expect(told).toBeVisible();
        await lab.notices.getByRole("button", { name: "Dismiss" }).last().click();
      }
      await lab.button("Undo").click();
      await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
      await lab.setType("web", "ClusterIP");
      await lab.button("Share").click();
      await expect(lab.dialog("Share").getByRole("region", { name: "Link" })).toContainText("#v1.d.");
      await expect(told).toHaveCount(0);
      await page.keyboard.press("Escape");
      await page.reload();
      await lab.stands();
      await expect(lab.service("web")).toHaveAccessibleName(/, LoadBalancer, /);
      await expect(lab.button("Theme: as the system")).toBeVisible();
    });
  }

  test("nothing is said of it while there is nothing to keep", async ({ page }) => {
    await page.addInitScript(FORMS[0][1]);
    const lab = await Lab.open(page);
    const clock = await lab.clock();
    await lab.button("Share").click();
    await page.keyboard.press("Escape");
    await expect.poll(() => lab.clock()).toBeGreaterThan(clock + 1);
    await expect(lab.notices.getByText(UNKEPT)).toHaveCount(0);
  });
});

test("a machine that cannot keep up says how far it does, until it can", async ({ page }) => {
  // Each look at the clock takes longer than a frame has.
  await page.addInitScript(() => {
    let looks = 0;
    performance.now = () => (looks += 1) * 20;
  });
  const lab = await Lab.open(page);
  const client = (n) => `  - {name: c${n}, from: outside, to: service/default/busy, rate: 100}\n`;
  await lab.load(`apiVersion: v1
kind: Service
metadata: {name: busy}
spec: {type: LoadBalancer, ports: [{port: 80}]}
---
apiVersion: packetyard/v1alpha1
kind: Scenario
spec:
  clients:
${[1, 2, 3, 4].map(client).join("")}`);
  await expect(lab.service("busy")).toBeVisible();
  await lab.hurry();
  const said = page.locator("footer").getByText(/^only .*× kept up$/);
  await expect(said).toBeVisible();
  const kept = Number.parseFloat((await said.textContent()).match(/only (?:1\/)?([\d.]+)×/)[1]);
  expect(kept).toBeLessThan(20);
  const clock = await lab.clock();
  await expect.poll(() => lab.clock()).toBeGreaterThan(clock);
  await page.getByRole("slider", { name: "Speed" }).press("Home");
  await expect(said).toHaveCount(0);
});

test.describe("a reader's own colours", () => {
  test.use({ expectedMessages: [/willReadFrequently/] });

  /** The share of the canvas's drawn pixels that can be told from `behind`, at 4.5 to 1. */
  const legible = (canvas, behind) => canvas.evaluate((canvas, behind) => {
    const light = (rgb) => rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = light(behind.match(/\d+/g).slice(0, 3).map(Number));
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let [drawn, seen] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 255) continue;
      const own = light([...data.slice(i, i + 3)]);
      drawn += 1;
      seen += (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05) >= 4.5;
    }
    return drawn === 0 ? 0 : seen / drawn;
  }, behind);

  for (const [colorScheme, theme] of [["dark", "light"], ["light", "dark"]]) {
    test(`forced, on ${colorScheme}, with the ${theme} theme chosen`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, forcedColors: "active" });
      const lab = await Lab.open(page, `./?theme=${theme}`);
      // The canvas's colours are not forced: they are the theme's that goes with what is.
      await expect(page.locator("[data-theme]")).toHaveAttribute("data-theme", colorScheme);
      // Of contrast axe knows nothing here: it reads the colours from before they are forced.
      expect((await accessibilityFaults(page)).filter((fault) => !fault.startsWith("color-contrast"))).toEqual([]);
      const behind = await page.locator("[data-theme]").evaluate((root) => getComputedStyle(root).backgroundColor);
      await expect.poll(() => legible(lab.picture.locator("canvas"), behind)).toBeGreaterThan(0.4);
      // What is a box is seen as one.
      for (const card of [lab.card("Pod", "web-").first(), lab.service("web"), lab.card("Node", "node-1")]) {
        const { border, width } = await card.evaluate((button) => {
          const { borderTopColor: border, borderTopWidth: width } = getComputedStyle(button.parentElement);
          return { border, width };
        });
        expect(Number.parseFloat(width)).toBeGreaterThan(0);
        expect(border).not.toBe(behind);
      }
      const pod = lab.card("Pod", "web-").first();
      await lab.select(pod);
      expect(await pod.evaluate((button) => getComputedStyle(button.parentElement).outlineWidth)).toBe("3px");
    });
  }
});
