import { inflateSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { layOut } from "@qrfactory/drawing/scene/scene";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { createCanvas } from "canvas";
import { designOf, pixelsOfContext, readTwice, sceneFor, styledText } from "../canvas/styles.fixture.js";
import { paintScene } from "./paint-scene.js";

/** Pixels of the side that pages are replayed at. */
const widthPx = 330;

const gradient = { gradient_from: "#7b2ff7", gradient_to: "#c2185b" };
const styles: [string, object][] = [
  ["plain", {}],
  ["dots and eyes of another colour", { pattern: "dot", eye_shape: "circle", eye_color: "#a01010" }],
  ["a gradient in a frame", { ...gradient, pattern: "liquid", frame_style: "banner-bottom", frame_label: "Scan me" }],
  [
    "a veiled gradient",
    { ...gradient, gradient_from: "#7b2ff7d0", gradient_type: "radial", background: "transparent" },
  ],
];

type Page = { widthPoints: number; content: string };

/**
 * Draws what the path operators of a page say: what a viewer does, for the few that we use. A gradient is drawn in one
 * dark colour.
 */
function replay({ widthPoints, content }: Page) {
  const context = createCanvas(widthPx, widthPx).getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, widthPx, widthPx);
  const scale = widthPx / widthPoints;
  context.setTransform(scale, 0, 0, -scale, 0, widthPx);
  const stack: number[] = [];
  const six = () => stack.splice(-6) as [number, number, number, number, number, number];
  const rgb = () => `rgb(${stack.splice(-3).map((share) => Math.round(share * 255))})`;
  const operators: Record<string, () => void> = {
    cm: () => context.transform(...six()),
    m: () => context.moveTo(...(stack.splice(-2) as [number, number])),
    l: () => context.lineTo(...(stack.splice(-2) as [number, number])),
    c: () => context.bezierCurveTo(...six()),
    h: () => context.closePath(),
    re: () => context.rect(...(stack.splice(-4) as [number, number, number, number])),
    rg: () => {
      context.fillStyle = rgb();
    },
    g: () => {
      const share = Math.round((stack.pop() as number) * 255);
      context.fillStyle = `rgb(${share},${share},${share})`;
    },
    scn: () => {
      context.fillStyle = "#303";
    },
    f: () => {
      context.fill("nonzero");
      context.beginPath();
    },
  };
  for (const token of content.split(/\s+/)) {
    if (/^-?[\d.]+$/.test(token)) stack.push(Number(token));
    else operators[token]?.();
  }
  return pixelsOfContext(context, widthPx);
}

/** The page of a PDF of ours, found as a viewer does: by its table of objects. */
function openPdf(pdf: Buffer): Page {
  const text = pdf.toString("latin1");
  const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
  expect(text.slice(table, table + 5)).toBe("xref\n");
  const offsets = [...text.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset));
  for (const [i, offset] of offsets.entries()) expect(text.slice(offset)).toMatch(new RegExp(`^${i + 1} 0 obj\n`));
  const page = text.slice(offsets[2]);
  const widthPoints = Number(/\/MediaBox\[0 0 ([\d.]+) \1\]/.exec(page)?.[1]);
  const contents = Number(/\/Contents (\d+) 0 R/.exec(page)?.[1]);
  const [whole = "", length] = /^\d+ 0 obj\n<<\/Length (\d+)\/Filter\/FlateDecode>>stream\n/.exec(
    text.slice(offsets[contents - 1]),
  ) ?? [""];
  const start = (offsets[contents - 1] as number) + whole.length;
  return { widthPoints, content: inflateSync(pdf.subarray(start, start + Number(length))).toString("latin1") };
}

/** The page of an EPS of ours, its operators under the names that PDF gives them. */
function openEps(eps: Buffer): Page {
  const text = eps.toString("latin1");
  expect(text).toMatch(/^%!PS-Adobe-3\.0 EPSF-3\.0\n%%BoundingBox: 0 0 (\d+) \1\n/);
  const [, width] = /^%%HiResBoundingBox: 0 0 ([\d.]+) \1$/m.exec(text) ?? [];
  const content = text
    .slice(text.indexOf("\n[") + 1)
    .replace(/^\[([^\]]*)\] concat/, "$1 cm")
    .replaceAll("setrgbcolor", "rg")
    .replaceAll("setgray", "g")
    .replaceAll("rectfill", "re f")
    .replaceAll("setpattern", "scn");
  return { widthPoints: Number(width), content };
}

