// DELETE /api/v1/cache/{cache_key}/: takes an image out of the shared cache, for a workspace that rendered it.
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Handler } from "@qrfactory/runtime/http/app";
import type { RenderCache } from "../cache/cache.js";
import type { RequireCaller } from "../generate/caller.js";

const cacheKeyPattern = /^[0-9a-f]{64}$/;

/** Dependencies of the removal of an image. */
export type ForgetImageOptions = { requireCaller: RequireCaller; cache: Pick<RenderCache, "remove"> };

/** The handler of `DELETE /api/v1/cache/:cache_key`. Somebody else's image looks exactly like a missing one. */
export function makeForgetImage({ requireCaller, cache }: ForgetImageOptions): Handler {
  return async function forgetImage(req, res) {
    const { workspaceId } = await requireCaller(req, res);
    const cacheKey = String(req.params.cache_key);
    const removed = cacheKeyPattern.test(cacheKey) && (await remove(cacheKey, workspaceId));
    if (!removed) throw new ApiError("not_found", "This workspace has no image under that cache key.");
    res.status(204).end();
  };

  async function remove(cacheKey: string, workspaceId: string): Promise<boolean> {
    return cache.remove(cacheKey, workspaceId).catch((cause: unknown) => {
      throw new ApiError("unavailable", "The render cache does not answer right now; try again.", { cause });
    });
  }
}
