import { expect, test } from "@jest/globals";
import { designRequest } from "@qrfactory/domain/design/design";
import { slipsBetween, suggest } from "@qrfactory/domain/http/suggest";
import { parseInput } from "@qrfactory/domain/http/validate";
import fc from "fast-check";

test.each([
  ["colour", "This field is not known here: did you mean color?"],
  ["margin", "This field is not known here: did you mean quiet_zone?"],
  ["url", "This field is not known here: did you mean data?"],
  ["icon", "This field is not known here: did you mean logo?"],
  ["logo_ur", "This field is not known here: did you mean logo_url?"],
  ["errorCorrection", "This field is not known here: did you mean error_correction?"],
  ["favourite", "This field is not known here."],
])("the unknown field %s is answered with the name that was meant", (field, message) => {
  expectRefusal({ data: "https://example.com", [field]: "x" }, field, message);
});

test.each([
  [{ format: "jpg" }, "format", "Did you mean jpeg? Use one of: png, svg, pdf, eps, jpeg."],
  [{ format: "PNG" }, "format", "Did you mean png? Use one of: png, svg, pdf, eps, jpeg."],
  [{ pattern: "dots" }, "pattern", expect.stringMatching(/^Did you mean dot\? Use one of: squares, /)],
  [{ error_correction: "high" }, "error_correction", "Did you mean H? Use one of: L, M, Q, H."],
  [{ data_type: "link" }, "data_type", expect.stringMatching(/^Did you mean url\? Use one of: .*, dynamic\.$/)],
  [{ frame_style: "banner_bottom" }, "frame_style", expect.stringMatching(/^Did you mean banner-bottom\?/)],
  [{ size: 50 }, "size", "Use a whole number from 100 to 2,000."],
  [{ size: "600px" }, "size", "Use a whole number from 100 to 2,000."],
])("%j is answered with what was meant, and with what there is", (fields, field, message) => {
  expectRefusal({ data: "https://example.com", ...fields }, field, message);
});

test.each([
  [{ latitude: 200, longitude: 0 }, "payload.latitude", "Give a number of degrees from -90 to 90."],
  [{ latitude: "48", longitude: 0 }, "payload.latitude", "Give a number of degrees from -90 to 90."],
  [{ latitude: 1, longitude: 181 }, "payload.longitude", "Give a number of degrees from -180 to 180."],
  [{ latitude: 1, longitude: 2, altitude: 1e9 }, "payload.altitude", "Use a number from -12000 to 100,000,000."],
  [{ lat: 1, latitude: 1, longitude: 2 }, "payload.lat", "This field is not known here: did you mean latitude?"],
  ["48,16", "payload", "Use an object."],
])("the place %j is refused with its range", (payload, field, message) => {
  expectRefusal({ data_type: "geo", payload }, field, message);
});

test("a slip is a letter more, less, other, or swapped with its neighbour", () => {
  expect(slipsBetween("colour", "color")).toBe(1);
  expect(slipsBetween("szie", "size")).toBe(1);
  expect(slipsBetween("size", "")).toBe(4);
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => slipsBetween(a, b) === slipsBetween(b, a)));
});

test("what is suggested is always one of the known names", () => {
  const known = ["size", "color", "data"];
  fc.assert(fc.property(fc.string(), (sent) => [null, ...known].includes(suggest(sent, known))));
});

function expectRefusal(body: unknown, field: string, message: unknown): void {
  expect(() => parseInput(designRequest, body)).toThrow(expect.objectContaining({ errors: { [field]: [message] } }));
}
