// Operations on bulk orders: a table of rows comes in, one ZIP goes out.
import { pageQuery } from "@qrfactory/domain/http/validate";
import { z } from "zod";
import { listOfRows, moment } from "../answers/shared.js";
import { operationsOf } from "../operation.js";

const count = z.int().min(0);

/** Row, counted from 1 → field → messages. */
const rowErrors = z.record(z.string(), z.record(z.string(), z.array(z.string())));

const order = z
  .strictObject({
    id: z.uuid(),
    status: z.enum(["queued", "running", "completed", "failed", "cancelled"]),
    total: count.describe("Rows."),
    completed: count,
    failed: count,
    credits_refunded: count,
    failure: z.string().nullable().describe("Why the order failed, in a sentence."),
    errors: rowErrors.optional().describe("Why rows could not be drawn, by row; of lists left out."),
    estimated_seconds_left: z.int().nullable(),
    created_at: moment,
    started_at: moment.nullable(),
    finished_at: moment.nullable(),
    expires_at: moment.nullable().describe("Until when the archive is kept."),
    status_url: z.url(),
    events_url: z.url(),
    download_url: z.url().nullable().describe("A link that needs no credentials; null while there is no archive."),
  })
  .meta({ id: "BulkOrder" });

const dryRun = z
  .strictObject({
    dry_run: z.literal(true),
    total: count,
    credits: count.describe("What the order would cost."),
    credits_remaining: count.nullable().describe("Null for any number."),
    warnings: z.array(z.string()),
    rows: z
      .array(
        z.strictObject({
          row: z.int().min(1),
          filename: z.string(),
          data: z.string(),
          short_id: z.string().optional(),
          name: z.string().optional(),
          destination_url: z.string().optional(),
        }),
      )
      .describe("The first of them."),
    refused: count.describe("Rows whose images would not be drawn."),
    unjudged: count.describe("Rows that there was no time to draw for a trial."),
    errors: rowErrors,
  })
  .meta({ id: "BulkDryRun" });

/** In a form or a query it is a word. */
const truth = z.union(
  [z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")],
  "Use true or false.",
);

/** Options of an order, beside the fields that all its images share. */
export const orderOptions = z.object({
  dynamic: truth.default(false).describe("Makes a dynamic code of every row that does not say otherwise."),
  dry_run: truth.default(false).describe("Judges and shows the order, and makes and charges nothing."),
  extra_columns: z
    .enum(["carry"])
    .optional()
    .describe("`carry` takes columns into the manifest that look like misspelt fields."),
});

/** Message about `items` that are no list. */
export const notRows = "Give the rows as a list of objects.";
const noRow = "Give at least one row.";

const orderBody = z.strictObject({
  defaults: z.record(z.string(), z.unknown()).default({}).describe("Fields of an image that all rows share."),
  dynamic: z.boolean().optional(),
  dry_run: z.boolean().optional(),
  items: z
    .array(z.unknown(), { error: ({ input }) => (input === undefined ? undefined : notRows) })
    .min(1, noRow)
    .describe("Rows: objects of the fields of an image, and filename, name, short_id and destination_url."),
});

/** Query of a link to an archive. */
export const archiveLink = z.strictObject({
  expires: z.coerce.number().int().positive(),
  sig: z.string().regex(/^[0-9a-f]{64}$/),
});

const reading = { scope: "bulk" } as const;
const writing = { scope: "bulk", role: "member" } as const;
const zip = ["application/zip"];
const failedRows = { "X-QR-Bulk-Failed": "Rows that could not be drawn, if any." };

/** Operations on bulk orders, by id. */
export const bulkOperations = operationsOf(
  { tag: "Bulk" },
  {
    orderBulk: {
      method: "POST",
      path: "/api/v1/generate/bulk/",
      summary: "Order many images at once",
      description:
        "As JSON, as a CSV with a header row, or as a form with a CSV named `file`; then fields that all rows share are " +
        "in the query or the form. A row that is not valid refuses the whole order, and nothing is charged.",
      access: writing,
      headers: ["Idempotency-Key", "Prefer"],
      query: orderOptions.loose(),
      body: orderBody,
      bodyTypes: ["text/csv", "multipart/form-data"],
      answers: {
        200: {
          description: "With `dry_run` what would be made; with `Prefer: wait` the ZIP, if it is done in time.",
          schema: dryRun,
          contentTypes: zip,
          headers: failedRows,
        },
        202: {
          description: "The order.",
          schema: order,
          headers: {
            Location: "Its `status_url`.",
            "Preference-Applied": "For how long it was waited.",
            ...failedRows,
          },
        },
      },
      problems: ["bulk_rejected", "plan_limit", "quota_exceeded", "image_rejected", "url_refused", "conflict"],
      example: { body: { defaults: { format: "svg" }, items: [{ data: "https://example.com/" }] } },
    },
    listBulkOrders: {
      method: "GET",
      path: "/api/v1/bulk/",
      summary: "List bulk orders",
      access: reading,
      query: pageQuery,
      answers: { 200: { description: "A page of orders, the newest first.", schema: listOfRows(order) } },
      example: {},
    },
    getBulkOrder: {
      method: "GET",
      path: "/api/v1/bulk/{id}/",
      summary: "Read a bulk order",
      access: reading,
      answers: { 200: { description: "The order.", schema: order } },
      example: {},
    },
    cancelBulkOrder: {
      method: "DELETE",
      path: "/api/v1/bulk/{id}/",
      summary: "Cancel a bulk order",
      description: "Credits of what was not drawn are given back.",
      access: writing,
      answers: { 204: { description: "Cancelled." } },
      problems: ["conflict"],
      example: {},
    },
    followBulkOrder: {
      method: "GET",
      path: "/api/v1/bulk/{id}/events/",
      summary: "Follow a bulk order",
      description: "The order whenever it has changed, as an event `progress`; the last event is named by its status.",
      access: reading,
      answers: { 200: { description: "Server-sent events.", contentTypes: ["text/event-stream"] } },
      example: {},
    },
    downloadBulkOrder: {
      method: "GET",
      path: "/api/v1/bulk/{id}/download/",
      summary: "Download the archive of a bulk order",
      description: "By a caller of the workspace, without a query; or by whoever has the link `download_url`.",
      access: { ...reading, optional: true },
      headers: ["If-None-Match", "Range"],
      query: archiveLink.partial(),
      answers: {
        200: { description: "The ZIP.", contentTypes: zip, headers: { ETag: "For If-None-Match and If-Range." } },
        206: { description: "Parts of the ZIP.", contentTypes: [...zip, "multipart/byteranges"] },
        304: { description: "The copy of the client is still right." },
      },
      problems: ["conflict", "gone", "range_not_satisfiable"],
      example: {},
    },
  },
);
