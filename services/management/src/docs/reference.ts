// The reference of the API: the OpenAPI document, and a page that shows it without any request to another host.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Handlers } from "@qrfactory/api/bind";
import { operations } from "@qrfactory/api/operations";
import type { referenceOperations } from "@qrfactory/api/operations/reference";
import type { Handler } from "@qrfactory/runtime/http/app";
import { hasAlready } from "@qrfactory/runtime/http/conditions";
import { version } from "@qrfactory/runtime/version";
import type { Response } from "express";
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

/** A file of the reference as it is sent, with the name of its content. */
type Sent = { contentType: string; body: string | Buffer; etag: string };

function sentAs(contentType: string, body: string | Buffer): Sent {
  return { contentType, body, etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"` };
}

/**
 * The handlers of the reference. Each file is made at its first request: the document takes some 60 ms, and a start has
 * no need of what makes it.
 */
export function referenceHandlers({ publicBaseUrl }: ReferenceOptions): Handlers<keyof typeof referenceOperations> {
  const makeDocument = once(async () => {
    const { openApiDocument } = await import("@qrfactory/api/document");
    return openApiDocument(operations, { version, serverUrl: publicBaseUrl });
  });
  const sending = (make: () => Sent | Promise<Sent>, headers: Record<string, string> = {}): Handler => {
    const made = once(make);
    return async (_req, res) => send(res.set(headers), await made());
  };
  const javascript = "text/javascript; charset=utf-8";
  return {
    getOpenApiJson: sending(async () =>
      sentAs("application/json; charset=utf-8", JSON.stringify(await makeDocument())),
    ),
    getOpenApiYaml: sending(async () => {
      const { stringify } = await import("yaml");
      return sentAs(
        "application/yaml; charset=utf-8",
        stringify(await makeDocument(), { aliasDuplicateObjects: false }),
      );
    }),
    getReferencePage: sending(() => sentAs("text/html; charset=utf-8", referencePage), {
      "Content-Security-Policy": pagePolicy,
    }),
    getReferenceViewer: sending(async () => {
      const file = createRequire(import.meta.url).resolve("rapidoc/dist/rapidoc-min.js");
      return sentAs(javascript, await readFile(file));
    }),
    getReferenceTheme: sending(() => sentAs(javascript, themeScript)),
  };
}

/** Calls a function once, and again only after a failure. */
function once<Value>(make: () => Value | Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= Promise.resolve(make()).catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

function send(res: Response, { contentType, body, etag }: Sent): void {
  res.set({ "Content-Type": contentType, "Cache-Control": revalidated, ETag: etag });
  if (hasAlready(res.req, etag)) res.status(304).end();
  else res.send(body);
}
