// The lab around the picture: time, edits, loading, links, what a reload keeps.
import { accessibilityFaults, expect, test } from "../fixtures.mjs";

const clock = (page) => page.locator(".pk-clock .pk-mono").first();
const seconds = async (page) => Number.parseFloat(await clock(page).textContent());
const header = (page, name) => page.locator("header").getByRole("button", { name, exact: true });
const tab = (page, name) => page.getByRole("tab", { name, exact: true });

/** A lab whose first scenario stands. */
async function open(page, address = "./") {
  await page.goto(address);
  await expect(clock(page)).toHaveText(/^\d/);
}

async function addNode(page) {
  await tab(page, "Objects").click();
  await page.getByRole("button", { name: "Add a node" }).click();
  await expect(page.getByRole("heading", { name: "4 Nodes" })).toBeVisible();
}

test("time passes at once, and stops when told to", async ({ page }) => {
  await page.clock.install();
  await open(page);
  const before = await seconds(page);
  await expect.poll(() => seconds(page)).toBeGreaterThan(before + 0.3);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  // The clock on show follows ten times a second: by then it rests.
  await page.clock.runFor(200);
  const stopped = await seconds(page);
  await page.clock.runFor(2_000);
  expect(await seconds(page)).toBe(stopped);
});

test("who prefers less motion begins with a still picture, and steps", async ({ browser, baseURL }) => {
  const page = await browser.newPage({ reducedMotion: "reduce", baseURL });
  await open(page);
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  const step = page.getByRole("button", { name: "Step to the next event" });
  const opened = await clock(page).textContent();
  await step.click();
  await expect(clock(page)).not.toHaveText(opened);
  const first = await clock(page).textContent();
  await step.click();
  await expect(clock(page)).not.toHaveText(first);
  await page.getByRole("button", { name: "Step back" }).click();
  await expect(clock(page)).toHaveText(first);
  await page.close();
});

test("keys work inside the lab, and not in a field", async ({ page }) => {
  await open(page);
  await tab(page, "About").focus();
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
  await page.keyboard.press(".");
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  await header(page, "Load").click();
  await page.getByRole("textbox").fill("a.b c");
  await expect(page.getByRole("textbox")).toHaveValue("a.b c");
});

test("undo takes an edit back, redo makes it again", async ({ page }) => {
  await open(page);
  await addNode(page);
  await page.keyboard.press("Control+z");
  await expect(page.getByRole("heading", { name: "3 Nodes" })).toBeVisible();
  await page.keyboard.press("Control+Shift+Z");
  await expect(page.getByRole("heading", { name: "4 Nodes" })).toBeVisible();
});

