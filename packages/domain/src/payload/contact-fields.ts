// How people are reached: telephone numbers and mail addresses, as several payloads hold them.

import { z } from "zod";
import { listOf } from "../http/validate.js";
import { lengthsMax } from "../limits.js";
import { lineMistake, requiredOr } from "./words.js";

/** E.164 allows 15 digits; local numbers, emergency numbers and short codes are shorter. */
const digitsMin = 2;
const digitsMax = 15;

/** Visual separators between digits (RFC 3966, 5.1.1, and spaces); a telephone ignores them. */
const separators = /[ \u00a0().\-/]/g;

/** The number as a telephone dials it: digits, perhaps after a plus. */
export const dialled = (typed: string): string => typed.replace(separators, "");

/** A telephone number as people type it. */
export const phoneNumber = z
  .string(requiredOr("Give the number as a text, so that leading zeros stay."))
  .superRefine((typed, context) => {
    const isNumber =
      typed.length <= 40 &&
      lineMistake(typed) === null &&
      new RegExp(`^\\+?\\d{${digitsMin},${digitsMax}}$`).test(dialled(typed));
    if (!isNumber) {
      const message = `Give a telephone number of ${digitsMin} to ${digitsMax} digits such as +12025550123.`;
      context.addIssue({ code: "custom", message });
    }
  });

/** Local part without quotes, domain of two labels or more; any script (RFC 6531). */
const addressPattern = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"?&/.]+(\.[^\s@<>()[\]\\,;:"?&/.]+)+$/u;

/** A mail address, e.g. `ada@example.org`. */
export const mailAddress = z.string(requiredOr("Give a mail address.")).superRefine((address, context) => {
  if (address.length <= lengthsMax.email && lineMistake(address) === null && addressPattern.test(address)) return;
  context.addIssue({ code: "custom", message: "Give a mail address such as ada@example.org." });
});

/** More recipients no longer fit a code that a phone reads. */
export const recipientsMax = 10;

/** One address or several. */
export const mailAddresses = z
  .union([mailAddress, listOf(mailAddress, { min: 1, max: recipientsMax })], {
    error: `Give a mail address such as ada@example.org, or a list of at most ${recipientsMax}.`,
  })
  .transform((one) => (Array.isArray(one) ? one : [one]));

/** Refuses the second of two fields that say the same, one singly and one as a list. */
export function refuseBoth(
  fields: Record<string, unknown>,
  [single, several]: [string, string],
  refuse: (path: string, message: string) => void,
): void {
  if (fields[single] !== undefined && fields[several] !== undefined) {
    refuse(several, `Give either ${single} or ${several}, not both.`);
  }
}
