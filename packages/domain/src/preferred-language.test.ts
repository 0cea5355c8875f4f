import { expect, test } from "@jest/globals";
import { preferredLanguage } from "@qrfactory/domain/preferred-language";

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
