// Mistakes in a request, by field, and in a table, by row.

/** Field path → what is wrong with it, in sentences. The empty path speaks of the whole body. */
export type FieldErrors = Record<string, string[]>;
/** Row number, counted from 1, → field → what is wrong with it. */
export type RowErrors = Record<string, FieldErrors>;
