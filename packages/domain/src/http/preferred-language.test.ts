import { expect, test } from "@jest/globals";
import { preferredAmong, preferredLanguage } from "@qrfactory/domain/http/preferred-language";

test.each([
  ["de-AT,de;q=0.9,en;q=0.8", "de-at"],
  ["en;q=0.5 , \tfr-CA ; q=0.8\t, de;q=0.8", "fr-ca"],
  ["en_US", "en-us"],
  ["*;q=1, es;q=0.1", "es"],
  ["de;q=0, fr;q=0", ""],
  ["nonsense words, x", ""],
  ["", ""],
])("of %j the language wanted most is %j", (header, language) => {
  expect(preferredLanguage(header)).toBe(language);
});

test.each([
  ["fr-CA,fr;q=0.8,en;q=0.5", "fr"],
  ["pt-BR, DE_AT ; q=0.7, en;q=0.1", "de"],
  ["en;q=0.3, de;q=0.9, fr;q=0.9", "de"],
  ["fr;q=0, en-GB;q=0.001", "en"],
  ["frr, deu, ja", null],
  ["*", null],
  ["", null],
])("of English, French and German %j wants %j", (header, language) => {
  expect(preferredAmong(header, new Set(["en", "fr", "de"]))).toBe(language);
});
