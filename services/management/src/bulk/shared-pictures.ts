// The pictures that all rows of an order share: found and checked once, by render, which knows what a picture is.
import { createHash } from "node:crypto";
import { ApiError, type ProblemCode, problemTypes, refusedField } from "@qrfactory/domain/errors";
import { type ImageBatch, picturesPath } from "@qrfactory/domain/image-batch";
import { z } from "zod";

export type SharedPictures = NonNullable<ImageBatch["pictures"]>;

const fields = ["logo", "logo_url", "background_image", "background_image_url"];
/** A picture's address may take 5 s to answer. */
const timeoutMs = 15_000;

const answer = z.object({ logo: z.string().optional(), background_image: z.string().optional() });
const problem = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.record(z.string(), z.array(z.string())).optional(),
});

/** Takes the pictures out of defaults and files; throws as a single image does. */
export type ReadSharedPictures = (
  defaults: Record<string, unknown>,
  files: Record<string, Buffer>,
  workspaceId: string,
) => Promise<{ defaults: Record<string, unknown>; pictures: SharedPictures }>;

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
      if (!fields.includes(field) || field === name) throw refused(name, "This file is not known here.");
      if (field in named || `${field}_url` in named)
        throw refused(field, `Give one of ${field}, ${name} and ${field}_url.`);
      named[field] = bytes.toString("base64");
    }
    if (Object.keys(named).length === 0) return { defaults: rest, pictures: {} };
    return { defaults: rest, pictures: await ask(options, { ...named, workspace_id: workspaceId }) };
  };
}

async function ask(
  { renderUrl, authorization }: { renderUrl: string; authorization: () => string },
  named: Record<string, unknown>,
): Promise<SharedPictures> {
  const response = await fetch(renderUrl + picturesPath, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: authorization() },
    body: JSON.stringify(named),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw unavailable(cause);
  });
  const body: unknown = await response.json();
  if (response.ok) return answer.parse(body);
  const { code, detail, errors } = problem.parse(body);
  if (response.status >= 500 || !(code in problemTypes)) throw unavailable();
  throw new ApiError(code as ProblemCode, detail, errors && { errors });
}

const unavailable = (cause?: unknown) =>
  new ApiError("unavailable", "Pictures cannot be checked right now; try again.", { cause });

/** How designs name these pictures. */
export function digestsOf({ logo, background_image }: SharedPictures): { logo?: string; background?: string } {
  const digest = (text: string) => createHash("sha256").update(Buffer.from(text, "base64")).digest("hex");
  return { ...(logo && { logo: digest(logo) }), ...(background_image && { background: digest(background_image) }) };
}

const refused = (field: string, reason: string) => refusedField("validation_failed", field, reason);
