// Contacts and events are read back by parsers that are not ours.
import { expect, test } from "@jest/globals";
import { readDesign } from "@qrfactory/domain/design/design";
import { ApiError } from "@qrfactory/domain/http/errors";
import { plans } from "@qrfactory/domain/plan/plans";
import fc from "fast-check";
import ical, { type VEvent } from "node-ical";
import { parseVCards } from "vcard4-ts";

const textOf = (type: string, payload: unknown) =>
  readDesign({ data_type: type, payload, error_correction: "L" }, plans.enterprise).design.text;

function contactOf(text: string) {
  const { vCards = [] } = parseVCards(text);
  if (vCards.length !== 1) throw new Error(`${vCards.length} contacts`);
  return vCards[0] as NonNullable<(typeof vCards)[0]>;
}

function eventOf(text: string): VEvent {
  const events = Object.values(ical.sync.parseICS(text)).filter((part) => part?.type === "VEVENT");
  if (events.length !== 1) throw new Error(`${events.length} events`);
  return events[0] as VEvent;
}

const ada = {
  name: "Ada Lovelace",
  first_name: "Ada",
  last_name: "King; Lovelace",
  org: "Analytical, Engines",
  title: "Countess",
  phones: ["+44 20 7946 0958", "112"],
  email: "ada@example.org",
  url: "https://example.org/ada?a=1,2;3",
  address: { street: "12 St James's Sq", city: "London", postal_code: "SW1Y 4JH", country: "UK" },
  note: "First line\r\nsecond, with \\ and ;",
  birthday: "1815-12-10",
};

test("a contact is read back field by field", () => {
  const card = contactOf(textOf("vcard", ada));
  expect(card.FN[0]?.value).toBe("Ada Lovelace");
  expect(card.N?.value).toMatchObject({ familyNames: ["King; Lovelace"], givenNames: ["Ada"] });
  expect(card.ORG?.[0]?.value[0]).toBe("Analytical, Engines");
  expect(card.TITLE?.[0]?.value).toBe("Countess");
  expect(card.TEL?.map(({ value }) => value)).toEqual(["+44 20 7946 0958", "112"]);
  expect(card.EMAIL?.[0]?.value).toBe("ada@example.org");
  expect(card.URL?.[0]?.value).toBe("https://example.org/ada?a=1,2;3");
  expect(card.ADR?.[0]?.value).toMatchObject({ streetAddress: ["12 St James's Sq"], locality: ["London"] });
  expect(card.NOTE?.[0]?.value).toBe("First line\nsecond, with \\ and ;");
  expect(card.BDAY?.value).toBe("1815-12-10");
});

test("a name that is not taken apart stays whole", () => {
  expect(textOf("vcard", { name: "松本 行弘" })).toBe(
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;松本 行弘;;;\r\nFN:松本 行弘\r\nEND:VCARD\r\n",
  );
});

test("an address in one text stands in the street", () => {
  const card = contactOf(textOf("vcard", { name: "Ada", address: "12 St James's Sq\nLondon" }));
  expect(card.ADR?.[0]?.value).toMatchObject({ streetAddress: ["12 St James's Sq\nLondon"] });
});

/** Any text that a field accepts, with more of what has a meaning in the format. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 120 }),
  fc.string({
    unit: fc.constantFrom(
      "\r\n",
      "\n",
      "\r",
      "\\",
      ";",
      ",",
      ":",
      " ",
      '"',
      "n",
      "é",
      "字",
      "👩‍🚀",
      "END:VCARD",
      "TEL:1",
    ),
    maxLength: 60,
  }),
);

const oneKindOfBreak = (text: string) => text.replace(/\r\n|[\n\r\u0085\u2028\u2029]/g, "\n");

/** Undoes folding and escaping by the letter of RFC 2425 and 2426; throws on a line that is no property of ours. */
function propertiesOf(text: string): Map<string, string> {
  const unfolded = text.replaceAll("\r\n ", "");
  expect(unfolded.endsWith("\r\n")).toBe(true);
  return new Map(
    unfolded
      .slice(0, -2)
      .split("\r\n")
      .map((line) => {
        const [, name, value] = /^([A-Z]+)(?:;VALUE=DATE)?:([^\r\n]*)$/su.exec(line) ?? [];
        if (name === undefined || value === undefined) throw new Error(`no property: ${line}`);
        return [name, value.replace(/\\(.)/gsu, (_, next) => (next === "n" ? "\n" : next))];
      }),
  );
}

