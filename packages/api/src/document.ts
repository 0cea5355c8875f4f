// The OpenAPI 3.1 document, made of the declarations.
import { problemTypes } from "@qrfactory/domain/http/errors";
import { z } from "zod";
import { type CreateDocumentOptions, createDocument, type ZodOpenApiOperationObject } from "zod-openapi";
import { problem } from "./answers/shared.js";
import { type Operation, parametersOf, problemsOf, shownBody } from "./operation.js";

/** A JSON value by the schema of OpenAPI 3.1. */
export type OpenApiDocument = ReturnType<typeof createDocument>;

export type DocumentOptions = {
  /** Version of the product. */
  version: string;
  /** Address of the API as clients reach it. */
  serverUrl: string;
};

const descriptions: Record<string, string> = {
  "Idempotency-Key": "1 to 255 visible characters. A retry with the same key and body gets the first answer again.",
  "If-Match": 'The version that was read, such as "7"; the change is refused with 412 when the code has another.',
  "If-None-Match": "The ETag of a copy; 304 says that it is still right.",
  Prefer: "`wait=30` waits so many seconds for the result (RFC 7240).",
  Range: "Parts of the file (RFC 9110, 14.2).",
};

/** Headings of the documentation, with a sentence each. */
const headings: Record<string, string> = {
  Images: "QR codes as PNG, SVG, PDF, EPS and JPEG, each read back before it is delivered.",
  "Dynamic codes": "Codes that can be repointed after printing, with rules, versions and schedules.",
  Scans: "The addresses that are printed.",
  Analytics: "Who scanned what, when and where, without personal data.",
  Bulk: "Up to thousands of images in one order, as one archive.",
  Accounts: "Sign-up, log-in and passwords of people.",
  Members: "People of a workspace and their roles.",
  Workspaces: "Workspaces of a person, and the settings of one.",
  "API keys": "Keys of programs, with scopes.",
  Usage: "Images and their cost by month, and the calls behind them.",
  Plans: "What each plan includes, and what it costs.",
  "Audit trail": "Changes in a workspace, with their authors.",
  Operators: "For whoever runs the service.",
  Problems: "Codes of errors, as pages for people.",
  Reference: "This document.",
};

/** Makes the document as a JSON value. */
export function openApiDocument(
  operations: readonly Operation[],
  { version, serverUrl }: DocumentOptions,
): OpenApiDocument {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const operation of operations) {
    // Every address is answered with and without a slash at its end; here it is spelled without.
    const path = operation.path.replace(/(.)\/$/, "$1");
    paths[path] = {
      ...paths[path],
      [operation.method.toLowerCase()]: operationObject(operation),
    };
  }
  const tags = [...new Set(operations.map(({ tag }) => tag))].map((name) => ({
    name,
    description: headings[name] ?? `${name}.`,
  }));
  return createDocument(
    {
      openapi: "3.1.0",
      info: {
        title: "QRFactory",
        version,
        description: "QR codes as a service that people host themselves.",
        contact: { name: "The operator of this service", url: serverUrl },
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: serverUrl }],
      security: [],
      tags,
      paths,
      components: {
        securitySchemes: {
          apiKey: { type: "apiKey", in: "header", name: "X-Api-Key" },
          accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        },
      },
    },
    documentOptions,
  );
}

/** Lists are checked in two steps (see `listOf`), of which the second says what an entry is. */
const documentOptions: CreateDocumentOptions = {
  override({ zodSchema, jsonSchema, io }) {
    const { def } = zodSchema._zod;
    if (def.type !== "pipe" || io !== "input") return;
    const { in: first, out } = def as z.core.$ZodPipeDef;
    if (first._zod.def.type !== "array" || out._zod.def.type !== "array") return;
    const { items } = z.toJSONSchema(out as z.ZodType, { io: "input", unrepresentable: "any" });
    if (items !== undefined) jsonSchema.items = items as typeof jsonSchema.items;
  },
};

function operationObject(operation: Operation): ZodOpenApiOperationObject {
  const { id, tag, summary, description, access, query, body, bodyTypes, headers = [], path, example } = operation;
  const parameters = parametersOf(path);
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: description ?? `${summary}.`,
    security: securityOf(operation),
    ...(access?.scope && { "x-required-scope": access.scope }),
    ...(access?.role && { "x-required-role": access.role }),
    requestParams: {
      ...(parameters.length > 0 && {
        path: z.object(Object.fromEntries(parameters.map((name) => [name, z.string()]))),
      }),
      ...(query && { query }),
      ...(headers.length > 0 && {
        header: z.object(
          Object.fromEntries(
            headers.map((name) => [
              name,
              z
                .string()
                .optional()
                .describe(descriptions[name] ?? ""),
            ]),
          ),
        ),
      }),
    },
    ...((body || bodyTypes) && {
      requestBody: {
        required: true,
        content: {
          ...(body && {
            "application/json": {
              schema: body,
              ...(example?.body !== undefined && {
                examples: { example: { summary: "Example", value: shownBody(example) } },
              }),
            },
          }),
          ...Object.fromEntries((bodyTypes ?? []).map((type) => [type, { schema: { type: "string" as const } }])),
        },
      },
    }),
    responses: { ...refusals(operation), ...successes(operation) },
  };
}

function securityOf({ access }: Operation) {
  if (access === null) return [];
  const kinds = [
    ...(access.scope || access.keysOnly ? [{ apiKey: [] }] : []),
    ...(access.keysOnly ? [] : [{ accessToken: [] }]),
  ];
  return access.optional ? [...kinds, {}] : kinds;
}

function successes({ answers }: Operation) {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, contentTypes, headers = {} }]) => [
      status,
      {
        description,
        ...((schema || contentTypes) && {
          content: {
            ...(schema && { "application/json": { schema } }),
            ...Object.fromEntries(
              (contentTypes ?? []).map((type) => [type, { schema: { type: "string" as const, format: "binary" } }]),
            ),
          },
        }),
        headers: Object.fromEntries(
          ["X-Request-Id", ...Object.keys(headers)].map((name) => [
            name,
            {
              description: headers[name] ?? "Id of the request, for questions about it.",
              schema: { type: "string" as const },
            },
          ]),
        ),
      },
    ]),
  );
}

/** Refusals by status, each with the codes that it may have. */
function refusals(operation: Operation) {
  const byStatus = new Map<number, string[]>();
  for (const code of problemsOf(operation)) {
    const { status } = problemTypes[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        String(status),
        {
          description: `Refused: ${codes.map((code) => `\`${code}\``).join(", ")}.`,
          content: { "application/problem+json": { schema: problem } },
        },
      ]),
  );
}
