// The design of an image: the fields of a generate request, their defaults, and one normal form of them. Shared by
// everything that accepts designs, so that all refuse and mean the same.
import { z } from "zod";
import { ApiError, invalidField, invalidFields } from "../http/errors.js";
import { useOneOf } from "../http/suggest.js";
import { parseInput, unknownFields, wholeFrom } from "../http/validate.js";
import { checkContent, contentText, payloadTypes, plainTypes } from "../payload/payload.js";
import type { Plan } from "../plan/plans.js";
import { capacityOf, type ErrorCorrection, errorCorrectionLevels, fitSymbol } from "../symbol/capacity.js";
import { densestModeOf } from "../symbol/segmentation.js";
import { segmentUnits, utf8Length } from "../symbol/segments.js";
import { beyondLatin1, isAscii, type TextEncoding, textEncodings } from "../symbol/text-encoding.js";
import { groundColor, inkColor } from "./color-fields.js";
import {
  checkSize,
  type ImageFormat,
  type ImageSize,
  imageFormats,
  normalizeSize,
  requireSizeInPlan,
  sizeFields,
} from "./image-size.js";
import { vanishingLabel } from "./label-contrast.js";
import {
  normalizePictures,
  type PictureDesign,
  type PictureDigests,
  pictureFieldNames,
  pictureFields,
} from "./picture.js";
import { checkStyle, normalizeStyle, type Style, styleFields } from "./style.js";

/** `strict` refuses what would not scan, `report` delivers it with its score, `off` does not look. */
const scanChecks = ["strict", "report", "off"] as const;

/** Strictness of the check that an image can be read. */
export type ScanCheck = (typeof scanChecks)[number];

/** Longer than any payload (7,089 digits in 40-L); stops the checks below from reading megabytes. */
const dataLengthMax = 10_000;

/** Modules, as the standard asks (ISO/IEC 18004:2015, 6.3.8). */
const quietZoneDefault = 4;

const designFields = z.strictObject(
  {
    // A `dynamic` payload becomes a text before it gets here: what it stands for is known to the database.
    data_type: z
      .enum([...plainTypes, ...payloadTypes], {
        error: ({ input }) => useOneOf(input, [...plainTypes, ...payloadTypes, "dynamic"]),
      })
      .default("url"),
    data: z.string().optional(),
    payload: z.unknown().optional(),
    format: z.enum(imageFormats).default("png"),
    ...sizeFields,
    error_correction: z.enum(errorCorrectionLevels).default("M"),
    text_encoding: z.enum(textEncodings).default("auto"),
    quiet_zone: wholeFrom(0, 16).default(quietZoneDefault),
    color: inkColor.prefault("black"),
    background: groundColor.prefault("white"),
    ...styleFields,
    ...pictureFields,
    scan_check: z.enum(scanChecks).default("strict"),
  },
  { error: unknownFields(pictureFieldNames) },
);

/** Names of the fields of a generate request, pictures left out. */
export const designFieldNames: readonly string[] = Object.keys(designFields.shape);

/** The body of a generate request. */
export const designRequest = designFields.superRefine((request, context) => {
  const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  checkContent(request, (path, message) => context.addIssue({ code: "custom", path, message }));
  checkSize(request, refuse);
  checkStyle(request, refuse);
});

/** All that decides the bytes of an image, in one normal form: two requests that mean the same have equal designs. */
export type Design = Style &
  PictureDesign &
  ImageSize & {
    /** Exactly what a scanner reads. */
    text: string;
    /** How what is beyond ASCII is written; `auto` where nothing is, for the image is the same. */
    textEncoding: TextEncoding;
    format: ImageFormat;
    /**
     * The least level, raised as far as it costs no larger version (see `fitSymbol`): what was asked below that makes
     * no other image, with or without a logo.
     */
    errorCorrection: ErrorCorrection;
    /** In modules. */
    quietZone: number;
    /** Normal form, see domain/design/color. */
    background: string;
  };

/**
 * Reads a generate request for a caller of `plan`. Throws `validation_failed` naming every bad field, `plan_limit`
 * naming the plan that would do, `payload_too_long` naming the limit. `pictures` names those that came with it.
 */
export function readDesign(
  body: unknown,
  plan: Plan,
  pictures: PictureDigests = {},
): { design: Design; scanCheck: ScanCheck } {
  const data = (body as { data?: unknown } | null)?.data;
  if (typeof data === "string" && data.length > dataLengthMax) throw tooLong(data, "L", "data");
  const request = parseInput(designRequest, body);
  requireSizeInPlan(request, plan);
  const vanishing = vanishingLabel(request, pictures.background !== undefined);
  if (vanishing) throw invalidField(vanishing.field, vanishing.message);
  const text = contentText(request);
  const field = request.payload === undefined ? "data" : "payload";
  const textEncoding = readEncoding(text, request.text_encoding);
  const fit = fitSymbol(text, request.error_correction, { encoding: textEncoding });
  if (!fit) throw tooLong(text, request.error_correction, field);
  return {
    design: normalize(request, { text, textEncoding, errorCorrection: fit.errorCorrection }, pictures),
    scanCheck: request.scan_check,
  };
}

/** The encoding in normal form; throws `validation_failed` for a character that Latin-1 does not hold. */
function readEncoding(text: string, encoding: TextEncoding): TextEncoding {
  if (isAscii(text)) return "auto";
  const beyond = encoding === "latin-1" ? beyondLatin1(text) : null;
  if (beyond === null) return encoding;
  const code = (beyond.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  throw invalidFields({
    text_encoding: [`latin-1 has no ${beyond} (U+${code}); use auto, utf-8 or utf-8-eci.`],
  });
}

type DesignRequest = z.output<typeof designRequest>;

function normalize(
  request: DesignRequest,
  content: Pick<Design, "text" | "textEncoding" | "errorCorrection">,
  pictures: PictureDigests,
): Design {
  return {
    ...content,
    format: request.format,
    ...normalizeSize(request),
    quietZone: request.quiet_zone,
    background: request.background,
    ...normalizeStyle(request),
    ...normalizePictures(request, pictures),
  };
}

function tooLong(text: string, level: ErrorCorrection, field: "data" | "payload"): ApiError {
  const mode = densestModeOf(text);
  const most = (at: ErrorCorrection) => capacityOf(mode, at).toLocaleString("en-US");
  const hint = level === "L" ? "" : ` (${most("L")} at L)`;
  const shorten =
    field === "data"
      ? "Shorten data."
      : `This payload comes to ${utf8Length(text).toLocaleString("en-US")} bytes; shorten it.`;
  const unit = segmentUnits[mode];
  const detail = `The largest QR code holds ${most(level)} ${unit} at error correction ${level}${hint}. ${shorten}`;
  return new ApiError("payload_too_long", detail, {
    errors: { [field]: [`At most ${most(level)} ${unit}.`] },
  });
}
