// Paints a scene as SVG 1.1: a view box in modules, one path for each colour, its true size in pixels or inches.
import type { Rgba } from "@qrfactory/domain/design/color";
import { traceOutlines } from "../scene/outline.js";
import { type Path, tracePath } from "../scene/path.js";
import type { Fill, Filled, Placed, Scene, Shape, Squares } from "../scene/shapes.js";
import { base64Of, bytesOfText } from "./bytes.js";
import type { Deflate } from "./deflate.js";
import { pictureAsPng } from "./picture-png.js";

/** True size of an SVG. */
export type SvgOptions = {
  /** Side in CSS pixels; not used when `widthInches` is given. */
  widthPx: number;
  /** Side in inches, or null. */
  widthInches: number | null;
};

/** The text of the SVG in UTF-8. */
export function paintSvg(
  { side, background, shapes }: Scene,
  { widthPx, widthInches }: SvgOptions,
  deflate: Deflate,
): Uint8Array {
  const width = widthInches === null ? `${widthPx}` : `${widthInches}in`;
  const ground = background[3] === 0 ? "" : `<path${flat(background)} d="M0 0h${side}v${side}H0z"/>`;
  // Squares are snapped by the viewer to its own pixels: a blurred edge costs a scanner more than an uneven module.
  const crisp = shapes.every(({ kind }) => kind === "squares") ? ' shape-rendering="crispEdges"' : "";
  const gradients: Fill[] = [];
  const elements = groupByFill(shapes).map((group) => {
    if ("picture" in group) return image(group, deflate);
    const { fill, members } = group;
    const d = members.map((shape) => (shape.kind === "squares" ? squaresData(shape) : pathData(shape.path))).join("");
    if (fill.kind === "flat") return `<path${flat(fill.color)} d="${d}"/>`;
    if (!gradients.includes(fill)) gradients.push(fill);
    return `<path fill="url(#g${gradients.indexOf(fill)})" d="${d}"/>`;
  });
  const defs = gradients.length === 0 ? "" : `<defs>${gradients.map(gradient).join("")}</defs>`;
  return bytesOfText(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${width}" viewBox="0 0 ${side} ${side}"` +
      `${crisp}>${defs}${ground}${elements.join("")}</svg>`,
  );
}

type Group = { fill: Fill; members: Filled[] };

/** Shapes that follow each other with one fill share a path element. */
function groupByFill(shapes: Shape[]): (Group | Placed)[] {
  const groups: (Group | Placed)[] = [];
  for (const shape of shapes) {
    const last = groups.at(-1);
    if (shape.kind === "picture") groups.push(shape);
    else if (last && "members" in last && last.fill === shape.fill) last.members.push(shape);
    else groups.push({ fill: shape.fill, members: [shape] });
  }
  return groups;
}

/** A picture in the document itself: nothing is loaded from elsewhere. */
function image({ picture, box }: Placed, deflate: Deflate): string {
  const place = `x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}"`;
  const data = base64Of(pictureAsPng(picture, deflate));
  return `<image ${place} preserveAspectRatio="none" href="data:image/png;base64,${data}"/>`;
}

/** Outlines as relative moves along alternating axes; the last edge of each is left to `z`. */
function squaresData({ left, top, modules }: Squares): string {
  let data = "";
  let [x, y] = [0, 0];
  for (const outline of traceOutlines(modules)) {
    const [startX, startY] = outline[0] as [number, number];
    // The first move is absolute, wherever the path before it ended.
    data += data === "" ? `M${startX + left} ${startY + top}` : `m${startX - x}${separated(startY - y)}`;
    [x, y] = [startX, startY];
    for (const [nextX, nextY] of outline.slice(1)) {
      data += nextY === y ? `h${nextX - x}` : `v${nextY - y}`;
      [x, y] = [nextX, nextY];
    }
    data += "z";
    // Closing a path takes the pen back to its start.
    [x, y] = [startX, startY];
  }
  return data;
}

/** Coordinates are counted in 1/500 of a module: a fifteenth of a hair in the largest print that can be asked for. */
const unitsPerModule = 500;

/** A path as relative moves. Whole units are added up, so that rounding does not. */
function pathData(path: Path): string {
  let data = "";
  let [penX, penY, startX, startY] = [0, 0, 0, 0];
  const unit = (value: number) => Math.round(value * unitsPerModule);
  /** Points relative to the pen, which then stands at the last one. */
  const relative = (...values: number[]) => {
    const units = values.map((value, i) => unit(value) - (i % 2 === 0 ? penX : penY));
    penX += units.at(-2) as number;
    penY += units.at(-1) as number;
    return list(units);
  };
  const begin = (x: number, y: number) => {
    if (data === "") {
      [penX, penY] = [unit(x), unit(y)];
      data += `M${list([penX, penY])}`;
    } else data += `m${relative(x, y)}`;
    [startX, startY] = [penX, penY];
  };
  tracePath(path, {
    moveTo: begin,
    lineTo: (x, y) => {
      const [dx, dy] = [unit(x) - penX, unit(y) - penY];
      if (dx === 0 && dy === 0) return;
      data += dy === 0 ? `h${list([dx])}` : dx === 0 ? `v${list([dy])}` : `l${list([dx, dy])}`;
      penX += dx;
      penY += dy;
    },
    curveTo: (...points) => {
      data += `c${relative(...points)}`;
    },
    close: () => {
      data += "z";
      [penX, penY] = [startX, startY];
    },
    circle: (cx, cy, r) => {
      begin(cx - r, cy);
      const radius = list([unit(r)]);
      const across = list([2 * unit(r)]);
      data += `a${radius} ${radius} 0 1 1 ${across} 0a${radius} ${radius} 0 1 1-${across} 0z`;
    },
  });
  return data;
}

/** Numbers of modules out of units, as short as SVG allows: no leading zero, no blank before a minus sign. */
function list(units: number[]): string {
  return units
    .map((value) => String(value / unitsPerModule).replace(/^(-?)0\./, "$1."))
    .reduce((text, number) => text + (text === "" || number.startsWith("-") ? number : ` ${number}`), "");
}

/** A minus sign separates numbers by itself. */
function separated(value: number): string {
  return value < 0 ? `${value}` : ` ${value}`;
}

function gradient(fill: Fill, index: number): string {
  if (fill.kind === "flat") return "";
  const stops =
    `<stop${paint(fill.from, "stop-color", "stop-opacity")}/>` +
    `<stop offset="1"${paint(fill.to, "stop-color", "stop-opacity")}/>`;
  const attributes = `id="g${index}" gradientUnits="userSpaceOnUse"`;
  if (fill.kind === "linear") {
    const { x1, y1, x2, y2 } = fill;
    return `<linearGradient ${attributes} x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}">${stops}</linearGradient>`;
  }
  const { cx, cy, r } = fill;
  return `<radialGradient ${attributes} cx="${cx}" cy="${cy}" r="${Number(r.toFixed(3))}">${stops}</radialGradient>`;
}

function flat(color: Rgba): string {
  return paint(color, "fill", "fill-opacity");
}

/** Attributes of a colour; black and opaque are what SVG assumes. */
function paint([red, green, blue, alpha]: Rgba, color: string, opacity: string): string {
  const hex = [red, green, blue].map((component) => component.toString(16).padStart(2, "0"));
  const short = hex.every((pair) => pair[0] === pair[1]) ? hex.map((pair) => pair[0]) : hex;
  const named = short.join("") === "000" ? "" : ` ${color}="#${short.join("")}"`;
  return alpha === 255 ? named : `${named} ${opacity}="${Number((alpha / 255).toFixed(4))}"`;
}
