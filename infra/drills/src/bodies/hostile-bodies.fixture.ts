// Bodies that were made to keep a service busy, each as large as it is asked to be; and where they are sent.
import { gzipSync } from "node:zlib";

export type Body = { bytes: Buffer; headers: Record<string, string> };

/** Makes a body of about so many bytes. */
export type Shape = (size: number) => Body;

const json = { "Content-Type": "application/json" };
const csv = { "Content-Type": "text/csv" };
const bytesOf = (text: string, headers: Record<string, string> = json): Body => ({ bytes: Buffer.from(text), headers });
/** Pieces that differ, as far as any limit lets them be read; beyond it they come again. */
const differentBytes = 1_000_000;

function filled(size: number, piece: (n: number) => string, [begin, end]: [string, string], headers = json): Body {
  const pieces: string[] = [];
  for (let length = 0, n = 0; length < Math.min(size, differentBytes); n += 1) {
    const next = piece(n);
    pieces.push(next);
    length += next.length;
  }
  const block = Buffer.from(pieces.join(""));
  const middle = size > differentBytes ? Buffer.alloc(size - (size % block.length), block) : block;
  return { bytes: Buffer.concat([Buffer.from(begin), middle, Buffer.from(end)]), headers };
}

const packed = (shape: Shape): Shape => {
  return (size) => {
    const { bytes, headers } = shape(size * 20);
    return { bytes: gzipSync(bytes), headers: { ...headers, "Content-Encoding": "gzip" } };
  };
};
const listIn =
  (name: string, entry: string): Shape =>
  (size) =>
    filled(size, () => `${entry},`, [`{"${name}":[`, "0]}"]);

/** Of any route that takes JSON. */
export const jsonShapes: Record<string, Shape> = {
  members: (size) => filled(size, (n) => `"${n}":0,`, ["{", '"z":0}']),
  "members with escapes": (size) => filled(size, (n) => `"\\u0061${n}":0,`, ["{", '"z":0}']),
  "long names": (size) => filled(size, (n) => `"${n}${"x".repeat(1_000)}":0,`, ["{", '"z":0}']),
  brackets: (size) => bytesOf("[".repeat(size)),
  "closed brackets": (size) => bytesOf("[".repeat(size / 2) + "]".repeat(size / 2)),
  "white space": (size) => bytesOf(`{"a":1${" ".repeat(size)}}`),
  "one text": (size) => bytesOf(`{"data":"${"x".repeat(size)}"}`),
  "one text of escapes": (size) => bytesOf(`{"data":"${'\\"'.repeat(size / 2)}"}`),
  "one text of backslashes": (size) => bytesOf(`{"data":"${"\\\\".repeat(size / 2)}"}`),
  "an open text": (size) => bytesOf(`{"data":"${"x".repeat(size)}`),
  digits: (size) => bytesOf(`{"size":${"9".repeat(size)}}`),
  exponents: (size) => filled(size, () => "1e308,", ["[", "1]"]),
  "one member again and again": (size) => filled(size, () => '"a":1,', ["{", '"a":1}']),
  rules: listIn("rules", '{"when":{"x":1},"y":2}'),
  variants: listIn("variants", '{"weight":"x"}'),
  tags: listIn("tags", '""'),
  short_ids: listIn("short_ids", '"?"'),
  countries: (size) =>
    filled(size, () => '"??",', ['{"rules":[{"destination_url":"x","when":{"country":[', '"AT"]}}]}']),
  phones: (size) => filled(size, () => '"?",', ['{"data_type":"vcard","payload":{"name":"x","phones":[', '"?"]}}']),
  "packed members": packed((size) => filled(size, (n) => `"${n}":0,`, ["{", '"z":0}'])),
  "packed white space": packed((size) => bytesOf(`{"a":1${" ".repeat(Math.min(size * 50, 100_000_000))}}`)),
};

