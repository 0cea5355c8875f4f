// Every request for an image, in order. Every 200 costs one credit, and is written down before it is sent;
// whatever goes wrong after the credit was taken gives it back.
import { randomUUID } from "node:crypto";
import { cacheKeyOf } from "@qrfactory/domain/design/cache-key";
import type { Design } from "@qrfactory/domain/design/design";
import { type ImageFormat, widthMmOf } from "@qrfactory/domain/design/image-size";
import type { CallEvent } from "@qrfactory/domain/events";
import { ApiError } from "@qrfactory/domain/http/errors";
import { frozenProblem } from "@qrfactory/domain/plan/freeze";
import { monthOf, type Overage, type Plan, quotaProblem, rendersAllowed } from "@qrfactory/domain/plan/plans";
import { type Handler, requestId } from "@qrfactory/runtime/http/app";
import { hasAlready } from "@qrfactory/runtime/http/conditions";
import type { Credits } from "@qrfactory/state/credits/credits";
import type { Request, Response } from "express";
import type { CacheAnswer } from "../cache/cache.js";
import type { Image, ImageRequest, Images } from "../cache/images.js";
import { rendererVersion } from "../draw/draw-design.js";
import type { Caller, RequireCaller } from "./caller.js";
import { refusalOf } from "./refusal.js";
import type { ReadRequest } from "./request.js";

/** Credits of one delivered image. */
const creditsAnImage = 1;

const contentTypes: Record<ImageFormat, string> = {
  png: "image/png",
  svg: "image/svg+xml",
  pdf: "application/pdf",
  eps: "application/postscript",
  jpeg: "image/jpeg",
};

/** Dependencies of requests for images. */
export type GenerateOptions = {
  requireCaller: RequireCaller;
  credits: Pick<Credits, "takeCredits" | "giveBackCredits" | "settle">;
  /** Names this process in its charges: the process that starts in its place decides about those left open. */
  chargeHolder: () => string;
  readRequest: ReadRequest;
  images: Images;
  /** Resolves when the call is on disk. */
  recordCall: (event: CallEvent) => Promise<void>;
  /** Told of a credit that could not be given back now; its charge stays open, and is decided by what is written. */
  onCreditLost?: (account: { workspaceId: string; month: string }, error: unknown) => void;
  /**
   * Headers of images that are fetched by their address: who may keep and embed them. They are not sent again to a
   * client that has them.
   */
  linkHeaders?: (caller: Caller, now: Date) => Record<string, string>;
  now?: () => Date;
};

/** The handler of `POST /api/v1/generate/`, and with `linkHeaders` of a `GET`. */
export function makeGenerate(options: GenerateOptions): Handler {
  const { requireCaller, readRequest, images, recordCall, now = () => new Date() } = options;

  return async function generate(req, res) {
    const caller = await requireCaller(req, res);
    const { keyId, workspaceId, plan, frozen, overage } = caller;
    const linkHeaders = options.linkHeaders?.(caller, now());
    if (frozen) throw frozenProblem(frozen, plan.name);
    const { design, scanCheck, pictures, code, sent, identity } = await readRequest(req, caller);

    const signal = leaving(res);
    const requestOf = (wanted: Design): ImageRequest => ({
      design: wanted,
      cacheKey: cacheKeyOf(wanted, rendererVersion, workspaceId),
      workspaceId,
      scanCheck,
      isFresh: wantsFresh(req),
      pictures,
      signal,
    });
    const request = requestOf(design);
    if (linkHeaders && hasAlready(req, `"${request.cacheKey}"`)) {
      res
        .set({ ETag: `"${request.cacheKey}"`, ...linkHeaders })
        .status(304)
        .end();
      return;
    }
    // Before the credit, so that a refusal under overload costs nothing but this.
    const found = await images.lookUp(request);

    const at = now();
    const account = { workspaceId, month: monthOf(at) };
    const quota = rendersAllowed(plan, overage);
    const callId = randomUUID();
    const charge = { id: callId, holder: options.chargeHolder() };
    const decision = await options.credits.takeCredits({ workspaceId, at, quota, amount: creditsAnImage, charge });
    if (!decision.taken) throw quotaExceeded(plan, overage, at);

    const image = await orGiveBack(account, callId, async () => {
      const drawReadable = async (wanted: ImageRequest, known?: CacheAnswer) => {
        const drawn = await images.get(wanted, known);
        // Nobody pays for what nobody will get.
        signal.throwIfAborted();
        const refusal = refusalOf(drawn.drawing, { scanCheck, sent, appendix: " Nothing was charged." });
        if (refusal) throw refusal;
        return { ...drawn, cacheKey: wanted.cacheKey };
      };
      let drawn = await drawReadable(request, found);
      // A code is created only now that its image is sure; a retry gets the code of its first request.
      const text = code ? await code.settle(identity) : design.text;
      if (text !== design.text) drawn = await drawReadable(requestOf({ ...design, text }));
      await writeDown({
        id: callId,
        at: at.getTime(),
        workspace_id: workspaceId,
        key_id: keyId,
        request_id: requestId(res),
        endpoint: "generate",
        status: 200,
        cache: drawn.cache,
        cache_key: drawn.cacheKey,
        format: design.format,
        duration_ms: roundMs(drawn.durationMs),
        credits: creditsAnImage,
      });
      options.credits.settle(callId);
      return drawn;
    });

    setImageHeaders(res, image, {
      cacheKey: image.cacheKey,
      design,
      isScored: scanCheck !== "off",
      hasPictures: Object.keys(pictures).length > 0,
    });
    res.set(code?.headers() ?? {});
    res.set(linkHeaders ?? {});
    res.set("X-QR-Plan", plan.name);
    res.set("X-QR-Quota-Remaining", remainingOf(plan, decision.used));
    res.status(200).end(image.drawing.bytes);
  };

  /** An image that nobody will ever have paid for is not handed out. */
  async function writeDown(event: CallEvent): Promise<void> {
    await recordCall(event).catch((cause: unknown) => {
      throw new ApiError("unavailable", "This call could not be written down. Nothing was charged; try again.", {
        cause,
      });
    });
  }

  /**
   * Does what a credit was taken for; returns the credit when that fails. A process that dies leaves the charge open.
   */
  async function orGiveBack<T>(
    account: { workspaceId: string; month: string },
    callId: string,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await options.credits
        .giveBackCredits(account, creditsAnImage, callId)
        .catch((lost: unknown) => options.onCreditLost?.(account, lost));
      throw error;
    }
  }
}

