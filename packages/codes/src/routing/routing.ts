// How a code leads on, as management publishes it: words are already numbers, moments and lists in lower case, so that
// a scan has nothing to work out. Absent is "nothing of the kind"; most codes have no routing at all.

import { isCountry } from "@qrfactory/domain/countries";
import { rulesMax, variantsMax } from "@qrfactory/domain/events";
import { findZone } from "@qrfactory/domain/local-time";
import { z } from "zod";

/** One rule; every condition that is given must hold. */
export type PublishedRule = {
  url: string;
  /** Countries in upper case, languages, devices and systems in lower case; one of each list must hold. */
  country?: string[];
  language?: string[];
  device?: string[];
  os?: string[];
  /** From this moment, and before that one; milliseconds since the epoch. */
  from?: number;
  until?: number;
  /** A bit for each day, Monday is 1; a span over midnight belongs to the day on which it begins. */
  days?: number;
  /** From this minute of the day to before that one; over midnight where the second is the smaller. */
  hours?: [number, number];
  /** Of days and hours; UTC unless given. */
  zone?: string;
};

/** Published routing of a code; each part is absent where the code has none. */
export type Routing = {
  /** argon2id of the password that a scanner is asked for (PHC string). */
  password?: string;
  rules?: PublishedRule[];
  variants?: { url: string; weight: number }[];
  /** The query of the scan goes along. */
  query?: true;
  /** Campaign parameters as a query. */
  utm?: string;
  /** Addresses that open an app instead. */
  apps?: { ios?: string; android?: string };
};

/** Fewest variants of a code that has any. */
export const variantsMin = 2;
/** Largest weight of a variant; only the ratio between weights matters. */
export const weightMax = 1_000_000;
/** Longest rules of one code in characters of JSON: with everything else they fit in a row of the table (64 KiB). */
export const rulesLengthMax = 20_000;

/** Minutes of a day of 24 hours, in which rules give times of day. */
export const minutesInDay = 24 * 60;
const daysMask = 0b111_1111;

/** Visible ASCII, as it may stand in a header. */
const address = z
  .string()
  .max(4_000)
  .regex(/^https?:\/\/[\x21-\x7e]+$/);
/** argon2id with costs that a machine can bear: at most 100 MB for any row. */
const passwordHash = z
  .string()
  .regex(/^\$argon2id\$v=19\$m=\d{1,5},t=\d,p=[1-4]\$[A-Za-z0-9+/]{8,100}\$[A-Za-z0-9+/]{16,100}$/);
const visible = z.string().regex(/^[\x21-\x7e]{1,4000}$/);
const names = z.array(z.string().max(100)).min(1).max(300);
const minute = z.int().min(0).max(minutesInDay);

const publishedRule = z.strictObject({
  url: address,
  country: z.array(z.string().refine(isCountry)).min(1).optional(),
  language: names.optional(),
  device: names.optional(),
  os: names.optional(),
  from: z.int().optional(),
  until: z.int().optional(),
  days: z.int().min(1).max(daysMask).optional(),
  hours: z.tuple([minute, minute]).optional(),
  zone: z
    .string()
    .refine((name) => findZone(name) !== null)
    .optional(),
});

const publishedRouting = z.strictObject({
  password: passwordHash.optional(),
  rules: z.array(publishedRule).min(1).max(rulesMax).optional(),
  variants: z
    .array(z.strictObject({ url: address, weight: z.number().min(0).max(weightMax) }))
    .min(variantsMin)
    .max(variantsMax)
    .optional(),
  query: z.literal(true).optional(),
  utm: visible.optional(),
  apps: z.strictObject({ ios: visible.optional(), android: visible.optional() }).optional(),
});

/** Whether a value is the routing of a code; one that is not makes its row a damaged one. */
export const isRouting = (value: unknown): value is Routing => publishedRouting.safeParse(value).success;
