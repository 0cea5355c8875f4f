import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import {
  anchorsOf,
  brokenLinks,
  brokenPaths,
  countWords,
  decisionIndex,
  documentsIn,
  linksOf,
  readDecisions,
} from "./documents.js";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const decisionFolder = join(root, "infra", "decisions");
const temp = makeTempDirectory();
afterAll(() => temp.remove());

/** The README is read in five minutes, commands included. */
const readmeWordsMax = 600;

/** Documents of a clone, apart from decisions and drills. */
const guides = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "packages/docs"];
const drills = ["infra/drills/README.md", "infra/drills/attack.md"];
const inGuides = guides.flatMap((path) => documentsIn(root, path));

test.each([...inGuides, ...documentsIn(root, "infra/decisions"), ...drills])(
  "every relative link of %s leads somewhere",
  (document) => {
    expect(brokenLinks(root, document)).toEqual([]);
  },
);

test.each(inGuides)("every path that %s names is there", (document) => {
  expect(brokenPaths(root, document)).toEqual([]);
});

test("the README is short", () => {
  expect(countWords(readFileSync(join(root, "README.md"), "utf8"))).toBeLessThanOrEqual(readmeWordsMax);
});

test("decisions have different numbers, and their list is theirs", () => {
  const decisions = readDecisions(decisionFolder);
  const numbers = decisions.map(({ number }) => number);
  expect(numbers).toEqual([...new Set(numbers)]);
  const file = join(decisionFolder, "README.md");
  const document = decisionIndex(decisions);
  if (process.env.UPDATE_DOCS) writeFileSync(file, document);
  expect(readFileSync(file, "utf8")).toBe(document);
});

test("links to missing files and headings are found, addresses and examples are not links", () => {
  mkdirSync(join(temp.path, "docs"));
  const write = (name: string, text: string) => writeFileSync(join(temp.path, name), text);
  write("docs/codes.md", "# Codes\n\n## What `resolve` says, and why\n\n## Twice\n\n## Twice\n");
  const good = ["docs/codes.md", "docs/", "docs/codes.md#what-resolve-says-and-why", "docs/codes.md#twice-1", "#start"];
  const bad = ["docs/gone.md", "docs/codes.md#twice-2", "#end"];
  const links = [...good, ...bad, "https://example.com/x"].map((target) => `[x](${target})`).join("\n");
  write("guide.md", `# Start\n\n${links}\n<img src="gone.png">\n\`[x](no.md)\`\n\n\`\`\`md\n[x](no.md)\n\`\`\`\n`);
  expect(brokenLinks(temp.path, "guide.md").map(({ target }) => target)).toEqual([...bad, "gone.png"]);
  write("paths.md", "`services/gone/src/app.ts`, `docs/no.md` and `services/{id}`\n");
  expect(brokenPaths(temp.path, "paths.md").map(({ target }) => target)).toEqual(["services/gone/src/app.ts"]);
});

test("a link may have a title, and a heading may hold one", () => {
  expect(linksOf('[a](one.md "One") ![b](<two.png>)')).toEqual(["one.md", "two.png"]);
  expect(anchorsOf("## See [the list](x.md): A–Z")).toEqual(new Set(["see-the-list-az"]));
});

test.each([
  ["0001-a.md", "# A\n\n2026-11-21\n\nText", /does not begin with a title, a day/],
  ["a.md", "# A\n\n2026-11-21\n\nStatus: accepted\n\nText", /a\.md is not named NNNN-title\.md/],
])("a decision of another form is refused by name: %s", (name, text, message) => {
  const other = makeTempDirectory();
  writeFileSync(join(other.path, name), text);
  expect(() => readDecisions(other.path)).toThrow(message);
  other.remove();
});
