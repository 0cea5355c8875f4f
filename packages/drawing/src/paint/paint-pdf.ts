// Paints a scene as PDF 1.4 (ISO 32000-1): one page of the true size, true vectors, gradients as shadings, transparency
// as it is, greys as greys. It carries no date and no random id, so equal scenes are equal bytes.
import type { Rgba } from "@qrfactory/domain/design/color";
import { isGreyPicture, isOpaquePicture } from "../scene/picture.js";
import type { Fill, Flat, Linear, Picture, Radial, Scene } from "../scene/shapes.js";
import { bytesOfText, concatBytes } from "./bytes.js";
import type { Deflate } from "./deflate.js";
import {
  boxMatrix,
  colorOperator,
  componentsOf,
  number,
  numbers,
  type PageSpace,
  pageMatrix,
  pathOperators,
  pointsPerInch,
  spaceOf,
} from "./page-path.js";

/** Four bytes beyond ASCII in a comment tell transports that the file is binary (7.5.2); all else is ASCII. */
const header = concatBytes([bytesOfText("%PDF-1.4\n%"), Uint8Array.of(0xe2, 0xe3, 0xcf, 0xd3), bytesOfText("\n")]);

/** The bytes of the PDF; `widthInches` is the side of its page. */
export function paintPdf(scene: Scene, { widthInches }: { widthInches: number }, deflate: Deflate): Uint8Array {
  const widthPoints = widthInches * pointsPerInch;
  const objects = makeObjects(deflate);
  const catalog = objects.reserve();
  const pages = objects.reserve();
  const page = objects.reserve();
  const resources = makeResources(objects, { side: scene.side, matrix: pageMatrix(scene.side, widthPoints) });
  const contents = objects.addStream("", contentsOf(scene, widthPoints, resources));
  objects.set(catalog, `<</Type/Catalog/Pages ${pages} 0 R>>`);
  objects.set(pages, `<</Type/Pages/Kids[${page} 0 R]/Count 1>>`);
  const box = `[0 0 ${number(widthPoints)} ${number(widthPoints)}]`;
  // The group mixes what is transparent in the colours of screens, apart from the paper. Without need of it there is
  // none: it would make RGB of every grey.
  const space = groupSpaceOf(scene);
  const group = space === null ? "" : `/Group<</S/Transparency/CS/${space}/I true>>`;
  const named = resources.dictionary();
  objects.set(
    page,
    `<</Type/Page/Parent ${pages} 0 R/MediaBox${box}${group}/Resources${named}/Contents ${contents} 0 R>>`,
  );
  return objects.toFile(catalog);
}

/** The space that what is transparent in a scene is mixed in, or null where nothing is. */
function groupSpaceOf({ background, shapes }: Scene): PageSpace | null {
  const colors = shapes.flatMap((shape) => (shape.kind === "picture" ? [] : colorsOf(shape.fill)));
  const pictures = shapes.flatMap((shape) => (shape.kind === "picture" ? [shape.picture] : []));
  const isOpaque = background[3] === 255 || background[3] === 0;
  if (isOpaque && pictures.every(isOpaquePicture) && colors.every(([, , , alpha]) => alpha === 255)) return null;
  const isGrey = pictures.every(isGreyPicture) && spaceOf(background, ...colors) === "DeviceGray";
  return isGrey ? "DeviceGray" : "DeviceRGB";
}

function colorsOf(fill: Fill): Rgba[] {
  return fill.kind === "flat" ? [fill.color] : [fill.from, fill.to];
}

function contentsOf({ side, background, shapes }: Scene, widthPoints: number, resources: Resources): string {
  let out = `${pageMatrix(side, widthPoints)} cm\n`;
  if (background[3] > 0) {
    const color = colorOperator(background, fillOperators);
    out += `q ${resources.alpha(background[3])}${color} 0 0 ${side} ${side} re f Q\n`;
  }
  for (const shape of shapes) {
    if (shape.kind === "picture") {
      out += `q ${boxMatrix(shape.box)} cm ${resources.picture(shape.picture)} Do Q\n`;
      continue;
    }
    const { fill } = shape;
    const path = pathOperators(shape);
    const color = fill.kind === "flat" ? flat(fill, resources) : resources.gradient(fill);
    out += `q ${color}\n${path}f Q\n`;
  }
  return out;
}

const fillOperators = { DeviceGray: "g", DeviceRGB: "rg" } as const;

function flat({ color }: Flat, resources: Resources): string {
  return `${resources.alpha(color[3])}${colorOperator(color, fillOperators)}`;
}

type Resources = {
  /** The operator that sets an alpha of 0 to 255; nothing where that is opaque. */
  alpha: (alpha: number) => string;
  /** The operators that fill with a gradient, its transparency set. */
  gradient: (fill: Linear | Radial) => string;
  /** The name of a picture. */
  picture: (picture: Picture) => string;
  dictionary: () => string;
};

