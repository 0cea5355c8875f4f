// Operations on dynamic codes.
import { createCodeBody, updateCodeBody } from "@qrfactory/codes/fields/input";
import { shownShape } from "@qrfactory/codes/fields/stored";
import { bulkEditMax, codeStatuses } from "@qrfactory/codes/statuses";
import { noFields, pageQuery } from "@qrfactory/domain/http/validate";
import { momentField } from "@qrfactory/domain/moment";
import { z } from "zod";
import { listOfRows, location, moment } from "../answers/shared.js";
import { bulkEditBody, effectiveAtField, listCodesQuery, resolveBody, rollbackBody } from "../input/codes.js";
import { timezoneField } from "../input/timezone.js";
import { operationsOf } from "../operation.js";

/** A dynamic code (contract, section 5). */
export const code = z
  .strictObject({
    id: z.uuid(),
    short_id: z.string(),
    public_url: z.string().describe("The address that is printed, in capitals."),
    status: z.enum(codeStatuses),
    ...shownShape,
    scan_count: z.int().min(0).describe("Scans of people: bots, previews and HEAD requests are not among them."),
    last_scanned_at: moment.nullable(),
    destination_changes_count: z.int().min(0),
    version: z.int().min(1),
    created_at: moment,
    updated_at: moment,
    deleted_at: moment.optional(),
  })
  .meta({ id: "Code" });

const version = z
  .strictObject({
    version: z.int().min(1),
    changed_by: z.string().describe("`user:`, `key:` or `operator:` and an id."),
    changed_at: moment,
    ...shownShape,
    deleted: z.boolean(),
  })
  .meta({ id: "CodeVersion" });

const scheduledChange = z
  .strictObject({
    id: z.uuid(),
    effective_at: moment,
    changes: z.record(z.string(), z.unknown()),
    status: z.enum(["waiting", "failed"]),
    failure: z.string().nullable(),
    created_by: z.string(),
    created_at: moment,
  })
  .meta({ id: "ScheduledChange" });

const matched = z.strictObject({ id: z.string(), index: z.int().min(0) }).nullable();

const resolution = z
  .strictObject({
    destination_url: z.string().nullable().describe("Null where a scan ends at a page; the trace says why."),
    matched_rule: matched,
    matched_variant: matched,
    trace: z.array(z.strictObject({ step: z.string(), detail: z.string() })),
  })
  .meta({ id: "Resolution" });

const reading = { scope: "codes:read" } as const;
const writing = { scope: "codes:write", role: "member" } as const;
const etag = { ETag: "The version in quotes, for If-Match." };
const published = { "X-QR-Published": "`pending` while a region may not know the code yet." };

const menu = { name: "Menu", destination_url: "https://example.com/menu" };

