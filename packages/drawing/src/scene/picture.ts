// Operations on pictures: a logo's glow is cut off and a background softened in their pixels, so that
// every painter shows the same.
import type { Picture } from "./shapes.js";

/**
 * How much of a background picture is left: with 35 % of black on white, black modules keep a contrast of 8 to 1, and
 * the picture is still there.
 */
const backdropShare = 0.35;

/** Where the modules show the picture themselves: its colours are left, and their contrast is what is read. */
const halftoneBackdropShare = 0.2;

/** The middle square of a picture. */
export function squareOf(picture: Picture): Picture {
  const side = Math.min(picture.width, picture.height);
  const left = (picture.width - side) >> 1;
  const top = (picture.height - side) >> 1;
  const data = new Uint8Array(side * side * 4);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * picture.width + left) * 4;
    data.set(picture.data.subarray(from, from + side * 4), y * side * 4);
  }
  return { width: side, height: side, data };
}

/** A picture, faded so that modules stay readable on it; more of it where they show it. */
export function soften({ width, height, data: whole }: Picture, { isShown = false } = {}): Picture {
  const share = isShown ? halftoneBackdropShare : backdropShare;
  const data = Uint8Array.from(whole);
  for (let i = 3; i < data.length; i += 4) data[i] = (data[i] as number) * share + 0.5;
  return { width, height, data };
}

/** Pixels with less alpha than `neonAlpha` become fully clear, so that a glow does not smear modules. */
export function cutGlow(picture: Picture, neonAlpha: number): Picture {
  if (neonAlpha === 0) return picture;
  const data = Uint8Array.from(picture.data);
  for (let i = 3; i < data.length; i += 4) if ((data[i] as number) < neonAlpha) data[i] = 0;
  return { ...picture, data };
}

/** Whether nothing shines through a picture. */
export function isOpaquePicture({ data }: Picture): boolean {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return false;
  return true;
}

/** Whether a picture has no colours. */
export function isGreyPicture({ data }: Picture): boolean {
  for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}
