// Shared by the readers of headers, one for each type of picture.
import type { ApiError } from "@qrfactory/domain/http/errors";

/** Where a picture lies that covers only a part of its screen, or that does not come row by row (GIF 89a, 20). */
export type Placement = {
  left: number;
  top: number;
  screenWidth: number;
  screenHeight: number;
  /** Rows come in four passes (GIF 89a, appendix E). */
  isInterlaced: boolean;
};

/** Size, cost and parts of a picture, as its header tells them. */
export type ReadHeader = {
  /** As the file has them, before a JPEG is turned upright. */
  width: number;
  height: number;
  /** Times that a decoder goes over all pixels: scans of a JPEG, else 1. */
  passes: number;
  /** Pieces that together are a file of this picture and of nothing else. */
  parts: Buffer[];
  placement?: Placement;
};

/** Makes the refusal of a picture from a sentence. */
export type Refuse = (reason: string) => ApiError;

/** Reads and judges the header of one type; throws what `refuse` makes. */
export type HeaderReader = (bytes: Buffer, refuse: Refuse) => ReadHeader;

/** Sentence of the refusal of a file whose header makes no sense. */
export const headerDamaged = "The picture is damaged: its header cannot be read. Save it anew as PNG or JPEG.";
/** Sentence of the refusal of a file that ends too early. */
export const cutOff = "The picture is cut off: its end is missing. Send the whole file.";
