import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { compareSizes, versionsOf } from "./symbols.js";

function expectSmallest({ QRFactory: ours = null, ...peers }: Record<string, number | null>): void {
  for (const version of Object.values(peers)) if (version !== null) expect(ours).toBeLessThanOrEqual(version);
}

test.each(compareSizes())("no other encoder makes a smaller symbol of $title", ({ versions }) => {
  expect(versions.QRFactory).not.toBeNull();
  expectSmallest(versions);
});

test("no other encoder makes a smaller symbol of any mixed text", () => {
  const part = fc.oneof(
    fc.stringMatching(/^[0-9]{1,30}$/),
    fc.stringMatching(/^[A-Z $%*+\-./:]{1,20}$/),
    fc.stringMatching(/^[a-z]{1,20}$/),
    fc.constantFrom("https://", "東京都", "テスト", "é", "Я", "😀"),
  );
  const texts = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(texts, (text) => expectSmallest(versionsOf(text))),
    { numRuns: 400 },
  );
});