/** Operations on dynamic codes, by id. */
export const codeOperations = operationsOf(
  { tag: "Dynamic codes" },
  {
    listCodes: {
      method: "GET",
      path: "/api/v1/dynamic/",
      summary: "List codes",
      description: "`next` and `previous` carry a position in the order, so pages stay right while codes are added.",
      access: reading,
      query: listCodesQuery,
      answers: { 200: { description: "A page of codes.", schema: listOfRows(code) } },
      example: { query: { status: "active", ordering: "-scan_count" } },
    },
    createCode: {
      method: "POST",
      path: "/api/v1/dynamic/",
      summary: "Create a code",
      description: "The answer comes when every region in reach leads on, after 250 ms at most.",
      access: writing,
      headers: ["Idempotency-Key"],
      body: createCodeBody,
      answers: { 201: { description: "The new code.", schema: code, headers: { ...location, ...published } } },
      problems: ["plan_limit", "conflict", "url_refused"],
      example: { body: menu },
    },
    updateCodes: {
      method: "PATCH",
      path: "/api/v1/dynamic/",
      summary: "Edit many codes",
      description: `All of them change, ${bulkEditMax.toLocaleString("en-US")} at most, or none does.`,
      access: writing,
      body: bulkEditBody,
      answers: {
        200: { description: "How many were changed.", schema: z.strictObject({ changed: z.int().min(0) }) },
      },
      problems: ["plan_limit", "not_found", "url_refused"],
      example: { body: { filter: { tag: "spring" }, changes: { is_active: false } } },
    },
    exportCodes: {
      method: "GET",
      path: "/api/v1/dynamic/export/",
      summary: "Export all codes",
      description: "As a table, or as a map with which another server answers the printed addresses.",
      access: reading,
      query: z.strictObject({
        format: z.enum(["csv", "nginx", "json"]),
        /** The maps hold no moments, so the zone is for the table. */
        timezone: timezoneField.default("UTC"),
      }),
      answers: {
        200: { description: "The file.", contentTypes: ["text/csv", "text/plain", "application/json"] },
      },
      example: { query: { format: "csv" } },
    },
    getCode: {
      method: "GET",
      path: "/api/v1/dynamic/{short_id}/",
      summary: "Read a code",
      description: "With `at`: as it was at a moment, or as it will be when the changes until then are made.",
      access: reading,
      query: z.strictObject({ at: momentField.optional() }),
      answers: { 200: { description: "The code.", schema: code, headers: etag } },
      example: {},
    },
    updateCode: {
      method: "PATCH",
      path: "/api/v1/dynamic/{short_id}/",
      summary: "Edit a code",
      access: writing,
      headers: ["If-Match", "If-None-Match"],
      // Without `effective_at` an edit happens at once.
      body: updateCodeBody.extend({ effective_at: effectiveAtField.optional() }),
      answers: {
        200: { description: "The code as it is now.", schema: code, headers: etag },
        202: {
          description: "Put down for later. Deprecated: schedule a change by its own operation.",
          schema: scheduledChange,
          headers: { Deprecation: "Since when (RFC 9745).", Link: "The operation to use instead." },
        },
      },
      problems: ["plan_limit", "url_refused", "conflict"],
      example: { body: { destination_url: "https://example.com/winter" } },
    },
    deleteCode: {
      method: "DELETE",
      path: "/api/v1/dynamic/{short_id}/",
      summary: "Delete a code",
      description: "It can be restored for 30 days; its short id is never given away again.",
      access: writing,
      headers: ["If-Match", "If-None-Match"],
      answers: { 204: { description: "Deleted." } },
      example: {},
    },
    restoreCode: {
      method: "POST",
      path: "/api/v1/dynamic/{short_id}/restore/",
      summary: "Restore a deleted code",
      access: writing,
      headers: ["If-Match", "If-None-Match"],
      body: noFields,
      answers: { 200: { description: "The code as it was.", schema: code, headers: { ...etag, ...published } } },
      problems: ["plan_limit", "conflict", "gone"],
      example: { body: {} },
    },
    listScheduledChanges: {
      method: "GET",
      path: "/api/v1/dynamic/{short_id}/scheduled/",
      summary: "List scheduled changes",
      access: reading,
      query: pageQuery,
      answers: { 200: { description: "Changes that wait or were refused.", schema: listOfRows(scheduledChange) } },
      example: {},
    },
    scheduleChange: {
      method: "POST",
      path: "/api/v1/dynamic/{short_id}/scheduled/",
      summary: "Schedule a change",
      access: writing,
      headers: ["Idempotency-Key", "If-Match", "If-None-Match"],
      body: updateCodeBody.extend({ effective_at: effectiveAtField }),
      answers: { 201: { description: "The change that waits.", schema: scheduledChange, headers: location } },
      problems: ["plan_limit", "conflict", "url_refused"],
      example: { body: { is_active: false, effective_at: "2030-12-24T00:00:00+01:00" } },
    },
    cancelScheduledChange: {
      method: "DELETE",
      path: "/api/v1/dynamic/{short_id}/scheduled/{change_id}/",
      summary: "Cancel a scheduled change",
      access: writing,
      answers: { 204: { description: "Cancelled." } },
      example: {},
    },
    listVersions: {
      method: "GET",
      path: "/api/v1/dynamic/{short_id}/history/",
      summary: "List the versions of a code",
      access: reading,
      query: pageQuery.extend({ at: momentField.optional() }),
      answers: { 200: { description: "Versions, the newest first.", schema: listOfRows(version) } },
      example: {},
    },
    rollBackCode: {
      method: "POST",
      path: "/api/v1/dynamic/{short_id}/rollback/",
      summary: "Roll a code back to a version",
      description: "An edit like any other, with a version of its own. The password stays as it is.",
      access: writing,
      headers: ["If-Match", "If-None-Match"],
      body: rollbackBody,
      answers: { 200: { description: "The code as it is now.", schema: code, headers: etag } },
      problems: ["plan_limit"],
      example: { body: { version: 1 } },
    },
    resolveCode: {
      method: "POST",
      path: "/api/v1/dynamic/{short_id}/resolve/",
      summary: "Find where a scan would lead",
      description: "Decided by the same function as a scan, with its reasons; nothing is counted.",
      access: reading,
      body: resolveBody,
      answers: { 200: { description: "Where it leads, and why.", schema: resolution } },
      example: { body: { country: "AT", language: "de", device: "phone" } },
    },
  },
);
