// UUIDs where no schema is asked: as `z.uuid()` has them, in a third of its time.

/** RFC 9562, 4: a version of 1 to 8 and the variant of the standard, or all zeros, or all ones. */
const uuidPattern =
  /^(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|0{8}(?:-0{4}){3}-0{12}|f{8}(?:-f{4}){3}-f{12})$/;

/** Whether a value is a UUID in text. */
export const isUuid = (value: unknown): value is string => typeof value === "string" && uuidPattern.test(value);
