// What is to be painted, in module units: symbol + design → a ground and shapes on it. Every painter paints this and
// nothing else, so formats cannot drift apart. A new pattern is a new kind of shape here.
import { type Rgba, rgbaOf } from "@qrfactory/domain/color";
import type { Design } from "@qrfactory/domain/design";
import type { Modules, QrSymbol } from "./symbol.js";

/** Whole modules of one flat colour; `left` and `top` are where the first one lies. */
export type Squares = { kind: "squares"; color: Rgba; left: number; top: number; modules: Modules };

export type Shape = Squares;

export type Scene = {
  /** Modules along a side, quiet zone included. */
  side: number;
  background: Rgba;
  /** Painted in this order, later over earlier. */
  shapes: Shape[];
};

/** Lays a symbol out as its design says. */
export function layOut({ modules }: QrSymbol, design: Pick<Design, "quietZone" | "color" | "background">): Scene {
  const { quietZone } = design;
  return {
    side: modules.side + 2 * quietZone,
    background: rgbaOf(design.background),
    shapes: [{ kind: "squares", color: rgbaOf(design.color), left: quietZone, top: quietZone, modules }],
  };
}
