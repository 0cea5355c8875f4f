// Words and bounds of dynamic codes that the API and the database share.

/** `scheduled` is paused with a change that waits to activate it; else as a scan would find the code. */
export const codeStatuses = ["active", "scheduled", "expired", "used_up", "paused"] as const;

/** State of a code in a word. */
export type CodeStatus = (typeof codeStatuses)[number];

/** Codes in one edit: their locks are held for some 300 ms. */
export const bulkEditMax = 1_000;