test("a reload keeps the work, and starting again can be undone", async ({ page }) => {
  await open(page);
  await addNode(page);
  await page.reload();
  await tab(page, "Objects").click();
  await expect(page.getByRole("heading", { name: "4 Nodes" })).toBeVisible();
  await page.getByRole("button", { name: "Start again" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Start again" }).click();
  await expect(page.getByRole("heading", { name: "3 Nodes" })).toBeVisible();
  await header(page, "Undo").click();
  await expect(page.getByRole("heading", { name: "4 Nodes" })).toBeVisible();
});

test("a link opens the very moment", async ({ page, context }) => {
  await open(page);
  await addNode(page);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await header(page, "Share").click();
  const link = await page.getByRole("region", { name: "Link" }).textContent();
  const other = await context.newPage();
  await other.goto(link);
  await expect(header(other, "Share")).toBeVisible();
  // The clock on show follows ten times a second: by now it rests.
  const moment = await clock(page).textContent();
  await expect(clock(other)).toHaveText(moment);
  await tab(other, "Objects").click();
  await expect(other.getByRole("heading", { name: "4 Nodes" })).toBeVisible();
});

for (const [what, fragment, said] of [
  ["of a later form", "#v9.z.abc", "does not know"],
  ["that is cut off", "#v1.d.pZNL", "damaged"],
  ["that is no base64", "#v1.d.!!", "damaged"],
]) {
  test(`a link ${what} says so, and the lab works`, async ({ page }) => {
    await open(page, `./${fragment}`);
    await expect(page.getByRole("status").filter({ hasText: said })).toBeVisible();
    await expect(header(page, "Share")).toBeVisible();
  });
}

test.describe("loading", () => {
  const wrong = "apiVersion: v1\nkind: Service\nmetadata: {name: <b>x</b>}\nspec:\n  ports:\n  - port: 99999\n";

  test("lists what is wrong, with its place, and leaves the lab as it is", async ({ page }) => {
    await open(page);
    await header(page, "Load").click();
    const text = page.getByRole("textbox");
    await text.fill(wrong);
    const finding = page.getByRole("button", { name: /6:11.*99999/ });
    await finding.click();
    expect(await text.evaluate((area) => area.value.slice(area.selectionStart).split("\n")[0])).toBe("99999");
    await page.getByRole("dialog").getByRole("button", { name: "Load" }).click();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await tab(page, "Objects").click();
    await expect(page.getByRole("heading", { name: "1 Service" })).toBeVisible();
  });

  test("takes manifests, and keeps what is not simulated", async ({ page }) => {
    await open(page);
    await header(page, "Load").click();
    const service = "apiVersion: v1\nkind: Service\nmetadata: {name: mine}\nspec: {ports: [{port: 80}]}\n";
    const map = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n";
    await page.getByRole("textbox").fill(service + map);
    await expect(page.getByText("Kept, not simulated: ConfigMap.")).toBeVisible();
    await page.getByRole("dialog").getByRole("button", { name: "Load" }).click();
    await tab(page, "Objects").click();
    await expect(page.getByRole("button", { name: "mine", exact: true })).toBeVisible();
    await expect(page.getByRole("heading", { name: "Kept, not simulated" })).toBeVisible();
  });

  test("refuses a file of ten megabytes in words", async ({ page }) => {
    await open(page);
    await header(page, "Load").click();
    const big = { name: "big.yaml", mimeType: "text/yaml", buffer: Buffer.alloc(10_000_000, "a") };
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox").fill("# mine");
    await page.locator("input[type=file]").setInputFiles(big);
    // In the dialog, since the rest of the page is inert, and in the part of it that is seen.
    await expect(dialog.getByRole("status").filter({ hasText: "10.0 MB are too much" })).toBeInViewport();
    await expect(dialog.getByRole("textbox")).toHaveValue("# mine");
  });
});

test("labels are changed as chips, and what that means is said before", async ({ page }) => {
  await open(page);
  await tab(page, "Objects").click();
  await page.getByRole("tabpanel").getByRole("button", { name: /^web-\w+-\w+/ }).first().click();
  await tab(page, "About").click();
  await page.getByRole("button", { name: "Take away app=web" }).click();
  await expect(page.getByText("It leaves Service web")).toBeVisible();
  await expect(page.getByText("lets it go, and makes a new Pod")).toBeVisible();
  await page.getByRole("button", { name: "Apply" }).click();
  await tab(page, "Events").click();
  await expect(page.getByRole("tabpanel").getByText(/^Labels of Pod web-.* changed/)).toBeVisible();
});

test("a connection tells its way and why", async ({ page }) => {
  await open(page);
  await tab(page, "Path").click();
  const delivered = page.getByRole("button", { name: /browser →.*delivered/ }).first();
  await expect(delivered).toBeVisible();
  // While time passes the list moves on, and another line may be under the pointer.
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await delivered.click();
  await expect(page.locator(".pk-why")).toContainText("sent it to web-");
  await expect(page.locator(".pk-hop ins").first()).toBeVisible();
  expect(await accessibilityFaults(page)).toEqual([]);
});

test("its place says how much there is around the picture", async ({ page }) => {
  await open(page, "./?scenario=doors&controls=transport&theme=dark&autoplay=0");
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();
  await expect(page.getByRole("complementary")).toHaveCount(0);
  await expect(page.locator(".pk-app")).toHaveAttribute("data-theme", "dark");
});
