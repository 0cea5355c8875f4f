// Symbols alone, next to those of others: how fast they are made, and how small they are.
import { makeSymbol } from "@qrfactory/drawing/symbol/symbol";
import encodeQR from "qr";
import QRCode from "qrcode";
import toSJISFunc from "qrcode/helper/to-sjis.js";
import qrcodeGenerator from "qrcode-generator";
import { measure } from "../measure.js";
import type { Comparison } from "./images.js";

const link = "https://example.com/menu/summer";

/** A text of so many bytes that changes kind at every character: the most work to find the best segments for. */
const linkOf = (bytes: number) => link.padEnd(bytes, "/a");

/** The time of a symbol at three lengths. */
export async function compareSymbols(): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const bytes of [31, 400, 2_900]) {
    const text = linkOf(bytes);
    const timings = await measure([
      { name: "QRFactory", run: () => makeSymbol(text, "L") },
      { name: "qr", run: () => encodeQR(text, "raw", { ecc: "low", encoding: "byte" }) },
      {
        name: "qrcode",
        run: () => QRCode.create([{ data: Buffer.from(text), mode: "byte" }], { errorCorrectionLevel: "L" }),
      },
      { name: "qrcode-generator", run: () => generate(text) },
    ]);
    comparisons.push({ title: `symbol of ${bytes} bytes, level L`, ours: "QRFactory", timings });
  }
  return comparisons;
}

function generate(text: string): number {
  const qr = qrcodeGenerator(0, "L");
  const mode = /^[0-9]+$/.test(text) ? "Numeric" : /^[0-9A-Z $%*+\-./:]+$/.test(text) ? "Alphanumeric" : "Byte";
  qr.addData(text, mode);
  qr.make();
  return (qr.getModuleCount() - 17) / 4;
}

/** Versions by encoder; null where it refuses the text. */
export type Sizes = { title: string; versions: Record<string, number | null> };

/** Each encoder at its best: told of UTF-8 and kanji where it knows them, its densest mode where it does not choose. */
const encoders: Record<string, (text: string) => number> = {
  // Like its peers it announces nothing: 12 bits that many texts beyond ASCII are given for the sake of readers.
  QRFactory: (text) => makeSymbol(text, "L", { encoding: "utf-8" }).version,
  // Its smallest border is one module a side.
  qr: (text) => (encodeQR(text, "raw", { ecc: "low", border: 1 }).length - 2 - 17) / 4,
  qrcode: (text) => QRCode.create(text, { errorCorrectionLevel: "L", toSJISFunc }).version,
  "qrcode-generator": (text) => {
    qrcodeGenerator.stringToBytes = (of: string) => [...Buffer.from(of)];
    return generate(text);
  },
};

/** The version that each encoder needs for a text at level L. */
export function versionsOf(text: string): Record<string, number | null> {
  const versions: Record<string, number | null> = {};
  for (const [name, versionOf] of Object.entries(encoders)) {
    try {
      versions[name] = versionOf(text);
    } catch {
      // A peer that refuses a text has no size for it; the error differs from one peer to the next.
      versions[name] = null;
    }
  }
  return versions;
}

const samples: Record<string, string> = {
  "a plain link": link,
  "a link in capitals": "HTTPS://QR.EXAMPLE/Q/7K2MWX9P",
  "a link with an order number": "https://example.com/orders/20261121000417983",
  "a link with a code in capitals": "https://example.com/t/ABCDEFGHJKLMNPQRSTUVWXYZ0123456789",
  "a signed link": "https://example.com/?e=1795212960&s=0408151623420408151623420408151623420408",
  "a vCard": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Muster;Erika\r\nTEL:+4930123456789\r\nEND:VCARD",
  "a one-time password": "otpauth://totp/Example:erika?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example",
  Japanese: "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
  "a link into Japanese": "https://ja.wikipedia.org/wiki/東京都千代田区丸の内一丁目",
  Chinese: "床前明月光，疑是地上霜。举头望明月，低头思故乡。",
  Russian: "Съешь ещё этих мягких французских булок, да выпей чаю",
  "what only mixed modes hold": "a".repeat(2_000) + "7".repeat(2_200),
};

/** The version of a few texts by each encoder. */
export function compareSizes(): Sizes[] {
  return Object.entries(samples).map(([title, text]) => ({ title, versions: versionsOf(text) }));
}
