// Pictures as hostile, broken and odd senders make them, each by what it is: the list behind
// packages/docs/reference/hostile-images.md.
import { crc32, deflateSync } from "node:zlib";
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
} from "./pictures.fixture.js";

/** Length, name, data and checksum, as every part of a PNG. */
export function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

type Header = { width: number; height: number; bitDepth?: number; colorType?: number; interlace?: number };

/** A PNG of these raw rows, with what stands between its header and its data. */
export function pngFrom(header: Header, rows: Uint8Array, between: Buffer[] = []): Buffer {
  const { width, height, bitDepth = 8, colorType = 0, interlace = 0 } = header;
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(width, 0);
  ihdr.writeUInt32BE(height, 4);
  ihdr.set([bitDepth, colorType, 0, 0, interlace], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [chunk("IHDR", ihdr), ...between, chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}

/** A copy with the byte at `at` turned over; from the end where `at` is negative. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] as number) ^ 0xff;
  return copy;
}

/** A segment of a JPEG right after its start. */
export function withSegment(jpeg: Buffer, marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, data, jpeg.subarray(2)]);
}

/** A JPEG whose frame header claims another size. */
export function jpegThatClaims(width: number, height: number): Buffer {
  const jpeg = Buffer.from(jpegOf(64, 64));
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(height, frame + 5);
  jpeg.writeUInt16BE(width, frame + 7);
  return jpeg;
}

/** A GIF whose screen claims another size. */
function gifThatClaims(width: number, height: number): Buffer {
  const copy = Buffer.from(gif);
  copy.writeUInt16LE(width, 6);
  copy.writeUInt16LE(height, 8);
  return copy;
}

/** Orientation 6: to be turned a quarter (Exif 2.3, 4.6.4). */
const exifTurned = Buffer.from(
  "457869660000" + "4d4d002a00000008" + "0001" + "011200030000000100060000" + "00000000",
  "hex",
);

/** 16 × 16 pixels in four inks, as Ghostscript writes them. */
const cmykJpeg = Buffer.from(
  [
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwANCQoLCggNCwoLDg4NDxMgFRMSEhMnHB4XIC4pMTAuKS0sMzpKPjM2RjcsLUBXQUZMTlJTUjI+WmFa",
    "UGBKUVJP/8AAFAgAEAAQBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAAB",
    "fQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hp",
    "anN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5",
    "+v/aAA4EQwBNAFkASwAAPwD06vMK8wr06vmKvp2vp2ivp2vmKvmKivmKvp2vp2iv/9k=",
  ].join(""),
  "base64",
);

