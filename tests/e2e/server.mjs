// A static file server for the built site, as plain as the plainest host. It serves under a path of
// its own, because the site must work from any path: `node server.mjs` prints where.
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

export const BASE = "/some/docs/lab/";
/** Somebody else's page, with the site in a frame: `?src=` says what the frame shows. */
export const HOST = "/elsewhere/page.html";
const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));
/** Pages of ours beside those of the site, for tests of what somebody else's page can do. */
const PAGES = fileURLToPath(new URL("pages/", import.meta.url));

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** The file that a request path names, if there is one. */
function fileOf(path) {
  if (!path.startsWith(BASE)) return null;
  // normalize() resolves `..` first, so what is left of it at the start would leave the folder.
  const name = normalize(decodeURIComponent(path.slice(BASE.length)) || "index.html");
  if (name.startsWith("..")) return null;
  const files = [DIST, PAGES].map((folder) => join(folder, name));
  return files.find((file) => statSync(file, { throwIfNoEntry: false })?.isFile()) ?? null;
}

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const hostPage = (src) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Somebody's page</title><link rel="icon" href="data:,"></head>
  <body>
    <h1>Somebody's page</h1>
    <iframe src="${escaped(src)}" title="Packetyard" width="900" height="600"></iframe>
  </body>
</html>
`;

/**
 * Serves on a free port of this machine, or on the given one; resolves to the site's URL and a way to stop.
 * With `brotli`, files are sent as static hosts that have compressed them ahead send them.
 */
export async function serve(port = 0, { brotli = false } = {}) {
  const compressed = new Map();
  const compress = (file) => {
    if (!compressed.has(file)) compressed.set(file, brotliCompressSync(readFileSync(file)));
    return compressed.get(file);
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    if (pathname === HOST) {
      response.writeHead(200, { "Content-Type": TYPES[".html"] });
      return response.end(hostPage(searchParams.get("src") ?? BASE));
    }
    const file = fileOf(pathname);
    if (file === null) return response.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
    // no-store, so that every test downloads what it uses.
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const encoded = brotli && /\bbr\b/.test(request.headers["accept-encoding"]);
    response.writeHead(200, {
      "Content-Type": type,
      "Cache-Control": "no-store",
      ...(encoded && { "Content-Encoding": "br" }),
    });
    response.end(encoded ? compress(file) : readFileSync(file));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}${BASE}`;
  return { url, stop: () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await serve(Number(process.argv[2] ?? 0))).url);
}
