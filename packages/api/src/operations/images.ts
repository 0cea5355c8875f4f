// Operations on images, answered by render.
import { designFieldNames, designRequest } from "@qrfactory/domain/design/design";
import { problemTypes } from "@qrfactory/domain/http/errors";
import { errorCorrectionLevels } from "@qrfactory/domain/symbol/capacity";
import { z } from "zod";
import { type Answer, operationsOf } from "../operation.js";

const imageTypes = [
  ...["image/png", "image/svg+xml", "image/jpeg"],
  ...["application/pdf", "application/postscript"],
] as const;

const imageHeaders = {
  "X-QR-Scan-Score": "How well cameras read it, 0 to 100; absent where nobody looked.",
  "X-QR-Cache": "`HIT`, `MISS` or `BYPASS`.",
  "X-QR-Cache-Key": "Name of the image in the cache: equal designs have equal names.",
  "X-QR-Version": "Version of the symbol, 1 to 40.",
  "X-QR-Error-Correction": "Level reached, at least the one asked for.",
  "X-QR-Width-Mm": "Width of a print.",
  "X-QR-Duration-Ms": "Milliseconds that the answer took.",
};
const paidHeaders = {
  ...imageHeaders,
  "X-QR-Plan": "Plan of the workspace.",
  "X-QR-Quota-Remaining": "Images left this month, or `unlimited`.",
};
const codeHeaders = {
  "X-QR-Short-Id": "Of the dynamic code in the image.",
  "X-QR-Public-Url": "The address in the image.",
  "X-QR-Published": "`pending` while a region may not know a new code yet.",
};

const image: Answer = {
  description: "The image.",
  contentTypes: imageTypes,
  headers: { ...paidHeaders, ...codeHeaders },
};

/** Fields of a design in an address: texts, as queries are. */
const designQuery = z.object(Object.fromEntries(designFieldNames.map((name) => [name, z.string().optional()])));

const refusals = ["unscannable", "payload_too_long", "image_rejected", "url_refused", "plan_limit"] as const;
const spending = ["quota_exceeded", ...refusals] as const;

const fieldErrors = z.record(z.string(), z.array(z.string()));

const validation = z
  .strictObject({
    valid: z.boolean(),
    code: z.enum(Object.keys(problemTypes) as [string, ...string[]]).nullable(),
    errors: fieldErrors,
    warnings: z.array(z.strictObject({ code: z.string(), message: z.string() })),
    symbol: z
      .strictObject({
        version: z.int().min(1).max(40),
        modules: z.int(),
        error_correction: z.enum(errorCorrectionLevels),
        modes: z.array(z.string()),
      })
      .nullable(),
    print: z
      .strictObject({
        width_mm: z.number(),
        module_mm: z.number(),
        quiet_zone_mm: z.number(),
        max_scan_distance_mm: z.number(),
      })
      .nullable(),
    contrast_ratio: z.number().nullable(),
    logo: z.strictObject({ area: z.number(), budget: z.number() }).nullable(),
    scan_score: z.int().min(0).max(100).nullable(),
    pixels: z.int().nullable(),
  })
  .meta({ id: "Validation" });

const example = { body: { data: "https://example.com/menu", color: "#0b3d2e", format: "svg" } };

/** Operations on images, by id. */
export const imageOperations = operationsOf(
  { tag: "Images" },
  {
    generateImage: {
      method: "POST",
      path: "/api/v1/generate/",
      summary: "Make an image",
      description:
        "Costs one credit; a refusal costs none. Every image is read back before it is delivered. With `data_type` " +
        "`dynamic` it shows an existing code, or creates one, once for each Idempotency-Key. Pictures come as files " +
        "of a form, in base64, or by their address. Fields may stand in the address, too; those of the body count.",
      access: { scope: "render", role: "member" },
      headers: ["Idempotency-Key"],
      body: designRequest,
      bodyTypes: ["multipart/form-data"],
      answers: { 200: image },
      problems: [...spending, "conflict", "not_found"],
      example,
    },
    getSignedImage: {
      method: "GET",
      path: "/api/v1/generate/",
      summary: "Get an image by a signed address",
      description: "For pages and CDNs: the signature names the key that pays, and nothing else has to be sent.",
      access: null,
      headers: ["If-None-Match"],
      query: designQuery.loose(),
      answers: { 200: image, 304: { description: "The client's copy is still right; nothing is charged." } },
      problems: [...spending, "unauthenticated", "forbidden", "rate_limited"],
    },
    getCodeImage: {
      method: "GET",
      path: "/api/v1/dynamic/{short_id}/image/",
      summary: "Get the image of a code",
      description: "Its address in the design that the query describes.",
      access: { scope: "render", role: "member" },
      headers: ["If-None-Match"],
      query: designQuery,
      answers: { 200: image, 304: { description: "The client's copy is still right; nothing is charged." } },
      problems: spending,
      example: { query: { format: "svg" } },
    },
    validateImage: {
      method: "POST",
      path: "/api/v1/validate/",
      summary: "Ask what would become of a request",
      description: "Free of charge. Answers 200 for all that generate would refuse because of the request.",
      access: { scope: "render", role: "viewer" },
      body: designRequest,
      bodyTypes: ["multipart/form-data"],
      answers: { 200: { description: "Verdict, figures and warnings.", schema: validation } },
      example,
    },
    previewImage: {
      method: "POST",
      path: "/api/v1/preview/",
      summary: "Preview an image",
      description: "Free of charge, marked in its frame, 512 pixels at most, PNG or SVG, 20 a second per workspace.",
      access: { scope: "render", role: "viewer" },
      body: designRequest,
      bodyTypes: ["multipart/form-data"],
      answers: {
        200: { description: "The preview.", contentTypes: ["image/png", "image/svg+xml"], headers: imageHeaders },
      },
      problems: [...refusals, "not_found"],
      example,
    },
    forgetImage: {
      method: "DELETE",
      path: "/api/v1/cache/{cache_key}/",
      summary: "Take an image out of the cache",
      description: "One that this workspace has rendered, by its `X-QR-Cache-Key`.",
      access: { scope: "render", role: "member" },
      answers: { 204: { description: "Gone." } },
    },
  },
);
