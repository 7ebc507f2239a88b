// What a person finds on the page, by its roles and names. Tests know the page through this only.
import { expect } from "@playwright/test";

/** A lab in a page, in a frame, or in one of several elements of a page. */
export class Lab {
  constructor(root, page = root) {
    this.root = root;
    this.page = page;
    this.picture = root.getByRole("region", { name: "Cluster" });
    this.inspector = root.getByRole("complementary", { name: "Inspector" });
    this.notices = root.getByRole("status");
    this.clockText = root.locator(".pk-clock").getByText(/\d s$/);
  }

  static async open(page, path = "./") {
    await page.goto(path);
    const lab = new Lab(page);
    await lab.stands();
    return lab;
  }

  /** Until the scenario is on show. */
  async stands() {
    await expect(this.card("Service").first()).toBeVisible();
  }

  button(name) {
    return this.root.getByRole("button", { name, exact: true });
  }

  // The picture.

  /** The boxes of a kind whose names begin so: `card("Pod", "web-")`. */
  card(kind, name = "") {
    const words = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return this.picture.getByRole("button", { name: new RegExp(`^${kind}${name && " "}${words}`) });
  }

  service(name) {
    return this.card("Service", `${name},`);
  }

  /** Every Pod whose name begins so, as its box says. */
  async pods(name = "") {
    const labels = await this.card("Pod", name).evaluateAll((all) => all.map((e) => e.getAttribute("aria-label")));
    const form = /^Pod (\S+), (.+?), ([^,]+), behind (.*?)(?:(?:, (?:calls |a call failed: |number \d|one of a DaemonSet|of a Job|at its node)|; ).*)?$/;
    // What does not have this form is the ghost of a Pod that is gone.
    const found = labels.map((label) => label.match(form)).filter(Boolean);
    return found.map(([, pod, state, ip, services]) => ({ name: pod, state, ip, services }));
  }

  async ready(name) {
    return (await this.pods(name)).filter(({ state }) => state === "Ready");
  }

  /** By key: a click might hit a packet that passes. */
  async select(card) {
    await card.press("Enter");
    await expect(card).toHaveAttribute("aria-pressed", "true");
  }

  async menu(card) {
    await card.press("Shift+F10");
    const menu = this.root.getByRole("menu");
    await expect(menu).toBeVisible();
    return menu;
  }

  async choose(card, entry) {
    const menu = await this.menu(card);
    await menu.getByRole("menuitem", { name: entry }).click();
    await expect(menu).toBeHidden();
  }

  async setType(service, type) {
    await this.root.getByRole("group", { name: `Type of ${service}` }).getByRole("button", { name: type }).click();
  }

  /** What the packets' canvas shows. */
  packets() {
    return this.picture.locator("canvas").evaluate((canvas) => canvas.toDataURL());
  }

  // The inspector.

  async tab(name) {
    const tab = this.inspector.getByRole("tab", { name });
    await tab.click();
    await expect(tab).toHaveAttribute("aria-selected", "true");
    return this.inspector.getByRole("tabpanel", { name });
  }

  /** What the inspector says under a name. */
  fact(name) {
    return this.inspector.locator("dl > div, dl").locator(`dt:text-is("${name}") + dd`);
  }

  /** The rows of the Path tab, newest first. */
  async connections() {
    const rows = await this.inspector.getByRole("tabpanel", { name: "Path" }).getByRole("listitem").allTextContents();
    return rows.map((row) => {
      const [, id, from, to, ended] = row.match(/^.\s*(\d+)\s+(.+?) → (\S+) (.*)$/u);
      return { id: Number(id), from, to, ended };
    });
  }

  // Time.

  /** Simulated seconds from when the clients began. */
  async clock() {
    const text = await this.clockText.textContent();
    const [, sign, minutes, seconds] = text.match(/^(-?)(?:(\d+) min )?([\d.]+) s$/);
    return (sign ? -1 : 1) * (Number(minutes ?? 0) * 60 + Number(seconds));
  }

  /** Twenty seconds a second. */
  async hurry() {
    const speed = this.root.getByRole("slider", { name: "Speed" });
    await speed.press("End");
    await expect(speed).toHaveAttribute("aria-valuetext", "20×");
  }

  async pause() {
    await this.button("Pause").click();
    await expect(this.button("Play")).toBeVisible();
    // The last frame brings the clock's text up to date.
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }

  async play() {
    await this.button("Play").click();
    await expect(this.button("Pause")).toBeVisible();
  }

  /** Writes a text into the Load dialog, which is left open. */
  async paste(text) {
    await this.button("Load").click();
    const dialog = this.dialog("Load manifests");
    await dialog.getByRole("textbox").fill(text);
    return dialog;
  }

  async load(text) {
    const dialog = await this.paste(text);
    await dialog.getByRole("button", { name: "Load", exact: true }).click();
    await expect(dialog).toBeHidden();
  }

  dialog(name) {
    return this.root.getByRole("dialog", { name });
  }
}
