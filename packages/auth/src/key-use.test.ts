import { expect, test } from "@jest/globals";
import { makeNoteKeyUse } from "@qrfactory/auth/key-use";

test("a key in use is written down at most once a minute, and a failed write harms nobody", () => {
  const written: string[] = [];
  let now = 0;
  const noteKeyUse = makeNoteKeyUse(
    async (keyId) => {
      written.push(`${keyId} ${now}`);
      throw new Error("no database");
    },
    () => now,
  );
  for (now = 0; now <= 60_000; now += 1_000) for (const keyId of ["a", "b"]) noteKeyUse(keyId);
  expect(written).toEqual(["a 0", "b 0", "a 60000", "b 60000"]);
});
