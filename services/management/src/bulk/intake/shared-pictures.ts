// The pictures that all rows of an order share: found and checked once, by render, which knows what a picture is.

import { type CheckedPictures, checkedPictures, picturesPath } from "@qrfactory/domain/design/image-batch";
import { type PictureFileName, pictureFieldNames, pictureFileNames } from "@qrfactory/domain/design/picture";
import { ApiError, type ProblemCode, problemTypes, refusedField } from "@qrfactory/domain/http/errors";
import { unknownField } from "@qrfactory/domain/http/suggest";
import { z } from "zod";

/** In base64. */
export type SharedPictures = Partial<Record<PictureFileName, string>>;

const fields: readonly string[] = pictureFieldNames;
/** As files, with or without `_file` behind. */
const fileFields: readonly string[] = pictureFileNames;
/** A picture's address may take 5 s to answer. */
const timeoutMs = 15_000;

const problem = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.record(z.string(), z.array(z.string())).optional(),
});

/** Defaults of all rows, divided into fields and checked pictures. */
export type SharedDefaults = {
  /** Without the pictures. */
  defaults: Record<string, unknown>;
  pictures: SharedPictures;
  /** SHA-256 of each, as designs name them, and their sides in pixels. */
  known: Pick<CheckedPictures, "digests" | "sizes">;
};

/** Takes the pictures out of defaults and files; throws as a single image does. */
export type ReadSharedPictures = (
  defaults: Record<string, unknown>,
  files: Record<string, Buffer>,
  workspaceId: string,
) => Promise<SharedDefaults>;

/** Makes the reader. */
export function makeReadSharedPictures(options: {
  renderUrl: string;
  authorization: () => string;
}): ReadSharedPictures {
  return async function readSharedPictures(defaults, files, workspaceId) {
    const named = Object.fromEntries(Object.entries(defaults).filter(([name]) => fields.includes(name)));
    const rest = Object.fromEntries(Object.entries(defaults).filter(([name]) => !fields.includes(name)));
    for (const [name, bytes] of Object.entries(files)) {
      const field = name.replace(/_file$/, "");
      if (!fileFields.includes(field)) throw refused(name, unknownField(name, fileFields).replace("field", "file"));
      if (field in named || `${field}_url` in named)
        throw refused(field, `Give one of ${field}, ${name} and ${field}_url.`);
      named[field] = bytes.toString("base64");
    }
    if (Object.keys(named).length === 0) return { defaults: rest, pictures: {}, known: { digests: {} } };
    const { fetched, ...known } = await ask(options, { ...named, workspace_id: workspaceId });
    // Checked texts are unchanged; an address gave way to the picture fetched from it.
    const { logo = fetched.logo, background_image = fetched.background_image } = named as SharedPictures;
    return {
      defaults: rest,
      pictures: { ...(logo && { logo }), ...(background_image && { background_image }) },
      known,
    };
  };
}

async function ask(
  { renderUrl, authorization }: { renderUrl: string; authorization: () => string },
  named: Record<string, unknown>,
): Promise<CheckedPictures> {
  const response = await fetch(renderUrl + picturesPath, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: authorization() },
    body: JSON.stringify(named),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw unavailable(cause);
  });
  const body: unknown = await response.json();
  if (response.ok) return checkedPictures.parse(body);
  const { code, detail, errors } = problem.parse(body);
  if (response.status >= 500 || !(code in problemTypes)) throw unavailable();
  throw new ApiError(code as ProblemCode, detail, errors && { errors });
}

const unavailable = (cause?: unknown) =>
  new ApiError("unavailable", "Pictures cannot be checked right now; try again.", { cause });

const refused = (field: string, reason: string) => refusedField("validation_failed", field, reason);
