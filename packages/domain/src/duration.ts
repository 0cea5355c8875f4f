// Spans of time in milliseconds, as UTC and durations have them; days of a time zone differ.

/** Milliseconds of a second. */
export const secondMs = 1_000;
/** Milliseconds of a minute. */
export const minuteMs = 60 * secondMs;
/** Milliseconds of an hour. */
export const hourMs = 60 * minuteMs;
/** Milliseconds of a UTC day. */
export const dayMs = 24 * hourMs;
