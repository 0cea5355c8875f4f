// Shows that what is delivered scans: draws every combination of styles, reads each image by independent decoders, writes
// the table of results, and says whether two decoders read every image. Run: npm run show
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { imageFormats } from "@qrfactory/domain/image-size";
import { Piscina } from "piscina";
import { distances } from "./read-at-distances.js";
import { type Distances, type Outcome, required } from "./read-part.js";
import { matrixParts, matrixSizePx } from "./style-matrix.js";

type Read = Extract<Outcome, { distances: Distances }>;
type Refused = Extract<Outcome, { refusal: string }>;

async function readAll(): Promise<Outcome[]> {
  const filename = fileURLToPath(new URL("./read-part.js", import.meta.url));
  const pool = new Piscina<(typeof matrixParts)[number], Outcome[]>({ filename, maxThreads: availableParallelism() });
  let done = 0;
  const parts = matrixParts.map(async (part) => {
    const outcomes = await pool.run(part);
    done += 1;
    console.log(`${done} of ${matrixParts.length}: ${part.pattern}, ${part.format}, ${outcomes.length} images`);
    return outcomes;
  });
  const outcomes = (await Promise.all(parts)).flat();
  await pool.destroy();
  return outcomes;
}

const isRead = (outcome: Outcome): outcome is Read => "distances" in outcome;
const isRefused = (outcome: Outcome): outcome is Refused => "refusal" in outcome;
const isReadByAll = ({ distances }: Read) => required.every((name) => distances[name] !== null);

const figure = (count: number) => count.toLocaleString("en-US");

/** Read as delivered · only at another distance · never. */
function countsOf(read: Read[], name: (typeof required)[number]): string {
  const first = read.filter(({ distances }) => distances[name] === 0).length;
  const never = read.filter(({ distances }) => distances[name] === null).length;
  return [first, read.length - first - never, never].map(figure).join(" · ");
}

/** A design by what was asked beside what all have. */
function nameOf({ style }: Outcome): string {
  const { data: _data, size: _size, color: _color, eye_color: _eye, frame_color: _frame, ...fields } = style.fields;
  return [...Object.values(fields), ...(style.hasLogo ? ["logo"] : [])].join(", ");
}

function reportOf(outcomes: Outcome[]): string {
  const rows = [...imageFormats, "all"].map((format) => {
    const mine = outcomes.filter(({ style }) => format === "all" || style.fields.format === format);
    const read = mine.filter(isRead);
    const counts = required.map((name) => countsOf(read, name));
    const cells = [format, figure(mine.length), mine.length - read.length, ...counts];
    return `| ${[...cells, figure(read.filter(isReadByAll).length)].join(" | ")} |`;
  });
  const refusals = outcomes.filter(isRefused).map((outcome) => `- ${nameOf(outcome)}: ${outcome.refusal}`);
  const unread = outcomes
    .filter(isRead)
    .filter((outcome) => !isReadByAll(outcome))
    .map((outcome) => `- ${nameOf(outcome)}: ${JSON.stringify(outcome.distances)}`);
  return `# Every style, read by independent decoders

Written by \`npm run show\`: every pattern × eye × frame × gradient × format, with and without a logo, and every
ring of an eye with every centre; ${matrixSizePx} px, drawn and checked as the service does it. SVG is rasterised by librsvg,
PDF by poppler, EPS by Ghostscript. Each decoder has three figures: images that it reads exactly as delivered · only at
another of ${distances - 1} distances, as a hand moves · never.

| format | images | refused | zxing-cpp | npm qr | read by both |
|---|---|---|---|---|---|
${rows.join("\n")}

${refusals.length === 0 ? "The strict scan check refused none." : `Refused by the strict scan check:\n\n${refusals.join("\n")}`}

${unread.length === 0 ? "Every delivered image is read by both." : `Not read by both, with the distance at which each decoder reads it, and jsQR as a third opinion:\n\n${unread.join("\n")}`}
`;
}

/**
 * Draws and reads all, and writes the report into a file; whether two decoders read every delivered image. Needs pdftoppm
 * and gs.
 */
export async function readEveryStyle(file: string): Promise<boolean> {
  const startedAt = performance.now();
  const outcomes = await readAll();
  const report = reportOf(outcomes);
  writeFileSync(file, report);
  console.log(`\n${report}\nIt took ${Math.round((performance.now() - startedAt) / 1000)} s.`);
  return outcomes.filter(isRead).every(isReadByAll);
}
