// The content of a request for an image, whichever way it asks: its design, the pictures in it, and the dynamic code
// that it speaks of. Everything is judged before anything is fetched for it.
import { type Design, readDesign, type ScanCheck } from "@qrfactory/domain/design/design";
import type { Request } from "express";
import type { ReadCode, RequestedCode } from "../codes/dynamic-codes.js";
import { digestsOf, type FetchPicture, getPictures, type PictureFiles } from "../pictures/pictures.js";
import type { Caller } from "./caller.js";
import { type DesignBody, readDesignBody } from "./request-body.js";

/** A request for an image, judged and with its pictures. */
export type RequestedImage = {
  design: Design;
  scanCheck: ScanCheck;
  pictures: PictureFiles;
  /** The dynamic code whose address is drawn, if it is one. */
  code: RequestedCode | null;
  /** The body as it was sent, without pictures. */
  sent: unknown;
  /** The request as a JSON value, pictures by their digests: what retries are compared by. */
  identity: unknown;
};

/** Reads a request for an image; throws its refusal. */
export type ReadRequest = (req: Request, caller: Caller) => Promise<RequestedImage>;

/** Sources of a request's parts. */
export type ReadRequestOptions = {
  readCode: ReadCode;
  fetchPicture: FetchPicture;
  /** Default: the body, or for a GET the query. */
  readBody?: (req: Request) => Promise<DesignBody>;
};

/** Stands for a background picture before it was got: what is seen on it is not judged yet. */
const awaited = { background: "awaited" };

/** Makes the reader of requests; it throws what `readDesign`, `readCode` and the pictures' readers throw. */
export function makeReadRequest({
  readCode,
  fetchPicture,
  readBody = readDesignBody,
}: ReadRequestOptions): ReadRequest {
  return async function readRequest(req, caller) {
    const { body: sent, sources } = await readBody(req);
    const { body, code } = await readCode(req, sent, caller);
    const { scanCheck, ...read } = readDesign(body, caller.plan, sources.background ? awaited : {});
    const pictures = await getPictures(sources, { workspaceId: caller.workspaceId, fetchPicture });
    const digests = digestsOf(pictures);
    const hasPictures = Object.keys(pictures).length > 0;
    const design = hasPictures ? readDesign(body, caller.plan, digests).design : read.design;
    return { design, scanCheck, pictures, code, sent, identity: { body: sent, pictures: digests } };
  };
}
