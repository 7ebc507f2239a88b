// Files that are dropped on the lab.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: dropped}\nspec: {ports: [{port: 80}]}\n";
const UNREADABLE = "unreadable.yaml";

/** Drops files as a person does: over the target first. A text is a file's whole content; a number, its size. */
async function drop(page, target, files) {
  const transfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const [name, content] of Object.entries(files)) {
      const parts = Array.isArray(content) ? [new Uint8Array(content)] : [typeof content === "number" ? "#".repeat(content) : content];
      transfer.items.add(new File(parts, name));
    }
    return transfer;
  }, files);
  for (const type of ["dragenter", "dragover", "drop"]) await target.dispatchEvent(type, { dataTransfer: transfer });
}

test("a file over the lab is asked for, and no longer when it is carried away", async ({ page }) => {
  const lab = await Lab.open(page);
  const asked = page.locator("[data-drop]");
  const transfer = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["a"], "a.yaml"));
    return transfer;
  });
  await lab.picture.dispatchEvent("dragover", { dataTransfer: transfer });
  await expect(asked).toHaveCount(1);
  await lab.picture.dispatchEvent("dragleave", { dataTransfer: transfer });
  await expect(asked).toHaveCount(0);
  // A text that is dragged is not for the lab.
  const words = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.setData("text/plain", "words");
    return transfer;
  });
  await lab.picture.dispatchEvent("dragover", { dataTransfer: words });
  await expect(asked).toHaveCount(0);
});

test("several files are one text, which is loaded when it is asked for", async ({ page }) => {
  const lab = await Lab.open(page);
  await drop(page, lab.inspector, { "a.yaml": SERVICE, "b.yaml": SERVICE.replace("dropped", "second") });
  const dialog = lab.dialog("Load manifests");
  await expect(dialog.getByRole("status", { name: "Findings" })).toContainText("2 objects, nothing to say against it.");
  await expect(page.locator("[data-drop]")).toHaveCount(0);
  await expect(lab.service("web")).toBeAttached();
  await dialog.getByRole("button", { name: "Load", exact: true }).click();
  await expect(lab.service("dropped")).toBeVisible();
  await expect(lab.service("second")).toBeVisible();
});

for (const [what, file, says] of [
  ["no YAML", `${SERVICE}spec: [`, /[56]:\d+/],
  ["a picture", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0xff, 0xfe], /\d+:\d+/],
]) {
  test(`a file that is ${what} is told with its place, and the lab goes on`, async ({ page }) => {
    const lab = await Lab.open(page);
    const before = (await lab.pods()).map(({ name }) => name);
    await drop(page, lab.picture, { "bad.yaml": file });
    const dialog = lab.dialog("Load manifests");
    const findings = dialog.getByRole("status", { name: "Findings" });
    await expect(findings).toContainText(/\d errors? to repair. The lab stays as it is./);
    await expect(findings.getByRole("listitem").first()).toContainText(says);
    await dialog.getByRole("button", { name: "Load", exact: true }).click();
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    const clock = await lab.clock();
    await expect.poll(() => lab.clock()).toBeGreaterThan(clock);
    expect((await lab.pods()).map(({ name }) => name)).toEqual(before);
    await expect(lab.button("Undo")).toBeDisabled();
  });
}

test("an empty file is told, and so is one that cannot be read", async ({ page }) => {
  await page.addInitScript((name) => {
    const read = File.prototype.text;
    File.prototype.text = function () {
      return this.name === name ? Promise.reject(new DOMException("gone", "NotReadableError")) : read.call(this);
    };
  }, UNREADABLE);
  const lab = await Lab.open(page);
  await drop(page, lab.picture, { [UNREADABLE]: SERVICE });
  await expect(lab.notices.filter({ hasText: `The file “${UNREADABLE}” could not be read.` })).toBeVisible();
  await expect(lab.dialog("Load manifests")).toHaveCount(0);
  await drop(page, lab.picture, { "empty.yaml": "" });
  await expect(lab.notices.filter({ hasText: "The file “empty.yaml” is empty." })).toBeVisible();
});

test("what is dropped on the dialog and refused is said in it, and the text that is written stays", async ({ page }) => {
  const lab = await Lab.open(page);
  const dialog = await lab.paste("# mine\n");
  await drop(page, dialog.getByRole("textbox"), { "large.yaml": 10_000_000 });
  await expect(dialog.getByRole("status").filter({ hasText: "10.0 MB are too much: at most 4 MB are read." })).toBeInViewport();
  await expect(dialog.getByRole("textbox")).toHaveValue("# mine\n");
  await expect(page.locator("[data-drop]")).toHaveCount(0);
});
