import { expect, test } from "@jest/globals";
import { cacheKeyOf } from "@qrfactory/domain/design/cache-key";
import { type Design, readDesign } from "@qrfactory/domain/design/design";
import { ApiError } from "@qrfactory/domain/http/errors";
import { plans } from "@qrfactory/domain/plan/plans";
import fc from "fast-check";

const url = "https://example.com/a?b=c#d";
const read = (body: unknown, plan = plans.enterprise): Design => readDesign(body, plan).design;
const keyOf = (body: unknown) => cacheKeyOf(read(body), 1, "a workspace");

function refusal(body: unknown, plan = plans.enterprise): ApiError {
  try {
    readDesign(body, plan);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

test("a bare URL gets every default", () => {
  expect(readDesign({ data: url }, plans.free)).toEqual({
    scanCheck: "strict",
    design: {
      text: url,
      textEncoding: "auto",
      format: "png",
      widthPx: 600,
      widthInches: null,
      dpi: null,
      errorCorrection: "Q",
      quietZone: 4,
      color: "#000000ff",
      background: "#ffffffff",
      pattern: "squares",
      gradient: null,
      eyeBorderShape: "square",
      eyeCenterShape: "square",
      eyeBorderColor: null,
      eyeCenterColor: null,
      frame: null,
      logo: null,
      backgroundImage: null,
    },
  });
});

const spelled = {
  data_type: "url",
  data: url,
  format: "png",
  size: 600,
  error_correction: "M",
  quiet_zone: 4,
  color: "black",
  background: "white",
  pattern: "squares",
};

test.each<[string, object]>([
  ["every default spelled out", spelled],
  ["another order", Object.fromEntries(Object.entries(spelled).reverse())],
  ["colours in short hex", { data: url, color: "#000", background: "#FFF" }],
  ["colours in long hex", { data: url, color: "#000000ff", background: "#FfFfFf" }],
  ["another scan check", { data: url, scan_check: "off" }],
  ["the same characters as text", { data: url, data_type: "text" }],
])("%s has the same cache key", (_name, body) => {
  expect(keyOf(body)).toBe(keyOf({ data: url }));
});

test("inches at a resolution are the pixels they come to", () => {
  expect(read({ data: url, size_inches: 2 })).toMatchObject({ widthPx: 600, dpi: 300 });
  expect(keyOf({ data: url, size_inches: 2 })).toBe(keyOf({ data: url, size: 600, dpi: 300 }));
  expect(keyOf({ data: url, size_inches: 2 })).not.toBe(keyOf({ data: url }));
  expect(read({ data: url, size_inches: 0.51, dpi: 72 }).widthPx).toBe(37);
});

test("an SVG in inches is the same at every resolution", () => {
  const inches = { data: url, format: "svg", size_inches: 3 };
  expect(read(inches)).toMatchObject({ widthPx: 900, widthInches: 3, dpi: null });
  expect(keyOf({ ...inches, dpi: 600 })).toBe(keyOf(inches));
});

test("every field that changes the picture changes the key", () => {
  const changes = [
    { data: `${url}x` },
    { format: "svg" },
    { size: 601 },
    { dpi: 72 },
    { error_correction: "H" },
    { quiet_zone: 3 },
    { color: "#000001" },
    { background: "transparent" },
  ];
  const keys = [{}, ...changes].map((change) => keyOf({ data: url, ...change }));
  expect(new Set(keys).size).toBe(keys.length);
  expect(cacheKeyOf(read({ data: url }), 2, "a workspace")).not.toBe(keys[0]);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ["a network with its password", { data_type: "wifi", payload: { ssid: "Home", password: "correct horse" } }, true],
  ["the same as text", { data_type: "text", data: "WIFI:T:WPA;S:Home;P:correct horse;;" }, true],
  ["an open network", { data_type: "wifi", payload: { ssid: "Home" } }, false],
  ["a seed of one-time passwords", { data: "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP" }, true],
  ["an address with a password in it", { data: "ftp://ada:secret@example.com/" }, true],
  ["an address with a user", { data: "https://example.com/@ada:photos" }, false],
  ["an address", { data: url }, false],
])("the key of %s is a workspace's own only when it holds a secret", (_what, body, isOwn) => {
  const keys = ["one", "another"].map((workspace) => cacheKeyOf(read(body), 1, workspace));
  expect(keys[0] !== keys[1]).toBe(isOwn);
  expect(cacheKeyOf(read(body), 1, "one")).toBe(keys[0]);
});

test("levels that a version has room for anyway are one image and one key, those that need a larger one are not", () => {
  const keysOf = (data: string) =>
    (["L", "M", "Q", "H"] as const).map((error_correction) => keyOf({ data_type: "text", data, error_correction }));
  expect(new Set(keysOf("HELLO")).size).toBe(1);
  // 20 characters fit version 1 up to M, version 2 at Q and H.
  const [l, m, q, h] = keysOf("A".repeat(20));
  expect([l === m, m === q, q === h]).toEqual([true, false, true]);
});

test.each<[string, object, string]>([
  ["nothing", {}, "data"],
  ["an empty URL", { data: "" }, "data"],
  ["an empty text", { data_type: "text", data: "" }, "data"],
  ["no scheme", { data: "example.com" }, "data"],
  ["a path", { data: "/a" }, "data"],
  ["a scheme alone", { data: "mailto:" }, "data"],
  ["http without a host", { data: "http:///x" }, "data"],
  ["http without slashes", { data: "http:example.com" }, "data"],
  ["a broken host", { data: "http://[::1" }, "data"],
  ["a space", { data: "https://example.com/a b" }, "data"],
  ["a line break", { data: "https://example.com/\n" }, "data"],
  ["javascript", { data: "JavaScript:alert(1)" }, "data"],
  ["javascript behind a tab", { data: "java\tscript:alert(1)" }, "data"],
  ["javascript behind a space", { data: " javascript:alert(1)" }, "data"],
  ["data", { data: "data:text/html,x" }, "data"],
  ["vbscript", { data: "VBSCRIPT:x" }, "data"],
  ["half a surrogate pair", { data_type: "text", data: "\ud800" }, "data"],
  ["a number as data", { data: 5 }, "data"],
  ["an unknown type", { data: url, data_type: "fax" }, "data_type"],
  ["an unknown format", { data: url, format: "gif" }, "format"],
  ["too small", { data: url, size: 99 }, "size"],
  ["too large", { data: url, size: 2001 }, "size"],
  ["half a pixel", { data: url, size: 100.5 }, "size"],
  ["size as text", { data: url, size: "600" }, "size"],
  ["null", { data: url, size: null }, "size"],
  ["size and inches", { data: url, size: 600, size_inches: 2 }, "size_inches"],
  ["too many inches", { data: url, size_inches: 15.1 }, "size_inches"],
  ["inches × dpi beyond 6000 pixels", { data: url, size_inches: 15, dpi: 600 }, "size_inches"],
  ["a coarse resolution", { data: url, size_inches: 2, dpi: 71 }, "dpi"],
  ["an unknown level", { data: url, error_correction: "m" }, "error_correction"],
  ["a wide quiet zone", { data: url, quiet_zone: 17 }, "quiet_zone"],
  ["a named colour", { data: url, color: "red" }, "color"],
  ["drawing with nothing", { data: url, color: "transparent" }, "color"],
  ["an unknown ground", { data: url, background: "#12345" }, "background"],
  ["an unknown pattern", { data: url, pattern: "dots" }, "pattern"],
  ["an unknown check", { data: url, scan_check: "maybe" }, "scan_check"],
  ["an unknown field", { data: url, colour: "black" }, "colour"],
  ["a member of every object", { data: url, constructor: "x" }, "constructor"],
])("%s is refused by its field", (_name, body, field) => {
  const error = refusal(body);
  expect(error.code).toBe("validation_failed");
  expect(Object.keys(error.errors ?? {})).toEqual([field]);
});

test.each([null, [], "text", 5])("%j instead of an object is refused", (body) => {
  expect(refusal(body).code).toBe("validation_failed");
});

test.each([
  "HTTPS://EXAMPLE.COM/",
  "mailto:a@example.com?subject=%20",
  "tel:+49301234567",
  "bitcoin:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W?amount=0.1",
  "otpauth://totp/x?secret=ABC",
  "https://bücher.example/é",
  "app+x.y-z:1",
])("%s is encoded exactly as given", (data) => {
  expect(read({ data }).text).toBe(data);
});

test("any well-formed text is kept to the last character", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 200, unit: "binary" }), (data) => {
      expect(read({ data_type: "text", data }).text).toBe(data);
    }),
  );
});

