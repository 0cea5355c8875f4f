// Pictures of a request: bytes become base64, since JSON holds text.
import type { Picture, Pictures } from "./types.js";

/** Bytes turned into characters at once: as many arguments as every engine takes. */
const bytesAtOnce = 8_192;

async function base64Of(picture: Exclude<Picture, string>): Promise<string> {
  const buffer = picture instanceof Blob ? await picture.arrayBuffer() : picture;
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += bytesAtOnce) {
    text += String.fromCharCode(...bytes.subarray(at, at + bytesAtOnce));
  }
  return btoa(text);
}

/** The same fields with their pictures in base64. */
export async function withBase64<Fields extends Pictures>(fields: Fields): Promise<Fields> {
  const { logo, background_image: background } = fields;
  return {
    ...fields,
    ...(logo !== undefined && typeof logo !== "string" && { logo: await base64Of(logo) }),
    ...(background !== undefined && typeof background !== "string" && { background_image: await base64Of(background) }),
  };
}
