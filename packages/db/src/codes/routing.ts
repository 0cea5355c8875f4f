// The columns of a code that say how it leads on: into the row as JSON, and out of it as scans are decided by.
import type { CodeFields } from "@qrfactory/codes/input";
import type { CodeState } from "@qrfactory/codes/route";
import type { Routing } from "@qrfactory/codes/routing";
import { toRouting } from "@qrfactory/codes/to-routing";
import { type DynamicCode, Prisma } from "../generated/client.js";

/** Changes as the generated client takes them: an empty value of a JSON column has to be told from JSON's `null`. */
export function toData({ utm, appLinks, ...others }: CodeFields) {
  return {
    ...others,
    ...(utm !== undefined && { utm: utm ?? Prisma.DbNull }),
    ...(appLinks !== undefined && { appLinks: appLinks ?? Prisma.DbNull }),
  };
}

/** What decides whether a code leads on at all. */
export function codeState({ isActive, expiresAt, maxScans, scanCount, fallbackUrl }: DynamicCode): CodeState {
  const isUsedUp = maxScans !== null && scanCount >= maxScans;
  return { isActive, expiresAt: expiresAt?.getTime() ?? null, isUsedUp, fallbackUrl };
}

/** How a code leads on; null when to its destination alone. */
export function routingOf(row: DynamicCode): Routing | null {
  // What the JSON columns hold has passed the schema of the API.
  return toRouting(row as unknown as Parameters<typeof toRouting>[0]);
}
