// Prints of each file in dist/ its name, bytes, brotli bytes, and whether it is part of the first
// view, separated by tabs.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const firstView = JSON.parse(readFileSync(new URL("first-view.json", import.meta.url), "utf8"));
const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

const names = readdirSync(dist, { recursive: true }).filter((name) => statSync(new URL(name, dist)).isFile());
const later = names.filter((name) => !firstView.includes(name)).sort();
// A file of the first view that is not there is an error.
for (const name of [...firstView, ...later]) {
  const bytes = readFileSync(new URL(name, dist));
  console.log([name, bytes.length, brotliCompressSync(bytes, best).length, firstView.includes(name)].join("\t"));
}
