// One picture of what the designs look like: every pattern, eye, frame and gradient, with and without a logo, in a grid.
// Each tile is read back from its own pixels before it is put there. Run: node services/render/dist/contact-sheet.js FILE
import { writeFileSync } from "node:fs";
import { rgbaOf } from "@qrfactory/domain/color";
import { readDesign } from "@qrfactory/domain/design";
import { eyeBorderShapes, eyeCenterShapes, gradientTypes, patterns } from "@qrfactory/domain/design-style";
import { plans } from "@qrfactory/domain/plans";
import { type Canvas, createCanvas } from "canvas";
import { type Painting, paintCanvas, straightPixelsOf } from "./qr/canvas.js";
import { shapeLabel } from "./qr/label.js";
import { addCircle, addPath, addPolygon, newPath, type Path, starCorners } from "./qr/path.js";
import { paintPlainly } from "./qr/rasterize.js";
import { type Logo, layOut, type Scene } from "./qr/scene.js";
import { makeSymbol } from "./qr/symbol.js";
import { checkScan } from "./scan-check.js";

const text = "https://example.com/menu";

/** Pixels of a tile, of the room around it, and of the line of text beneath. */
const tilePx = 184;
const gapPx = 20;
const captionPx = 24;
const captionSizePx = 12;

/** A pair of colours a row, dark enough for every camera. */
const palettes = [
  ["#111827", "#374151"],
  ["#0b3d2e", "#1f7a5c"],
  ["#4a00e0", "#c2185b"],
  ["#1d3557", "#1976d2"],
  ["#7b2ff7", "#c81d77"],
  ["#9d0208", "#b45309"],
  ["#5a189a", "#1e40af"],
  ["#03045e", "#0077b6"],
  ["#7f1d1d", "#be123c"],
  ["#3b0764", "#9d174d"],
  ["#003049", "#0f766e"],
] as const;

const labels = [
  ...["Scan me", "Menu", "Меню", "Μενού", "קרא עוד", "امسح الرمز"],
  ...["扫码点餐", "メニュー", "메뉴 보기", "Vérifier", "Đặt bàn"],
];

const frames = ["banner-bottom", "box", "rounded", "banner-top", "ticket"] as const;

const at = <T>(list: readonly T[], i: number): T => list[i % list.length] as T;

type Tile = { caption: string; fields: object; hasLogo?: boolean };

/** The eight designs of a row. */
function tilesOf(row: number): Tile[] {
  const pattern = at(patterns, row);
  const [color, other] = at(palettes, row);
  const gradient = (type: number) => ({
    gradient_from: color,
    gradient_to: other,
    gradient_type: at(gradientTypes, type),
  });
  const [border, center] = [at(eyeBorderShapes, row + 3), at(eyeCenterShapes, row + 3)];
  const [frame, secondFrame] = [at(frames, row), at(frames, row + 3)];
  return [
    { caption: pattern, fields: { pattern } },
    { caption: "rounded eyes", fields: { pattern, color, eye_shape: "rounded" } },
    { caption: "circles, vertical", fields: { pattern, eye_shape: "circle", ...gradient(0) } },
    {
      caption: `${border}, ${center}`,
      fields: { pattern, color, eye_border_shape: border, eye_center_shape: center, eye_color: other },
    },
    {
      caption: `logo, ${at(gradientTypes, row + 1)}`,
      fields: { pattern, eye_shape: "rounded", error_correction: "H", ...gradient(row + 1) },
      hasLogo: true,
    },
    {
      caption: frame,
      fields: { pattern, eye_shape: "rounded", color, frame_style: frame, frame_label: at(labels, row) },
    },
    {
      caption: `${secondFrame}, radial`,
      fields: {
        pattern,
        eye_shape: "circle",
        ...gradient(3),
        frame_style: secondFrame,
        frame_label: at(labels, row + 5),
      },
    },
    {
      caption: `${at(eyeCenterShapes, row)}, tinted`,
      fields: {
        pattern,
        eye_border_shape: "rounded",
        eye_center_shape: at(eyeCenterShapes, row),
        color: other,
        eye_border_color: color,
        background: "#fff7ed",
      },
    },
  ];
}

/** Paths in flat colours on nothing, `side` units wide, as pixels. */
function paintPaths(side: number, paths: readonly (readonly [color: string, path: Path])[]): Painting {
  const shapes = paths.map(([color, path]) => {
    const fill = { kind: "flat" as const, color: rgbaOf(`${color}ff`) };
    return { kind: "path" as const, fill, path };
  });
  return paintCanvas({ side, background: [0, 0, 0, 0], shapes, quietZone: 0, inks: [] }, side);
}

/** A white star on a coloured disc. */
function makeLogo(color: string): Logo {
  const side = 160;
  const [disc, star] = [newPath(), newPath()];
  addCircle(disc, side / 2, side / 2, side / 2);
  addPolygon(star, starCorners([side / 2, side / 2], { points: 5, outer: 0.36 * side, inner: 0.17 * side }));
  const pixels = straightPixelsOf(
    paintPaths(side, [
      [color, disc],
      ["#ffffff", star],
    ]),
  );
  return { picture: { width: side, height: side, data: new Uint8Array(pixels) }, sizeRatio: 0.22, clearZone: true };
}

async function sceneOf({ fields, hasLogo }: Tile, row: number): Promise<Scene> {
  const { design } = readDesign({ data: text, ...fields }, plans.enterprise);
  const label = design.frame?.label ? await shapeLabel(design.frame.label) : null;
  const logo = hasLogo ? makeLogo(at(palettes, row)[1]) : null;
  return layOut(makeSymbol(design.text, design.errorCorrection), design, { label, logo });
}

async function drawTile(tile: Tile, row: number): Promise<Canvas> {
  const scene = await sceneOf(tile, row);
  const raster = paintPlainly(scene, tilePx);
  const scan = await checkScan(scene, text, { widthPx: tilePx, raster });
  if (!scan.isReadable) throw new Error(`${JSON.stringify(tile.fields)}: ${scan.advice}`);
  return raster.painting.context.canvas;
}

/** Captions are drawn as labels are, so the sheet looks the same on every machine. */
async function drawCaption(caption: string): Promise<Canvas> {
  const { path, width } = await shapeLabel(caption);
  const placed = newPath();
  addPath(placed, path, { scale: captionSizePx, dx: (tilePx - width * captionSizePx) / 2, dy: captionSizePx });
  return paintPaths(tilePx, [["#475569", placed]]).context.canvas;
}

/** Draws the whole sheet into a file. */
async function drawSheet(file: string): Promise<void> {
  const columns = tilesOf(0).length;
  const width = gapPx + columns * (tilePx + gapPx);
  const height = gapPx + patterns.length * (tilePx + gapPx + captionPx);
  const context = createCanvas(width, height).getContext("2d");
  context.fillStyle = "#eef2f7";
  context.fillRect(0, 0, width, height);
  for (const row of patterns.keys()) {
    for (const [column, tile] of tilesOf(row).entries()) {
      const [x, y] = [gapPx + column * (tilePx + gapPx), gapPx + row * (tilePx + gapPx + captionPx)];
      context.drawImage(await drawTile(tile, row), x, y);
      context.drawImage(await drawCaption(tile.caption), x, y + tilePx + captionPx * 0.25);
    }
  }
  writeFileSync(file, context.canvas.toBuffer("image/png", { compressionLevel: 9 }));
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("Name the file to write the sheet to.");
await drawSheet(file);
