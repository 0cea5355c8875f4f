// Names in the state Redis that hold one thing each, as the table of all keys has them.
import { stateKeys } from "@qrfactory/runtime/redis-keys";

export const codesKey = stateKeys.codes.of();
export const changesKey = stateKeys.changes.of();
export const changesOrdinalKey = stateKeys.changesOrdinal.of();
export const markKey = stateKeys.mark.of();
export const heartbeatKey = stateKeys.heartbeat.of();
export const regionsKey = stateKeys.regions.of();
export const codeOwnersKey = stateKeys.codeOwners.of();
export const codeOwnersChangedKey = stateKeys.codeOwnersChanged.of();
export const publicationsKey = stateKeys.publications.of();
export const epochKey = stateKeys.epoch.of();
export const acksKey = stateKeys.acks.of();
export const chargesKey = stateKeys.charges.of();
