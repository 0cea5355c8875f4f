// The image of a design, from the cache if it is there, else drawn, once for all who ask at the same moment.
import type { Design, ScanCheck } from "@qrfactory/domain/design/design";
import type { Drawing } from "../draw/draw-design.js";
import type { PictureFiles } from "../pictures/pictures.js";
import type { DrawingPool, DrawOptions } from "../pool/drawing-pool.js";
import type { CacheAnswer, RenderCache } from "./cache.js";
import { makeSingleFlight } from "./single-flight.js";

/** A request for the image of a design. */
export type ImageRequest = {
  design: Design;
  cacheKey: string;
  workspaceId: string;
  scanCheck: ScanCheck;
  /** Draw again whatever the cache holds, and put the result in its place. */
  isFresh: boolean;
  /** The files of the design's pictures. */
  pictures?: PictureFiles;
  /** The bulk job that asks: kept with a new drawing. */
  job?: string;
  /** Fires when the client has left. */
  signal?: AbortSignal;
};

/** An image and the way that it came. */
export type Image = {
  drawing: Drawing;
  /** `HIT` came out of the cache, `MISS` was drawn (or shared with who drew it), `BYPASS` was drawn on demand. */
  cache: "HIT" | "MISS" | "BYPASS";
  /** Milliseconds of drawing; 0 for a hit. */
  durationMs: number;
};

/** Images from the cache or from the pool of drawing threads. */
export type Images = {
  /**
   * Looks a request up in the cache. Throws `overloaded` when nothing is there and a drawing would have to wait too
   * long: asked before anything is charged, a refusal costs next to nothing.
   */
  lookUp(request: ImageRequest): Promise<CacheAnswer>;
  /**
   * Gets the image, from what was found or by drawing. Rejects with what `draw` throws; the cache never makes it fail.
   */
  get(request: ImageRequest, found?: CacheAnswer): Promise<Image>;
};

/** Cache and drawing behind the images. */
export type ImagesOptions = {
  cache: RenderCache;
  draw: (design: Design, options: DrawOptions) => Promise<Drawing>;
  /** Throws `overloaded` when a design's turn to be drawn would come too late, as `DrawingPool` says. */
  requireTurn: DrawingPool["requireTurn"];
};

type Drawn = { drawing: Drawing; durationMs: number };

/** Images out of a cache, or drawn. */
export function makeImages({ cache, draw, requireTurn }: ImagesOptions): Images {
  const { fly, isFlying } = makeSingleFlight<Drawn>();
  const isChecked = ({ scanCheck }: ImageRequest) => scanCheck !== "off";
  // With pictures, shared in a workspace only: another's turn to have them decoded may come late, or never.
  const flightOf = (request: ImageRequest) => {
    const { cacheKey, pictures = {}, workspaceId } = request;
    const sharers = Object.keys(pictures).length > 0 ? workspaceId : "all";
    return `${cacheKey} ${isChecked(request)} ${sharers}`;
  };
  // An image that a strict request will refuse is not kept: nobody has accepted it.
  const isKept = ({ scanCheck }: ImageRequest, { scan }: Drawing) =>
    scan === null || scan.isReadable || scanCheck === "report";

  async function find(request: ImageRequest): Promise<CacheAnswer> {
    const { drawing, isReachable } = await cache.find(request.cacheKey, request.workspaceId);
    // An image that was stored unchecked cannot serve who wants to know.
    return { drawing: drawing && (drawing.scan || !isChecked(request)) ? drawing : null, isReachable };
  }

  async function drawTimed(request: ImageRequest, signal: AbortSignal | undefined): Promise<Drawn> {
    const started = performance.now();
    const { design, workspaceId, pictures: files = {} } = request;
    const drawing = await draw(design, { workspaceId, checked: isChecked(request), files, ...(signal && { signal }) });
    const { job } = request;
    return { drawing: job ? { ...drawing, job } : drawing, durationMs: performance.now() - started };
  }

  async function keep(request: ImageRequest, drawing: Drawing): Promise<void> {
    if (isKept(request, drawing)) await cache.record(request.cacheKey, request.workspaceId, drawing);
  }

  return {
    async lookUp(request) {
      const found = request.isFresh ? { drawing: null, isReachable: true } : await find(request);
      if (!found.drawing && (request.isFresh || !isFlying(flightOf(request)))) {
        const { design, workspaceId, pictures: files = {} } = request;
        requireTurn(design, { workspaceId, files });
      }
      return found;
    },

    async get(request, found) {
      if (request.isFresh) {
        const drawn = await drawTimed(request, request.signal);
        await keep(request, drawn.drawing);
        return { ...drawn, cache: "BYPASS" };
      }
      const first = found ?? (await find(request));
      if (first.drawing) return { drawing: first.drawing, cache: "HIT", durationMs: 0 };

      const drawAndKeep = async (abandoned: AbortSignal) => {
        const drawn = await drawTimed(request, abandoned);
        if (first.isReachable) await keep(request, drawn.drawing);
        return drawn;
      };
      const { result, isLeader } = fly(flightOf(request), drawAndKeep, request.signal);
      const drawn = await result;
      // Followers re-read the cache, like anyone a moment later, and are noted there as having rendered it.
      const second = isLeader || !first.isReachable ? null : await find(request);
      if (second?.drawing) return { drawing: second.drawing, cache: "HIT", durationMs: 0 };
      return { ...drawn, cache: "MISS" };
    },
  };
}
