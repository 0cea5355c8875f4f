import { expect, test } from "@jest/globals";
import { readDesign } from "@qrfactory/domain/design/design";
import { ApiError } from "@qrfactory/domain/http/errors";
import { plans } from "@qrfactory/domain/plan/plans";
import fc from "fast-check";

const textOf = (type: string, payload: unknown) =>
  readDesign({ data_type: type, payload }, plans.enterprise).design.text;

function refusal(body: object): ApiError {
  try {
    readDesign(body, plans.enterprise);
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

const fieldsOf = (type: string, payload: unknown) =>
  Object.keys(refusal({ data_type: type, payload }).errors ?? {}).sort();

test.each<[string, object, string]>([
  ["phone", { number: "+1 (202) 555-0123" }, "tel:+12025550123"],
  ["phone", { number: "112" }, "tel:112"],
  ["sms", { number: "+12025550123", message: "Hello: 1;2" }, "SMSTO:+12025550123:Hello: 1;2"],
  ["sms", { number: "72.555" }, "SMSTO:72555"],
  ["geo", { latitude: 48.8584, longitude: 2.2945 }, "geo:48.8584,2.2945"],
  ["geo", { latitude: -0, longitude: -1e-9, altitude: 100 }, "geo:0,0,100"],
  ["geo", { latitude: -90, longitude: 179.12345678 }, "geo:-90,179.1234568"],
  ["geo", { latitude: 10, longitude: 20, query: "Café & Bar" }, "geo:10,20?q=Caf%C3%A9%20%26%20Bar"],
  ["wifi", { ssid: "Guests", password: "correct horse" }, "WIFI:T:WPA;S:Guests;P:correct horse;;"],
  ["wifi", { ssid: "Open" }, "WIFI:T:nopass;S:Open;;"],
  [
    "wifi",
    { ssid: 'a\\b;c,d"e:f', password: '\\;,":', security: "SAE", hidden: true },
    'WIFI:T:SAE;S:a\\\\b\\;c\\,d\\"e\\:f;P:\\\\\\;\\,\\"\\:;H:true;;',
  ],
  ["email", { to: "ada@example.org" }, "mailto:ada@example.org"],
  [
    "email",
    {
      recipients: ["a+b@example.org", "c@example.org"],
      cc: "d@example.org",
      bcc: ["e@example.org"],
      subject: "Tea & cake?",
      body: "One\nTwo",
    },
    "mailto:a%2Bb@example.org,c@example.org?cc=d@example.org&bcc=e@example.org&subject=Tea%20%26%20cake%3F&body=One%0D%0ATwo",
  ],
])("the payload of %s %j is written as phones read it", (type, payload, text) => {
  expect(textOf(type, payload)).toBe(text);
});

const longest = "x".repeat(5_000);

test.each<[string, unknown, string[]]>([
  ["wifi", {}, ["payload.ssid"]],
  ["wifi", { ssid: "a", pasword: "b" }, ["payload.pasword"]],
  ["wifi", { ssid: "é".repeat(17) }, ["payload.ssid"]],
  ["wifi", { ssid: "a\nb" }, ["payload.ssid"]],
  ["wifi", { ssid: "a", security: "WPA" }, ["payload.password"]],
  ["wifi", { ssid: "a", security: "nopass", password: "b" }, ["payload.password"]],
  ["wifi", { ssid: "a", password: "12345678", security: "wpa" }, ["payload.security"]],
  ["phone", { number: 12025550123 }, ["payload.number"]],
  ["phone", { number: "+1 202 CALL ME" }, ["payload.number"]],
  ["phone", { number: "1" }, ["payload.number"]],
  ["phone", { number: "1".repeat(16) }, ["payload.number"]],
  ["phone", { number: "12\n34" }, ["payload.number"]],
  ["phone", { number: "٠١٢٣" }, ["payload.number"]],
  ["sms", { message: "x" }, ["payload.number"]],
  ["sms", { number: "123", message: "\u0000" }, ["payload.message"]],
  ["email", {}, ["payload.to"]],
  ["email", { to: "a@b" }, ["payload.to"]],
  ["email", { to: "a@b.c\r\nBcc: d@e.f" }, ["payload.to"]],
  ["email", { to: "a@b.c,d@e.f" }, ["payload.to"]],
  ["email", { to: "a@b.c", recipients: ["d@e.f"] }, ["payload.recipients"]],
  ["email", { recipients: ["a@b.c", "nobody"] }, ["payload.recipients.1"]],
  ["email", { to: "a@b.c", subject: "Hello\r\nBcc: d@e.f" }, ["payload.subject"]],
  ["geo", { latitude: 90.1, longitude: 0 }, ["payload.latitude"]],
  ["geo", { latitude: "1", longitude: -180.01 }, ["payload.latitude", "payload.longitude"]],
  ["geo", { latitude: 0 }, ["payload.longitude"]],
  ["vcard", { first_name: "Ada" }, ["payload.name"]],
  ["vcard", { name: " " }, ["payload.name"]],
  ["vcard", { name: "Ada\r\nTEL:666" }, ["payload.name"]],
  ["vcard", { name: "Ada", phone: "112", phones: ["113"] }, ["payload.phones"]],
  ["vcard", { name: "Ada", emails: [] }, ["payload.emails"]],
  ["vcard", { name: "Ada", url: "javascript:alert(1)" }, ["payload.url"]],
  ["vcard", { name: "Ada", url: "https://example.org/\\n" }, ["payload.url"]],
  ["vcard", { name: "Ada", url: "https://example.org/\r\nTEL:666" }, ["payload.url"]],
  ["vcard", { name: "Ada", birthday: "1815-02-30" }, ["payload.birthday"]],
  ["vcard", { name: "Ada", address: { street: "a", planet: "b" } }, ["payload.address.planet"]],
  ["vcard", { name: "Ada", note: "half \ud800" }, ["payload.note"]],
  ["event", { title: "Tea" }, ["payload.start"]],
  ["event", { title: "Tea", start: "2026-06-01T18:30:00" }, ["payload.start"]],
  ["event", { title: "Tea", start: "2026-02-30" }, ["payload.start"]],
  ["event", { title: "Tea", start: "202-06-01" }, ["payload.start"]],
  ["event", { title: "Tea", start: "0001-01-01T00:00:00+10:00" }, ["payload.start"]],
  ["event", { title: "Tea", start: "2026-06-02", end: "2026-06-01" }, ["payload.end"]],
  ["event", { title: "Tea", start: "2026-06-01", end: "2026-06-01T18:30:00Z" }, ["payload.end"]],
  ["event", { title: "Tea\u2028END:VEVENT", start: "2026-06-01" }, ["payload.title"]],
  ["event", null, ["payload"]],
  ["event", [], ["payload"]],
  ["event", "BEGIN:VEVENT", ["payload"]],
])("%s refuses %j by name", (type, payload, fields) => {
  expect(fieldsOf(type, payload)).toEqual(fields);
});

test("data and payload exclude each other", () => {
  expect(refusal({ data: "https://example.com", payload: {} }).errors).toHaveProperty("payload");
  expect(refusal({ data_type: "sms", data: "x", payload: { number: "112" } }).errors).toHaveProperty("data");
  expect(refusal({ data_type: "sms" }).errors).toEqual({ payload: ["This field is required."] });
});

test("every mistake is named at once", () => {
  const body = { data_type: "sms", payload: { number: "x", message: "\u0007" }, size: 600, size_inches: 2 };
  expect(Object.keys(refusal(body).errors ?? {}).sort()).toEqual(["payload.message", "payload.number", "size_inches"]);
});

test("a payload that fits no symbol is refused with the limit, and a field that is too long by name", () => {
  const event = { title: "Tea", start: "2026-06-01", description: "x".repeat(1_500) };
  const error = refusal({ data_type: "event", payload: event, error_correction: "H" });
  expect(error).toMatchObject({ code: "payload_too_long", errors: { payload: ["At most 1,273 bytes."] } });
  expect(fieldsOf("vcard", { name: "Ada", note: longest })).toEqual(["payload.note"]);
  expect(fieldsOf("email", { to: `${longest}@example.org` })).toEqual(["payload.to"]);
});

/** Texts that try to be more than one field, in every script. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(
      "\r",
      "\n",
      "\r\n",
      "\\",
      ";",
      ",",
      '"',
      ":",
      " ",
      "\u2028",
      "\u0085",
      "\u000b",
      "é",
      "字",
      "👩‍🚀",
      "T",
      "&",
      "?",
      "%0D%0A",
      "END:VCARD",
    ),
    maxLength: 40,
  }),
);

/** Reads a `WIFI:` text as phones do: fields end at a semicolon that no backslash precedes. */
function readWifi(text: string): Record<string, string> {
  const fields = text.replace(/^WIFI:/, "").match(/(?:\\.|[^\\;])+(?=;)/gsu) ?? [];
  return Object.fromEntries(
    fields.map((field) => [
      field.slice(0, field.indexOf(":")),
      field.slice(field.indexOf(":") + 1).replace(/\\(.)/gsu, "$1"),
    ]),
  );
}

/** The text of an accepted payload, null of a refused one; anything else thrown is a failure. */
function accepted(type: string, payload: unknown): string | null {
  try {
    return textOf(type, payload);
  } catch (error) {
    if (error instanceof ApiError && error.code === "validation_failed") return null;
    throw error;
  }
}

test("whatever a network is called, a reader gets its name and password and no other field", () => {
  fc.assert(
    fc.property(hostile, hostile, (ssid, password) => {
      const text = accepted("wifi", { ssid, password });
      if (text !== null) expect(readWifi(text)).toEqual({ T: "WPA", S: ssid, P: password });
    }),
  );
});

test("whatever a message says, a mailto URI has its recipients, headers and no others", () => {
  fc.assert(
    fc.property(hostile, hostile, fc.emailAddress(), (subject, body, to) => {
      const text = accepted("email", { to, subject, body });
      if (text === null) return;
      const uri = new URL(text);
      expect(decodeURIComponent(uri.pathname)).toBe(to);
      expect([...uri.searchParams.keys()]).toEqual(["subject", "body"]);
      expect(uri.searchParams.get("subject")).toBe(subject);
      const lines = body.replace(/\r\n|[\n\r\u0085\u2028\u2029]/g, "\n");
      expect(uri.searchParams.get("body")?.replaceAll("\r\n", "\n")).toBe(lines);
    }),
  );
});

test("whatever is asked of it, a place has two numbers and a query", () => {
  const degrees = (limit: number) => fc.double({ min: -limit, max: limit, noNaN: true });
  fc.assert(
    fc.property(degrees(90), degrees(180), hostile, (latitude, longitude, query) => {
      const text = accepted("geo", { latitude, longitude, query });
      if (text === null) return;
      const [, lat, lon, asked] = /^geo:(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)\?q=([^?&#\s]*)$/.exec(text) ?? [];
      expect(Number(lat)).toBeCloseTo(latitude, 6);
      expect(Number(lon)).toBeCloseTo(longitude, 6);
      expect(decodeURIComponent(asked ?? "")).toBe(query);
    }),
  );
});

test("whatever a short message says, its number stays and it runs to the end", () => {
  fc.assert(
    fc.property(hostile, (message) => {
      const text = accepted("sms", { number: "+49 30 901820", message });
      if (text === null) return;
      expect(text.startsWith("SMSTO:+4930901820:")).toBe(true);
      expect(text.slice(18)).toBe(message.replace(/\r\n|[\n\r\u0085\u2028\u2029]/g, "\n"));
    }),
  );
});
