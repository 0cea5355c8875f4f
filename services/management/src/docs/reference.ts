// The reference of the API: the OpenAPI document, and a page that shows it without any request to another host.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Handlers } from "@qrfactory/api/bind";
import { openApiDocument } from "@qrfactory/api/document";
import { operations } from "@qrfactory/api/operations";
import type { referenceOperations } from "@qrfactory/api/operations/reference";
import { version } from "@qrfactory/runtime/version";
import type { Response } from "express";
import { stringify } from "yaml";
import { referencePage, themeScript } from "./reference-page.js";

export type ReferenceOptions = {
  /** Address of the API as clients reach it. */
  publicBaseUrl: string;
};

/** Asked again each time, and answered by 304: the document changes with a release. */
const revalidated = "public, no-cache";

/** RapiDoc (MIT) draws the page; its parts are made of strings, so it needs inline styles, and no other host. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The handlers of the reference; the document is made at the first request, in some 100 ms. */
export function referenceHandlers({ publicBaseUrl }: ReferenceOptions): Handlers<keyof typeof referenceOperations> {
  let made: { json: string; yaml: string } | undefined;
  function documents() {
    if (made) return made;
    const document = openApiDocument(operations, { version, serverUrl: publicBaseUrl });
    made = { json: JSON.stringify(document), yaml: stringify(document, { aliasDuplicateObjects: false }) };
    return made;
  }

  let viewer: Buffer | undefined;
  function readViewer(): Buffer {
    viewer ??= readFileSync(createRequire(import.meta.url).resolve("rapidoc/dist/rapidoc-min.js"));
    return viewer;
  }
  const javascript = "text/javascript; charset=utf-8";

  return {
    getOpenApiJson: (_req, res) => send(res, "application/json; charset=utf-8", documents().json),
    getOpenApiYaml: (_req, res) => send(res, "application/yaml; charset=utf-8", documents().yaml),
    getReferencePage: (_req, res) => {
      res.set("Content-Security-Policy", pagePolicy);
      send(res, "text/html; charset=utf-8", referencePage);
    },
    getReferenceViewer: (_req, res) => send(res, javascript, readViewer()),
    getReferenceTheme: (_req, res) => send(res, javascript, themeScript),
  };
}

function send(res: Response, contentType: string, body: string | Buffer): void {
  const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`;
  res.set({ "Content-Type": contentType, "Cache-Control": revalidated, ETag: etag });
  if (res.req.headers["if-none-match"] === etag) res.status(304).end();
  else res.send(body);
}
