import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import { isUuid } from "./uuid.js";

const uuid = z.uuid();

test("a text is a UUID exactly where the schema takes it", () => {
  const nearly = fc.stringMatching(/^[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  fc.assert(
    fc.property(fc.oneof(fc.uuid(), nearly, fc.string()), (text) => isUuid(text) === uuid.safeParse(text).success),
  );
});

test.each(["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"])("%s is one", (text) => {
  expect([isUuid(text), uuid.safeParse(text).success]).toEqual([true, true]);
});

test.each([undefined, null, 7, {}])("%p is none", (value) => {
  expect(isUuid(value)).toBe(false);
});
