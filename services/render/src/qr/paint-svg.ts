// Paints a scene as SVG 1.1: a view box in modules, one path for each colour, its true size in pixels or inches.
import type { Rgba } from "@qrfactory/domain/color";
import { traceOutlines } from "./outline.js";
import type { Scene, Squares } from "./scene.js";

export type SvgOptions = {
  /** Side in CSS pixels; not used when `widthInches` is given. */
  widthPx: number;
  /** Side in inches, or null. */
  widthInches: number | null;
};

/** The text of the SVG in UTF-8. */
export function paintSvg({ side, background, shapes }: Scene, { widthPx, widthInches }: SvgOptions): Buffer {
  const width = widthInches === null ? `${widthPx}` : `${widthInches}in`;
  const ground = background[3] === 0 ? "" : `<path${fill(background)} d="M0 0h${side}v${side}H0z"/>`;
  const paths = shapes.map((shape) => `<path${fill(shape.color)} d="${squaresPath(shape)}"/>`).join("");
  // Squares are snapped by the viewer to its own pixels: a blurred edge costs a scanner more than an uneven module.
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${width}" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">${ground}${paths}</svg>`,
  );
}

/** Outlines as relative moves along alternating axes; the last edge of each is left to `z`. */
function squaresPath({ left, top, modules }: Squares): string {
  let path = "";
  let [fromX, fromY] = [-left, -top];
  for (const outline of traceOutlines(modules)) {
    const [startX, startY] = outline[0] as [number, number];
    path += `m${startX - fromX}${separated(startY - fromY)}`;
    let [x, y] = [startX, startY];
    for (const [nextX, nextY] of outline.slice(1)) {
      path += nextY === y ? `h${nextX - x}` : `v${nextY - y}`;
      [x, y] = [nextX, nextY];
    }
    path += "z";
    // Closing a path takes the pen back to its start.
    [fromX, fromY] = [startX, startY];
  }
  return path;
}

/** A minus sign separates numbers by itself. */
function separated(value: number): string {
  return value < 0 ? `${value}` : ` ${value}`;
}

/** Attributes of a fill; black and opaque are what SVG assumes. */
function fill([red, green, blue, alpha]: Rgba): string {
  const hex = [red, green, blue].map((component) => component.toString(16).padStart(2, "0"));
  const short = hex.every((pair) => pair[0] === pair[1]) ? hex.map((pair) => pair[0]) : hex;
  const color = short.join("") === "000" ? "" : ` fill="#${short.join("")}"`;
  return alpha === 255 ? color : `${color} fill-opacity="${Number((alpha / 255).toFixed(4))}"`;
}
