// POST /api/v1/validate/: what generate would make of a request, without making it. Nothing is drawn, created or charged,
// so what only a decoder finds out (an overloaded pattern, a picture that hides modules) is not in the answer.
import { rgbaOf } from "@qrfactory/domain/color";
import type { Design, ScanCheck } from "@qrfactory/domain/design";
import { ApiError, type FieldErrors, type ProblemCode } from "@qrfactory/domain/errors";
import type { SegmentMode } from "@qrfactory/domain/segments";
import { type ErrorCorrection, fitSymbol, modulesOf, type SymbolFit } from "@qrfactory/domain/symbol-capacity";
import type { Handler } from "@qrfactory/runtime/http-app";
import type { RequireCaller } from "./caller.js";
import { requireRoom } from "./draw.js";
import type { PictureFiles } from "./images-in/pictures.js";
import { shapeLabel } from "./qr/label.js";
import { areaOf, budgetOf, type Logo, makeSymbolAround, placeLogo } from "./qr/logo.js";
import { inksOf, sideOf } from "./qr/scene.js";
import { judgeColors } from "./scan-check.js";
import { unscannable } from "./unscannable.js";
import type { ReadWanted, Wanted } from "./wanted.js";
import { type Warning, warningsOf } from "./warnings.js";

/** Refusals that are about the request itself: they are the answer. All others (no key, too fast, away) are errors here, too. */
const verdicts: readonly ProblemCode[] = [
  "validation_failed",
  "unscannable",
  "payload_too_long",
  "image_rejected",
  "url_refused",
  "plan_limit",
  "not_found",
];

/** What a printer makes of a pixel where the request says no resolution. */
const printDpi = 300;
const mmAnInch = 25.4;

/**
 * A code is read from ten times its width away, as a rule of thumb for one of 25 modules (version 2); what a camera has
 * to tell apart is the module, so this is 250 times the side of one.
 */
const distanceInModules = 250;

export type Figures = {
  symbol: { version: number; modules: number; error_correction: ErrorCorrection; modes: SegmentMode[] };
  print: { module_mm: number; quiet_zone_mm: number; max_scan_distance_mm: number };
  contrast_ratio: number;
  /** Modules² that the logo costs, and that the symbol can spare; null without a logo. */
  logo: { area: number; budget: number } | null;
  /** Side of the image. */
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

const noFigures = { symbol: null, print: null, contrast_ratio: null, logo: null, pixels: null };

/** The handler of `POST /api/v1/validate/`. It answers 200 for whatever generate would refuse because of the request. */
export function makeValidate({ requireCaller, readWanted }: ValidateOptions): Handler {
  return async function validate(req, res) {
    const caller = await requireCaller(req, res);
    const answer = await readWanted(req, caller).then(validationOf).catch(refusalOf);
    res.set("Cache-Control", "no-store").json(answer);
  };
}

export type ValidateOptions = { requireCaller: RequireCaller; readWanted: ReadWanted };

/** The verdict that an error is; throws what is about something else than the request. */
export function refusalOf(error: unknown): Validation {
  if (!(error instanceof ApiError) || !verdicts.includes(error.code)) throw error;
  return { valid: false, code: error.code, errors: errorsOf(error), warnings: [], ...noFigures };
}

function errorsOf({ errors, code, message }: ApiError): FieldErrors {
  return errors ?? { [code === "not_found" ? "payload.short_id" : "body"]: [message] };
}

/** The verdict of a request that could be read, and its figures. */
export async function validationOf({ design, scanCheck, pictures, sent }: Wanted): Promise<Validation> {
  const logo = logoOf(design, pictures);
  const symbol = logo ? makeSymbolAround(design.text, design.errorCorrection, logo) : symbolOf(design);
  const side = sideOf(modulesOf(symbol.version), design);
  const colors = judgeColors({ background: rgbaOf(design.background), inks: inksOf(design) });
  const figures = figuresOf(design, { symbol, logo, side, contrast: colors.contrast });
  const refusal = await findRefusal(design, { side, scanCheck, advice: colors.advice, sent });
  const warnings = warningsOf(design, { side, colors, version: symbol.version });
  return {
    valid: refusal === null,
    code: refusal?.code ?? null,
    errors: refusal ? errorsOf(refusal) : {},
    warnings,
    ...figures,
  };
}

/** What generate would find out before its decoder looks. */
async function findRefusal(
  design: Design,
  { side, scanCheck, advice, sent }: { side: number; scanCheck: ScanCheck; advice: string; sent: unknown },
): Promise<ApiError | null> {
  try {
    if (design.frame?.label) await shapeLabel(design.frame.label);
    requireRoom({ side }, design);
    if (scanCheck === "strict" && advice !== "") throw unscannable(advice, sent);
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** Where the logo goes depends on the shape of its picture only, which its header tells. */
function logoOf({ logo }: Design, { logo: file }: PictureFiles): Logo | null {
  if (!logo || !file) return null;
  const { width, height } = file.header;
  return { picture: { width, height, data: new Uint8Array() }, sizeRatio: logo.sizeRatio, clearZone: logo.clearZone };
}

type SymbolFigures = { version: number; errorCorrection: ErrorCorrection };

function symbolOf({ text, errorCorrection }: Design): SymbolFigures {
  // `readDesign` has refused what does not fit.
  return fitSymbol(text, errorCorrection) as SymbolFit;
}

type Parts = { symbol: SymbolFigures; logo: Logo | null; side: number; contrast: number };

function figuresOf(design: Design, { symbol, logo, side, contrast }: Parts): Figures {
  const { version, errorCorrection } = symbol;
  const modules = modulesOf(version);
  const inches = design.widthInches ?? design.widthPx / (design.dpi ?? printDpi);
  const moduleMm = (inches * mmAnInch) / side;
  return {
    symbol: { version, modules, error_correction: errorCorrection, modes: modesOf(design.text, errorCorrection) },
    print: {
      module_mm: rounded(moduleMm),
      quiet_zone_mm: rounded(moduleMm * design.quietZone),
      max_scan_distance_mm: Math.floor(moduleMm * distanceInModules),
    },
    contrast_ratio: rounded(contrast),
    logo: logo && {
      area: rounded(areaOf(placeLogo(modules, logo))),
      budget: rounded(budgetOf(modules, errorCorrection)),
    },
    pixels: design.widthPx,
  };
}

/** Each mode once, in the order of the segments. */
function modesOf(text: string, level: ErrorCorrection): SegmentMode[] {
  return [...new Set(fitSymbol(text, level)?.segments.map(({ mode }) => mode))];
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
