// Moments as clients write them.
import { z } from "zod";

/** Years that RFC 3339 writes and PostgreSQL keeps, in UTC: an offset may lead out of those that were typed. */
const isKept = (text: string) => /^(?!0000)\d{4}-/.test(new Date(text).toISOString());

/** An RFC 3339 moment with an offset, as a `Date`. */
export const momentField = z.iso
  .datetime({ offset: true, error: "Use an RFC 3339 moment such as 2026-12-31T23:59:59Z.", abort: true })
  .refine(isKept, "Use a year from 0001 to 9999.")
  .transform((text) => new Date(text));
