// The pictures of a request: a logo and a background, each from a file of the form, from base64 in JSON, or from an
// address. Either way equal bytes are the same picture.
import { webcrypto } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { invalidFields } from "@qrfactory/domain/http/errors";
import type { FieldErrors } from "@qrfactory/domain/http/field-errors";
import { unknownField } from "@qrfactory/domain/http/suggest";
import { decodeBase64 } from "./base64.js";
import {
  backgroundLimits,
  checkImage,
  type ImageHeader,
  type ImageLimits,
  logoLimits,
  rejected,
} from "./headers/image-header.js";

/** Place of a picture in a design. */
export type PictureKind = "logo" | "background";

/** A checked picture: its bytes as they came, their SHA-256 in hex, and what its header says. */
export type PictureFile = { bytes: Buffer; digest: string; header: ImageHeader };

/** Checked files of a request by place. */
export type PictureFiles = Partial<Record<PictureKind, PictureFile>>;

const limitsOf: Record<PictureKind, ImageLimits> = { logo: logoLimits, background: backgroundLimits };

/** Members of a JSON body whose text may be as long as a picture in base64. */
export const longPictureMembers: ReadonlySet<string> = new Set(Object.values(limitsOf).map(({ field }) => field));

/** Where a picture may be found: in a file, in base64 (a long one as the bytes of its text), or at an address. */
export type PictureSource = { file: Buffer } | { text: string | Uint8Array } | { url: string };

/** The bytes behind an address that a workspace named; throws as `makeFetchPicture` says. */
export type FetchPicture = (url: string, limits: ImageLimits, workspaceId: string) => Promise<Buffer>;

/** For whom pictures are got, and how those that lie at an address. */
export type GetPicturesOptions = { workspaceId: string; fetchPicture: FetchPicture };

/** Unchecked sources of a request's pictures by place. */
export type PictureSources = Partial<Record<PictureKind, PictureSource>>;

/**
 * Takes the pictures out of a request: `body` without their fields, and where to find them. Throws `validation_failed`
 * when one is given twice or not as text.
 */
export function takePictureSources(
  body: Record<string, unknown>,
  files: Record<string, Buffer>,
): { body: Record<string, unknown>; sources: PictureSources } {
  const rest = { ...body };
  const sources: PictureSources = {};
  const errors: FieldErrors = {};
  const unknownFiles = new Set(Object.keys(files));
  for (const [kind, { field }] of Object.entries(limitsOf) as [PictureKind, ImageLimits][]) {
    const fileField = `${field}_file`;
    const urlField = `${field}_url`;
    const fileFields = [fileField, field].filter((name) => unknownFiles.delete(name));
    const { [field]: text, [urlField]: url } = rest;
    delete rest[field];
    delete rest[urlField];
    const given = [text, url].filter((value) => value !== undefined).length + fileFields.length;
    const [file] = fileFields.map((name) => files[name] as Buffer);
    if (given > 1) errors[field] = [`Give one of ${field}, ${fileField} and ${urlField}.`];
    const isText = typeof text === "string" || text instanceof Uint8Array;
    if (text !== undefined && !isText) errors[field] = ["Give the picture as base64 or as a data URL."];
    if (url !== undefined && typeof url !== "string") errors[urlField] = ["Give the address of a picture."];
    if (file) sources[kind] = { file };
    else if (isText) sources[kind] = { text };
    else if (typeof url === "string") sources[kind] = { url };
  }
  for (const name of unknownFiles) errors[name] = [unknownFile(name)];
  if (Object.keys(errors).length > 0) throw invalidFields(errors);
  return { body: rest, sources };
}

/** The refusal of a file under a name that no picture has. */
function unknownFile(name: string): string {
  const known = Object.values(limitsOf).flatMap(({ field }) => [`${field}_file`, field]);
  return unknownField(name, known).replace("field", "file");
}

/** Gets and checks all pictures of a request, side by side. Throws `image_rejected`, `url_refused` or `overloaded`. */
export async function getPictures(sources: PictureSources, options: GetPicturesOptions): Promise<PictureFiles> {
  const entries = Object.entries(sources) as [PictureKind, PictureSource][];
  const pictures = await Promise.all(
    entries.map(async ([kind, source]) => {
      const limits = limitsOf[kind];
      const bytes = await bytesOf(source, limits, options);
      const header = checkImage(bytes, limits);
      return [kind, { bytes, digest: await digestOf(bytes), header }] as const;
    }),
  );
  return Object.fromEntries(pictures);
}

/** SHA-256 in hex, in a thread of its own: 5 MB take up to 20 ms. */
async function digestOf(bytes: Buffer): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest("SHA-256", bytes)).toString("hex");
}

async function bytesOf(source: PictureSource, limits: ImageLimits, options: GetPicturesOptions): Promise<Buffer> {
  if ("file" in source) return source.file;
  if ("url" in source) return options.fetchPicture(source.url, limits, options.workspaceId);
  // Two pictures of 7 MB in all are not decoded in one go.
  await setImmediate();
  return fromBase64(source.text, limits.field);
}

function fromBase64(text: string | Uint8Array, field: string): Buffer {
  const bytes = decodeBase64(text);
  if (bytes) return bytes;
  throw rejected(
    field,
    `Give the picture as base64 or as a data URL (data:image/png;base64,…), or its address as ${field}_url.`,
  );
}

/** How a design names its pictures. */
export function digestsOf(pictures: PictureFiles): Partial<Record<PictureKind, string>> {
  return Object.fromEntries(Object.entries(pictures).map(([kind, { digest }]) => [kind, digest]));
}
