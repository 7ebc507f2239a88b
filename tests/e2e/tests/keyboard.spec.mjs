// Without a mouse.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";
import { BASE, HOST } from "../server.mjs";

/** Presses Tab until the focus is there. */
async function tabTo(page, target) {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    if (await target.evaluate((element) => element === element.getRootNode().activeElement)) return;
  }
  await expect(target).toBeFocused();
}

test("Tab goes into the picture, arrows walk, Enter selects, Escape clears", async ({ page }) => {
  const lab = await Lab.open(page);
  const pressed = lab.picture.locator("button[data-item][aria-pressed=true]");
  await tabTo(page, lab.card("Client", "browser"));
  await page.keyboard.press("ArrowDown");
  await expect(lab.card("Cloud", "load balancer of web")).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(lab.card("Client", "browser")).not.toBeFocused();
  await page.keyboard.press("End");
  const last = lab.card("Pod", "web-").last();
  await expect(last).toBeFocused();
  await expect(pressed).toHaveCount(0);
  await page.keyboard.press("Enter");
  await expect(last).toHaveAttribute("aria-pressed", "true");
  await expect(lab.inspector.getByRole("heading", { name: /^Pod web-/ })).toBeVisible();
  await page.keyboard.press("Home");
  await expect(lab.card("Client", "browser")).toBeFocused();
  await expect(last).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("Escape");
  await expect(pressed).toHaveCount(0);
  await expect(lab.inspector.getByRole("heading", { name: "Packetyard" })).toBeVisible();
});

