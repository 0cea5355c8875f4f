// Images: drawn, previewed, judged, forgotten.
import { ApiPromise } from "../http/api-promise.js";
import { type Call, type RequestOptions, readJson, readNothing, type Transport } from "../http/transport.js";
import { type QRImage, readImage } from "../image.js";
import { withBase64 } from "../pictures.js";
import type { ImageRequest, Validation } from "../types.js";

export type GenerateOptions = RequestOptions & {
  /** Draws anew what the cache holds, and replaces it. */
  fresh?: boolean;
};

/** The methods of the client itself that are about one image. */
export function makeImages(transport: Transport) {
  /** Pictures are read before the first attempt, so that each attempt sends the same. */
  function post<T>(request: ImageRequest, call: Omit<Call<T>, "method">): ApiPromise<T> {
    const sent = withBase64(request).then((json) =>
      transport.send<T>({ ...call, method: "POST", json }).withResponse(),
    );
    return new ApiPromise(sent);
  }

  function generate(request: ImageRequest, { fresh, ...options }: GenerateOptions = {}): ApiPromise<QRImage> {
    const creates = request.data_type === "dynamic" && "name" in request.payload;
    const headers: Record<string, string> = fresh ? { "cache-control": "no-cache" } : {};
    return post(request, { path: "/api/v1/generate/", read: readImage, creates, headers, options });
  }

  function preview(request: ImageRequest, options?: RequestOptions): ApiPromise<QRImage> {
    return post(request, { path: "/api/v1/preview/", read: readImage, options });
  }

  function validate(request: ImageRequest, options?: RequestOptions): ApiPromise<Validation> {
    return post(request, { path: "/api/v1/validate/", read: readJson<Validation>, options });
  }

  function forgetImage(cacheKey: string, options?: RequestOptions): ApiPromise<void> {
    const path = `/api/v1/cache/${encodeURIComponent(cacheKey)}/`;
    return transport.send({ method: "DELETE", path, read: readNothing, options });
  }

  return { generate, preview, validate, forgetImage };
}
