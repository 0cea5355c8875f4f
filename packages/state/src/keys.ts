// Names in the state Redis that hold one thing each, as the table of all keys has them.
import { stateKeys } from "@qrfactory/runtime/redis-keys";

/** The published codes. */
export const codesKey = stateKeys.codes.of();
/** The stream of their changes. */
export const changesKey = stateKeys.changes.of();
/** The number of its entries. */
export const changesOrdinalKey = stateKeys.changesOrdinal.of();
/** The mark of a whole set. */
export const markKey = stateKeys.mark.of();
/** The heartbeat of whoever publishes, see heartbeat.ts. */
export const heartbeatKey = stateKeys.heartbeat.of();
/** How far the regions have come. */
export const regionsKey = stateKeys.regions.of();
/** The owners of codes. */
export const codeOwnersKey = stateKeys.codeOwners.of();
/** When they changed last. */
export const codeOwnersChangedKey = stateKeys.codeOwnersChanged.of();
/** The number of publications. */
export const publicationsKey = stateKeys.publications.of();
/** The server process to which everything was published. */
export const epochKey = stateKeys.epoch.of();
/** How far the records of each spool are committed. */
export const acksKey = stateKeys.acks.of();
/** The charges that are open. */
export const chargesKey = stateKeys.charges.of();
