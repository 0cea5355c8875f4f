// POST /api/v1/validate/: what generate would make of a request, without making it. Nothing is delivered, created or
// charged; decoders are asked by the same steps as by generate.
import { rgbaOf } from "@qrfactory/domain/design/color";
import type { Design } from "@qrfactory/domain/design/design";
import { widthMmOf } from "@qrfactory/domain/design/image-size";
import { ApiError, type ProblemCode } from "@qrfactory/domain/http/errors";
import type { FieldErrors } from "@qrfactory/domain/http/field-errors";
import { type ErrorCorrection, fitSymbol, modulesOf, type SymbolFit } from "@qrfactory/domain/symbol/capacity";
import type { Segment, SegmentMode } from "@qrfactory/domain/symbol/segments";
import { areaOf, budgetOf, type Logo, makeSymbolAround, placeLogo } from "@qrfactory/drawing/scene/logo";
import { requireRoom } from "@qrfactory/drawing/scene/room";
import { inksOf, sideOf } from "@qrfactory/drawing/scene/scene";
import type { Handler } from "@qrfactory/runtime/http/app";
import { judgeColors, type ScanResult } from "../check/scan-check.js";
import type { Verdict } from "../draw/draw-design.js";
import { shapeLegible } from "../draw/labels.js";
import type { RequireCaller } from "../generate/caller.js";
import { refusalOf } from "../generate/refusal.js";
import type { ReadRequest, RequestedImage } from "../generate/request.js";
import type { PictureFiles } from "../pictures/pictures.js";
import type { DrawingPool } from "../pool/drawing-pool.js";
import { type Warning, warningsOf } from "./warnings.js";

/**
 * Refusals that are about the request itself: they are the answer. All others (no key, too fast, away) are errors here,
 * too.
 */
const verdicts: readonly ProblemCode[] = [
  "validation_failed",
  "unscannable",
  "payload_too_long",
  "image_rejected",
  "url_refused",
  "plan_limit",
  "not_found",
];

/**
 * A code is read from ten times its width away, as a rule of thumb for one of 25 modules (version 2); cameras have to
 * tell modules apart, so this is 250 times the side of one.
 */
const distanceInModules = 250;

/** Figures of an image that generate would make. */
export type Figures = {
  symbol: { version: number; modules: number; error_correction: ErrorCorrection; modes: SegmentMode[] };
  print: { width_mm: number; module_mm: number; quiet_zone_mm: number; max_scan_distance_mm: number };
  contrast_ratio: number;
  /** Modules² that the logo costs, and that the symbol can spare; null without a logo. */
  logo: { area: number; budget: number } | null;
  /** Value of `X-QR-Scan-Score`; null with `scan_check` off. */
  scan_score: number | null;
  /** Side of the image; of a PDF or EPS, and of an SVG in inches, that of a print at 300 dpi. */
  pixels: number;
};

/** The figures are null where the request does not say enough for them. */
export type Validation = { [Name in keyof Figures]: Figures[Name] | null } & {
  valid: boolean;
  /** The code that generate would refuse with, or null. */
  code: ProblemCode | null;
  /** Field → messages. */
  errors: FieldErrors;
  warnings: Warning[];
};

const noFigures = { symbol: null, print: null, contrast_ratio: null, logo: null, scan_score: null, pixels: null };

/**
 * The handler of `POST /api/v1/validate/`. It answers 200 for whatever generate would refuse because of the request.
 */
export function makeValidate({ requireCaller, readRequest, judge }: ValidateOptions): Handler {
  const judgeFor = ({ design, pictures }: RequestedImage, workspaceId: string, checked: boolean) =>
    judge(design, { workspaceId, checked, files: pictures });

  return async function validate(req, res) {
    const caller = await requireCaller(req, res);
    const answer = await readRequest(req, caller)
      .then((requested) => validationOf(requested, (checked) => judgeFor(requested, caller.workspaceId, checked)))
      .catch((error): Validation => ({ valid: false, ...invalidBy(error), warnings: [], ...noFigures }));
    res.set("Cache-Control", "no-store").json(answer);
  };
}

/** Dependencies of validation. */
export type ValidateOptions = {
  requireCaller: RequireCaller;
  readRequest: ReadRequest;
  /** The verdict that generate would come to. */
  judge: DrawingPool["judge"];
};

/** Whether an error is about the request itself. */
function isVerdict(error: unknown): error is ApiError {
  return error instanceof ApiError && verdicts.includes(error.code);
}

/** The refusal that an error stands for; throws any other error. */
export function invalidBy(error: unknown): Invalid {
  if (!isVerdict(error)) throw error;
  const { errors, code, message } = error;
  return { code, errors: errors ?? { [code === "not_found" ? "payload.short_id" : "body"]: [message] } };
}