const png = pngOf(300, 300);
const jpeg = jpegOf(300, 300);
const text = (content: string) => Buffer.from(content, "latin1");
const svg = (content: string) => text(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">${content}</svg>`);
/** Groups, each of which draws the one before ten times. */
const manyTimes = (levels: number) =>
  Array.from({ length: levels }, (_, n) => `<g id="g${n + 1}">${`<use href="#g${n}"/>`.repeat(10)}</g>`).join("") +
  `<g id="g0"/><use href="#g${levels}"/>`;
const zeros = (count: number) => Buffer.alloc(count);
const cut = (bytes: Buffer, share: number) => bytes.subarray(0, Math.floor(share * bytes.length));
const frameControl = Buffer.from("00000000000000080000000800000000000000000001000a0000", "hex");

/** Name of the case → the bytes of the file. */
export const hostileFiles: [name: string, bytes: Buffer][] = [
  ["an empty file", zeros(0)],
  ["one byte", zeros(1)],
  ["text", text("hello")],
  ["an HTML page", text("<!doctype html><script>alert(1)</script>")],
  ["an SVG without a size", text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')],
  ["an SVG of a square", svg('<path d="M1 1h6v6h-6z"/>')],
  ["an SVG cut off", text('<svg viewBox="0 0 8 8"><path d="M1 1h6')],
  ["an SVG in UTF-16", Buffer.from('<svg viewBox="0 0 8 8"/>', "utf16le")],
  ["an SVG with a script", svg("<script>alert(1)</script>")],
  ["an SVG with a web page in it", svg("<foreignObject><iframe src='https://example.com/'/></foreignObject>")],
  [
    "an SVG with a picture from elsewhere",
    svg('<x:image xmlns:x="http://www.w3.org/2000/svg" href="file:///etc/passwd"/>'),
  ],
  ["an SVG with a style from elsewhere", svg("<style>@import 'https://example.com/a.css';</style>")],
  ["an SVG that draws another file", svg('<use href="https://example.com/a.svg#a"/>')],
  ["an SVG with words", svg("<text>Hi</text>")],
  [
    "an SVG whose entities unpack to gigabytes",
    text(
      `<!DOCTYPE svg [<!ENTITY a "${"a".repeat(99)}"><!ENTITY b "&a;&a;&a;">]><svg viewBox="0 0 8 8"><desc>&b;</desc></svg>`,
    ),
  ],
  ["an SVG whose references draw nothing a billion times", svg(manyTimes(9))],
  [
    "an SVG blurred by a thousand filters",
    svg(
      `${'<filter id="f"><feGaussianBlur stdDeviation="9999"/></filter>'}${'<g filter="url(#f)">'.repeat(1_000)}<path d="M1 1h6v6h-6z"/>${"</g>".repeat(1_000)}`,
    ),
  ],
  ["an SVG of 100,000 elements", svg("<g/>".repeat(100_000))],
  ["an SVG a million times wider than high", text('<svg viewBox="0 0 1e6 1"><path d="M0 0h9v9z"/></svg>')],
  ["an SVG in groups 9,000 deep", svg(`${"<g>".repeat(9_000)}${"</g>".repeat(9_000)}`)],
  ["a lossy WebP", webps.lossy],
  ["a lossy WebP with transparency", webps.alpha],
  ["a lossless WebP", webps.lossless],
  ["a WebP of its start only", text("RIFF\x24\0\0\0WEBPVP8 ")],
  ["a WebP without its last byte", webps.alpha.subarray(0, -1)],
  ["a WebP cut in half, its length corrected", webpOf(webps.alpha.subarray(12, 60))],
  ["a WebP without pixels", webpOf(webpCanvas(0x10, 32, 16))],
  ["an animated WebP", animatedWebp],
  ["a WebP that claims 16,384 × 16,384 pixels", webpThatClaims(16_384, 16_384)],
  ["a WebP whose header promises more than it holds", webpThatClaims(4_000, 4_000)],
  ["a WebP on a canvas of another size", webpOf(webpCanvas(0, 16_384, 16_384), chunksOfWebp(webps.lossless))],
  ["a WebP of an inner frame of a film", flipped(webps.lossy, 20)],
  ["a WebP with flipped bytes in its data", flipped(webps.lossless, 34)],
  [
    "a WebP with a script in a comment",
    webpOf(chunksOfWebp(webps.lossy), webpChunk("EXIF", text("<script>alert(1)</script>"))),
  ],
  [
    "a WebP in 101 pieces",
    webpOf(...Array.from({ length: 101 }, () => webpChunk("XMP ", text("x"))), chunksOfWebp(webps.lossy)),
  ],
  ["a RIFF of sound", text("RIFF\x24\0\0\0WAVEfmt ")],
  ["an AVIF", text("\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf")],
  ["a BMP", text("BM\x36\0\0\0\0\0\0\0\x36\0\0\0")],
  ["a TIFF", text("II*\0\x08\0\0\0")],
  ["an icon (ICO)", text("\0\0\x01\0\x01\0\x10\x10\0\0")],
  ["a PDF", text("%PDF-1.7\n")],
  ["PostScript", text("%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run")],
  ["a ZIP", text("PK\x03\x04")],
  ["a PNG after a space", Buffer.concat([text(" "), png])],
  ["more than 2 MB", Buffer.concat([png, zeros(2_000_001 - png.length)])],
  ["exactly 2 MB, most of it after the picture", Buffer.concat([png, zeros(2_000_000 - png.length)])],
  ["4,096 pixels wide", pngFrom({ width: 4_096, height: 8 }, zeros(4_097 * 8))],
  ["4,097 pixels wide", pngThatClaims(4_097, 8)],
  ["a bomb: a header of 16,384 × 16,384 pixels", pngThatClaims(16_384, 16_384)],
  ["a bomb: a header of 2,147,483,647 × 2,147,483,647 pixels", pngThatClaims(2 ** 31 - 1, 2 ** 31 - 1)],
  ["a bomb: 16 megapixels of nothing in 16 kB", pngFrom({ width: 4_000, height: 4_000 }, zeros(4_001 * 4_000))],
  ["a bomb: 8 × 8 pixels with 64 MB of data behind them", pngFrom({ width: 8, height: 8 }, zeros(64_000_000))],
  [
    "a bomb: a comment that unpacks to 64 MB",
    pngFrom({ width: 8, height: 8 }, zeros(72), [
      chunk("zTXt", Buffer.concat([text("Comment\0\0"), deflateSync(zeros(64_000_000))])),
    ]),
  ],
  ["a PNG of no width", pngThatClaims(0, 8)],
  ["a PNG of no height", pngThatClaims(8, 0)],
  ["a PNG whose header promises more than it holds", pngThatClaims(4_000, 4_000)],
  ["a PNG cut after its signature", png.subarray(0, 8)],
  ["a PNG cut in its header", png.subarray(0, 20)],
  ["a PNG cut after its header", png.subarray(0, 33)],
  ["a PNG cut in half", cut(png, 0.5)],
  ["a PNG without its last byte", png.subarray(0, -1)],
  ["a PNG with a wrong checksum of its header", flipped(png, 30)],
  ["a PNG with a wrong checksum of its data", flipped(pngOf(8, 8), -14)],
  ["a PNG with a flipped byte in its data", flipped(png, Math.floor(png.length / 2))],
  ["a PNG of a colour type that does not exist", pngFrom({ width: 8, height: 8, colorType: 5 }, zeros(72))],
  ["a PNG of a bit depth that does not exist", pngFrom({ width: 8, height: 8, bitDepth: 3 }, zeros(72))],
  ["a PNG with a palette colour that is missing", pngFrom({ width: 8, height: 8, colorType: 3 }, zeros(72))],
  ["a PNG with 16 bits a colour", pngFrom({ width: 8, height: 8, bitDepth: 16, colorType: 2 }, zeros(49 * 8))],
  ["a PNG with 1 bit a pixel", pngFrom({ width: 8, height: 8, bitDepth: 1 }, zeros(16))],
  ["an interlaced PNG", pngFrom({ width: 8, height: 8, interlace: 1 }, zeros(8 * 8 + 15))],
  [
    "a PNG with a palette that is partly transparent",
    pngFrom({ width: 8, height: 8, colorType: 3 }, zeros(72), [
      chunk("PLTE", Buffer.from([200, 0, 0])),
      chunk("tRNS", Buffer.from([128])),
    ]),
  ],
  [
    "a PNG with a broken colour profile",
    pngFrom({ width: 8, height: 8 }, zeros(72), [
      chunk("iCCP", Buffer.concat([text("profile\0\0"), deflateSync(text("no profile"))])),
    ]),
  ],
  [
    "an animated PNG",
    pngFrom({ width: 8, height: 8 }, zeros(72), [
      chunk("acTL", Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])),
      chunk("fcTL", frameControl),
    ]),
  ],
  ["a PNG with a ZIP after it", Buffer.concat([png, text("PK\x03\x04"), zeros(60)])],
  ["a PNG with a script after it", Buffer.concat([png, text("<script>alert(1)</script>")])],
  ["a JPEG of its start only", jpeg.subarray(0, 3)],
  ["a JPEG without a size", Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xd9])],
  ["a JPEG cut in its tables", jpeg.subarray(0, 150)],
  ["a JPEG cut in half", cut(jpeg, 0.5)],
  ["a JPEG without its last two bytes", jpeg.subarray(0, -2)],
  ["a JPEG with a text after it", Buffer.concat([jpeg, text("more")])],
  ["a JPEG of no width", jpegThatClaims(0, 64)],
  ["a JPEG that claims 65,535 × 65,535 pixels", jpegThatClaims(65_535, 65_535)],
  ["a JPEG whose header promises more than it holds: the rest is grey", jpegThatClaims(4_000, 4_000)],
  ["a JPEG in four inks (CMYK)", cmykJpeg],
  ["a JPEG that its camera turned (EXIF)", withSegment(jpeg, 0xe1, exifTurned)],
  ["a JPEG with broken EXIF", withSegment(jpeg, 0xe1, text("Exif\0\0MM\0*\xff\xff\xff\xff"))],
  ["a progressive JPEG", canvasOf(64, 64).toBuffer("image/jpeg", { progressive: true })],
  ["a JPEG with a script in a comment", withSegment(jpeg, 0xfe, text("<script>alert(1)</script>"))],
  ["a GIF", gif],
  ["an animated GIF, of which the first frame is drawn", animatedGif],
  ["a GIF cut after its header", gif.subarray(0, 13)],
  ["a GIF cut in its frame", gif.subarray(0, 30)],
  ["a GIF of no size", gifThatClaims(0, 0)],
  ["a GIF that claims 65,535 × 65,535 pixels", gifThatClaims(65_535, 65_535)],
  ["a GIF that is a script as well", text("GIF89a/*\0\0*/=1;alert(1)")],
];

const dataUrl = (type: string, bytes: Buffer) => `data:${type};base64,${bytes.toString("base64")}`;

/** Name of the case → what stands in the field `logo` of a request in JSON. */
export const hostileTexts: [name: string, value: unknown][] = [
  ["base64 of a PNG", png.toString("base64")],
  ["base64 for addresses (base64url)", png.toString("base64url")],
  ["base64 with line breaks", png.toString("base64").replace(/.{76}/g, "$&\r\n")],
  ["a data URL of another type than its picture", dataUrl("image/gif", png)],
  ["a data URL of HTML that holds a PNG", dataUrl("text/html", png)],
  ["a data URL of an SVG", dataUrl("image/svg+xml", text("<svg/>"))],
  ["a data URL without base64", "data:image/svg+xml,<svg/>"],
  ["a data URL with nothing in it", "data:image/png;base64,"],
  ["an empty text", ""],
  ["characters that are not base64", "!!!!"],
  ["base64 of noise", "bm9pc2U="],
  ["an address", "https://example.com/logo.png"],
  ["a path", "/etc/passwd"],
  ["a number", 7],
  ["null", null],
  ["a list of bytes", [137, 80, 78, 71]],
  ["an object", { url: "https://example.com/logo.png" }],
];
