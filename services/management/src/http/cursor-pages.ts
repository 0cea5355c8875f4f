// Streams of events (audit, calls, scans), as every client of this API sees them: the newest first, a cursor that says
// where the next page begins. A cursor is the position of the last row of a page, so pages stay right while rows are
// added.
import { parseInput, type streamQuery } from "@qrfactory/domain/http/validate";
import type { Request } from "express";
import type { z } from "zod";
import { readCursor, writeCursor } from "./cursor.js";

const cursorHint = "Use the next_cursor of a page of the same stream.";

/** A page of a stream; `next_cursor` is null on the last one. */
export type StreamDocument<Row> = { results: Row[]; next_cursor: string | null };

/**
 * Checks the query of a stream, which is `streamQuery` or extends it; unknown parameters are refused. `position` is the
 * shape that the stream's cursors hold; `after` is null on the first page.
 */
export function readStreamQuery<Query extends z.ZodType<z.output<typeof streamQuery>>, Position extends z.ZodType>(
  req: Request,
  schema: Query,
  position: Position,
) {
  const query = parseInput(schema, req.query);
  const after = query.cursor === undefined ? null : readCursor(query.cursor, position, cursorHint);
  return { query, limit: query.limit, after };
}

/**
 * The document of one page. `rows` are one more than `limit` where there is a next page; `positionOf` gives what a
 * cursor after a row holds, as JSON.
 */
export function streamDocument<Row, Result>(
  rows: Row[],
  limit: number,
  { positionOf, toResult }: { positionOf: (row: Row) => unknown; toResult: (row: Row) => Result },
): StreamDocument<Result> {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    results: page.map(toResult),
    next_cursor: last === undefined ? null : writeCursor(positionOf(last)),
  };
}
