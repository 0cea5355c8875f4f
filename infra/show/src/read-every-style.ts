// Shows that what is delivered scans: draws every combination of styles, or every size, reads each image by independent
// decoders, writes the table of results, and says whether two decoders read every image. Run: npm run show
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { distances } from "@qrfactory/render/check/read-at-distances.fixture";
import { Piscina } from "piscina";
import { type Distances, type Outcome, required } from "./read-part.js";
import { sizeParts, texts } from "./size-matrix.js";
import { matrixParts, matrixSizePx, type Part } from "./style-matrix.js";

type Read = Extract<Outcome, { distances: Distances }>;
type Refused = Extract<Outcome, { refusal: string }>;

async function readAll(parts: Part[]): Promise<Outcome[]> {
  const filename = fileURLToPath(new URL("./read-part.js", import.meta.url));
  const pool = new Piscina<Part, Outcome[]>({ filename, maxThreads: availableParallelism() });
  let done = 0;
  const reading = parts.map(async (part) => {
    const outcomes = await pool.run(part);
    done += 1;
    console.log(`${done} of ${parts.length}: ${part.name}, ${outcomes.length} images`);
    return outcomes;
  });
  const outcomes = (await Promise.all(reading)).flat();
  await pool.destroy();
  return outcomes;
}

const isRead = (outcome: Outcome): outcome is Read => "distances" in outcome;
const isRefused = (outcome: Outcome): outcome is Refused => "refusal" in outcome;
const isReadByAll = ({ distances }: Read) => required.every((name) => distances[name] !== null);
/** By two of three decoders. */
const isReadByTwo = ({ distances }: Read) =>
  Object.values(distances).filter((distance) => distance !== null).length >= 2;

const figure = (count: number) => count.toLocaleString("en-US");

/** Read as delivered · only at another distance · never. */
function countsOf(read: Read[], name: (typeof required)[number]): string {
  const first = read.filter(({ distances }) => distances[name] === 0).length;
  const never = read.filter(({ distances }) => distances[name] === null).length;
  return [first, read.length - first - never, never].map(figure).join(" · ");
}

/** A design by what was asked beside what all have. */
function nameOf({ style }: Outcome): string {
  const {
    data: _data,
    data_type: _type,
    color: _color,
    eye_color: _eye,
    frame_color: _frame,
    ...fields
  } = style.fields;
  return [...Object.values(fields), ...(style.hasLogo ? ["logo"] : [])].join(", ");
}

/** A table: a matrix, the name of its rows, and the text above it. */
type Table = { parts: Part[]; by: "format" | "size"; introduction: string };

const everyStyle: Table = {
  parts: matrixParts,
  by: "format",
  introduction: `# Every style, read by independent decoders

Written by \`npm run show\`: every pattern × eye × frame × gradient × format, with and without a logo, and every
ring of an eye with every centre; ${matrixSizePx} px, drawn and checked as the service does it.`,
};

const everySize: Table = {
  parts: sizeParts,
  by: "size",
  introduction: `# Every size, read by independent decoders

Written by \`npm run show -- sizes\`: every ring of an eye at every size in every format, with patterns, centres, frames,
gradients, logos and ${texts.length} texts in turns, drawn and checked as the service does it.`,
};

const howRead = `SVG is rasterised by librsvg, PDF by poppler, EPS by
Ghostscript, as large as the PNG of the same request. Each decoder has three figures: images that it reads exactly as
delivered · only at another of ${distances - 1} distances, as a hand moves · never.`;

function reportOf(outcomes: Outcome[], { by, introduction }: Table): string {
  const keys = [...new Set(outcomes.map(({ style }) => style.fields[by]))];
  const rows = [...keys, "all"].map((key) => {
    const mine = outcomes.filter(({ style }) => key === "all" || style.fields[by] === key);
    const read = mine.filter(isRead);
    const counts = required.map((name) => countsOf(read, name));
    const cells = [key, figure(mine.length), mine.length - read.length, ...counts];
    return `| ${[...cells, figure(read.filter(isReadByTwo).length)].join(" | ")} |`;
  });
  const refusals = outcomes.filter(isRefused).map((outcome) => `- ${nameOf(outcome)}: ${outcome.refusal}`);
  const unread = outcomes
    .filter(isRead)
    .filter((outcome) => !isReadByAll(outcome))
    .map((outcome) => `- ${nameOf(outcome)}: ${JSON.stringify(outcome.distances)}`);
  return `${introduction} ${howRead}

| ${by} | images | refused | zxing-cpp | npm qr | read by two |
|---|---|---|---|---|---|
${rows.join("\n")}

${
  refusals.length === 0
    ? "The strict scan check refused none."
    : `Refused by the strict scan check:\n\n${refusals.join("\n")}`
}

${
  unread.length === 0
    ? "Every delivered image is read by both."
    : "Not read by both, with the distance at which each decoder reads it, " +
      `and jsQR as a third opinion:\n\n${unread.join("\n")}`
}
`;
}

/**
 * Draws and reads every style, or every size, and writes the report into a file; whether two decoders read every
 * delivered image. Needs pdftoppm and gs.
 */
export async function readMatrix(matrix: "styles" | "sizes", file: string): Promise<boolean> {
  const startedAt = performance.now();
  const table = matrix === "styles" ? everyStyle : everySize;
  const outcomes = await readAll(table.parts);
  const report = reportOf(outcomes, table);
  writeFileSync(file, report);
  console.log(`\n${report}\nIt took ${Math.round((performance.now() - startedAt) / 1000)} s.`);
  return outcomes.filter(isRead).every(isReadByTwo);
}
