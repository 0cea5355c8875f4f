// Operations on scans: reports, lists, files and live streams, of a code or of the whole workspace.
import { orphanDaysMax } from "@qrfactory/domain/reports";
import { z } from "zod";
import { codeReport, scan, workspaceReport } from "../answers/reports.js";
import { cursorPage, moment } from "../answers/shared.js";
import {
  exportScansQuery,
  exportWorkspaceScansQuery,
  listScansQuery,
  listWorkspaceScansQuery,
  liveQuery,
  reportQuery,
  workspaceReportQuery,
} from "../input/scan-query.js";
import { operationsOf } from "../operation.js";

const access = { scope: "analytics" } as const;

const scans = { 200: { description: "Scans, the latest first.", schema: cursorPage(scan) } };
const file = { 200: { description: "The file.", contentTypes: ["text/csv", "application/x-ndjson"] } };
const events = { 200: { description: "Server-sent events.", contentTypes: ["text/event-stream"] } };
const eventsAre = "An event `scans` at once and whenever the numbers of the last minutes change.";

const orphans = z
  .strictObject({
    days: z.int(),
    results: z.array(
      z.strictObject({
        short_id: z.string(),
        name: z.string(),
        scans: z.int().min(0),
        last_scanned_on: z.iso.date(),
        deleted_at: moment.nullable(),
      }),
    ),
  })
  .meta({ id: "Orphans" });

/** Operations on scans, by id. */
export const analyticsOperations = operationsOf(
  { tag: "Analytics" },
  {
    getWorkspaceReport: {
      method: "GET",
      path: "/api/v1/analytics/",
      summary: "Report on the scans of the workspace",
      access,
      query: workspaceReportQuery,
      answers: { 200: { description: "The report.", schema: workspaceReport } },
      example: { query: { interval: "week", compare: "previous" } },
    },
    streamWorkspaceScans: {
      method: "GET",
      path: "/api/v1/analytics/live/",
      summary: "Follow the scans of the workspace",
      description: eventsAre,
      access,
      query: liveQuery,
      answers: events,
      example: { query: { limit: "1" } },
    },
    listWorkspaceScans: {
      method: "GET",
      path: "/api/v1/scans/",
      summary: "List the scans of the workspace",
      access,
      query: listWorkspaceScansQuery,
      answers: scans,
      example: { query: { country: "AT,DE" } },
    },
    exportWorkspaceScans: {
      method: "GET",
      path: "/api/v1/scans/export/",
      summary: "Export the scans of the workspace",
      description: "All of the range, the oldest first.",
      access,
      query: exportWorkspaceScansQuery,
      answers: file,
      example: { query: { format: "csv" } },
    },
    getCodeReport: {
      method: "GET",
      path: "/api/v1/dynamic/{short_id}/analytics/",
      summary: "Report on the scans of a code",
      access,
      query: reportQuery,
      answers: { 200: { description: "The report.", schema: codeReport } },
      example: { query: { interval: "day", timezone: "Europe/Vienna" } },
    },
    streamCodeScans: {
      method: "GET",
      path: "/api/v1/dynamic/{short_id}/analytics/live/",
      summary: "Follow the scans of a code",
      description: eventsAre,
      access,
      query: liveQuery,
      answers: events,
      example: { query: { limit: "1" } },
    },
    listCodeScans: {
      method: "GET",
      path: "/api/v1/dynamic/{short_id}/scans/",
      summary: "List the scans of a code",
      access,
      query: listScansQuery,
      answers: scans,
      example: { query: { limit: "100" } },
    },
    exportCodeScans: {
      method: "GET",
      path: "/api/v1/dynamic/{short_id}/scans/export/",
      summary: "Export the scans of a code",
      description: "All of the range, the oldest first.",
      access,
      query: exportScansQuery,
      answers: file,
      example: { query: { format: "ndjson" } },
    },
    listOrphans: {
      method: "GET",
      path: "/api/v1/orphans/",
      summary: "List deleted codes that are still scanned",
      description: "Somebody has them in print.",
      access,
      query: z.strictObject({ days: z.coerce.number().int().min(1).max(orphanDaysMax).default(30) }),
      answers: { 200: { description: "Codes, those with the most scans first.", schema: orphans } },
      example: { query: { days: "30" } },
    },
  },
);
