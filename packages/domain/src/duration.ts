// Spans of time in milliseconds, as UTC and durations have them; days of a time zone differ.

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