function accepted(type: string, payload: unknown): string | null {
  try {
    return textOf(type, payload);
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

test("whatever a contact says, it is one contact of the fields it was given, in lines of at most 75 octets", () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, (name, org, note) => {
      const text = accepted("vcard", { name, org, note });
      if (text === null) return;
      for (const line of text.split("\r\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
      const properties = propertiesOf(text);
      expect([...properties.keys()]).toEqual(["BEGIN", "VERSION", "N", "FN", "ORG", "NOTE", "END"]);
      expect(properties.get("FN")).toBe(name);
      expect(properties.get("ORG")).toBe(org);
      expect(properties.get("NOTE")).toBe(oneKindOfBreak(note));
      expect(contactOf(text).FN[0]?.value.trim()).toBe(name.trim());
    }),
  );
});

test("whatever an event says, it is one event of the fields it was given, in lines of at most 75 octets", () => {
  const start = "2026-06-01T18:30:00+02:00";
  fc.assert(
    fc.property(anyText, anyText, (title, description) => {
      const text = accepted("event", { title, start, description });
      if (text === null) return;
      for (const line of text.split("\r\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
      const properties = propertiesOf(text);
      expect(properties.get("SUMMARY")).toBe(title);
      expect(properties.get("DESCRIPTION")).toBe(oneKindOfBreak(description));
      expect([...properties.keys()].filter((name) => !/^(BEGIN|END)$/.test(name))).toEqual([
        "VERSION",
        "PRODID",
        "UID",
        "DTSTAMP",
        "DTSTART",
        "SUMMARY",
        "DESCRIPTION",
      ]);
      expect(eventOf(text).start.toISOString()).toBe("2026-06-01T16:30:00.000Z");
    }),
  );
});

test("moments are written in UTC and read back as the same moments", () => {
  const event = eventOf(
    textOf("event", {
      title: "Tea, with cake; and 茶 🍵",
      start: "2026-06-01T23:30:00.5-05:00",
      end: "2026-06-02T08:00:00+02:00",
      location: "Café",
      description: "One\nTwo",
      url: "https://example.org/tea",
    }),
  );
  expect(event.start.toISOString()).toBe("2026-06-02T04:30:00.000Z");
  expect(event.end?.toISOString()).toBe("2026-06-02T06:00:00.000Z");
  expect(event).toMatchObject({
    summary: "Tea, with cake; and 茶 🍵",
    location: "Café",
    description: "One\nTwo",
    url: "https://example.org/tea",
  });
});

test("dates are whole days, the last one included", () => {
  const text = textOf("event", { title: "Fair", start: "2026-12-30", end: "2026-12-31" });
  expect(text).toContain("DTSTART;VALUE=DATE:20261230\r\nDTEND;VALUE=DATE:20270101\r\n");
  expect(eventOf(text).datetype).toBe("date");
  expect(textOf("event", { title: "Fair", start: "2026-12-30" })).not.toContain("DTEND");
});

test("an event that ends as it starts has no end of its own", () => {
  const at = "2026-06-01T18:30:00Z";
  expect(textOf("event", { title: "Bang", start: at, end: at })).not.toContain("DTEND");
});

test("the same event has the same identity, another event another", () => {
  const uid = (payload: object) => /UID:(.*)\r\n/.exec(textOf("event", payload))?.[1];
  const tea = { title: "Tea", start: "2026-06-01T18:30:00Z" };
  expect(uid({ ...tea, start: "2026-06-01T20:30:00+02:00" })).toBe(uid(tea));
  expect(uid({ ...tea, title: "Coffee" })).not.toBe(uid(tea));
});

test("no line is folded behind a backslash, wherever it is full", () => {
  for (const escaped of [";", ",", "\\", "\n"]) {
    for (let before = 40; before < 90; before++) {
      const note = `${"x".repeat(before)}${escaped.repeat(5)}y`;
      const text = textOf("vcard", { name: "Ada", note });
      for (const line of text.split("\r\n")) {
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
        // An odd number of backslashes at the end: the last escapes what would follow.
        expect(/(?<!\\)(?:\\\\)*\\$/.test(line)).toBe(false);
      }
      expect(text.replaceAll("\r\n ", "")).toContain(`NOTE:${note.replace(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n")}`);
    }
  }
});
