// The peer for styled codes: node-canvas as it is used plainly. One fill a module, the encoder's defaults.
import { type CanvasRenderingContext2D, createCanvas, type Image } from "canvas";
import encodeQR from "qr";

const quietZone = 4;

type Plain = { text: string; size: number; background?: string };

/** Draws each dark module with `drawModule`, in module coordinates, and returns the bytes of a PNG. */
function drawPlainly(
  { text, size, background = "#fff" }: Plain,
  fill: (context: CanvasRenderingContext2D, side: number) => CanvasRenderingContext2D["fillStyle"],
  drawModule: (context: CanvasRenderingContext2D, x: number, y: number) => void,
  finish: (context: CanvasRenderingContext2D, side: number) => void = () => {},
): Buffer {
  const rows = encodeQR(text, "raw", { ecc: "high", border: 1 }).slice(1, -1);
  const side = rows.length + 2 * quietZone;
  const canvas = createCanvas(size, size);
  const context = canvas.getContext("2d");
  context.fillStyle = background;
  context.fillRect(0, 0, size, size);
  context.scale(size / side, size / side);
  context.fillStyle = fill(context, side);
  for (const [y, row] of rows.entries()) {
    for (const [x, dark] of row.slice(1, -1).entries()) if (dark) drawModule(context, x + quietZone, y + quietZone);
  }
  finish(context, side);
  return canvas.toBuffer("image/png");
}

/** Draws square modules as a PNG. */
export function plainSquares(text: string, size: number): Buffer {
  return drawPlainly(
    { text, size },
    () => "#000",
    (context, x, y) => context.fillRect(x, y, 1, 1),
  );
}

/** Draws round modules as a PNG. */
export function plainDots(text: string, size: number): Buffer {
  return drawPlainly(
    { text, size },
    () => "#000",
    (context, x, y) => {
      context.beginPath();
      context.arc(x + 0.5, y + 0.5, 0.5, 0, 2 * Math.PI);
      context.fill();
    },
  );
}

/** A gradient over rounded modules, with a logo in the middle. */
export function plainGradient(text: string, size: number, logo: Image): Buffer {
  return drawPlainly(
    { text, size },
    (context, side) => {
      const gradient = context.createLinearGradient(0, 0, side, side);
      gradient.addColorStop(0, "#7b2ff7");
      gradient.addColorStop(1, "#f107a3");
      return gradient;
    },
    (context, x, y) => {
      context.beginPath();
      context.roundRect(x, y, 1, 1, 0.4);
      context.fill();
    },
    (context, side) => {
      const box = side * 0.2;
      context.drawImage(logo, (side - box) / 2, (side - box) / 2, box, box);
    },
  );
}
