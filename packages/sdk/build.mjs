// `npm run build` in this folder: makes what is published, in build/ or the folder that is named: one file for `import`,
// one for `require`, their types, and a package.json that names them. Needs the compiled sources (`npm run build` at the
// root) and no network.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const compiled = join(here, "dist");
const target = process.argv[2] ?? join(here, "build");

/** Syntax of Node.js 20, and of browsers of its time. */
const syntax = "es2022";

/** Types of tests are nobody's. */
const isPublished = (name) => name.endsWith(".d.ts") && !/\.(test|fixture)\.d\.ts$/.test(name);

function copyTypes(folder) {
  for (const name of readdirSync(compiled, { recursive: true, encoding: "utf8" }).filter(isPublished)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const text = readFileSync(join(compiled, name), "utf8");
    writeFileSync(join(folder, name), text.replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n"));
  }
}

/** The entries; what only React needs is not part of the main one. */
const entries = ["index", "react"];

async function bundle(format, folder) {
  await build({
    entryPoints: entries.map((name) => join(compiled, `${name}.js`)),
    outdir: join(target, folder),
    external: ["react"],
    // Neutral: any module of Node.js is an error.
    ...{ bundle: true, format, platform: "neutral", target: syntax, charset: "utf8", logLevel: "warning" },
  });
}

rmSync(target, { recursive: true, force: true });
await Promise.all([bundle("esm", "esm"), bundle("cjs", "cjs")]);
for (const folder of ["esm", "cjs"]) copyTypes(join(target, folder));
writeFileSync(join(target, "cjs", "package.json"), '{ "type": "commonjs" }\n');

const {
  scripts: _scripts,
  devDependencies: _tools,
  publishConfig: _config,
  ...manifest
} = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const entry = (name) => {
  const files = (folder) => ({ types: `./${folder}/${name}.d.ts`, default: `./${folder}/${name}.js` });
  return { import: files("esm"), require: files("cjs") };
};
const published = {
  ...manifest,
  files: ["esm", "cjs", "react"],
  main: "./cjs/index.js",
  module: "./esm/index.js",
  types: "./cjs/index.d.ts",
  exports: { ".": entry("index"), "./react": entry("react"), "./package.json": "./package.json" },
};
// For whoever resolves as Node.js did before it knew "exports".
mkdirSync(join(target, "react"));
const older = { main: "../cjs/react.js", module: "../esm/react.js", types: "../cjs/react.d.ts" };
writeFileSync(join(target, "react", "package.json"), `${JSON.stringify(older, null, 2)}\n`);
delete published.private;
writeFileSync(join(target, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
cpSync(join(here, "README.md"), join(target, "README.md"));
cpSync(join(here, "..", "..", "LICENSE"), join(target, "LICENSE"));
