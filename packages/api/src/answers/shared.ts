// Parts of answers that many operations share.
import { problemTypes } from "@qrfactory/domain/http/errors";
import { z } from "zod";

/** A moment as answers say it: RFC 3339 in UTC with milliseconds. */
export const moment = z.iso.datetime().meta({ examples: ["2026-11-21T12:00:00.000Z"] });

/** Messages by field. */
const fieldErrors = z.record(z.string(), z.array(z.string()));

/** A refusal (RFC 9457): `code` is stable, `detail` says what to change. */
export const problem = z
  .strictObject({
    type: z.string().describe("Address of a page about the code."),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(problemTypes) as [string, ...string[]]),
    detail: z.string().describe("What to change, in a sentence."),
    request_id: z.string(),
    errors: z.union([fieldErrors, z.record(z.string(), fieldErrors)]).optional(),
  })
  .loose()
  .meta({ id: "Problem" });

/** A page of a list by number or position. */
export const listOfRows = <Row extends z.ZodType>(row: Row) =>
  z.strictObject({
    count: z.int().min(0).describe("Rows in all."),
    next: z.url().nullable(),
    previous: z.url().nullable(),
    results: z.array(row),
  });

/** A page of a stream of events: the next one begins at `next_cursor`. */
export const cursorPage = <Row extends z.ZodType>(row: Row) =>
  z.strictObject({ results: z.array(row), next_cursor: z.string().nullable() });

/** Header of answers to creations. */
export const location = { Location: "Where it is found from now on." };
