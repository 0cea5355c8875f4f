import { describe, expect, test } from "@jest/globals";
import { gifOf, gifThatExceeds, jpegOfFrame, jpegOfScans } from "../hostile-forms.fixture.js";
import {
  animatedGif,
  animatedWebp,
  canvasOf,
  chunksOfWebp,
  gif,
  jpegOf,
  pngOf,
  pngThatClaims,
  webpCanvas,
  webpChunk,
  webpOf,
  webps,
  webpThatClaims,
} from "../pictures.fixture.js";
import { backgroundLimits, checkImage, logoLimits } from "./image-header.js";

describe("by its header", () => {
  test.each([
    ["png", pngOf(40, 30), { type: "png", width: 40, height: 30 }],
    ["jpg", jpegOf(64, 16), { type: "jpg", width: 64, height: 16 }],
    ["gif", gif, { type: "gif", width: 1, height: 1 }],
    ["gif", animatedGif, { type: "gif", width: 1, height: 1 }],
    ["webp", webps.lossy, { type: "webp", width: 32, height: 16 }],
    ["webp", webps.alpha, { type: "webp", width: 32, height: 16 }],
    ["webp", webps.lossless, { type: "webp", width: 32, height: 16 }],
    ["svg", Buffer.from('<svg viewBox="0 0 20 10"/>'), { type: "svg", width: 1_024, height: 512 }],
    [
      "svg",
      Buffer.from('\ufeff<?xml version="1.0"?>\n<svg width="1in" height="2in"></svg>'),
      { width: 512, height: 1_024 },
    ],
    ["svg", Buffer.from('<!-- by hand --><svg width="100%" viewBox="0,0,5,5"></svg>'), { width: 1_024, height: 1_024 }],
  ])("a %s is known for what it is", (_type, bytes, expected) => {
    expect(checkImage(bytes, logoLimits)).toMatchObject(expected);
  });

  test("a WebP is bounded before it is decoded, and an animation is refused as one", () => {
    expect(checkImage(webpThatClaims(4_000, 4_000), logoLimits)).toMatchObject({ width: 4_000, height: 4_000 });
    expect(() => checkImage(webpThatClaims(4_097, 16), logoLimits)).toThrow(
      /at most 4096 pixels a side; this one has 4097 × 16/,
    );
    expect(() => checkImage(webpThatClaims(4_001, 4_000), backgroundLimits)).toThrow(/16 megapixels/);
    expect(() => checkImage(animatedWebp, logoLimits)).toThrow(/is an animation\. Send one frame of it/);
    // An animation that does not say so.
    const hidden = webpOf(chunksOfWebp(webps.lossless), webpChunk("ANMF", Buffer.alloc(20)));
    expect(() => checkImage(hidden, logoLimits)).toThrow(/is an animation/);
  });

  test("a background may be larger, but not beyond 16 megapixels", () => {
    expect(checkImage(pngThatClaims(8_000, 2_000), backgroundLimits).width).toBe(8_000);
    expect(() => checkImage(pngThatClaims(8_000, 2_001), backgroundLimits)).toThrow(/16 megapixels/);
  });

  test("a progressive JPEG has as many scans as encoders make, and no more", () => {
    const plain = canvasOf(64, 64).toBuffer("image/jpeg", { progressive: true });
    expect(checkImage(plain, logoLimits).passes).toBeGreaterThan(4);
    expect(checkImage(jpegOfScans(100, 2_000), logoLimits).passes).toBe(100);
    expect(() => checkImage(jpegOfScans(101, 64), logoLimits)).toThrow(/more than 100 scans/);
    expect(() => checkImage(jpegOfScans(3_000, 2_000), logoLimits)).toThrow(/more than 100 scans/);
    expect(checkImage(jpegOfScans(25, 4_000), logoLimits).passes).toBe(25);
    expect(() => checkImage(jpegOfScans(26, 4_000), logoLimits)).toThrow(/may have 25 scans; this one has 26/);
  });

  test.each([0xc3, 0xc5, 0xc7, 0xcb, 0xcf])("a JPEG that no browser shows (SOF %#) is refused", (marker) => {
    expect(() => checkImage(jpegOfFrame(jpegOf(8, 8), marker), logoLimits)).toThrow(/browsers do not show/);
  });

  test("a frame of a GIF lies inside its screen", () => {
    const inside = gifOf({ screen: [9, 9], frame: { left: 4, top: 4, width: 5, height: 5 } });
    expect(checkImage(inside, logoLimits)).toMatchObject({ width: 9, height: 9 });
    const beyond = gifOf({ screen: [9, 9], frame: { left: 5, top: 4, width: 5, height: 5 } });
    for (const bytes of [beyond, gifThatExceeds(60_000, 30_000)])
      expect(() => checkImage(bytes, logoLimits)).toThrow(/does not lie inside its screen/);
  });
});

describe("what a decoder is given", () => {
  const given = (bytes: Buffer) => Buffer.concat(checkImage(bytes, logoLimits).parts);

  test("of a WebP, the chunks of its pixels and no others", () => {
    for (const webp of Object.values(webps)) expect(given(webp).equals(webp)).toBe(true);
    const more = ["ICCP", "EXIF", "XMP ", "ABCD"].map((name) => webpChunk(name, Buffer.from("odd")));
    const canvas = webpCanvas(0x2c, 32, 16);
    expect(given(webpOf(canvas, ...more, chunksOfWebp(webps.lossless), ...more)).equals(webps.lossless)).toBe(true);
    expect(given(Buffer.concat([webps.lossy, Buffer.from("after its end")])).equals(webps.lossy)).toBe(true);
  });

  const app = (name: string, data: Buffer) => {
    const head = Buffer.from([0xff, 0xe1, 0, 0]);
    head.writeUInt16BE(2 + name.length + data.length, 2);
    return Buffer.concat([head, Buffer.from(name, "latin1"), data]);
  };
  const withSegment = (segment: Buffer) => {
    const jpeg = jpegOf(16, 16);
    return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
  };

  test("is a picture and nothing else", () => {
    const [png, jpeg] = [pngOf(16, 16), jpegOf(16, 16)];
    const secret = Buffer.from("not a part of the picture");
    expect(given(Buffer.concat([png, secret])).includes(secret)).toBe(false);
    expect(given(Buffer.concat([jpeg, secret]))).toEqual(jpeg);
    expect(given(withSegment(app("Exif\0\0", secret)))).toEqual(jpeg);
    // The same picture in both: the second frame is left out.
    expect(given(animatedGif)).toEqual(given(gif));
  });

  test("says how a camera was held, in words of our own", () => {
    const entry = (orientation: number) => `0112000300000001000${orientation}0000`;
    const exif = (orientation: number) => Buffer.from(`4d4d002a000000080001${entry(orientation)}00000000`, "hex");
    const turned = withSegment(app("Exif\0\0", Buffer.concat([exif(6), Buffer.from("a thumbnail")])));
    expect(given(turned)).toEqual(withSegment(app("Exif\0\0", exif(6))));
    expect(given(withSegment(app("Exif\0\0", exif(9))))).toEqual(jpegOf(16, 16));
  });

  test("has a colour for whatever its pixels say", () => {
    const two = gifOf({ screen: [4, 4], colors: Buffer.from([255, 0, 0, 0, 255, 0]), pixel: () => 90 });
    const head = given(two);
    expect(head.subarray(13, 19)).toEqual(Buffer.from([255, 0, 0, 0, 255, 0]));
    expect(head.subarray(19, 13 + 3 * 256).every((byte) => byte === 0)).toBe(true);
    expect(head[13 + 3 * 256]).toBe(0x2c);
  });
});
