// The browser under test: the system's, named by CHROME. Playwright's own would have to be downloaded.
export const launchOptions = {
  executablePath: process.env.CHROME ?? "/usr/bin/chromium",
  args: [
    // As root, and in containers, Chromium's sandbox cannot be set up.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    // Nothing but the page may use the network.
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
