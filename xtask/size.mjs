// Prints name, bytes and brotli bytes of each file of the first view in dist/, separated by tabs.
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const names = JSON.parse(readFileSync(new URL("first-view.json", import.meta.url), "utf8"));
const best = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

for (const name of names) {
  const bytes = readFileSync(new URL(`../dist/${name}`, import.meta.url));
  console.log([name, bytes.length, brotliCompressSync(bytes, best).length].join("\t"));
}
