import { expect, test } from "@jest/globals";
import { type ScanEvent, scanRecord } from "@qrfactory/domain/events";
import fc from "fast-check";

test("the record of a scan is the JSON of its event, whatever its texts hold", () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom('"', "\\", "\u0000", "\ud800", "é\x7f"),
  );
  const scan = fc.record<ScanEvent>({
    id: fc.uuid(),
    at: fc.nat(),
    code_id: fc.uuid(),
    workspace_id: fc.uuid(),
    version: fc.nat(),
    region: text,
    network: fc.constantFrom("203.0.113.0/24", "2001:db8::/48", ""),
    visitor: fc.constant("0123456789abcdef"),
    user_agent: text,
    language: text,
    referrer_host: text,
    prefetch: fc.boolean(),
  });
  fc.assert(
    fc.property(scan, (event) => expect(scanRecord(event)).toBe(JSON.stringify(event))),
    { numRuns: 500 },
  );
});
