// Fetching a picture from an address that a stranger chose, through runtime/outbound: in little time, and few bytes.
import type { IncomingMessage } from "node:http";
import { ApiError, refusedField } from "@qrfactory/domain/http/errors";
import { type Outbound, OutboundRefusal } from "@qrfactory/runtime/outbound/outbound";
import { type ImageLimits, rejected } from "./headers/image-header.js";
import type { FetchPicture } from "./pictures.js";

/** For everything: turn, name, connection, headers, bytes. The contract promises an answer within 5 s. */
const fetchMsMaxDefault = 4_000;

/** Outbound requests and longest time of a fetch. */
export type FetchPictureOptions = { outbound: Outbound; fetchMsMax?: number };

/**
 * Makes the function that gets the bytes behind an address, at most `limits.bytesMax`. It throws `url_refused` for an
 * address that is not allowed, `image_rejected` for one that does not answer with a picture in time, and `overloaded`
 * when too many pictures are on their way already.
 */
export function makeFetchPicture({ outbound, fetchMsMax = fetchMsMaxDefault }: FetchPictureOptions): FetchPicture {
  return async function fetchPicture(url, limits, workspaceId) {
    const field = `${limits.field}_url`;
    const signal = AbortSignal.timeout(fetchMsMax);
    const headers = { Accept: "image/png, image/jpeg, image/gif, image/svg+xml" };
    try {
      return await outbound({ url, workspaceId, signal, headers }, (response) =>
        readBody(response, { ...limits, field }),
      );
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      if (cause instanceof OutboundRefusal) throw refusedField("url_refused", field, cause.message);
      const reason = signal.aborted
        ? `The picture did not arrive within ${fetchMsMax / 1000} s; send it with the request instead.`
        : "The picture could not be fetched; check the address, or send it with the request instead.";
      throw rejected(field, reason, cause);
    }
  };
}

async function readBody(response: IncomingMessage, { field, bytesMax }: ImageLimits): Promise<Buffer> {
  const tooLarge = () => rejected(field, `Use a file of at most ${bytesMax / 1e6} MB.`);
  if (response.statusCode !== 200) {
    throw rejected(field, `The address answered ${response.statusCode}; it must answer 200, without a redirect.`);
  }
  if (Number(response.headers["content-length"] ?? 0) > bytesMax) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
