// The second decoder, of another origin than zxing-cpp: npm `qr`, in plain JavaScript. Asked only where the first
// stumbles.
import { kanjiValues, notKanji } from "@qrfactory/domain/symbol/kanji";
import decodeQR from "qr/decode.js";
import type { Pixels } from "./zxing.js";

/** The same work whatever the clock says, so that the same image has the same verdict. */
const effort = { timeLimit: Number.POSITIVE_INFINITY } as const;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes are UTF-8, and where they cannot be, the Latin-1 of the standard. */
function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}

/** Whether it reads this very text. */
export function isReadAgain(pixels: Pixels, text: string): boolean {
  try {
    return decodeQR(asI420(pixels), { format: "I420", textDecoder: textOf, ...effort }) === text;
  } catch {
    // It throws where it finds nothing.
    return false;
  }
}

/** Whether a text may be written in kanji mode, which this decoder does not know. */
export function mayBeUnknown(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (kanjiValues[text.charCodeAt(i)] !== notKanji) return true;
  return false;
}

/** Brightness as the first plane of a video frame, whose sides are even: the last column and row are repeated. */
function asI420({ width, height, data }: Pixels): Pixels {
  const [wide, high] = [width + (width & 1), height + (height & 1)];
  const plane = new Uint8Array((wide * high * 3) / 2);
  for (let y = 0; y < high; y++) {
    const from = Math.min(y, height - 1) * width;
    plane.set(data.subarray(from, from + width), y * wide);
    if (wide > width) plane[y * wide + width] = data[from + width - 1] as number;
  }
  return { width: wide, height: high, data: plane };
}
