// Bytes of files, and texts of bytes, without what only Node.js has.

const utf8 = new TextEncoder();
const ascii = new TextDecoder("latin1");

/** The bytes of a text in UTF-8: of ASCII, one a character. */
export function bytesOfText(text: string): Uint8Array {
  return utf8.encode(text);
}

/** Parts, one behind the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const hexDigits = utf8.encode("0123456789abcdef");

/** Two small hexadecimal digits a byte. */
export function hexOf(bytes: Uint8Array): string {
  const text = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    text[2 * i] = hexDigits[byte >> 4] as number;
    text[2 * i + 1] = hexDigits[byte & 15] as number;
  }
  return ascii.decode(text);
}

const base64Digits = utf8.encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const padding = 0x3d;

/** Base64 with its padding (RFC 4648, section 4). */
export function base64Of(bytes: Uint8Array): string {
  const text = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(padding);
  for (let i = 0, to = 0; i < bytes.length; i += 3, to += 4) {
    const [second, third] = [bytes[i + 1], bytes[i + 2]];
    const bits = ((bytes[i] as number) << 16) | ((second ?? 0) << 8) | (third ?? 0);
    text[to] = base64Digits[bits >> 18] as number;
    text[to + 1] = base64Digits[(bits >> 12) & 63] as number;
    if (second !== undefined) text[to + 2] = base64Digits[(bits >> 6) & 63] as number;
    if (third !== undefined) text[to + 3] = base64Digits[bits & 63] as number;
  }
  return ascii.decode(text);
}
