import { expect, test } from "@jest/globals";
import { canonicalJson, parseStrictJson } from "@qrfactory/domain/http/json";
import fc from "fast-check";

test.each([
  ["text that is not JSON", "{"],
  ["a member named twice", '{"a":1,"a":1}'],
  ["a member named twice in another spelling", '{"a":1,"\\u0061":2}'],
  ["a member named twice, deep", '[{"x":{"b":1,"c":[],"b":2}}]'],
  ["__proto__", '{"__proto__":{"admin":true}}'],
  ["half of a surrogate pair", '{"a":["x\\ud83d"]}'],
  ["half of a surrogate pair in a name", '{"\\uDE00":1}'],
  ["deep nesting", "[".repeat(40) + "]".repeat(40)],
])("%s is refused", (_name, text) => {
  expect(() => parseStrictJson(text)).toThrow(expect.objectContaining({ code: "malformed_request" }));
});

test("any JSON text without such members means what JSON.parse says", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      fc.pre(!text.includes("__proto__"));
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test("a character written as a whole surrogate pair is taken", () => {
  expect(parseStrictJson('"\\ud83d\\ude00 \\\\ud83d"')).toBe("😀 \\ud83d");
});

test("strings that look like structure do not confuse it", () => {
  expect(parseStrictJson('{"a":"{\\"a\\":1,","b":["a:","a"]}')).toEqual({ a: '{"a":1,', b: ["a:", "a"] });
});

test("order and white space do not change the canonical form, types do", () => {
  expect(canonicalJson(JSON.parse('{ "b": 1, "a": [1, "x"] }'))).toBe(canonicalJson({ a: [1, "x"], b: 1 }));
  expect(canonicalJson({ a: 1 })).not.toBe(canonicalJson({ a: "1" }));
  expect(canonicalJson({ a: null })).not.toBe(canonicalJson({}));
});
