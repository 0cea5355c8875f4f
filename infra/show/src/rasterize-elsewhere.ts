// Images as other programs see them, none of which shares code with our painters: pngjs, libjpeg and librsvg (both by
// node-canvas), poppler for PDF, Ghostscript for EPS.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImageFormat } from "@qrfactory/domain/design/image-size";
import { type Pixels, pngPixels } from "@qrfactory/testing/decode";
import { createCanvas, loadImage } from "canvas";

/** Resolution of a pixel of `size` on paper where a request says none. */
const dpi = 300;

/** Room for the pages of one call. */
const outputBytesMax = 200_000_000;

/** The pixels of images of one format on white, 300 to the inch for PDF and EPS, those of CSS for SVG. */
export async function rasterizeElsewhere(images: Buffer[], format: ImageFormat): Promise<Pixels[]> {
  if (format === "png") return images.map((image) => pngPixels(image));
  if (format === "pdf") return images.map((image) => onlyPage(run("pdftoppm", ["-r", String(dpi), "-"], image)));
  if (format === "eps") return rasterizeEps(images);
  return Promise.all(images.map(loadPixels));
}

async function loadPixels(image: Buffer): Promise<Pixels> {
  const loaded = await loadImage(image);
  const { width, height } = loaded;
  const context = createCanvas(width, height).getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(loaded, 0, 0, width, height);
  return { width, height, data: Uint8ClampedArray.from(context.getImageData(0, 0, width, height).data) };
}

/** All in one call: the program takes longer to start than to draw a page. */
function rasterizeEps(images: Buffer[]): Pixels[] {
  const directory = mkdtempSync(join(tmpdir(), "eps-"));
  try {
    const files = images.map((image, i) => {
      const file = join(directory, `${i}.eps`);
      writeFileSync(file, image);
      return file;
    });
    const look = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-dGraphicsAlphaBits=4"];
    const output = run("gs", [...look, "-sDEVICE=ppmraw", `-r${dpi}`, "-sOutputFile=-", ...files]);
    const pages = pagesOf(output);
    if (pages.length !== files.length) throw new Error(`gs drew ${pages.length} of ${files.length} pages.`);
    return pages;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(program: string, args: string[], input?: Buffer): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, maxBuffer: outputBytesMax });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.toString().trim()}`);
  return stdout;
}

function onlyPage(output: Buffer): Pixels {
  const [page, ...more] = pagesOf(output);
  if (!page || more.length > 0) throw new Error("A PDF of one page was drawn as none or several.");
  return page;
}

/** The pictures of a file in the binary PPM format, one after the other. */
function pagesOf(ppm: Buffer): Pixels[] {
  const pages: Pixels[] = [];
  for (let at = 0; at < ppm.length; ) {
    // A comment may follow the magic number.
    const [header = "", width, height] =
      /^P6\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+255\s/.exec(ppm.toString("latin1", at, at + 200)) ?? [];
    if (header === "") throw new Error("This is not a binary PPM file.");
    const page = { width: Number(width), height: Number(height) };
    const data = new Uint8ClampedArray(page.width * page.height * 4).fill(255);
    const from = at + header.length;
    at = from + page.width * page.height * 3;
    for (let i = 0; i < page.width * page.height; i++) data.set(ppm.subarray(from + i * 3, from + i * 3 + 3), i * 4);
    pages.push({ ...page, data });
  }
  return pages;
}
