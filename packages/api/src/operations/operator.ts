// The operation of operators of the product.
import { noFields } from "@qrfactory/domain/http/validate";
import { z } from "zod";
import { moment } from "../answers/shared.js";
import { operationsOf } from "../operation.js";

const count = z.int().min(0);

const unfinishedOrder = z.strictObject({
  id: z.uuid(),
  workspace_id: z.uuid(),
  status: z.enum(["queued", "running"]),
  total: count,
  completed: count,
  failed: count,
  claims: count.describe("How often a worker has taken it up."),
  is_heard_of: z.boolean().describe("Whether its worker was heard of lately."),
  waiting_seconds: z.int(),
  created_at: moment,
  started_at: moment.nullable(),
});

const queues = z
  .strictObject({
    queues: z.array(
      z.strictObject({
        name: z.string(),
        jobs: z.record(z.string(), count).nullable().describe("By what they wait for; null while Redis is away."),
      }),
    ),
    bulk: z.strictObject({
      queued: count,
      running: count,
      last_24_hours: z.strictObject({ completed: count, failed: count, cancelled: count }),
      unfinished: z.array(unfinishedOrder),
    }),
  })
  .meta({ id: "Queues" });

/** The operation of operators, by id. */
export const operatorOperations = operationsOf(
  { tag: "Operators" },
  {
    getQueues: {
      method: "GET",
      path: "/api/v1/operator/queues/",
      summary: "Read what background work waits",
      description: "For people whom `qrfactory-admin` has made operators.",
      access: {},
      // Judged after the caller: people who are no operators learn nothing of what there is to ask.
      query: noFields,
      answers: { 200: { description: "Queues and unfinished orders.", schema: queues } },
      example: {},
    },
  },
);
