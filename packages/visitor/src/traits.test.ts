import { expect, test } from "@jest/globals";
import { isScanEvent, type ScanEvent } from "@qrfactory/domain/events";
import fc from "fast-check";
import { readLanguage, type Traits, traitsOf } from "./traits.js";

const iphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
  "Version/17.5 Mobile/15E148 Safari/604.1";
const person: Traits = { device: "phone", os: "iOS", browser: "Safari", language: "de", bot_class: null };

test.each<[string, string, string, boolean, Partial<Traits>]>([
  ["a person", iphone, "de-AT,de;q=0.9", false, {}],
  ["a person whose browser asks ahead", iphone, "de", true, { bot_class: "prefetch" }],
  ["a preview that asks ahead", `${iphone} facebookexternalhit/1.1`, "de", true, { bot_class: "preview" }],
  ["a reader of English most of all", iphone, "fr;q=0.5,en_GB;q=0.9", false, { language: "en" }],
  ["a reader of traditional Chinese", iphone, "zh-Hant-TW,zh;q=0.9", false, { language: "zh" }],
  ["a reader of anything", iphone, "*", false, { language: null }],
  ["a program", "", "", false, { device: "other", os: null, browser: null, language: null, bot_class: "bot" }],
])("of %s there remain the traits of a row", (_who, userAgent, languages, isPrefetch, more) => {
  expect(traitsOf(userAgent, languages, isPrefetch)).toEqual({ ...person, ...more });
});

test("the traits of any client fit into a record", () => {
  const scan: Omit<ScanEvent, keyof Traits> = {
    id: "5f0c2f9e-3d0b-4f3a-9a51-0d6f0a2f7c11",
    at: 1,
    code_id: "5f0c2f9e-3d0b-4f3a-9a51-0d6f0a2f7c11",
    workspace_id: "5f0c2f9e-3d0b-4f3a-9a51-0d6f0a2f7c11",
    version: 1,
    region: "",
    network: "",
    visitor: "0123456789abcdef",
    referrer_host: "",
  };
  const piece = fc.oneof(
    fc.constantFrom("Mozilla/5.0 (", "Android ", "; ", "Version/", "Opera ", "Linux", "tizen ", "Safari/", ")", "bot"),
    fc.string({ maxLength: 20 }),
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("").slice(0, 512));
  fc.assert(
    fc.property(text, text, fc.boolean(), (userAgent, languages, isPrefetch) => {
      expect(isScanEvent({ ...scan, ...traitsOf(userAgent, languages, isPrefetch) })).toBe(true);
    }),
    { numRuns: 500 },
  );
});

// How long such texts hold up others is measured by the attack `every-header`.
test.each([
  ["spaces", `aa${" ".repeat(16_000)}x`],
  ["spaces around a weight", `aa${" ".repeat(8_000)};${" ".repeat(8_000)}q=2`],
  ["letters", "a,".repeat(8_000)],
  ["hyphens", `aa${"-a".repeat(8_000)}!`],
])("16 kB of %s name no language", (_what, header) => {
  expect(readLanguage(header)).toBe("");
});
