// The image of a design, from the cache if it is there, else drawn, once for all who ask at the same moment.
import type { Design, ScanCheck } from "@qrfactory/domain/design";
import type { RenderCache } from "./cache.js";
import type { Drawing } from "./draw.js";
import type { DrawOptions } from "./drawing-pool.js";
import type { PictureFiles } from "./images-in/pictures.js";
import { makeSingleFlight } from "./single-flight.js";

export type ImageRequest = {
  design: Design;
  cacheKey: string;
  workspaceId: string;
  scanCheck: ScanCheck;
  /** Draw again whatever the cache holds, and put the result in its place. */
  isFresh: boolean;
  /** The files of the design's pictures. */
  pictures?: PictureFiles;
  /** Fires when the client has left. */
  signal?: AbortSignal;
};

export type Image = {
  drawing: Drawing;
  /** `HIT` came out of the cache, `MISS` was drawn (or shared with who drew it), `BYPASS` was drawn on demand. */
  cache: "HIT" | "MISS" | "BYPASS";
  /** Milliseconds of drawing; 0 for a hit. */
  durationMs: number;
};

export type ImagesOptions = {
  cache: RenderCache;
  draw: (design: Design, options: DrawOptions) => Promise<Drawing>;
};

type Drawn = { drawing: Drawing; durationMs: number };

/** A function that gets images. It rejects with what `draw` throws; the cache alone never makes it fail. */
export function makeImages({ cache, draw }: ImagesOptions): (request: ImageRequest) => Promise<Image> {
  const fly = makeSingleFlight<Drawn>();

  async function drawTimed(design: Design, options: DrawOptions): Promise<Drawn> {
    const started = performance.now();
    const drawing = await draw(design, options);
    return { drawing, durationMs: performance.now() - started };
  }

  return async function getImage({ design, cacheKey, workspaceId, scanCheck, isFresh, pictures = {}, signal }) {
    const checked = scanCheck !== "off";
    // What a strict request will refuse is not kept: nobody has accepted it.
    const isKept = ({ scan }: Drawing) => scan === null || scan.isReadable || scanCheck === "report";
    const find = async () => {
      const { drawing, isReachable } = await cache.find(cacheKey, workspaceId);
      // An image that was stored unchecked cannot serve who wants to know.
      return { usable: drawing && (drawing.scan || !checked) ? drawing : null, isReachable };
    };

    if (isFresh) {
      const drawn = await drawTimed(design, { checked, files: pictures, ...(signal && { signal }) });
      if (isKept(drawn.drawing)) await cache.record(cacheKey, workspaceId, drawn.drawing);
      return { ...drawn, cache: "BYPASS" };
    }

    const first = await find();
    if (first.usable) return { drawing: first.usable, cache: "HIT", durationMs: 0 };

    const drawAndKeep = async (abandoned: AbortSignal) => {
      const drawn = await drawTimed(design, { checked, files: pictures, signal: abandoned });
      if (first.isReachable && isKept(drawn.drawing)) await cache.record(cacheKey, workspaceId, drawn.drawing);
      return drawn;
    };
    const { result, isLeader } = fly(`${cacheKey} ${checked}`, drawAndKeep, signal);
    const drawn = await result;
    // Who waited is served by the cache, like anyone a moment later, and is noted there as having rendered it.
    const second = isLeader || !first.isReachable ? null : await find();
    if (second?.usable) return { drawing: second.usable, cache: "HIT", durationMs: 0 };
    return { ...drawn, cache: "MISS" };
  };
}
