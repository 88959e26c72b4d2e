// Bundles the page into src/bodychan/viewer/page, or the folder that is named, and notes what it was made from:
// a test compares.
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const page = process.argv[2] ?? join(here, "../../src/bodychan/viewer/page");

function sha256(data) {
  return createHash("sha256").update(data).digest("hex");
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

await build({
  entryPoints: { app: join(here, "src/main.ts") },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "eof",
  outdir: page,
  logLevel: "warning",
});
for (const name of ["index.html", "icon.svg"]) copyFileSync(join(here, "src", name), join(page, name));

const inputs = [...filesBelow(join(here, "src")), join(here, "build.mjs"), join(here, "package-lock.json")];
const names = inputs.map((path) => relative(here, path).replaceAll("\\", "/")).sort();
const sources = createHash("sha256");
for (const name of names) sources.update(`${name}\n${sha256(readFileSync(join(here, name)))}\n`);
const files = Object.fromEntries(
  ["app.css", "app.js", "icon.svg", "index.html"].map((name) => [name, sha256(readFileSync(join(page, name)))]),
);
writeFileSync(join(page, "build.json"), `${JSON.stringify({ sources: sources.digest("hex"), files }, null, 2)}\n`);
