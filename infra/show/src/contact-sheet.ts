// One picture of what the designs look like: patterns, eyes, gradients, frames and logos, each in a section of its own.
// Each tile is read back from its own pixels before it is put there. Run: npm run show -- sheet
import { writeFileSync } from "node:fs";
import { readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import type { Logo } from "@qrfactory/drawing/scene/logo";
import { addPath, newPath } from "@qrfactory/drawing/scene/path";
import { layOut } from "@qrfactory/drawing/scene/scene";
import type { Scene } from "@qrfactory/drawing/scene/shapes";
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import { paintPlainly } from "@qrfactory/render/canvas/rasterize";
import { paintPaths, starLogo } from "@qrfactory/render/canvas/star-logo.fixture";
import { checkScan } from "@qrfactory/render/check/scan-check";
import { shapeLegible, shapeLine } from "@qrfactory/render/draw/labels";
import { type CanvasRenderingContext2D, createCanvas } from "canvas";
import { type Section, sections, type Tile } from "./sheet-sections.js";

const text = "https://example.com";

/** Tiles in a row; the first of each section holds its name. */
const columns = 6;

/**
 * Pixels: of a tile (six for each of the 33 modules that most have, and of the 34 in a frame), of the white card around
 * it, between cards, around the sheet, and of the line beneath a card.
 */
const tilePx = 204;
const cardPx = 214;
const gapPx = 26;
const marginPx = 56;
const captionPx = 30;
const cornerPx = 12;

/** The ground is of whole shade steps. */
const colors = { ground: "#f0f0f8", card: "#ffffff", title: "#111827", text: "#6b7280" };

async function sceneOf({ fields, logoColor }: Tile): Promise<Scene> {
  const { design } = readDesign({ data: text, size: tilePx, ...fields }, plans.enterprise);
  const logo: Logo | null = logoColor ? { picture: starLogo(logoColor), sizeRatio: 0.24, clearZone: true } : null;
  const symbol = makeSymbol(design.text, design.errorCorrection);
  return layOut(symbol, design, { label: await shapeLegible(design, symbol.modules.side), logo });
}

async function drawTile(context: CanvasRenderingContext2D, tile: Tile, [x, y]: Place): Promise<void> {
  const scene = await sceneOf(tile);
  const raster = paintPlainly(scene, tilePx);
  const scan = await checkScan(scene, text, { widthPx: tilePx, raster });
  if (!scan.isReadable) throw new Error(`${JSON.stringify(tile.fields)}: ${scan.advice}`);
  context.fillStyle = (tile.fields.background as string | undefined) ?? colors.card;
  context.beginPath();
  context.roundRect(x, y, cardPx, cardPx, cornerPx);
  context.fill();
  const inset = (cardPx - tilePx) / 2;
  context.drawImage(raster.painting.context.canvas, x + inset, y + inset);
  await write(context, tile.caption, { x, y: y + cardPx + 19, sizePx: 13, color: colors.text });
}

type Place = [x: number, y: number];
type Line = { x: number; y: number; sizePx: number; color: string };

/** Writes as labels are drawn, so the sheet looks the same on every machine; `y` is the base line. */
async function write(context: CanvasRenderingContext2D, words: string, line: Line): Promise<void> {
  const { path, width } = await shapeLine(words);
  const side = Math.ceil(width * line.sizePx) + line.sizePx;
  const placed = newPath();
  const baseline = Math.ceil(line.sizePx * 1.1);
  addPath(placed, path, { scale: line.sizePx, dx: 0, dy: baseline });
  const canvas = paintPaths(side, [[line.color, placed]]).context.canvas;
  context.drawImage(canvas, line.x, line.y - baseline);
}

/** The first cell of a section: its name above a few lines, at the foot of the cell. */
async function drawHeading(context: CanvasRenderingContext2D, { title, lines }: Section, [x, y]: Place): Promise<void> {
  const lineHeight = 22;
  const foot = y + cardPx - 4;
  const top = foot - lines.length * lineHeight;
  await write(context, title, { x, y: top - 8, sizePx: 32, color: colors.title });
  for (const [i, line] of lines.entries()) {
    await write(context, line, { x, y: top + (i + 1) * lineHeight, sizePx: 14, color: colors.text });
  }
}

const rowsOf = ({ tiles }: Section) => Math.ceil((tiles.length + 1) / columns);
const stepX = cardPx + gapPx;
const stepY = cardPx + captionPx + gapPx;

/** Steps of brightness that nobody sees, and without which the file is a third smaller. */
const shadeStep = 8;

function roundShades(context: CanvasRenderingContext2D): void {
  const { width, height } = context.canvas;
  const image = context.getImageData(0, 0, width, height);
  for (const [i, shade] of image.data.entries()) image.data[i] = Math.round(shade / shadeStep) * shadeStep;
  context.putImageData(image, 0, 0);
}

/** Draws the whole sheet into a file. Throws when a tile cannot be read. */
export async function drawSheet(file: string): Promise<void> {
  const rows = sections.reduce((sum, section) => sum + rowsOf(section), 0);
  const width = 2 * marginPx + columns * stepX - gapPx;
  const height = 2 * marginPx + rows * stepY - gapPx;
  const context = createCanvas(width, height).getContext("2d");
  context.fillStyle = colors.ground;
  context.fillRect(0, 0, width, height);
  let row = 0;
  for (const section of sections) {
    const placeOf = (cell: number): Place => [
      marginPx + (cell % columns) * stepX,
      marginPx + (row + Math.floor(cell / columns)) * stepY,
    ];
    await drawHeading(context, section, placeOf(0));
    for (const [i, tile] of section.tiles.entries()) await drawTile(context, tile, placeOf(i + 1));
    row += rowsOf(section);
  }
  roundShades(context);
  writeFileSync(file, context.canvas.toBuffer("image/png", { compressionLevel: 9 }));
}