/** Fires when the client closes its connection before it was answered. */
export function leaving(res: Response): AbortSignal {
  const left = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) left.abort(new ApiError("malformed_request", "The client left before its answer."));
  });
  return left.signal;
}

/** Whether the request says `Cache-Control: no-cache` (RFC 9111, 5.2.1.4). */
function wantsFresh(req: Request): boolean {
  const directives = (req.get("Cache-Control") ?? "").toLowerCase().split(",");
  return directives.some((directive) => directive.trim() === "no-cache");
}

/** Credits left of the plan's; none beyond it, with an overage. */
function remainingOf({ rendersPerMonth }: Plan, used: number): string {
  return Number.isFinite(rendersPerMonth) ? String(Math.max(0, rendersPerMonth - used)) : "unlimited";
}

function quotaExceeded(plan: Plan, overage: Overage | null, at: Date): ApiError {
  const included = plan.rendersPerMonth.toLocaleString("en-US");
  const beyond = overage ? `, the workspace pays for ${overage.renders_max?.toLocaleString("en-US")} more,` : "";
  return quotaProblem(
    at,
    (day) =>
      `The ${plan.name} plan includes ${included} images a month${beyond} and all are used; ` +
      `the next month starts on ${day} (UTC).`,
  );
}

function roundMs(durationMs: number): number {
  return Math.ceil(durationMs * 100) / 100;
}

type Shown = { cacheKey: string; design: Design; isScored: boolean; hasPictures: boolean };

/** Headers about the image. An unchecked image has no score, not a perfect one. */
export function setImageHeaders(res: Response, { drawing, cache, durationMs }: Image, shown: Shown): void {
  res.set({
    "Content-Type": contentTypes[shown.design.format],
    "Content-Length": String(drawing.bytes.length),
    ETag: `"${shown.cacheKey}"`,
    "X-QR-Cache": cache,
    "X-QR-Duration-Ms": String(roundMs(durationMs)),
    "X-QR-Cache-Key": shown.cacheKey,
    "X-QR-Version": String(drawing.version),
    "X-QR-Error-Correction": drawing.errorCorrection,
    "X-QR-Width-Mm": String(Number(widthMmOf(shown.design).toFixed(2))),
  });
  if (shown.isScored && drawing.scan) res.set("X-QR-Scan-Score", String(drawing.scan.score));
  // An SVG is a document: opened by itself it may load and run nothing but the pictures that are part of it.
  const pictures = shown.hasPictures ? "; img-src data:" : "";
  if (shown.design.format === "svg") res.set("Content-Security-Policy", `default-src 'none'${pictures}; sandbox`);
}
