import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { LiveCode } from "./published.js";
import {
  checkRowBytes,
  decodeRow,
  encodeRow,
  hasShortId,
  readShortId,
  readUsed,
  readVersion,
  rowBytes,
} from "./row-bytes.js";

const address = fc.stringMatching(/^https?:\/\/[\x21-\x7e]{1,200}$/);
const code = fc.record({
  schema: fc.constant(1 as const),
  id: fc.uuid(),
  workspace_id: fc.uuid(),
  short_id: fc.stringMatching(/^[A-Z0-9-]{3,64}$/),
  version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  destination_url: address,
  is_active: fc.boolean(),
  expires_at: fc.option(fc.date({ min: new Date(0), noInvalidDate: true }).map((date) => date.toISOString())),
  fallback_url: fc.option(address),
  limit: fc.option(fc.record({ max: fc.integer({ min: 1, max: 2 ** 32 - 1 }), used: fc.nat({ max: 2 ** 32 - 1 }) }), {
    nil: undefined,
  }),
}) as fc.Arbitrary<LiveCode>;

test("every row comes back from its bytes as it was, wherever it lies, with what few rows have", () => {
  fc.assert(
    fc.property(code, fc.option(fc.json()), fc.nat({ max: 40 }), (row, extra, at) => {
      const length = rowBytes(row, extra);
      const bytes = Buffer.alloc(at + length, 0xff);
      encodeRow(bytes, at, length, row, extra);
      expect(checkRowBytes(bytes, at)).toBe(length);
      expect([readShortId(bytes, at), readVersion(bytes, at)]).toEqual([row.short_id, row.version]);
      expect([hasShortId(bytes, at, row.short_id), hasShortId(bytes, at, `${row.short_id}A`)]).toEqual([true, false]);
      const { readExtra, ...decoded } = decodeRow(bytes, at);
      expect([readExtra?.() ?? null, readUsed(bytes, at)]).toEqual([extra, row.limit?.used ?? 0]);
      expect(decoded).toEqual({
        id: row.id,
        workspaceId: row.workspace_id,
        version: row.version,
        destinationUrl: row.destination_url,
        isActive: row.is_active,
        expiresAt: row.expires_at === null ? null : Date.parse(row.expires_at),
        fallbackUrl: row.fallback_url,
        limit: row.limit ?? null,
      });
    }),
  );
});
