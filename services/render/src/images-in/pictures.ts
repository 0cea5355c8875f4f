// The pictures of a request: a logo and a background, each from a file of the form, from base64 in JSON, or from an
// address. Whatever the way, what counts is the bytes: equal bytes are the same picture.
import { createHash } from "node:crypto";
import { type FieldErrors, invalidFields } from "@qrfactory/domain/errors";
import {
  backgroundLimits,
  checkImage,
  type ImageHeader,
  type ImageLimits,
  logoLimits,
  rejected,
} from "./image-header.js";

export type PictureKind = "logo" | "background";

/** A checked picture: its bytes as they came, their SHA-256 in hex, and what its header says. */
export type PictureFile = { bytes: Buffer; digest: string; header: ImageHeader };

export type PictureFiles = Partial<Record<PictureKind, PictureFile>>;

const limitsOf: Record<PictureKind, ImageLimits> = { logo: logoLimits, background: backgroundLimits };

/** Where a picture may be found: in a file, in text, or at an address. */
export type PictureSource = { file: Buffer } | { text: string } | { url: string };

/** The bytes behind an address that a workspace named; throws as `makeFetchPicture` says. */
export type FetchPicture = (url: string, limits: ImageLimits, workspaceId: string) => Promise<Buffer>;

/** For whom pictures are got, and how those that lie at an address. */
export type GetPicturesOptions = { workspaceId: string; fetchPicture: FetchPicture };

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
    unknownFiles.delete(fileField);
    const { [field]: text, [urlField]: url } = rest;
    delete rest[field];
    delete rest[urlField];
    const given = [fileField in files, text !== undefined, url !== undefined].filter(Boolean).length;
    if (given > 1) errors[field] = [`Give one of ${field}, ${fileField} and ${urlField}.`];
    if (text !== undefined && typeof text !== "string")
      errors[field] = ["Give the picture as base64 or as a data URL."];
    if (url !== undefined && typeof url !== "string") errors[urlField] = ["Give the address of a picture."];
    if (fileField in files) sources[kind] = { file: files[fileField] as Buffer };
    else if (typeof text === "string") sources[kind] = { text };
    else if (typeof url === "string") sources[kind] = { url };
  }
  for (const name of unknownFiles) errors[name] = ["This file is not known here."];
  if (Object.keys(errors).length > 0) throw invalidFields(errors);
  return { body: rest, sources };
}

/** Gets and checks all pictures of a request, side by side. Throws `image_rejected`, `url_refused` or `overloaded`. */
export async function getPictures(sources: PictureSources, options: GetPicturesOptions): Promise<PictureFiles> {
  const entries = Object.entries(sources) as [PictureKind, PictureSource][];
  const pictures = await Promise.all(
    entries.map(async ([kind, source]) => {
      const limits = limitsOf[kind];
      const bytes = await bytesOf(source, limits, options);
      const header = checkImage(bytes, limits);
      return [kind, { bytes, digest: createHash("sha256").update(bytes).digest("hex"), header }] as const;
    }),
  );
  return Object.fromEntries(pictures);
}

async function bytesOf(source: PictureSource, limits: ImageLimits, options: GetPicturesOptions): Promise<Buffer> {
  if ("file" in source) return source.file;
  if ("url" in source) return options.fetchPicture(source.url, limits, options.workspaceId);
  return fromBase64(source.text, limits.field);
}

/** `data:image/png;base64,…` or bare base64; line breaks are forgiven, anything else is not. */
function fromBase64(text: string, field: string): Buffer {
  const encoded = text.replace(/^data:[\w.+-]+\/[\w.+-]+;base64,/i, "").replace(/\s+/g, "");
  if (encoded === "" || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) {
    const reason = `Give the picture as base64 or as a data URL (data:image/png;base64,…), or its address as ${field}_url.`;
    throw rejected(field, reason);
  }
  return Buffer.from(encoded, "base64");
}

/** How a design names its pictures. */
export function digestsOf(pictures: PictureFiles): Partial<Record<PictureKind, string>> {
  return Object.fromEntries(Object.entries(pictures).map(([kind, { digest }]) => [kind, digest]));
}
