// The limit of the bodies that routes of accounts read.
import type { BodyLimits } from "@qrfactory/runtime/http/body";

/** The longest body is a sign-up in which each of 630 characters is an escape of 12 bytes. */
export const accountBody: BodyLimits = { bytesMax: 8_192, valuesMax: 64 };
