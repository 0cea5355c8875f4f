import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { ApiError } from "@qrfactory/domain/errors";
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

  test.each([
    ["an empty file", Buffer.alloc(0), /empty/],
    ["a text", Buffer.from("hello"), /PNG, JPEG or GIF/],
    ["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /PNG, JPEG or GIF/],
    ["a WebP", Buffer.from("RIFF\x24\0\0\0WEBPVP8 ", "latin1"), /PNG, JPEG or GIF/],
    ["a BMP", Buffer.from("BM\x36\0\0\0", "latin1"), /PNG, JPEG or GIF/],
    ["an HTML page with a picture's name", Buffer.from("<html><!--logo.png-->"), /PNG, JPEG or GIF/],
    ["a file that is cut off after its signature", pngOf(9, 9).subarray(0, 12), /damaged/],
    ["a JPEG without a size", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xd9]), /damaged/],
    ["4,097 pixels a side", pngThatClaims(4_097, 10), /at most 4096 pixels a side; this one has 4097 × 10/],
    ["a bomb of 50,000 × 50,000 pixels", pngThatClaims(50_000, 50_000), /4096 pixels/],
    ["no pixels", pngThatClaims(0, 0), /pixels|damaged/],
    ["2 MB and a byte", Buffer.concat([pngOf(2, 2), Buffer.alloc(2_000_000)]), /at most 2 MB/],
  ])("%s is refused, with what would do", (_name, bytes, reason) => {
    const refusal = (() => {
      try {
        checkImage(bytes, logoLimits);
      } catch (error) {
        return error as ApiError;
      }
    })();
    expect(refusal).toBeInstanceOf(ApiError);
    expect(refusal).toMatchObject({ code: "image_rejected", errors: { logo: [expect.stringMatching(reason)] } });
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

  test("damaged and cut pictures are refused, and what is appended to a sound one does no harm", async () => {
    const decoder = startDecoder();
    const refused = [
      pngOf(300, 300).subarray(0, 200),
      pngThatClaims(4_000, 4_000),
      Buffer.concat([pngOf(9, 9).subarray(0, 40), Buffer.alloc(300, 0xab)]),
    ];
    for (const bytes of refused) {
      await expect(decoder.decode(bytes, options)).rejects.toMatchObject({ code: "image_rejected" });
    }
    const polyglot = Buffer.concat([pngOf(20, 20), Buffer.from("<script>alert(1)</script>PK\x03\x04")]);
    expect((await decoder.decode(polyglot, options)).width).toBe(20);
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
    const decoder = startDecoder({ processFile, decodeMsMax: 400 });
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