const formats: [string, (bytes: Buffer) => Page][] = [
  ["pdf", openPdf],
  ["eps", openEps],
];

test.each(formats)("a %s draws what two decoders read", async (format, open) => {
  for (const [name, fields] of styles) {
    const design = designOf({ ...fields, format });
    const page = open(paintScene(await sceneFor(design), design).bytes);
    expect([name, ...(await readTwice(replay(page)))]).toEqual([name, styledText, styledText]);
  }
});

test.each(formats)("a %s is as large on paper as was asked", async (format, open) => {
  const widthOf = async (fields: object) => {
    const design = designOf({ ...fields, format });
    return open(paintScene(await sceneFor(design), design).bytes).widthPoints;
  };
  expect(await widthOf({ size_inches: 2.5 })).toBe(180);
  expect(await widthOf({ size_inches: 0.7, pattern: "dot" })).toBeCloseTo(50.4, 3);
  // Pixels are those of a print at 300 dpi, or of the resolution that comes with them.
  expect(await widthOf({ size: 480 })).toBeCloseTo(115.2, 3);
  expect(await widthOf({ size: 600, dpi: 300 })).toBe(144);
});

test("a PDF keeps transparency, an EPS mixes it with the ground", async () => {
  const fields = { color: "#ff000080", background: "#00000000" };
  const bytesOf = async (format: string, more: object = {}) => {
    const design = designOf({ ...fields, ...more, format });
    return paintScene(await sceneFor(design), design).bytes;
  };
  const pdf = await bytesOf("pdf");
  expect(pdf.toString("latin1")).toContain("/A0<</ca 0.502>>");
  // Nothing is painted under the symbol.
  expect(openPdf(pdf).content).not.toContain(" re f");
  const graded = await bytesOf("pdf", { ...gradient, gradient_to: "#c2185b20" });
  expect(graded.toString("latin1")).toMatch(/\/SMask<<\/S\/Luminosity\/G \d+ 0 R>>/);
  const eps = (await bytesOf("eps")).toString("latin1");
  expect(eps).toContain("1 0.498 0.498 setrgbcolor");
  expect(eps).not.toContain("rectfill");
  // A veil over a green ground.
  expect((await bytesOf("eps", { background: "#00ff00" })).toString("latin1")).toContain("0.502 0.498 0 setrgbcolor");
});

/** A small picture, grey or in colours, which lets through what is under it. */
const pictureOf = (isGrey: boolean) => ({
  width: 4,
  height: 4,
  data: Uint8Array.from({ length: 64 }, (_, i) => (i % 4 === 3 ? 128 + i : isGrey ? 4 * (i >> 2) : 3 * i)),
});

test.each(["pdf", "eps"])("a %s of greys has no colours to be mixed of several inks", async (format) => {
  const bytesOf = (fields: object, isGrey: boolean) => {
    const design = designOf({ ...fields, format });
    const logo = { picture: pictureOf(isGrey), sizeRatio: 0.2, clearZone: true };
    const { bytes } = paintScene(layOut(makeSymbol(design.text, "H"), design, { logo }), design);
    const page = format === "pdf" ? openPdf(bytes).content : "";
    return bytes.toString("latin1") + page;
  };
  const greys = [
    {},
    { color: "#44444480", background: "#eeeeee" },
    { gradient_from: "#000", gradient_to: "#555", pattern: "dot", frame_style: "box" },
  ];
  for (const fields of greys) expect(bytesOf(fields, true)).not.toMatch(/DeviceRGB| rg$| rg |setrgbcolor/m);
  expect(bytesOf({}, false)).toContain("DeviceRGB");
  // One colour leaves the others as they are.
  expect(bytesOf({ eye_color: "#a00000" }, true)).toMatch(format === "pdf" ? /^q 0 g$/m : /^0 setgray$/m);
});
