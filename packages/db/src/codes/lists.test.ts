import { beforeEach, expect, test } from "@jest/globals";
import { addOwner, useTestDatabase } from "../database.fixture.js";
import { createCodes } from "./bulk-create.js";
import type { DynamicCode } from "./codes.js";
import { type CodeOrder, listCodes, type PageStart, positionOf } from "./lists.js";

const database = useTestDatabase();

let owner: Awaited<ReturnType<typeof addOwner>>;
let added = 0;
beforeEach(async () => {
  owner = await addOwner(database.db);
});

/** Adds codes with these names, in one statement: their times are equal. */
async function add(names: string[]): Promise<DynamicCode[]> {
  const codes = names.map((name) => ({
    shortId: `LIST-${added++}`,
    name,
    destinationUrl: `https://example.com/${name}`,
  }));
  return database.db.$transaction((tx) => createCodes(tx, owner.workspaceId, codes, owner.actor));
}

const idsOf = (rows: DynamicCode[]) => rows.map(({ id }) => id);

const page = (order: CodeOrder, start: PageStart, gathered: boolean) =>
  listCodes(database.db, owner.workspaceId, { filter: {}, order, start, take: 3, gathered });

const orders = (["createdAt", "updatedAt", "name", "scanCount", "lastScannedAt"] as const).flatMap((field) =>
  (["asc", "desc"] as const).map((direction): CodeOrder => ({ field, direction })),
);

test.each(orders)(
  "a list by $field $direction neither repeats nor skips a row while rows are added, forwards and back",
  async (order) => {
    const first = await add(["b", "b", "d", "d", "f", "h", "h"]);
    const seen: DynamicCode[] = [];
    const pages: DynamicCode[][] = [];
    let start: PageStart = { skip: 0 };
    for (let gathered = true; ; gathered = !gathered) {
      const { rows, hasAfter } = await page(order, start, gathered);
      seen.push(...rows);
      pages.push(rows);
      if (!hasAfter) break;
      // One before and one after the position, whatever the order.
      await add(["a", "z"]);
      start = { after: positionOf(rows.at(-1) as DynamicCode, order) };
    }
    expect(new Set(idsOf(seen)).size).toBe(seen.length);
    expect(idsOf(seen)).toEqual(expect.arrayContaining(idsOf(first)));

    // The page before a row ends right before it: what follows that page begins with the row.
    const [second] = pages[1] as [DynamicCode];
    const back = await page(order, { before: positionOf(second, order) }, true);
    const forth = await page(order, { after: positionOf(back.rows.at(-1) as DynamicCode, order) }, true);
    expect(forth.rows[0]?.id).toBe(second.id);
    expect(idsOf(back.rows)).not.toContain(second.id);
  },
);

test("rows of equal keys are told apart by their ids, so that a page may end between them", async () => {
  const codes = await add(Array.from({ length: 10 }, () => "same"));
  const order: CodeOrder = { field: "name", direction: "asc" };
  const seen: string[] = [];
  let start: PageStart = { skip: 0 };
  for (let more = true; more; ) {
    const { rows, hasAfter } = await page(order, start, false);
    seen.push(...idsOf(rows));
    start = { after: positionOf(rows.at(-1) as DynamicCode, order) };
    more = hasAfter;
  }
  expect(seen).toEqual(idsOf(codes).sort());
});