/** Refusal that generate would give. */
export type Invalid = { code: ProblemCode; errors: FieldErrors };

/** Facts about a request before anything is drawn. */
type Foreseen = {
  logo: Logo | null;
  symbol: SymbolFigures;
  /** Modules along the side of the image. */
  side: number;
  colors: ReturnType<typeof judgeColors>;
};

function foresee({ design, pictures }: Pick<RequestedImage, "design" | "pictures">): Foreseen {
  const logo = logoOf(design, pictures);
  const encoding = { encoding: design.textEncoding };
  const symbol = logo ? makeSymbolAround(design.text, design.errorCorrection, logo, encoding) : symbolOf(design);
  const side = sideOf(modulesOf(symbol.version), design);
  const colors = judgeColors({ background: rgbaOf(design.background), inks: inksOf(design) });
  return { logo, symbol, side, colors };
}

/** The verdict of a request that could be read, by `judgeIt`, and its figures. */
async function validationOf(
  requested: RequestedImage,
  judgeIt: (checked: boolean) => Promise<Verdict>,
): Promise<Validation> {
  const { design, scanCheck, sent } = requested;
  const foreseen = foresee(requested);
  const judged = await judgeIt(scanCheck !== "off").catch((error: unknown) => {
    if (isVerdict(error)) return error;
    throw error;
  });
  const scan = judged instanceof ApiError ? null : judged.scan;
  const refusal = judged instanceof ApiError ? judged : refusalOf(judged, { scanCheck, sent });
  const { symbol, side, colors } = foreseen;
  const segments = segmentsOf(design, symbol);
  const warnings = warningsOf(design, { side, colors, version: symbol.version, segments, scan: refusal ? null : scan });
  const verdict = refusal ? { valid: false, ...invalidBy(refusal) } : { valid: true, code: null, errors: {} };
  return { ...verdict, warnings, ...figuresOf(design, { ...foreseen, segments, scan }) };
}

/**
 * The refusal of a request before a decoder looks, null where only that can tell. Throws what makes it
 * impossible, as `draw` does.
 */
export async function refusalWithoutDrawing(
  requested: Pick<RequestedImage, "design" | "scanCheck" | "pictures" | "sent">,
): Promise<ApiError | null> {
  const { design, scanCheck, sent } = requested;
  const { symbol, side, colors } = foresee(requested);
  await shapeLegible(design, modulesOf(symbol.version));
  requireRoom({ side }, design);
  const scan = colors.advice === "" ? null : { isReadable: false, score: 0, advice: colors.advice };
  return refusalOf({ ...symbol, scan }, { scanCheck, sent });
}

/** Where the logo goes depends on the shape of its picture only, which its header tells. */
function logoOf({ logo }: Design, { logo: file }: PictureFiles): Logo | null {
  if (!logo || !file) return null;
  const { width, height } = file.header;
  return { picture: { width, height, data: new Uint8Array() }, sizeRatio: logo.sizeRatio, clearZone: logo.clearZone };
}

type SymbolFigures = { version: number; errorCorrection: ErrorCorrection };

function symbolOf({ text, errorCorrection, textEncoding: encoding }: Design): SymbolFigures {
  // `readDesign` has refused what does not fit.
  return fitSymbol(text, errorCorrection, { encoding }) as SymbolFit;
}

type Parts = Foreseen & { segments: Segment[]; scan: ScanResult | null };

function figuresOf(design: Design, { symbol, logo, side, colors, segments, scan }: Parts): Figures {
  const { version, errorCorrection } = symbol;
  const modules = modulesOf(version);
  const widthMm = widthMmOf(design);
  const moduleMm = widthMm / side;
  return {
    symbol: {
      version,
      modules,
      error_correction: errorCorrection,
      modes: [...new Set(segments.map(({ mode }) => mode))],
    },
    print: {
      width_mm: rounded(widthMm),
      module_mm: rounded(moduleMm),
      quiet_zone_mm: rounded(moduleMm * design.quietZone),
      max_scan_distance_mm: Math.floor(moduleMm * distanceInModules),
    },
    contrast_ratio: rounded(colors.contrast),
    logo: logo && {
      area: rounded(areaOf(placeLogo(modules, logo))),
      budget: rounded(budgetOf(modules, errorCorrection)),
    },
    scan_score: scan?.score ?? null,
    pixels: design.widthPx,
  };
}

function segmentsOf({ text, textEncoding: encoding }: Design, { version, errorCorrection }: SymbolFigures): Segment[] {
  return fitSymbol(text, errorCorrection, { versionMin: version, encoding })?.segments ?? [];
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
