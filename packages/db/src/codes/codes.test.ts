import { expect, test } from "@jest/globals";
import { addOwner, useTestDatabase } from "../database.fixture.js";
import { createCodes } from "./bulk-create.js";
import {
  type DynamicCode,
  deleteCode,
  findUnpublishedCodes,
  getCode,
  markCodesPublished,
  restoreCode,
  updateCode,
} from "./codes.js";
import { createCode, type NewCode } from "./creation.js";
import { getVersion, listVersions } from "./history.js";

const database = useTestDatabase();

const menu = { name: "Menu", destinationUrl: "https://example.com/0" };

/** A new code of a workspace of its own, and how it is found and changed. */
async function addCode(fields: Partial<NewCode> = {}) {
  const { db } = database;
  const { workspaceId, actor } = await addOwner(db);
  const code = { ...menu, ...fields };
  const row = await db.$transaction((tx) => createCode(tx, workspaceId, code, actor));
  return { row, actor, target: { workspaceId, shortId: row.shortId } };
}

test("each change raises the version by one, and history keeps what the code was in every one", async () => {
  const { db } = database;
  const { row, target, actor } = await addCode();
  const seen = [row];
  for (const n of [1, 2])
    seen.push(await updateCode(db, target, { destinationUrl: `https://example.com/${n}` }, actor));
  seen.push(await deleteCode(db, target, actor));
  seen.push(await restoreCode(db, target, actor));
  expect(seen.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
  for (const { version, destinationUrl, deletedAt, updatedAt } of seen) {
    const kept = await getVersion(db, row, version);
    expect(kept).toMatchObject({ version, destinationUrl, deletedAt, changedAt: updatedAt });
    expect(kept.changedBy).toBe(`user:${actor.id}`);
  }
  const { count, versions } = await listVersions(db, row, { skip: 0, take: 10 });
  expect([count, versions.map(({ version }) => version)]).toEqual([5, [5, 4, 3, 2, 1]]);
});

test("of many changes at once each gets a version of its own, and none is missing from history", async () => {
  const { db } = database;
  const { row, target, actor } = await addCode();
  const names = Array.from({ length: 20 }, (_, n) => `Menu ${n}`);
  const rows = await Promise.all(names.map((name) => updateCode(db, target, { name }, actor)));
  const versions = rows.map(({ version }) => version).sort((a, b) => a - b);
  expect(versions).toEqual(names.map((_, n) => n + 2));
  for (const { version, name } of rows) expect((await getVersion(db, row, version)).name).toBe(name);
});

test("a change that fails leaves neither a version nor a row of history", async () => {
  const { db } = database;
  const { row, target, actor } = await addCode();
  const stale = { ...target, ifVersions: [7] };
  await expect(updateCode(db, stale, { name: "Other" }, actor)).rejects.toMatchObject({ code: "version_mismatch" });
  // PostgreSQL keeps no NUL character: history fails after the row was changed.
  const unkept = { ...actor, requestId: "\0" };
  await expect(updateCode(db, target, { name: "Other" }, unkept)).rejects.toThrow();
  expect(await getCode(db, target.workspaceId, row.shortId)).toMatchObject({ name: "Menu", version: 1 });
  expect((await listVersions(db, row, { skip: 0, take: 10 })).count).toBe(1);
});

/** Publishes as a worker does, a batch at a time, until nothing waits; returns what it published. */
async function drain(publish: (row: DynamicCode) => void): Promise<void> {
  for (;;) {
    const rows = await findUnpublishedCodes(database.db, 7);
    if (rows.length === 0) return;
    for (const row of rows) publish(row);
    await markCodesPublished(database.db, rows);
  }
}

test("two who drain at once leave nothing unpublished, and the last that is said of a code is its latest version", async () => {
  const { db } = database;
  const codes = await Promise.all(Array.from({ length: 12 }, (_, n) => addCode({ name: `Code ${n}` })));
  const published = new Map<string, number>();
  const publish = ({ id, version }: DynamicCode) => published.set(id, Math.max(version, published.get(id) ?? 0));
  const edit = async () => {
    for (const { target, actor } of codes) await updateCode(db, target, { folder: "menus" }, actor);
  };
  await Promise.all([drain(publish), drain(publish), edit()]);
  await drain(publish);
  expect(await findUnpublishedCodes(db, 100)).toEqual([]);
  for (const { row } of codes) expect(published.get(row.id)).toBe(2);
  // Once drained, a round finds nothing: no code is published twice for one version.
  let again = 0;
  await drain(() => void again++);
  expect(again).toBe(0);
});

test("a version that comes between reading and noting stays to be published, and an older note takes nothing back", async () => {
  const { db } = database;
  const { row, target, actor } = await addCode();
  const edited = await updateCode(db, target, { name: "Newer" }, actor);
  await markCodesPublished(db, [row]);
  expect(await findUnpublishedCodes(db, 10)).toMatchObject([{ id: row.id, version: 2, publishedVersion: 1 }]);
  await markCodesPublished(db, [edited]);
  await markCodesPublished(db, [row]);
  expect(await findUnpublishedCodes(db, 10)).toEqual([]);
});

test("a deletion waits to be published like any other change", async () => {
  const { db } = database;
  const { row, target, actor } = await addCode();
  await markCodesPublished(db, [row]);
  const deleted = await deleteCode(db, target, actor);
  expect(await findUnpublishedCodes(db, 10)).toMatchObject([{ id: row.id, deletedAt: deleted.deletedAt }]);
  await markCodesPublished(db, [deleted]);
});

test("of many codes at once all are created, or none when one short id is taken", async () => {
  const { db } = database;
  const { row, target, actor } = await addCode({ shortId: "TAKEN" });
  await markCodesPublished(db, [row]);
  const codes = ["FREE-1", "TAKEN", "FREE-2"].map((shortId) => ({ shortId, ...menu }));
  const create = (some: typeof codes) => db.$transaction((tx) => createCodes(tx, target.workspaceId, some, actor));
  await expect(create(codes)).rejects.toMatchObject({ code: "conflict" });
  await expect(getCode(db, target.workspaceId, "FREE-1")).rejects.toMatchObject({ code: "not_found" });
  const made = await create(codes.filter(({ shortId }) => shortId !== "TAKEN"));
  expect(made.map(({ version }) => version)).toEqual([1, 1]);
  for (const one of made) expect((await getVersion(db, one, 1)).name).toBe(menu.name);
  await markCodesPublished(db, made);
});
