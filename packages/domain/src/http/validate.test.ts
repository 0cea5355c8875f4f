import { expect, test } from "@jest/globals";
import { ApiError } from "@qrfactory/domain/http/errors";
import { parseInput } from "@qrfactory/domain/http/validate";
import { z } from "zod";

const schema = z.strictObject({
  name: z.string().max(3).optional(),
  size: z.int().min(100).max(2_000).optional(),
  level: z.enum(["L", "M"]).optional(),
  tags: z.array(z.string()).max(2).optional(),
  exact: z.boolean().optional(),
  design: z.strictObject({ color: z.string("Name a color.") }).optional(),
});

test.each([
  [{ name: 7 }, "name", "Use a text."],
  [{ name: null }, "name", "Use a text."],
  [{ name: "long" }, "name", "Use at most 3 characters."],
  [{ size: "600" }, "size", "Use a number."],
  [{ size: 600.5 }, "size", "Use a whole number."],
  [{ size: 99 }, "size", "Use 100 or more."],
  [{ size: 2_001 }, "size", "Use at most 2000."],
  [{ level: "X" }, "level", "Use one of: L, M."],
  [{ tags: "a" }, "tags", "Use a list."],
  [{ tags: ["a", "b", "c"] }, "tags", "Use at most 2 entries."],
  [{ exact: "yes" }, "exact", "Use true or false."],
  [{ design: [] }, "design", "Use an object."],
  [{ design: {} }, "design.color", "Name a color."],
  [{ sise: 600 }, "sise", "This field is not known here: did you mean size?"],
  [{ nonsense: 600 }, "nonsense", "This field is not known here."],
  [{ level: "m" }, "level", "Did you mean M? Use one of: L, M."],
  [{ design: { colour: "red", color: "red" } }, "design.colour", "This field is not known here: did you mean color?"],
  [null, "body", "Use an object."],
])("%j is refused in words of its sender", (value, field, message) => {
  const detail = `${field}: ${message}`;
  const refused = expect.objectContaining({
    code: "validation_failed",
    message: detail,
    errors: { [field]: [message] },
  });
  expect(() => parseInput(schema, value)).toThrow(refused);
});

test("the detail says what is wrong with one field, and names the others", () => {
  expect(() => parseInput(schema, { name: 7, size: 1, sise: 2 })).toThrow(
    "name: Use a text. Check these fields, too: size, sise.",
  );
});

test("what is missing is required", () => {
  const read = () => parseInput(z.object({ name: z.string() }), {});
  expect(read).toThrow(ApiError);
  expect(read).toThrow(expect.objectContaining({ errors: { name: ["This field is required."] } }));
});
