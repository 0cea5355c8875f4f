// Mechanical checks of the documents: where their links and the paths that they
// name lead, how many words they have, and the list of decisions, which is made from the decisions themselves.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** A link or path in a document that leads nowhere, in the words of the document. */
export type Broken = { document: string; target: string };

/** Fenced blocks and, where wanted, code in a line: what stands there is an example, not a link. */
const withoutFences = (text: string) => text.replace(/^(```|~~~).*?^\1.*?$/gms, "");
const withoutCode = (text: string) => withoutFences(text).replace(/`[^`\n]+`/g, "");

/** The targets of all links and pictures of a Markdown text, in order; examples in code are left out. */
export function linksOf(text: string): string[] {
  const plain = withoutCode(text);
  const found = [...plain.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|(?:src|href)="([^"]+)"/g)];
  return found.map(([, inline, attribute]) => inline ?? attribute ?? "");
}

/** Paths of this repository that a text names in code, such as `services/render/src/app.ts`. */
export function pathsOf(text: string): string[] {
  const spans = withoutFences(text).matchAll(/`((?:packages|services|infra)\/[\w./-]+)`/g);
  return [...spans].map(([, path]) => path as string);
}

/** The anchors that a hosting site makes of the headings of a Markdown text; the second of two alike ends in `-1`. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutFences(text).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const words = (heading as string).replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    let unused = anchor;
    for (let count = 1; anchors.has(unused); count++) unused = `${anchor}-${count}`;
    anchors.add(unused);
  }
  return anchors;
}

/** Whether a target is a place in this repository rather than an address. */
const isRelative = (target: string) => !/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target);

/** The relative links of a document that lead to no file, or to no heading of a Markdown file. */
export function brokenLinks(root: string, document: string): Broken[] {
  const own = join(root, document);
  const leads = (target: string) => {
    const [path = "", anchor] = decodeURIComponent(target).split("#");
    const file = path === "" ? own : join(dirname(own), path);
    if (!existsSync(file)) return false;
    return anchor === undefined || (file.endsWith(".md") && anchorsOf(readFileSync(file, "utf8")).has(anchor));
  };
  const targets = linksOf(readFileSync(own, "utf8")).filter(isRelative);
  return targets.filter((target) => !leads(target)).map((target) => ({ document, target }));
}

/** The paths in code of a document that are not there. */
export function brokenPaths(root: string, document: string): Broken[] {
  const paths = pathsOf(readFileSync(join(root, document), "utf8"));
  return paths.filter((path) => !existsSync(join(root, path))).map((target) => ({ document, target }));
}

/** Words of a document as `wc -w` counts them: code, tables and marks included. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}

/** The Markdown files of a folder and of those below it, or the one file that is named, by paths from the root. */
export function documentsIn(root: string, path: string): string[] {
  const full = join(root, path);
  if (statSync(full).isFile()) return [path];
  const files = readdirSync(full, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"));
  return files.map((name) => relative(root, join(full, name))).sort();
}

/** A decision as its file says: a number of four digits, a title, the day, and `accepted` or what came after it. */
export type Decision = { file: string; number: string; title: string; date: string; status: string };

/**
 * Reads the decisions of a folder in the order of their numbers. Throws, naming the file, where one has another form.
 */
export function readDecisions(folder: string): Decision[] {
  const files = readdirSync(folder).filter((name) => name !== "README.md");
  return files.sort().map((file) => {
    const number = /^(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1];
    if (!number) throw new Error(`${file} is not named NNNN-title.md.`);
    const text = readFileSync(join(folder, file), "utf8");
    const parts = /^# (.+)\n\n(\d{4}-\d{2}-\d{2})\n\nStatus: (.+)\n\n/.exec(text);
    const [, title = "", date = "", status = ""] = parts ?? [];
    if (!/^(accepted(, in part superseded by .+)?|superseded by .+)$/.test(status)) {
      throw new Error(
        `${file} does not begin with a title, a day and "Status: accepted" or "Status: superseded by …".`,
      );
    }
    return { file, number, title, date, status };
  });
}

/** The page that lists the decisions. */
export function decisionIndex(decisions: Decision[]): string {
  const rows = decisions.map(
    ({ file, number, title, date, status }) => `| [${number}](${file}) | ${title} | ${date} | ${status} |`,
  );
  return `# Decisions

Why things are as they are: for each decision what was known, what was decided and refused, what it costs, and what was
measured. Where a later one has replaced a decision, or a part of it, its status says which. A new one takes the
next number and the form of its neighbours; \`UPDATE_DOCS=1 npm test -- documents\` writes this list.

| number | decision | date | status |
|---|---|---|---|
${rows.join("\n")}
`;
}
