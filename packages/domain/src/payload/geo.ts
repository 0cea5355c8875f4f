// A place, as a `geo:` URI (RFC 5870).
import { z } from "zod";
import { numberFrom } from "../http/validate.js";
import { line, requiredOr } from "./words.js";

/** A centimetre at the equator: finer than any phone knows. */
const decimals = 7;

/** Degrees from `-limit` to `limit`. */
const coordinate = (limit: number) => {
  const bounds = requiredOr(`Give a number of degrees from -${limit} to ${limit}.`);
  return z.number(bounds).min(-limit, bounds).max(limit, bounds);
};

/** Metres: from below the deepest sea to above the highest orbit of a navigation satellite. */
const altitudeMin = -12_000;
const altitudeMax = 100_000_000;

/**
 * The payload of `data_type: "geo"`, as the text of its code. `query` is what maps search for there; it is no part of
 * the RFC, but what phones understand.
 */
export const geo = z
  .strictObject({
    latitude: coordinate(90),
    longitude: coordinate(180),
    altitude: numberFrom(altitudeMin, altitudeMax).optional(),
    query: line(300).optional(),
  })
  .transform(({ latitude, longitude, altitude, query }) => {
    const place = [latitude, longitude, ...(altitude === undefined ? [] : [altitude])].map(decimal).join(",");
    return `geo:${place}${query === undefined ? "" : `?q=${encodeURIComponent(query)}`}`;
  });

/** A number without an exponent and without a negative zero, which the RFC's grammar does not know. */
function decimal(value: number): string {
  const text = value.toFixed(decimals).replace(/\.?0+$/, "");
  return text === "-0" ? "0" : text;
}
