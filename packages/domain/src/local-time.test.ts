import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { findZone, makeLocalMoment, wallClockOf } from "./local-time.js";

const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** The answer of `Intl` itself, at a hundred times the cost. */
function slowly(zone: string, at: number): { day: number; minute: number } {
  const options = { timeZone: zone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const parts = new Intl.DateTimeFormat("en-US", options).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return { day: weekdays.indexOf(of("weekday")), minute: Number(of("hour")) * 60 + Number(of("minute")) };
}

test("every zone's clock shows what Intl says, at moments in any order, from now on and since 2000", () => {
  const zones = [...Intl.supportedValuesOf("timeZone"), "UTC"];
  const moment = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.array(moment, { minLength: 1, maxLength: 4 }), (zone, moments) => {
      const clock = wallClockOf(zone);
      for (const at of moments) expect(clock(at)).toEqual(slowly(zone, at));
    }),
    { numRuns: 400 },
  );
});

test("a moment by the clocks of any zone is the same moment, and shows what they show", () => {
  const zones = [...Intl.supportedValuesOf("timeZone"), "UTC"];
  const moment = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, (zone, at) => {
      const text = makeLocalMoment(zone)(new Date(at));
      expect(Date.parse(text)).toBe(at);
      const [, hours, minutes] = /T(\d\d):(\d\d):/.exec(text) ?? [];
      expect(Number(hours) * 60 + Number(minutes)).toBe(slowly(zone, at).minute);
    }),
    { numRuns: 400 },
  );
  expect(makeLocalMoment("UTC")(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
  expect(makeLocalMoment("America/St_Johns")(new Date(0))).toBe("1969-12-31T20:30:00.000-03:30");
});

test.each([
  ["europe/VIENNA", "Europe/Vienna"],
  ["utc", "UTC"],
  ["Etc/GMT+5", "Etc/GMT+5"],
  ["+01:00", null],
  ["Mars/Base", null],
  ["", null],
  ["Europe/Vienna\n", null],
])("the zone %j is %j", (name, zone) => {
  expect(findZone(name)).toBe(zone);
});
