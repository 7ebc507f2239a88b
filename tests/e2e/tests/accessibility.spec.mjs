// What axe can find, in both themes, on a large and on a small screen.
import { accessibilityFaults, expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const GRAVE = ["serious", "critical"];

for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    test.describe(`${colorScheme}, ${width}x${height}`, () => {
      test.use({ colorScheme, viewport: { width, height } });

      test("the inspector has no grave fault, whatever it shows", async ({ page }) => {
        const lab = await Lab.open(page);
        await lab.pause();
        await lab.choose(lab.service("web"), "Make it a ClusterIP");
        await lab.select(lab.card("Pod", "web-").first());
        await lab.button("Take away app=web").click();
        expect(await accessibilityFaults(page, GRAVE)).toEqual([]);
        await lab.select(lab.service("web"));
        for (const name of ["About", "Endpoints", "Rules", "Path", "YAML", "Events"]) {
          await lab.tab(name);
          expect(await accessibilityFaults(page, GRAVE), name).toEqual([]);
        }
        await lab.tab("Path");
        await lab.inspector.getByRole("tabpanel").getByRole("listitem").getByRole("button").last().click();
        await expect(lab.inspector.getByRole("tabpanel")).toContainText(/SYN: /);
        expect(await accessibilityFaults(page, GRAVE), "Connection").toEqual([]);
        await lab.tab("Rules");
        await expect(lab.inspector.getByRole("region", { name: /^Rules: web on / })).toBeVisible();
        expect(await accessibilityFaults(page, GRAVE), "Rules that a connection met").toEqual([]);
      });

      test("the dialogs and the menu have no grave fault", async ({ page }) => {
        const lab = await Lab.open(page);
        await lab.pause();
        const dialog = await lab.paste("kind: Service\nmetadata: {name: [}\n");
        await expect(dialog.getByRole("status", { name: "Findings" })).toContainText("to repair");
        expect(await accessibilityFaults(page, GRAVE), "Load").toEqual([]);
        await page.keyboard.press("Escape");
        await lab.button("Share").click();
        await expect(lab.dialog("Share").getByRole("region", { name: "Link" })).toBeVisible();
        expect(await accessibilityFaults(page, GRAVE), "Share").toEqual([]);
        await page.keyboard.press("Escape");
        await lab.select(lab.service("web"));
        await lab.tab("Rules");
        await lab.button("Side by side …").click();
        await expect(lab.dialog("Rules side by side").getByRole("region")).toHaveCount(2);
        expect(await accessibilityFaults(page, GRAVE), "Rules side by side").toEqual([]);
        await page.keyboard.press("Escape");
        await lab.menu(lab.card("Pod", "web-").first());
        expect(await accessibilityFaults(page, GRAVE), "menu").toEqual([]);
      });
    });
  }
}
