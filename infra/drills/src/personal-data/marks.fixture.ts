// Marks in everything that a device or a customer sends, and the search for them in any spelling.
import { crc32, deflateSync } from "node:zlib";

/** Addresses of people, with other spellings of each. */
export const addresses: Record<string, string[]> = {
  "198.51.100.77": ["198.51.100.077", "c633644d", "c633:644d", "3325256781", "198-51-100-77"],
  "203.0.113.201": ["cb0071c9", "cb00:71c9", "3405803977", "203-0-113-201"],
  "2001:db8:4321:8765:abcd:ef01:2345:6789": ["20010db843218765abcdef0123456789", "8765:abcd", "0db8:4321:8765"],
  "2001:DB8:9999:0:0:0:0:BEEF": ["2001:db8:9999::beef", "20010db8999900000000000000000000beef"],
};

/** Of every device. */
export const userAgent =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 SecretAgent/77.4711";
/** Personal data sent of each kind; no part of it may be found again but the host of the referrer. */
export const sent = {
  userAgent: "SecretAgent/77.4711",
  userAgentWhole: "iPhone OS 19_1 like",
  language: "gsw-CH-x-langmark",
  referrerPath: "/diary/of-a-scanner",
  referrerQuery: "refmark=4f1c",
  query: "querymark=9d2e",
  wifiPassword: "wifi-pass-Xk42zQ",
  wifiName: "Net of Mrs Marker",
  text: "a payload that nobody keeps 8c1b",
  codePassword: "open-sesame-5b7a",
  wrongPassword: "wrong-sesame-6c8d",
  accountPassword: "account-pass-7e9f",
  guessedPassword: "guessed-pass-3a2b",
};

/** A grey PNG of noise, so that its compressed bytes are like no other file's. */
export const logo = (() => {
  const chunk = (type: string, data: Buffer) => {
    const bytes = Buffer.alloc(data.length + 12);
    bytes.writeUInt32BE(data.length, 0);
    bytes.write(type, 4, "latin1");
    data.copy(bytes, 8);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
    return bytes;
  };
  const [width, height, grey8] = [40, 40, [8, 0, 0, 0, 0]];
  const noise = (n: number) => (n % (width + 1) === 0 ? 0 : (n * 7_919 + (n >> 3) * 104_729) % 256);
  const rows = Buffer.from(Array.from({ length: (width + 1) * height }, (_, n) => noise(n)));
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, height, ...grey8]);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.of()),
  ]);
})();

/** Needles of the search: text as it is and as encodings change it. */
const spellings = (text: string) => {
  const bytes = Buffer.from(text);
  const plain = [text, encodeURIComponent(text), new URLSearchParams({ text }).toString().slice("text=".length)];
  return [...plain, bytes.toString("hex"), bytes.toString("base64").replace(/.{0,3}$/, "")];
};

const marks: [what: string, text: string][] = [
  ...Object.entries(addresses).flatMap(([address, more]) =>
    [...spellings(address), ...more].map((text): [string, string] => [`address ${address}`, text]),
  ),
  ...Object.entries(sent).flatMap(([what, text]) => spellings(text).map((it): [string, string] => [what, it])),
  // Base64 and bytes from the middle of the logo's picture.
  ["logo", logo.subarray(60, 120).toString("base64").slice(0, 60)],
  ["logo", logo.subarray(60, 90).toString("latin1")],
];

/** Every mark that stands in a place, with the text around it. */
export function marksIn(places: Record<string, string>, when: string): string[] {
  return Object.entries(places).flatMap(([place, text]) => {
    const lower = text.toLowerCase();
    return marks.flatMap(([what, mark]) => {
      const at = lower.indexOf(mark.toLowerCase());
      return at < 0 ? [] : `${what} in ${place} ${when}: ${JSON.stringify(text.slice(Math.max(0, at - 80), at + 80))}`;
    });
  });
}
