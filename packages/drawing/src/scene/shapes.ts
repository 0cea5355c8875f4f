// The parts of a scene: a ground, and shapes on it in module units. Painters know nothing else.
import type { Rgba } from "@qrfactory/domain/design/color";
import type { Design } from "@qrfactory/domain/design/design";
import type { Modules } from "../symbol/symbol.js";
import type { Box } from "./frames.js";
import type { Path } from "./path.js";

/** Paint of one colour. */
export type Flat = { kind: "flat"; color: Rgba };
/** Colours between two points; beyond them they stay as they are at the ends. */
export type Linear = { kind: "linear"; from: Rgba; to: Rgba; x1: number; y1: number; x2: number; y2: number };
/** Colours from a centre outwards. */
export type Radial = { kind: "radial"; from: Rgba; to: Rgba; cx: number; cy: number; r: number };
/** Fill of a shape; coordinates are those of the scene. Shapes of one fill share the very object. */
export type Fill = Flat | Linear | Radial;

/** Whole modules; `left` and `top` are where the first one lies. */
export type Squares = { kind: "squares"; fill: Fill; left: number; top: number; modules: Modules };
/** A path in scene coordinates, filled by the non-zero rule. */
export type Outlined = { kind: "path"; fill: Fill; path: Path };

/** Pixels of red, green, blue and alpha, row by row, not multiplied. */
export type Picture = { width: number; height: number; data: Uint8Array };
/** A picture, stretched over a box. */
export type Placed = { kind: "picture"; picture: Picture; box: Box };

/** A filled shape. */
export type Filled = Squares | Outlined;
/** A part of a scene: a filled outline, or a picture at its place. */
export type Shape = Filled | Placed;

/** A picture in modules, before it has pixels. */
export type Scene = {
  /** Modules along a side, quiet zone and frame included. */
  side: number;
  background: Rgba;
  /** Painted in this order, later over earlier. */
  shapes: Shape[];
  /** In modules, around the symbol. */
  quietZone: number;
  /** The colours that the symbol is drawn with, under the fields that give them; the first is that of most modules. */
  inks: readonly Ink[];
  style: SceneStyle;
};

/** Style of a scene, as far as it decides how well cameras read it. */
export type SceneStyle = Pick<Design, "pattern" | "eyeBorderShape" | "eyeCenterShape"> & {
  hasFrame: boolean;
  hasLogo: boolean;
};

/** A colour and the field of the request that gives it. */
export type Ink = { field: string; color: Rgba };
