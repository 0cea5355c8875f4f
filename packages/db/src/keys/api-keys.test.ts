import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "@jest/globals";
import { addOwner, useTestDatabase } from "../database.fixture.js";
import {
  createKey,
  findKeyByHash,
  findSigningKeys,
  findUnpublishedKeys,
  getKey,
  listKeyPublications,
  listKeys,
  markKeyPublished,
  revokeKey,
  rotateKey,
} from "./api-keys.js";

const database = useTestDatabase();

/** A secret and what of it is stored. */
function makeSecrets() {
  const raw = `smk_${randomBytes(24).toString("hex")}`;
  const hash = createHash("sha256").update(raw).digest();
  return { raw, hash, hex: hash.toString("hex"), keyPrefix: raw.slice(0, 12), signingSecretSealed: randomBytes(40) };
}

async function addKey() {
  const { userId, workspaceId } = await addOwner(database.db);
  const secrets = makeSecrets();
  const { id, publication } = await createKey(database.db, { workspaceId, name: "Shop", createdBy: userId, secrets });
  return { id, workspaceId, secrets, publication };
}

test("a key is found by its hash, and nothing in the database spells it", async () => {
  const { db } = database;
  const { id, secrets } = await addKey();
  expect(await findKeyByHash(db, secrets.hex)).toMatchObject({ key_id: id, revoked: false });
  const rows = await db.$queryRaw<{ text: string }[]>`
    SELECT k::text || encode(key_hash, 'escape') AS text FROM api_keys k WHERE id = ${id}::uuid`;
  expect(rows).toHaveLength(1);
  expect(rows[0]?.text).toContain(secrets.hex);
  expect(rows[0]?.text).not.toContain(secrets.raw.slice("smk_".length));
  // Its first 12 characters are shown in lists; the rest of it is nowhere.
  expect(rows[0]?.text).not.toContain(secrets.raw.slice(12));
});

test("a revoked key is nowhere found, and services that look by its hash learn that it is revoked", async () => {
  const { db } = database;
  const { id, workspaceId, secrets } = await addKey();
  const { record } = await revokeKey(db, workspaceId, id);
  expect(record).toMatchObject({ version: 2, revoked: true });
  await expect(getKey(db, workspaceId, id)).rejects.toMatchObject({ code: "not_found" });
  expect(await listKeys(db, workspaceId, { skip: 0, take: 10 })).toEqual({ count: 0, rows: [] });
  expect(await findSigningKeys(db, secrets.keyPrefix)).toEqual([]);
  expect(await listKeyPublications(db, workspaceId)).toEqual([]);
  expect(await findKeyByHash(db, secrets.hex)).toMatchObject({ revoked: true });
  await expect(revokeKey(db, workspaceId, id)).rejects.toMatchObject({ code: "not_found" });
});

test("a revocation and a rotation are of the key's own workspace only", async () => {
  const { db } = database;
  const { id, secrets } = await addKey();
  const stranger = await addOwner(db);
  await expect(revokeKey(db, stranger.workspaceId, id)).rejects.toMatchObject({ code: "not_found" });
  const rotation = { workspaceId: stranger.workspaceId, keyId: id, secrets: makeSecrets(), overlapUntil: null };
  await expect(rotateKey(db, rotation)).rejects.toMatchObject({ code: "not_found" });
  expect(await findKeyByHash(db, secrets.hex)).toMatchObject({ version: 1, revoked: false });
});

test("of two rotations at once one wins, and only its secret is found", async () => {
  const { db } = database;
  const { id, workspaceId, secrets } = await addKey();
  const next = [makeSecrets(), makeSecrets()];
  const outcomes = await Promise.all(
    next.map((secrets) =>
      rotateKey(db, { workspaceId, keyId: id, secrets, overlapUntil: null }).then(
        () => "rotated",
        (error: { code: string }) => error.code,
      ),
    ),
  );
  const found = await Promise.all(next.map(({ hex }) => findKeyByHash(db, hex)));
  // One after the other is fine, too; then the second is the key.
  const winners = outcomes.filter((outcome) => outcome === "rotated").length;
  expect(found.filter((record) => record !== null)).toHaveLength(1);
  expect(found.find((record) => record !== null)?.version).toBe(1 + winners);
  expect(outcomes.filter((outcome) => outcome !== "rotated" && outcome !== "conflict")).toEqual([]);
  expect(await findKeyByHash(db, secrets.hex)).toBeNull();
});

test("what a rotation retires waits to be published with it, and a newer version stays to be published", async () => {
  const { db } = database;
  const { id, workspaceId, secrets, publication } = await addKey();
  const { publication: rotated } = await rotateKey(db, {
    ...{ workspaceId, keyId: id, overlapUntil: null },
    secrets: makeSecrets(),
  });
  expect(rotated.retiredHashes).toEqual([secrets.hash]);
  await markKeyPublished(db, publication);
  const waiting = (await findUnpublishedKeys(db, 100)).filter(({ keyId }) => keyId === id);
  expect(waiting).toMatchObject([{ record: { version: 2 }, retiredHashes: [secrets.hash] }]);
  await markKeyPublished(db, rotated);
  expect((await findUnpublishedKeys(db, 100)).filter(({ keyId }) => keyId === id)).toEqual([]);
});