/** Of bulk orders in JSON. */
export const rowShapes: Record<string, Shape> = {
  "rows of unknown members": (size) =>
    filled(size, (n) => `{"data":"https://example.com/${n}",${unknownMembers}},`, ['{"items":[', "0]}"]),
  "rows of nothing": (size) => filled(size, () => "{},", ['{"items":[', "0]}"]),
  "rows that are no objects": (size) => filled(size, () => "0,", ['{"items":[', "0]}"]),
  "rows of long data": (size) => filled(size, () => `{"data":"${"ä".repeat(2_900)}"},`, ['{"items":[', "{}]}"]),
  "rows of brackets": (size) =>
    filled(size, () => `{"data":${"[".repeat(30)}${"]".repeat(30)}},`, ['{"items":[', "{}]}"]),
  "one row": (size) => filled(size, (n) => `"m${n}":0,`, ['{"items":[{', '"z":0}]}']),
  "one open row": (size) => bytesOf(`{"items":[{"data":"${"x".repeat(size)}`),
  "good rows": (size) =>
    filled(size, (n) => `{"data":"https://example.com/${n}"},`, ['{"items":[', '{"data":"last"}]}']),
  "white space before rows": (size) => bytesOf(`{"items":${" ".repeat(size)}[]}`),
  "pictures as defaults": (size) => bytesOf(`{"defaults":{"logo":"${"A".repeat(size)}"},"items":[{"data":"x:"}]}`),
};
const unknownMembers = Array.from({ length: 290 }, (_, n) => `"u${n}":0`).join();

/** Of bulk orders as a table. */
export const tableShapes: Record<string, Shape> = {
  newlines: (size) => bytesOf("data\n".padEnd(size, "\n"), csv),
  "newlines with CR": (size) => bytesOf(`data\r\n${"\r\n".repeat(size / 2)}`, csv),
  "CR alone": (size) => bytesOf("data\n".padEnd(size, "\r"), csv),
  "999 newlines and a letter": (size) => filled(size, () => `${"\n".repeat(999)}x`, ["data\n", "\n"], csv),
  commas: (size) => bytesOf("data\n".padEnd(size, ","), csv),
  "commas in the header": (size) => bytesOf("data".padEnd(size, ","), csv),
  quotes: (size) => bytesOf("data\n".padEnd(size, '"'), csv),
  "quotes and newlines": (size) => filled(size, () => '"\n', ["data\n", ""], csv),
  "bad rows": (size) => filled(size, (n) => `javascript:${n}\n`, ["data\n", ""], csv),
  "rows of many cells": (size) => filled(size, () => `x${",y".repeat(90)}\n`, [`data${",c".repeat(0)}\n`, ""], csv),
  "one cell": (size) => bytesOf("data\n".padEnd(size, "x"), csv),
};

/** Of images, in JSON with pictures in base64. */
export const pictureShapes: Record<string, Shape> = {
  digits: (size) => bytesOf(`{"data":"x:","logo":"${"QUJD".repeat(size / 4)}"}`),
  "two pictures": (size) => {
    const half = "QUJD".repeat(size / 8);
    return bytesOf(`{"data":"x:","logo":"${half}","background_image":"${half}"}`);
  },
  "white space": (size) => bytesOf(`{"data":"x:","logo":"${" ".repeat(size)}"}`),
  "escaped slashes": (size) => bytesOf(`{"data":"x:","logo":"${"QUJ\\/".repeat(size / 5)}"}`),
  "no digits": (size) => bytesOf(`{"data":"x:","logo":"${"{".repeat(size)}"}`),
  "a picture in the wrong place": (size) => bytesOf(`{"data":"x:","payload":{"logo":"${"A".repeat(size)}"}}`),
};

const boundary = "boundary";
const multipart = { "Content-Type": `multipart/form-data; boundary=${boundary}` };
const part = (name: string, value: string, more = "") =>
  `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

/** Of forms. */
export const formShapes: Record<string, Shape> = {
  "many parts": (size) => filled(size, (n) => part(`f${n}`, "x"), ["", `--${boundary}--\r\n`], multipart),
  "one name again": (size) => filled(size, () => part("data", "x"), ["", `--${boundary}--\r\n`], multipart),
  "a long name": (size) => bytesOf(part("x".repeat(size), "x"), multipart),
  "a long value": (size) => bytesOf(part("data", "x".repeat(size)), multipart),
  "long part headers": (size) => bytesOf(part("data", "x", `; x="${"y".repeat(size)}"`), multipart),
  "almost boundaries": (size) =>
    filled(size, () => `\r\n--${boundary.slice(0, -1)}`, [`--${boundary}\r\n\r\n`, ""], multipart),
  "a file of nothing": (size) => bytesOf(part("logo_file", "\0".repeat(size), '; filename="a.png"'), multipart),
  "files without names": (size) =>
    filled(size, () => part("x", "y", '; filename=""'), ["", `--${boundary}--\r\n`], multipart),
};
