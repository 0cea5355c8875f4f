// The interface of the render service: its routes and what stands behind each.
import { bindOperations } from "@qrfactory/api/bind";
import { imageOperations } from "@qrfactory/api/operations/images";
import type { InternalTokens } from "@qrfactory/auth/internal-token";
import { imageBatchPath, picturesPath, verdictsPath } from "@qrfactory/domain/design/image-batch";
import { createHttpApp, type HttpAppOptions } from "@qrfactory/runtime/http/app";
import type { CountRequest } from "@qrfactory/runtime/http/rate-limit";
import type { Credits } from "@qrfactory/state/credits/credits";
import type { Express } from "express";
import { makeBatch, makeReadPictures, makeSeenPictures } from "./batch/batch.js";
import { makeForgetImage } from "./batch/forget-image.js";
import { makeVerdicts } from "./batch/verdicts.js";
import { makeRenderCache } from "./cache/cache.js";
import type { CacheStore } from "./cache/cache-store.js";
import { type ImagesOptions, makeImages } from "./cache/images.js";
import { codeImageHeaders, readCodeImageBody } from "./codes/code-image.js";
import type { ReadCode } from "./codes/dynamic-codes.js";
import { type CallerOptions, makeRequireCaller } from "./generate/caller.js";
import { type GenerateOptions, makeGenerate } from "./generate/generate.js";
import { makePreview, previewsPerSecond, readPreviewBody } from "./generate/preview.js";
import { makeReadRequest } from "./generate/request.js";
import { makeRequireSigner, type RequireSignerOptions, signedHeaders } from "./generate/signed-url.js";
import type { FetchPicture } from "./pictures/pictures.js";
import { makeValidate, type ValidateOptions } from "./validate/validate.js";

/** Dependencies of the render service. */
export type AppOptions = Omit<HttpAppOptions, "routes"> &
  CallerOptions &
  Pick<ImagesOptions, "draw" | "requireTurn"> &
  Pick<ValidateOptions, "judge"> &
  Pick<GenerateOptions, "recordCall" | "chargeHolder" | "now"> & {
    loadKeys: RequireSignerOptions["loadKeys"];
    openSecret: RequireSignerOptions["openSecret"];
    internalTokens: InternalTokens;
    credits: Credits;
    readCode: ReadCode;
    /** Counts a preview of a workspace; throws `rate_limited`. */
    countPreview: CountRequest;
    /** Gets pictures by their address. */
    fetchPicture: FetchPicture;
    cacheStore: CacheStore;
  };

/** The Express application. */
export function createApp(options: AppOptions): Express {
  const { log, credits, readCode, recordCall, chargeHolder, now } = options;
  const requireCaller = makeRequireCaller(options);
  /** Previews have a measure of their own: a slider that is dragged must not use up the requests of a minute. */
  const requirePreviewer = makeRequireCaller({
    ...options,
    countCaller: (res, { workspaceId }) => options.countPreview(res, workspaceId, previewsPerSecond),
  });
  const { fetchPicture, judge } = options;
  const readRequest = makeReadRequest({ readCode, fetchPicture });
  const cache = makeRenderCache({
    store: options.cacheStore,
    onDamaged: (key) => log.warn({ cache_key: key }, "a damaged image was found in the render cache; drawing it again"),
  });
  const images = makeImages({ ...options, cache });
  const generating: GenerateOptions = {
    requireCaller,
    credits,
    readRequest,
    images,
    recordCall,
    chargeHolder,
    onCreditLost: (account, error) => log.error({ ...account, err: error }, "a credit could not be given back"),
    now,
  };
  const batching = { tokens: options.internalTokens, fetchPicture, seen: makeSeenPictures() };
  return createHttpApp({
    ...options,
    routes: {
      ...bindOperations(imageOperations, {
        generateImage: makeGenerate(generating),
        getSignedImage: makeGenerate({
          ...generating,
          requireCaller: makeRequireSigner(options),
          linkHeaders: signedHeaders,
        }),
        getCodeImage: makeGenerate({
          ...generating,
          readRequest: makeReadRequest({ readCode, fetchPicture, readBody: readCodeImageBody }),
          linkHeaders: codeImageHeaders,
        }),
        validateImage: makeValidate({ requireCaller, readRequest, judge }),
        previewImage: makePreview({
          requireCaller: requirePreviewer,
          readRequest: makeReadRequest({ readCode, fetchPicture, readBody: readPreviewBody }),
          images,
        }),
        forgetImage: makeForgetImage({ requireCaller, cache }),
      }),
      // For management alone, not for clients.
      [imageBatchPath]: { POST: makeBatch({ ...batching, images, judge }) },
      [picturesPath]: { POST: makeReadPictures(batching) },
      [verdictsPath]: { POST: makeVerdicts({ tokens: options.internalTokens }) },
    },
  });
}
