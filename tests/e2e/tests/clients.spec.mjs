// Clients: added, told how often, sent once by hand, removed.
import { accessibilityFaults, expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const sent = async (lab) => Number.parseInt(await lab.fact("Requests").textContent());

test("a client is added, called only by hand, and sends one", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.tab("Objects");
  await lab.button("Add a client …").click();
  const dialog = lab.dialog("Add a client");
  await dialog.getByRole("combobox", { name: "From" }).selectOption({ label: "outside the cluster" });
  await dialog.getByRole("textbox").fill("service/default/web");
  await dialog.getByRole("slider", { name: "Rate" }).press("Home");
  await expect(dialog).toContainText("Rate: 0 per second");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog).toBeHidden();
  const card = lab.card("Client", "client-1");
  await expect(card).toHaveAccessibleName(/calls web, by hand$|calls service\/default\/web, by hand$/);
  await expect(lab.inspector.getByRole("heading", { name: "client-1" })).toBeVisible();
  await lab.hurry();
  const clock = await lab.clock();
  await expect.poll(() => lab.clock()).toBeGreaterThan(clock + 10);
  await expect(lab.fact("Requests")).toHaveText(/^0 sent/);
  await lab.button("Send one request").click();
  await expect(lab.fact("Requests")).toHaveText("1 sent, 100.0 % delivered");
  await lab.tab("Path");
  expect(await lab.connections()).toHaveLength(1);
});

test("a client inside calls from its Pod", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.tab("Objects");
  await lab.button("Add a client …").click();
  const dialog = lab.dialog("Add a client");
  await dialog.getByRole("combobox", { name: "From" }).selectOption({ label: "inside, from Pod curl" });
  await dialog.getByRole("textbox").fill("http://web.default.svc.cluster.local");
  await dialog.getByRole("textbox").press("Enter");
  await expect(dialog).toBeHidden();
  await expect(lab.fact("From")).toContainText("inside, Pod curl");
  await lab.hurry();
  await expect(lab.fact("Requests")).toHaveText(/^[1-9]\d* sent, 100.0 % delivered$/);
});

test("a rate of nothing stops a client, and it goes on with another", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.select(lab.card("Client", "browser"));
  const rate = lab.inspector.getByRole("slider", { name: "Rate" });
  await rate.press("Home");
  await expect(lab.card("Client", "browser")).toHaveAccessibleName(/by hand/);
  await expect(rate).toBeFocused();
  await lab.hurry();
  const before = await sent(lab);
  const clock = await lab.clock();
  await expect.poll(() => lab.clock()).toBeGreaterThan(clock + 10);
  expect(await sent(lab)).toBeLessThanOrEqual(before + 1);
  await rate.press("End");
  await expect.poll(() => sent(lab)).toBeGreaterThan(before + 50);
});

test("a client that asks for nonsense is refused with a reason", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.tab("Objects");
  await lab.button("Add a client …").click();
  const dialog = lab.dialog("Add a client");
  await dialog.getByRole("textbox").fill("http://[no address");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(lab.root.getByText(/has no target that can be called: write a URL/)).toBeVisible();
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(lab.card("Client", "client-1")).toHaveCount(0);
});

test("a client is removed", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.choose(lab.card("Client", "browser"), "Remove");
  await expect(lab.card("Client", "browser")).toHaveCount(0);
  await expect(lab.button("Undo")).toBeEnabled();
});

test("a refusal is said in the dialog, beside the field, and nothing that was written is lost", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.tab("Objects");
  await lab.button("Add a client …").click();
  const dialog = lab.dialog("Add a client");
  const field = dialog.getByRole("textbox");
  const alert = dialog.getByRole("alert").filter({ hasText: "has no target that can be called" });
  await dialog.getByRole("slider", { name: "Rate" }).press("End");
  await field.fill("http://[no address");
  await expect(field).not.toHaveAttribute("aria-invalid");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(alert).toBeVisible();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  expect(await field.evaluate((input) => getComputedStyle(input).borderTopColor)).toBe("rgb(168, 31, 24)");
  await expect(field).toHaveAccessibleDescription(/has no target that can be called/);
  // Under its field, and nowhere else.
  const [above, below] = [await field.boundingBox(), await alert.boundingBox()];
  expect(below.y - (above.y + above.height)).toBeLessThan(20);
  await expect(lab.notices.filter({ hasText: "has no target" })).toHaveCount(0);
  expect(await accessibilityFaults(page)).toEqual([]);
  await expect(field).toHaveValue("http://[no address");
  await expect(dialog).toContainText("Rate: 100 per second");
  await field.press("End");
  await field.press("Backspace");
  await expect(alert).toHaveCount(0);
  await expect(field).toBeFocused();
  await field.fill("http://web");
  await field.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(lab.card("Client", "client-1")).toBeVisible();
});

const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
/** As many clients as a cluster may have. */
const LIMIT = 200;

test("a refusal that is about no field is said under the form", async ({ page }) => {
  const lab = await Lab.open(page);
  const clients = Array.from({ length: LIMIT }, (_, n) => `  - {name: c${n}, from: outside, to: service/default/web, rate: 0}\n`);
  await lab.load(`${SERVICE}---\napiVersion: packetyard/v1alpha1\nkind: Scenario\nspec:\n  clients:\n${clients.join("")}`);
  await lab.tab("Objects");
  await lab.button("Add a client …").click();
  const dialog = lab.dialog("Add a client");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(dialog.getByRole("alert").filter({ hasText: `at most ${LIMIT} clients` })).toBeVisible();
  await expect(dialog.getByRole("textbox")).not.toHaveAttribute("aria-invalid");
});