test("a payload beyond version 40 is refused with the limit", () => {
  expect(read({ data_type: "text", data: "a".repeat(2_953), error_correction: "L" }).text).toHaveLength(2_953);
  const error = refusal({ data_type: "text", data: "a".repeat(2_954), error_correction: "L" });
  expect(error).toMatchObject({ code: "payload_too_long", status: 400 });
  expect(error.message).toContain("2,953 bytes");
  expect(refusal({ data_type: "text", data: "a".repeat(2_332) }).message).toContain("2,331 bytes");
  expect(refusal({ data_type: "text", data: "7".repeat(500_000) }).code).toBe("payload_too_long");
});

test("a plan that is too small is told which one would do", () => {
  const refused = (body: object, plan = plans.free) => refusal({ data: url, ...body }, plan);
  expect(refused({ size_inches: 3.1 })).toMatchObject({ code: "plan_limit", status: 403 });
  expect(refused({ size_inches: 3.1 }).message).toContain("starter");
  expect(refused({ size_inches: 8.5 }).message).toContain("pro");
  expect(refused({ size_inches: 2, dpi: 301 }).message).toContain("pro");
  expect(refused({ size: 600, dpi: 600 }, plans.starter).message).toContain("pro");
  expect(read({ data: url, size_inches: 3, dpi: 300 }, plans.free).widthPx).toBe(900);
  expect(read({ data: url, size_inches: 10, dpi: 600 }, plans.pro).widthPx).toBe(6_000);
});

test("the encoding of a text counts only where it changes the image", () => {
  for (const text_encoding of ["auto", "utf-8", "utf-8-eci", "latin-1"]) {
    expect(keyOf({ data: url, text_encoding })).toBe(keyOf({ data: url }));
  }
  const accented = { data_type: "text", data: "café" };
  const keys = ["auto", "utf-8", "latin-1"].map((text_encoding) => keyOf({ ...accented, text_encoding }));
  expect(new Set(keys).size).toBe(3);
});

test("what Latin-1 does not hold is refused by its first character", () => {
  const { code, errors } = refusal({ data_type: "text", data: "5 € für 😀", text_encoding: "latin-1" });
  expect(code).toBe("validation_failed");
  expect(errors).toEqual({ text_encoding: ["latin-1 has no € (U+20AC); use auto, utf-8 or utf-8-eci."] });
  expect(read({ data_type: "text", data: "für ÿ", text_encoding: "latin-1" }).textEncoding).toBe("latin-1");
});