function makeResources(objects: Objects, page: { side: number; matrix: string }): Resources {
  const states = new Map<string, string>();
  const patterns: string[] = [];
  const pictures: number[] = [];
  const state = (entries: string) => {
    const name = states.get(entries) ?? `A${states.size}`;
    states.set(entries, name);
    return `/${name} gs `;
  };
  const alpha = (value: number) => (value === 255 ? "" : state(`/ca ${number(value / 255)}`));

  /** Where alpha changes along a gradient, a second one in grey says how much of the first shows (11.5.3). */
  function softMask(fill: Linear | Radial): string {
    const grey = shading(fill, "DeviceGray", (color) => number(color[3] / 255));
    const box = `[0 0 ${page.side} ${page.side}]`;
    const form = objects.addStream(
      `/Type/XObject/Subtype/Form/BBox${box}/Group<</S/Transparency/CS/DeviceGray>>` +
        `/Resources<</Shading<</S0 ${grey}>>>>`,
      "/S0 sh",
    );
    return state(`/SMask<</S/Luminosity/G ${form} 0 R>>`);
  }

  return {
    alpha,
    gradient(fill) {
      const { from, to } = fill;
      const transparency = from[3] === to[3] ? alpha(from[3]) : softMask(fill);
      // Patterns lie on the page, whatever the matrix of the contents is (8.7.3.1).
      patterns.push(`<</PatternType 2/Matrix[${page.matrix}]/Shading${colorShading(fill)}>>`);
      return `${transparency}/Pattern cs/P${patterns.length - 1} scn`;
    },
    picture(picture) {
      pictures.push(addPicture(objects, picture));
      return `/X${pictures.length - 1}`;
    },
    dictionary() {
      const graphics = [...states].map(([entries, name]) => `/${name}<<${entries}>>`).join("");
      const named = patterns.map((text, i) => `/P${i} ${text}`).join("");
      const shown = pictures.map((id, i) => `/X${i} ${id} 0 R`).join("");
      return `<</ExtGState<<${graphics}>>/Pattern<<${named}>>/XObject<<${shown}>>>>`;
    },
  };
}

/** Adds a picture (8.9.5), its transparency as a second one in grey; returns its number. */
function addPicture(objects: Objects, picture: Picture): number {
  const { width, height, data } = picture;
  const image = `/Type/XObject/Subtype/Image/Width ${width}/Height ${height}/BitsPerComponent 8`;
  const channels = (from: number, count: number) =>
    Uint8Array.from(
      { length: width * height * count },
      (_, i) => data[4 * Math.floor(i / count) + from + (i % count)] as number,
    );
  const [space, count] = isGreyPicture(picture) ? ["DeviceGray", 1] : ["DeviceRGB", 3];
  const mask = isOpaquePicture(picture)
    ? ""
    : `/SMask ${objects.addStream(`${image}/ColorSpace/DeviceGray`, channels(3, 1))} 0 R`;
  return objects.addStream(`${image}/ColorSpace/${space}/Interpolate true${mask}`, channels(0, count as number));
}

/** The shading dictionary of a gradient's colours. */
export function colorShading(fill: Linear | Radial): string {
  const space = spaceOf(fill.from, fill.to);
  return shading(fill, space, (color) => componentsOf(color, space));
}

/** An axial or radial shading dictionary (8.7.4.5), in the coordinates of the scene. */
function shading(fill: Linear | Radial, space: PageSpace, component: (color: Rgba) => string): string {
  const isLinear = fill.kind === "linear";
  const coordinates = isLinear ? [fill.x1, fill.y1, fill.x2, fill.y2] : [fill.cx, fill.cy, 0, fill.cx, fill.cy, fill.r];
  const ramp = `<</FunctionType 2/Domain[0 1]/C0[${component(fill.from)}]/C1[${component(fill.to)}]/N 1>>`;
  const shape = `/ShadingType ${isLinear ? 2 : 3}/ColorSpace/${space}/Coords[${numbers(coordinates)}]`;
  return `<<${shape}/Function${ramp}/Extend[true true]>>`;
}

type Objects = ReturnType<typeof makeObjects>;

/** The numbered objects of a file. */
function makeObjects(deflate: Deflate) {
  const bodies: Uint8Array[] = [];
  const reserve = () => bodies.push(new Uint8Array(0));
  const set = (id: number, body: string | Uint8Array) => {
    bodies[id - 1] = typeof body === "string" ? bytesOfText(body) : body;
  };

  return {
    reserve,
    set,
    /** Adds a compressed stream; `entries` are those of its dictionary beside length and filter. Returns its number. */
    addStream(entries: string, content: string | Uint8Array): number {
      const packed = deflate(typeof content === "string" ? bytesOfText(content) : content, "page");
      const id = reserve();
      const dictionary = `<<${entries}/Length ${packed.length}/Filter/FlateDecode>>`;
      set(id, concatBytes([bytesOfText(`${dictionary}stream\n`), packed, bytesOfText("\nendstream")]));
      return id;
    },
    /** The whole file, with its table of where objects begin (7.5.4). */
    toFile(root: number): Uint8Array {
      const parts = [header];
      let at = header.length;
      const offsets: number[] = [];
      for (const [i, body] of bodies.entries()) {
        const object = concatBytes([bytesOfText(`${i + 1} 0 obj\n`), body, bytesOfText("\nendobj\n")]);
        offsets.push(at);
        at += object.length;
        parts.push(object);
      }
      const entries = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
      const size = bodies.length + 1;
      const table = `xref\n0 ${size}\n0000000000 65535 f \n${entries}`;
      const trailer = `trailer\n<</Size ${size}/Root ${root} 0 R>>\nstartxref\n${at}\n%%EOF\n`;
      return concatBytes([...parts, bytesOfText(table + trailer)]);
    },
  };
}
