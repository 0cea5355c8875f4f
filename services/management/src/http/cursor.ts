// Cursors: a position in an order, in JSON that a client hands back unread.
import { invalidField } from "@qrfactory/domain/http/errors";
import { parseJson } from "@qrfactory/domain/http/json";
import type { z } from "zod";

/** The cursor of a position, which is any JSON value. */
export function writeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** The position of a cursor; throws `validation_failed` with `hint` for one that does not hold that shape. */
export function readCursor<Shape extends z.ZodType>(cursor: string, shape: Shape, hint: string): z.output<Shape> {
  const read = shape.safeParse(parseJson(Buffer.from(cursor, "base64url").toString()));
  if (!read.success) throw invalidField("cursor", hint);
  return read.data;
}
