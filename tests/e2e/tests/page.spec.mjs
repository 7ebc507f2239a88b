// The page itself: that it loads, from its own files only, and says so when it cannot.
import { readFileSync } from "node:fs";
import { accessibilityFaults, expect, test } from "../fixtures.mjs";
import { Lab } from "../lab.mjs";

const firstView = JSON.parse(readFileSync(new URL("../../../xtask/first-view.json", import.meta.url), "utf8"));
const heading = (page) => page.getByRole("heading", { level: 1 });

test("opens and shows its heading", async ({ page }) => {
  await page.goto("./");
  await expect(heading(page)).toHaveText("Packetyard");
});

test("has no accessibility faults that axe can find", async ({ page }) => {
  await page.goto("./");
  await expect(heading(page)).toBeVisible();
  expect(await accessibilityFaults(page)).toEqual([]);
});

test("downloads the files that the size budget counts, the tools after them, once each, and no others", async ({ page, site }) => {
  const asked = [];
  page.on("requestfinished", (request) => asked.push(request.url().slice(site.length) || "index.html"));
  await page.goto("./");
  await expect(heading(page)).toBeVisible();
  await page.waitForLoadState("networkidle");
  // A headless browser does not ask for the icon.
  const isNoIcon = (name) => name !== "favicon.svg";
  const files = asked.filter(isNoIcon);
  expect(files.pop()).toBe("split_tools.wasm");
  expect(files.sort()).toEqual(firstView.filter(isNoIcon).sort());
});

test("two labs live in one page", async ({ page }) => {
  await page.goto("two.html");
  await expect(heading(page)).toHaveCount(2);
});

test("starts when the server does not know the type of the module", async ({ page }) => {
  await page.route("**/*.wasm", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { "Content-Type": "application/octet-stream" } });
  });
  await page.goto("./");
  await expect(heading(page)).toBeVisible();
});

test.describe("where markup from text needs a policy", () => {
  // Of what is tried in the end.
  test.use({ expectedMessages: [/the 'default' policy failed to execute/] });

  test("works, and lets nothing through that could run", async ({ page, site }) => {
    await page.route((url) => url.href === site, async (route) => {
      const response = await route.fetch();
      const policy = "script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; require-trusted-types-for 'script'; trusted-types default";
      await route.fulfill({ response, headers: { ...response.headers(), "Content-Security-Policy": policy } });
    });
    const lab = await Lab.open(page);
    await lab.select(lab.service("web"));
    for (const tab of ["Endpoints", "Rules", "Path", "YAML", "Events", "About"]) await lab.tab(tab);
    for (const name of ["Load", "Share", "kube-proxy: iptables"]) {
      await lab.button(name).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toBeHidden();
    }
    const refused = await page.evaluate(() => {
      const markup = ["<img src=x onerror='alert(1)'>", "<script>alert(1)</script>", "<a href='javascript:alert(1)'>x</a>"];
      const isRefused = (text) => {
        try {
          document.createElement("template").innerHTML = text;
          return false;
        } catch (error) {
          return error instanceof TypeError;
        }
      };
      return markup.map(isRefused);
    });
    expect(refused).toEqual([true, true, true]);
  });
});

test.describe("when it cannot start", () => {
  test.use({ expectedMessages: [/./] });
  const alert = (page) => page.getByRole("alert");

  test("says that a file is missing", async ({ page }) => {
    await page.route("**/*.wasm", (route) => route.fulfill({ status: 404 }));
    await page.goto("./");
    await expect(alert(page)).toContainText("could not start");
    await expect(alert(page)).toContainText("the server answered 404");
  });

  test("says that the glue is missing", async ({ page }) => {
    await page.route("**/packetyard-web.js", (route) => route.abort());
    await page.goto("./");
    await expect(alert(page)).toContainText("could not start");
  });

  test("says that the module is damaged", async ({ page }) => {
    await page.route("**/*.wasm", (route) => route.fulfill({ contentType: "application/wasm", body: "not wasm" }));
    await page.goto("./");
    await expect(alert(page)).toContainText("do not fit together");
  });

  test("says that a content security policy forbids WebAssembly", async ({ page, site }) => {
    await page.route(site, async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), "Content-Security-Policy": "script-src 'self'" };
      await route.fulfill({ response, headers });
    });
    await page.goto("./");
    await expect(alert(page)).toContainText("'wasm-unsafe-eval'");
  });

  test("says that the browser has no WebAssembly", async ({ page }) => {
    await page.addInitScript(() => delete globalThis.WebAssembly);
    await page.goto("./");
    await expect(alert(page)).toContainText("has no WebAssembly");
  });

  test("says that it has stopped after a trap", async ({ page }) => {
    await page.goto("./");
    await expect(heading(page)).toBeVisible();
    await page.evaluate(() => setTimeout(() => { throw new WebAssembly.RuntimeError("unreachable"); }));
    await expect(alert(page)).toContainText("has stopped");
  });
});

test.describe("without scripts", () => {
  // The module is fetched ahead and then not used, of which Chromium may complain.
  test.use({ javaScriptEnabled: false, expectedMessages: [/preloaded/] });

  test("says what it needs, where it is seen", async ({ page }) => {
    await page.goto("./");
    // By element: Playwright does not look for text inside <noscript>.
    await expect(page.locator("noscript p")).toBeInViewport({ ratio: 1 });
  });
});
