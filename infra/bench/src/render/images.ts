// Drawing: the images that people ask for most, next to what others use for them.
import { spawnSync } from "node:child_process";
import { readDesign } from "@qrfactory/domain/design/design";
import { plans } from "@qrfactory/domain/plan/plans";
import { type Drawing, drawDesign } from "@qrfactory/render/draw/draw-design";
import { createCanvas, loadImage } from "canvas";
import qrImage from "qr-image";
import QRCode from "qrcode";
import { type Contender, measure, type Timing } from "../measure.js";
import { plainDots, plainGradient, plainSquares } from "./plain-canvas.js";
import { drawWithStyling, stylingDots, stylingGradient } from "./styling.js";

/** Timings of the same image by several makers; `ours` names the one that the others are compared with. */
export type Comparison = { title: string; ours: string; timings: Timing[]; notes?: string[] };

const link = "https://example.com/menu/summer";

/** Whole images: symbol, drawing, compression; ours also with its scan check, as a request gets it. */
export async function compareImages(): Promise<Comparison[]> {
  return [await plain(600), await plain(2_000), await dots(2_000), await gradient(1_200)];
}

function oursOf(
  fields: object,
  pictures: { logo?: Picture } = {},
): { contenders: Contender[]; once: () => Promise<Drawing> } {
  const digests = pictures.logo ? { logo: "0".repeat(64) } : {};
  const { design } = readDesign({ data: link, ...fields }, plans.enterprise, digests);
  return {
    contenders: [
      { name: "QRFactory", run: () => drawDesign(design, { checked: false, pictures }) },
      { name: "QRFactory, read back", run: () => drawDesign(design, { checked: true, pictures }) },
    ],
    once: () => drawDesign(design, { checked: false, pictures }),
  };
}

type Picture = { width: number; height: number; data: Uint8Array };

async function plain(size: number): Promise<Comparison> {
  const ours = oursOf({ size });
  const timings = await measure([
    ...ours.contenders,
    { name: "qrcode", run: () => QRCode.toBuffer(link, { width: size, margin: 4 }) },
    // It takes pixels a module; a symbol of version 3 has 37 with its quiet zone.
    { name: "qr-image", run: () => qrImage.imageSync(link, { type: "png", size: Math.round(size / 37), margin: 4 }) },
    { name: "node-canvas, plainly", run: () => plainSquares(link, size) },
    ...cProgram(size),
  ]);
  const { bytes } = await ours.once();
  const theirs = await QRCode.toBuffer(link, { width: size, margin: 4 });
  const notes = [`QRFactory makes ${bytes.length} bytes, qrcode ${theirs.length}.`];
  return { title: `plain PNG of ${size} px`, ours: "QRFactory", timings, notes };
}

/** The C program `qrencode` as a whole process, where it is installed. */
function cProgram(size: number): Contender[] {
  if (spawnSync("qrencode", ["--version"]).status !== 0) return [];
  const args = ["-o", "-", "-t", "PNG", "-s", String(Math.round(size / 37)), "-m", "4", link];
  return [{ name: "qrencode, a process", run: () => spawnSync("qrencode", args) }];
}

async function dots(size: number): Promise<Comparison> {
  const timings = await measure([
    ...oursOf({ size, pattern: "dot", eye_shape: "circle", error_correction: "H" }).contenders,
    { name: "node-canvas, plainly", run: () => plainDots(link, size) },
    { name: "qr-code-styling", run: () => drawWithStyling(stylingDots(link, size)) },
  ]);
  return { title: `dots in one colour, PNG of ${size} px`, ours: "QRFactory", timings };
}

async function gradient(size: number): Promise<Comparison> {
  const canvas = createCanvas(300, 300);
  const context = canvas.getContext("2d");
  context.fillStyle = "#e4572e";
  context.arc(150, 150, 140, 0, 2 * Math.PI);
  context.fill();
  const { data } = context.getImageData(0, 0, 300, 300);
  const logo = { width: 300, height: 300, data: new Uint8Array(data.buffer) };
  const image = await loadImage(canvas.toBuffer());
  const style = { pattern: "rounded", eye_shape: "rounded", gradient_from: "#7b2ff7", gradient_to: "#f107a3" };
  const timings = await measure([
    ...oursOf({ size, ...style, gradient_type: "diagonal", logo_size_ratio: 0.2 }, { logo }).contenders,
    { name: "node-canvas, plainly", run: () => plainGradient(link, size, image) },
    { name: "qr-code-styling", run: () => drawWithStyling(stylingGradient(link, size, canvas.toDataURL())) },
  ]);
  return { title: `gradient, rounded eyes and a logo, PNG of ${size} px`, ours: "QRFactory", timings };
}