test("the whole picture is one stop, and the focus keeps its place in it", async ({ page }) => {
  const lab = await Lab.open(page);
  await expect(lab.picture.locator("button[data-item][tabindex='0']")).toHaveCount(1);
  const node = lab.card("Node", "node-2");
  await node.focus();
  await expect(lab.picture.locator("button[data-item][tabindex='0']")).toHaveCount(1);
  await tabTo(page, lab.button(/^The cluster's own Pods/));
  await page.keyboard.press("Shift+Tab");
  await expect(node).toBeFocused();
});

test("a Pod is deleted and a type is switched by keys alone", async ({ page }) => {
  const lab = await Lab.open(page);
  const pod = lab.card("Pod", "web-").first();
  await pod.focus();
  await page.keyboard.press("Shift+F10");
  const menu = page.getByRole("menu");
  await expect(menu.getByRole("menuitem").first()).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(menu.getByRole("menuitem").last()).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(menu).toBeHidden();
  await expect(pod).toBeFocused();
  await page.keyboard.press("ContextMenu");
  await expect(menu.getByRole("menuitem", { name: /^Delete/ })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(pod).toHaveAccessibleName(/Terminating/);
  await lab.service("web").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(lab.service("web")).toHaveAccessibleName(/^Service web, NodePort, /);
});

test("Space pauses and plays, period and comma step", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.inspector.getByRole("tabpanel").focus();
  await page.keyboard.press("Space");
  await expect(lab.button("Play")).toBeVisible();
  const clock = await lab.clock();
  for (let n = 0; n < 8; n += 1) await page.keyboard.press(".");
  await expect.poll(() => lab.clock()).toBeGreaterThan(clock);
  const later = await lab.clock();
  await page.keyboard.press(",");
  await expect.poll(() => lab.clock()).toBeLessThan(later);
  await page.keyboard.press("Space");
  await expect(lab.button("Pause")).toBeVisible();
});

test(
  "Space pauses from a box of the picture",
  async ({ page }) => {
    const lab = await Lab.open(page);
    await lab.card("Pod", "web-").first().press("Space");
    await expect(lab.button("Play")).toBeVisible();
  },
);

test("Space pauses a page that nobody has touched, and Tab begins at its beginning", async ({ page }) => {
  const lab = await Lab.open(page);
  const root = page.locator("[data-theme]");
  await expect(root).toBeFocused();
  // Whoever did not ask for the focus shall not see it.
  expect(await root.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe("none");
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.keyboard.press("Space");
  await expect(lab.button("Play")).toBeVisible();
  await page.keyboard.press("Tab");
  const first = page.getByRole("combobox", { name: "Scenario" });
  await expect(first).toBeFocused();
});

test("a lab that is a part of a page leaves the focus where it is", async ({ page }) => {
  const root = (page) => page.locator("[data-theme]").first();
  // In a frame, beside another lab, and where the page has something else to be read.
  await page.goto(`${HOST}?src=${encodeURIComponent(BASE)}`);
  await new Lab(page.frameLocator("iframe"), page).stands();
  await expect(page.locator("body")).toBeFocused();
  await expect(root(page.frameLocator("iframe"))).not.toBeFocused();
  await page.goto("two.html");
  await new Lab(page.locator("[data-packetyard]").first(), page).stands();
  await expect(root(page)).not.toBeFocused();
  await page.route("./", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace("</main>", "</main><p>Somebody's words.</p>");
    await route.fulfill({ response, body });
  });
  const lab = await Lab.open(page);
  await expect(page.getByText("Somebody's words.")).toBeAttached();
  await expect(root(page)).not.toBeFocused();
  await page.keyboard.press(".");
  await expect(lab.button("Pause")).toBeVisible();
});

test("the keys of the lab are letters in a field", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.select(lab.card("Pod", "web-").first());
  await lab.inspector.getByRole("textbox").pressSequentially("a. ,");
  await expect(lab.inspector.getByRole("textbox")).toHaveValue("a. ,");
  await lab.inspector.getByRole("textbox").press("Delete");
  await expect(lab.button("Pause")).toBeVisible();
  await expect(lab.button("Undo")).toBeDisabled();
});

test("arrows go from tab to tab of the inspector", async ({ page }) => {
  const lab = await Lab.open(page);
  const tab = (name) => lab.inspector.getByRole("tab", { name });
  await tab("About").focus();
  await page.keyboard.press("ArrowRight");
  await expect(tab("Objects")).toHaveAttribute("aria-selected", "true");
  await expect(tab("Objects")).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(tab("Path")).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(tab("Objects")).toBeFocused();
});

test("a connection that is chosen from the list gives the focus to its heading, and so does the way back", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.hurry();
  await lab.select(lab.service("web"));
  const list = await lab.tab("Path");
  await list.getByRole("listitem").first().getByRole("button").press("Enter");
  await expect(lab.inspector.getByRole("heading", { name: /^Connection / })).toBeFocused();
  await lab.button("Back to Service web").press("Enter");
  await expect(lab.inspector.getByRole("heading", { name: "Service web" })).toBeFocused();
  await lab.button("Close: nothing selected").press("Enter");
  await expect(lab.inspector.getByRole("heading", { name: "Packetyard" })).toBeFocused();
});

test("what is taken out of a list gives the focus to the list's field", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.select(lab.service("web"));
  const form = lab.inspector.getByRole("form", { name: "externalIPs" });
  const field = form.getByRole("textbox");
  await field.fill("192.0.2.10");
  await field.press("Enter");
  await lab.button("Take away 192.0.2.10").press("Enter");
  await expect(lab.button("Take away 192.0.2.10")).toHaveCount(0);
  await expect(field).toBeFocused();
});

test("a dialog keeps the focus, closes on Escape, and gives it back", async ({ page }) => {
  const lab = await Lab.open(page);
  for (const [opener, name] of [["Load", "Load manifests"], ["Share", "Share"]]) {
    await lab.button(opener).press("Enter");
    const dialog = lab.dialog(name);
    await expect(dialog).toBeVisible();
    expect(await dialog.evaluate((element) => element.contains(element.getRootNode().activeElement))).toBe(true);
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(lab.button(opener)).toBeFocused();
  }
});
