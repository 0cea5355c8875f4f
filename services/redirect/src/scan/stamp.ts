// The stamp of the gateway: an id and a moment for each scan, the same for every region that it sends the scan to. A
// region that was frozen while another one answered in its place writes the scan down when it goes on, and both records
// become one row.

import { minuteMs } from "@qrfactory/domain/duration";

/** The key that two records of one request share. */
export type Stamp = {
  /** A UUID. */
  id: string;
  /** Milliseconds since the epoch, by the clock of the gateway. */
  at: number;
};

/** nginx's `$request_id`: 16 random bytes. */
const idShape = /^[0-9a-f]{32}$/;
/** nginx's `$msec`: seconds with milliseconds, of ten digits until the year 2286. */
const momentShape = /^\d{10}\.\d{3}$/;

/** Clocks differ by less; a gateway that is further ahead has a clock that is wrong. */
const aheadMsMax = minuteMs;
/** Requests wait in the connections of a frozen region until it is thawed; machines are moved or paused for less. */
const behindMsMax = 600_000;

/**
 * The stamp in the headers `X-Scan-Id` and `X-Scan-At` of a gateway that is trusted; null when one is not as it writes.
 */
export function readStamp(id: string | undefined, moment: string | undefined): Stamp | null {
  if (id === undefined || moment === undefined || !idShape.test(id) || !momentShape.test(moment)) return null;
  return { id: uuidOf(id), at: Number(moment.replace(".", "")) };
}

/** Whether a stamp can be of a scan that is answered at `at`, milliseconds since the epoch by our own clock. */
export function isTimely(stamp: Stamp, at: number): boolean {
  return stamp.at <= at + aheadMsMax && stamp.at >= at - behindMsMax;
}

const variants = ["8", "9", "a", "b"];

/** Random bytes in hex as a UUID of version 4 (RFC 9562, 5.4), which gives six of their bits a meaning. */
function uuidOf(hex: string): string {
  const variant = variants[Number.parseInt(hex.charAt(16), 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}
