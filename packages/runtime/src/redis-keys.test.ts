import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { findFamily, type KeyFamily, renderCacheKeys, stateKeys } from "./redis-keys.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const documentFile = `${root}packages/docs/reference/redis-keys.md`;
const families: [string, KeyFamily][] = Object.entries({ ...stateKeys, ...renderCacheKeys });

test.each(families)("a key of %s belongs to no other family", (_name, family) => {
  const count = family.pattern.match(/\{\w+\}/g)?.length ?? 0;
  const parts = Array.from({ length: count }, (_, at) => `part-${at}`);
  const key = (family.of as (...parts: string[]) => string)(...parts);
  expect(key).not.toMatch(/[{}]|undefined/);
  expect(findFamily(key)).toBe(family);
});

test("what lies in a queue or is counted may have parts of its own; nothing else may", () => {
  expect(findFamily("qrf:bulk:42:lock")).toBe(stateKeys.bulkQueue);
  expect(findFamily(stateKeys.rate.of("caller", "key:7"))).toBe(stateKeys.rate);
  expect(findFamily("qrf:codes:other")).toBeUndefined();
  expect(findFamily("other:codes")).toBeUndefined();
});

/** Code that runs, generated code left out. */
function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== "generated") yield* sources(path);
    else if (entry.isFile() && /(?<!\.test|\.fixture|\.d)\.ts$/.test(entry.name)) yield path;
  }
}

test("no key is spelled outside of the table", () => {
  const folders = ["packages", "services"].flatMap((room) =>
    readdirSync(root + room).map((name) => `${root + room}/${name}`),
  );
  const spelled: string[] = [];
  let read = 0;
  for (const folder of folders) {
    if (!readdirSync(folder).includes("src")) continue;
    for (const path of sources(`${folder}/src`)) {
      read += 1;
      if (/["'`]qrf[:"'`]/.test(readFileSync(path, "utf8"))) spelled.push(path.slice(root.length));
    }
  }
  expect(read).toBeGreaterThan(400);
  expect(spelled).toEqual(["packages/runtime/src/redis-keys.ts"]);
});

function tableOf(keys: Record<string, KeyFamily>): string {
  const rows = Object.values(keys).map(
    ({ pattern, type, holds, writers, readers, lasts }) =>
      `| \`${pattern}\` | ${type} | ${holds} | ${writers} | ${readers} | ${lasts} |`,
  );
  return `| key | type | holds | written by | read by | lasts |\n|---|---|---|---|---|---|\n${rows.join("\n")}`;
}

test("the document shows the table", () => {
  const text = `# Every key in Redis

Written by \`UPDATE_DOCS=1 npm test -- redis-keys\` from \`packages/runtime/src/redis-keys.ts\`, where all keys are
made. Only the part of a pattern that stands at its end may have colons. \`bullmq\`: several keys of that library.

## State Redis

It evicts nothing and keeps an append-only file.

${tableOf(stateKeys)}

## Render cache

It evicts what was used longest ago, and keeps nothing on disk.

${tableOf(renderCacheKeys)}
`;
  if (process.env.UPDATE_DOCS) writeFileSync(documentFile, text);
  expect(readFileSync(documentFile, "utf8")).toBe(text);
});
