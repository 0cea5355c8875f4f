import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { makeTempDirectory } from "@qrfactory/testing/temp";
import { type ImageDecoder, makeImageDecoder } from "./image-decoder.js";
import { backgroundLimits, checkImage, logoLimits } from "./image-header.js";
import { animatedGif, canvasOf, gif, jpegOf, pngOf, pngThatClaims } from "./pictures.fixture.js";

const decoders: ImageDecoder[] = [];
function startDecoder(options: Parameters<typeof makeImageDecoder>[0] = {}): ImageDecoder {
  const decoder = makeImageDecoder(options);
  decoders.push(decoder);
  return decoder;
}
afterEach(() => {
  for (const decoder of decoders.splice(0)) decoder.close();
});

describe("by its header", () => {
  test.each([
    ["png", pngOf(40, 30), { type: "png", width: 40, height: 30 }],
    ["jpg", jpegOf(64, 16), { type: "jpg", width: 64, height: 16 }],
    ["gif", gif, { type: "gif", width: 1, height: 1 }],
    ["gif", animatedGif, { type: "gif", width: 1, height: 1 }],
  ])("a %s is known for what it is", (_type, bytes, expected) => {
    expect(checkImage(bytes, logoLimits)).toEqual(expected);
  });

  test("a background may be larger, but not beyond 16 megapixels", () => {
    expect(checkImage(pngThatClaims(8_000, 2_000), backgroundLimits).width).toBe(8_000);
    expect(() => checkImage(pngThatClaims(8_000, 2_001), backgroundLimits)).toThrow(/16 megapixels/);
  });
});

describe("decoded in a process of its own", () => {
  const options = { field: "logo", sideMax: 500 };
  const pixelAt = ({ data, width }: { data: Uint8Array; width: number }, x: number, y: number) => [
    ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
  ];

  test("a picture keeps its pixels, clear ones too, and is made to fit", async () => {
    const decoder = startDecoder();
    const small = await decoder.decode(canvasOf(40, 30, "rgba(0,0,0,0)").toBuffer("image/png"), options);
    expect([small.width, small.height]).toEqual([40, 30]);
    expect(pixelAt(small, 3, 3)).toEqual([255, 0, 0, 255]);
    expect(pixelAt(small, 36, 3)).toEqual([0, 0, 0, 0]);
    const large = await decoder.decode(jpegOf(1_000, 200), options);
    expect([large.width, large.height]).toEqual([500, 100]);
  });

  test("of an animation the first frame is taken", async () => {
    const picture = await startDecoder().decode(animatedGif, options);
    expect(pixelAt(picture, 0, 0)).toEqual([255, 0, 0, 255]);
  });

  test("a picture that crashes or stops the process costs only itself", async () => {
    const directory = makeTempDirectory();
    const processFile = join(directory.path, "decode.mjs");
    writeFileSync(
      processFile,
      `process.on("message", ({ id, bytes }) => {
         if (bytes[0] === 1) process.kill(process.pid, "SIGSEGV");
         if (bytes[0] === 2) for (;;);
         process.send({ id, picture: { width: 1, height: 1, data: new Uint8Array(4) } });
       });`,
    );
    const decoder = startDecoder({ processFile, decodeMsMax: 2_000 });
    const outcome = (first: number) =>
      decoder.decode(Buffer.from([first]), options).then(
        () => "decoded",
        (error) => error.code,
      );
    expect(await Promise.all([0, 1, 0, 2, 0].map(outcome))).toEqual([
      "decoded",
      "image_rejected",
      "decoded",
      "image_rejected",
      "decoded",
    ]);
    directory.remove();
  });
});
