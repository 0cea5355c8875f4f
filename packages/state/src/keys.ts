// Names in the state Redis that management writes and redirect reads.

/** Hash: short id → JSON of the published code, tombstones included. */
export const codesKey = "qrf:codes";
/** Stream of the rows that changed, in the order of their publication. */
export const changesKey = "qrf:codes:changes";
/** Counts the entries of the stream, so that a reader notices when it missed some. */
export const changesOrdinalKey = "qrf:codes:changes:ordinal";
/** JSON: the hash holds everything; absent in a Redis that was emptied. */
export const markKey = "qrf:codes:mark";
/**
 * Milliseconds since the epoch by the clock of whoever publishes, written every second: what matters is that it moves
 * on, see heartbeat.ts.
 */
export const heartbeatKey = "qrf:codes:heartbeat";
/** Hash: process of redirect → number of the last change that it has taken, and when it said so. */
export const regionsKey = "qrf:regions";
/** Hash: workspace id → JSON of what the pages at the end of its codes say of their owner. */
export const codeOwnersKey = "qrf:code-owners";
/** When that hash changed last, by the clock of its server to the microsecond. */
export const codeOwnersChangedKey = "qrf:code-owners:changed";
/** Counts publications of codes, keys and owners. */
export const publicationsKey = "qrf:publications";
/** `run_id` of the server process to which everything was published. */
export const epochKey = "qrf:epoch";
/** Hash: spool id → number up to which its records are committed. */
export const acksKey = "qrf:acks";
