// With a finger, on a small screen.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

/** Puts a finger on the middle of a box; what is returned lifts it. */
async function press(page, card) {
  const { x, y, width, height } = await card.boundingBox();
  const session = await page.context().newCDPSession(page);
  const touch = (type, touchPoints) => session.send("Input.dispatchTouchEvent", { type, touchPoints });
  await touch("touchStart", [{ x: x + width / 2, y: y + height / 2 }]);
  return () => touch("touchEnd", []);
}

test("a long press opens the menu, which stays when the finger goes", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  const pod = lab.card("Pod", "web-").first();
  const lift = await press(page, pod);
  const menu = page.getByRole("menu", { name: /^Pod web-/ });
  await expect(menu).toBeVisible();
  await lift();
  await expect(menu).toBeInViewport({ ratio: 1 });
  await menu.getByRole("menuitem", { name: /^Delete/ }).tap();
  await expect(menu).toBeHidden();
  await expect(pod).toHaveAccessibleName(/Terminating/);
});

test("a tap selects, and raises the inspector", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  await lab.card("Pod", "web-").first().tap({ position: { x: 120, y: 60 } });
  // The sheet's handle has the name of what is selected.
  const handle = lab.inspector.getByRole("button", { name: /^Pod web-/ });
  await expect(handle).toBeInViewport({ ratio: 1 });
  await expect(lab.fact("Status")).toBeInViewport();
  await expect(handle).toHaveAttribute("aria-expanded", "true");
  await handle.tap();
  await expect(handle).toHaveAttribute("aria-expanded", "false");
});

test("a tap beside the menu closes it", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  const lift = await press(page, lab.card("Client", "browser"));
  const menu = page.getByRole("menu", { name: "browser" });
  await expect(menu).toBeVisible();
  await lift();
  await page.touchscreen.tap(200, 20);
  await expect(menu).toBeHidden();
});

test("nothing is wider than the screen, and every control is at hand", async ({ page }) => {
  const lab = await Lab.open(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  // The cluster's mode is whole, and opens a dialog that begins with it.
  const mode = page.getByRole("button", { name: "kube-proxy: iptables" });
  await expect(mode).toBeInViewport({ ratio: 1 });
  expect((await mode.boundingBox()).height).toBeGreaterThanOrEqual(44);
  expect(await mode.evaluate((button) => button.scrollWidth <= button.clientWidth)).toBe(true);
  for (const name of ["Load", "Share", "Pause", "Step to the next event", "Start again"]) {
    await expect(lab.button(name)).toBeInViewport({ ratio: 1 });
    const { width, height } = await lab.button(name).boundingBox();
    expect(Math.min(width, height), name).toBeGreaterThanOrEqual(24);
  }
  await lab.button("Load").tap();
  await expect(lab.dialog("Load manifests").getByRole("button", { name: "Load", exact: true })).toBeInViewport({ ratio: 1 });
});
