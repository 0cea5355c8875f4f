// Paths in the operators of PDF (ISO 32000-1, 8.5.2), which our EPS defines under the same names: m, l, c, h.
import type { Box } from "../scene/frames.js";
import { squaresPath } from "../scene/outline.js";
import { circleAsCurves, type PathPen, tracePath } from "../scene/path.js";
import type { Filled } from "../scene/shapes.js";

/** Points in an inch. */
export const pointsPerInch = 72;

/** Digits after the point, in modules: 15 inches of the smallest symbol are off by less than a hundredth of a dot. */
const digits = 4;

/** A scale is multiplied by up to two hundred modules. */
const matrixDigits = 6;

/** A number as short as it can be written; never with an exponent, which neither format knows. */
export function number(value: number): string {
  const text = value.toFixed(digits).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}

/** A list of numbers with blanks between them. */
export function numbers(values: readonly number[]): string {
  return values.map(number).join(" ");
}

/** From modules, counted from the top left corner, to points, counted from the bottom left one. */
export function pageMatrix(side: number, widthPoints: number): string {
  const scale = widthPoints / side;
  return [scale, 0, 0, -scale, 0, widthPoints].map((value) => value.toFixed(matrixDigits)).join(" ");
}

/** Colour spaces of pages: greys have their own, so that black is one ink in print and not four. */
export type PageSpace = "DeviceGray" | "DeviceRGB";

/** The space that holds all of these colours; alpha does not matter. */
export function spaceOf(...colors: readonly (readonly number[])[]): PageSpace {
  return colors.every(([red, green, blue]) => red === green && green === blue) ? "DeviceGray" : "DeviceRGB";
}

/** The components of a colour in a space, between 0 and 1. */
export function componentsOf([red, green, blue]: readonly number[], space: PageSpace): string {
  const components = space === "DeviceGray" ? [red] : [red, green, blue];
  return numbers(components.map((component) => (component as number) / 255));
}

/** The operator that fills with a colour, its name by space: those of PDF are `g` and `rg`. */
export function colorOperator(color: readonly number[], names: Record<PageSpace, string>): string {
  const space = spaceOf(color);
  return `${componentsOf(color, space)} ${names[space]}`;
}

/** The operators that build the path of a shape. */
export function pathOperators(shape: Filled): string {
  let out = "";
  const write = (values: number[], operator: string) => {
    out += `${numbers(values)} ${operator}\n`;
  };
  const pen = {
    moveTo: (...to: [number, number]) => write(to, "m"),
    lineTo: (...to: [number, number]) => write(to, "l"),
    curveTo: (...to: [number, number, number, number, number, number]) => write(to, "c"),
    close: () => {
      out += "h\n";
    },
  };
  const whole: PathPen = { ...pen, circle: circleAsCurves(pen) };
  tracePath(shape.kind === "squares" ? squaresPath(shape) : shape.path, whole);
  return out;
}

/** The matrix that lays the unit square, in which pages draw pictures upside down, over a box. */
export function boxMatrix({ x, y, width, height }: Box): string {
  return numbers([width, 0, 0, -height, x, y + height]);
}
