// POST /api/v1/preview/: what an image would look like, for a dashboard that asks at each keystroke. Free, small, and
// marked in its frame, so that nobody prints it; it scans like the image it stands for.

import { cacheKeyOf } from "@qrfactory/domain/design/cache-key";
import { composite, contrastRatio, normalizeColor, type Rgba, rgbaOf } from "@qrfactory/domain/design/color";
import type { Design } from "@qrfactory/domain/design/design";
import { invalidFields } from "@qrfactory/domain/http/errors";
import type { FieldErrors } from "@qrfactory/domain/http/field-errors";
import { isObject } from "@qrfactory/domain/http/json";
import { frozenProblem } from "@qrfactory/domain/plan/freeze";
import type { Handler } from "@qrfactory/runtime/http/app";
import type { Request } from "express";
import type { Images } from "../cache/images.js";
import { rendererVersion } from "../draw/draw-design.js";
import type { RequireCaller } from "./caller.js";
import { leaving, setImageHeaders } from "./generate.js";
import type { ReadRequest } from "./request.js";
import { type DesignBody, readDesignBody } from "./request-body.js";

/** Previews of a workspace in a second: some people who drag a slider. */
export const previewsPerSecond = 20;

/** Side in pixels: as much as a dashboard shows, too little for print. */
const previewPxMax = 512;

const mark = "PREVIEW";
/** Characters of a label. */
const labelMax = 40;
/** Contrast of a label to its ground at which it is read with ease (WCAG 2.2, 1.4.3). */
const markContrastMin = 3;

const white: Rgba = [255, 255, 255, 255];

/** Dependencies of previews. */
export type PreviewOptions = { requireCaller: RequireCaller; readRequest: ReadRequest; images: Images };

/** The handler of `POST /api/v1/preview/`; `readRequest` reads what `readPreviewBody` makes of the body. */
export function makePreview({ requireCaller, readRequest, images }: PreviewOptions): Handler {
  return async function preview(req, res) {
    const caller = await requireCaller(req, res);
    const { workspaceId, plan, frozen } = caller;
    if (frozen) throw frozenProblem(frozen, plan.name);
    const { design, pictures } = await readRequest(req, caller);
    requireSmall(design);
    const cacheKey = cacheKeyOf(design, rendererVersion, workspaceId);
    const asked = { design, cacheKey, workspaceId, scanCheck: "report", isFresh: false, pictures } as const;
    const request = { ...asked, signal: leaving(res) };
    const image = await images.get(request, await images.lookUp(request));
    const hasPictures = Object.keys(pictures).length > 0;
    setImageHeaders(res, image, { cacheKey, design, isScored: true, hasPictures });
    res.set("Cache-Control", "no-store").status(200).end(image.drawing.bytes);
  };
}

/** The request behind a preview: its own, small unless told, and marked. */
export async function readPreviewBody(req: Request): Promise<DesignBody> {
  const { body, sources } = await readDesignBody(req);
  if (!isObject(body)) return { body, sources };
  const isSized = body.size !== undefined || body.size_inches !== undefined;
  return { body: marked(isSized ? body : { ...body, size: previewPxMax }), sources };
}

/** The mark stands in the frame that was asked for, or in a banner, in a colour that can be read. */
function marked(body: Record<string, unknown>): Record<string, unknown> {
  const { frame_label_color: _color, frame_color: color, frame_label: label, ...rest } = body;
  const style = body.frame_style === undefined || body.frame_style === "none" ? "banner-bottom" : body.frame_style;
  const text = typeof label === "string" && label.trim() !== "" ? `${mark} ${label.trim()}` : mark;
  return {
    ...rest,
    frame_style: style,
    frame_label: [...text].slice(0, labelMax).join(""),
    ...(color !== undefined && isSeen(color, body.background) && { frame_color: color }),
  };
}

/** Whether a frame of this colour can be told from the ground; the schema refuses anything but a colour. */
function isSeen(color: unknown, background: unknown = "white"): boolean {
  const [ink, ground] = [color, background].map((text) => normalizeColor(String(text)));
  if (!ink || !ground) return true;
  const under = composite(rgbaOf(ground), white);
  return contrastRatio(composite(rgbaOf(ink), under), under) >= markContrastMin;
}

function requireSmall({ format, widthPx, widthInches }: Design): void {
  const errors: FieldErrors = {};
  if (format !== "png" && format !== "svg") errors.format = ["A preview is png or svg."];
  if (widthPx > previewPxMax) {
    errors[widthInches === null ? "size" : "size_inches"] = [`A preview has at most ${previewPxMax} pixels.`];
  }
  if (Object.keys(errors).length > 0) throw invalidFields(errors);
}
