// Decodes strangers' pictures in a process of its own: native decoders run here, and when a file manages to crash one,
// this process is all that it takes down. Speaks with image-decoder over the channel of `fork`.
import { createCanvas, loadImage } from "canvas";
import type { Picture } from "../qr/scene.js";

export type DecodeRequest = { id: number; bytes: Uint8Array; sideMax: number };

export type DecodeReply = { id: number; picture: Picture } | { id: number; failed: true };

/** Decodes the first frame and makes it fit into a square of `sideMax` pixels: what is painted is never larger. */
async function decode({ bytes, sideMax }: DecodeRequest): Promise<Picture> {
  const image = await loadImage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const scale = Math.min(1, sideMax / Math.max(image.width, image.height));
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const context = createCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

process.on("message", (request: DecodeRequest) => {
  const reply = (message: DecodeReply) => process.send?.(message);
  decode(request).then(
    (picture) => reply({ id: request.id, picture }),
    () => reply({ id: request.id, failed: true }),
  );
});
// The parent is gone: nobody will ever ask again.
process.on("disconnect", () => process.exit(0));
