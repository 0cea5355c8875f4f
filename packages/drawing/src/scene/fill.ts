// Fills of a design's parts: one colour, or a gradient over a box.
import { rgbaOf } from "@qrfactory/domain/design/color";
import type { Design } from "@qrfactory/domain/design/design";
import type { GradientType } from "@qrfactory/domain/design/style";
import type { Box } from "./frames.js";
import type { Fill, Flat, Linear } from "./shapes.js";

/** The fill of one colour in its normal form. */
export function flat(color: string): Flat {
  return { kind: "flat", color: rgbaOf(color) };
}

/** The fill of everything that has no colour of its own; a gradient spans the box. */
export function inkOf({ color, gradient }: Pick<Design, "color" | "gradient">, { x, y, width, height }: Box): Fill {
  if (!gradient) return flat(color);
  const [from, to] = [rgbaOf(gradient.from), rgbaOf(gradient.to)];
  const [right, bottom] = [x + width, y + height];
  const ends: Record<Exclude<GradientType, "radial">, Omit<Linear, "kind" | "from" | "to">> = {
    vertical: { x1: x, y1: y, x2: x, y2: bottom },
    horizontal: { x1: x, y1: y, x2: right, y2: y },
    diagonal: { x1: x, y1: y, x2: right, y2: bottom },
  };
  if (gradient.type !== "radial") return { kind: "linear", from, to, ...ends[gradient.type] };
  // From the middle to the corners.
  return { kind: "radial", from, to, cx: x + width / 2, cy: y + height / 2, r: Math.hypot(width, height) / 2 };
}
