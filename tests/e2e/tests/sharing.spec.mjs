// A link opens the very moment that was shared; a broken one says so.
import { expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

/** The Share dialog's texts by their names. */
async function share(lab) {
  await lab.button("Share").click();
  const dialog = lab.dialog("Share");
  const said = async (name) => (await dialog.getByRole("region", { name, exact: true }).textContent()).trim();
  const texts = { link: await said("Link"), figure: await said("Figure"), file: await said("Scenario file") };
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toBeHidden();
  return texts;
}

test("a link opens the same scene in a new page", async ({ page, context }) => {
  const lab = await Lab.open(page);
  const [{ name: victim }] = await lab.ready("web-");
  await lab.choose(lab.card("Pod", victim), "Delete (with its grace period)");
  await lab.hurry();
  await expect.poll(async () => (await lab.ready("web-")).length).toBe(3);
  await expect.poll(async () => (await lab.pods()).map(({ name }) => name)).not.toContain(victim);
  await lab.pause();
  await lab.setType("web", "NodePort");
  const [clock, pods] = [await lab.clockText.textContent(), await lab.pods()];
  const { link } = await share(lab);
  expect(link).toMatch(/^http:\/\/[^?#]+#v1\.d\.[\w-]+$/);
  const other = await Lab.open(await context.newPage(), link);
  await expect(other.clockText).toHaveText(clock);
  await expect(other.button("Play")).toBeVisible();
  expect(await other.pods()).toEqual(pods);
  await expect(other.service("web")).toHaveAccessibleName(/^Service web, NodePort, /);
  // And goes on from there in the same way.
  for (const each of [lab, other]) for (let n = 0; n < 5; n += 1) await each.button("Step to the next event").click();
  await expect.poll(() => other.clockText.textContent()).toBe(await lab.clockText.textContent());
  expect(await other.pods()).toEqual(await lab.pods());
});

test("what is done after a link was opened is kept, and is no longer the link", async ({ page }) => {
  const lab = await Lab.open(page);
  await lab.pause();
  const { link } = await share(lab);
  await page.goto("about:blank");
  await Lab.open(page, link);
  await lab.setType("web", "NodePort");
  await expect(page).not.toHaveURL(/#/);
  await page.reload();
  await lab.stands();
  await expect(lab.service("web")).toHaveAccessibleName(/, NodePort, /);
});

test("the scenario file that is shared opens at the same moment", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=labels");
  await lab.pause();
  const [clock, pods] = [await lab.clockText.textContent(), await lab.pods()];
  const { file } = await share(lab);
  await lab.load(file);
  await expect(lab.clockText).toHaveText(clock);
  expect(await lab.pods()).toEqual(pods);
});

for (const [what, fragment, says] of [
  ["a link that was cut off", "#v1.d.eJxLy", /This link is damaged/],
  ["a link of a later form", "#v9.z.abcdef", /form “v9\.z”, which this version of Packetyard does not know/],
]) {
  test(`${what} says so, and the usual scenario opens`, async ({ page }) => {
    const lab = await Lab.open(page, `./${fragment}`);
    await expect(lab.notices.filter({ hasText: says })).toBeVisible();
    await expect(lab.service("web")).toBeVisible();
  });
}

test("an unknown scenario is told, and the first one opens", async ({ page }) => {
  const lab = await Lab.open(page, "?scenario=nonsense");
  await expect(lab.notices.filter({ hasText: /There is no scenario named “nonsense”/ })).toBeVisible();
  await expect(lab.service("web")).toBeVisible();
});
