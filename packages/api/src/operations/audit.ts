// The operation on the audit trail.
import { auditActions } from "@qrfactory/domain/audit-actions";
import { storable, streamQuery } from "@qrfactory/domain/http/validate";
import { momentField } from "@qrfactory/domain/moment";
import { z } from "zod";
import { cursorPage, moment } from "../answers/shared.js";
import { operationsOf } from "../operation.js";

const auditEvent = z
  .strictObject({
    id: z.string(),
    at: moment,
    action: z.enum(auditActions),
    actor: z.strictObject({
      kind: z.enum(["user", "key", "operator"]),
      id: z.string(),
      name: z.string().nullable().describe("An e-mail address or the name of a key, as it is today; null when gone."),
    }),
    network: z.string().nullable().describe("The caller's network, /24 or /48; null where no request asked for it."),
    request_id: z.string().nullable(),
    target: z.string().nullable().describe("The short id of a code, the id of anything else."),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditEvent" });

const auditQuery = streamQuery.extend({
  action: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(auditActions, `Use any of: ${auditActions.join(", ")}.`)))
    .optional()
    .describe("One or more, separated by commas."),
  actor_id: storable.max(100).optional(),
  target: storable.max(100).optional(),
  from: momentField.optional(),
  to: momentField.optional(),
});

/** The operation on the audit trail, by id. */
export const auditOperations = operationsOf(
  { tag: "Audit trail" },
  {
    listAuditEvents: {
      method: "GET",
      path: "/api/v1/audit/",
      summary: "List who changed what",
      access: { role: "admin" },
      query: auditQuery,
      answers: { 200: { description: "Changes, the newest first.", schema: cursorPage(auditEvent) } },
      example: { query: { action: "key.created,key.revoked" } },
    },
  },
);
