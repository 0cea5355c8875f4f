import { expect, test } from "@jest/globals";
import { parseStrictJson } from "@qrfactory/domain/http/json";
import { endOfJson, type JsonLimits, scanJson, skipSpace } from "@qrfactory/domain/http/json-scan";
import fc from "fast-check";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const refusal = (text: string, limits: JsonLimits = {}) => {
  try {
    scanJson(bytesOf(text), limits);
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test.each([
  ["a list that is one too long", `[${"0,".repeat(10_000)}0]`, {}, "body_too_large"],
  ["members beyond the limit", '{"a":1,"b":[2,3]}', { valuesMax: 3 }, "body_too_large"],
  [
    "bytes beyond the limit, white space among them",
    `{"a":1${" ".repeat(100)}}`,
    { textBytesMax: 50 },
    "body_too_large",
  ],
  ["a text that nothing ends, beyond the limit", `{"a":"${"x".repeat(100)}`, { textBytesMax: 50 }, "body_too_large"],
  [
    "a long text in a member that is not long",
    `{"a":"${"x".repeat(20_000)}"}`,
    { textBytesMax: 10_000 },
    "body_too_large",
  ],
  ["nine million brackets", "[".repeat(9_000_000), {}, "malformed_request"],
  ["a number beyond a double", '{"a":[1,-1e999]}', {}, "validation_failed"],
  ["a number of 400 digits", `[${"9".repeat(400)}]`, {}, "validation_failed"],
])("%s is refused before it is parsed", (_name, text, limits, code) => {
  expect(refusal(text, limits)).toBe(code);
});

test.each([
  ["as many values as may be", `[${"0,".repeat(9_999)}0]`, {}],
  ["the largest double and a small one", "[1.7976931348623157e308,1e-999]", {}],
  ["a text of nine million characters", `"${"x".repeat(9_000_000)}"`, {}],
  [
    "a long text in its place",
    `{"logo":"${"x".repeat(50_000)}","a":1}`,
    { textBytesMax: 100, longMembers: new Set(["logo"]) },
  ],
])("%s is taken", (_name, text, limits) => {
  expect(refusal(text, limits)).toBeNull();
});

test("a refusal says in which member of the body it was", () => {
  const deep = `{"rules":${"[".repeat(40)}${"]".repeat(40)}}`;
  expect(() => scanJson(bytesOf(deep))).toThrow('The body nests deeper than 32 levels (in "rules").');
});

test("long texts are left where they lie, at any depth, and everything around them is parsed", () => {
  const long = "QUJD".repeat(5_000);
  const limits = { textBytesMax: 1_000, longMembers: new Set(["logo", "background_image"]) };
  const body = `{"a":"ä\\"","defaults":{"logo":"${long}","x":[{"background_image":"${long}"}]},"logo":"short","z":2}`;
  const value = parseStrictJson(bytesOf(body), limits) as never;
  const shown = JSON.parse(
    JSON.stringify(value, (_name, member) =>
      member instanceof Uint8Array
        ? `${member.length} bytes ${new TextDecoder().decode(member.subarray(0, 4))}`
        : member,
    ),
  );
  expect(shown).toEqual({
    a: 'ä"',
    defaults: { logo: "20000 bytes QUJD", x: [{ background_image: "20000 bytes QUJD" }] },
    logo: "short",
    z: 2,
  });
});

test("bytes that are not UTF-8 are refused", () => {
  const bytes = Uint8Array.from([...bytesOf('{"a":"'), 0xff, ...bytesOf('"}')]);
  expect(() => parseStrictJson(bytes)).toThrow("not valid UTF-8");
});

test("the end of a value is where JSON.parse would end it, whatever follows", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom("", ",", " ,1", "]", "}", "\n]"), (text, rest) => {
      const bytes = bytesOf(text + rest);
      const start = skipSpace(bytes, 0);
      const end = endOfJson(bytes, start, {});
      expect(JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)))).toEqual(JSON.parse(text));
      expect(new TextDecoder().decode(bytes.subarray(end)).trim()).toBe(rest.trim());
    }),
  );
});
