import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db } from "@qrfactory/db/client";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { createLog } from "@qrfactory/runtime/log";
import { openSpool } from "@qrfactory/spool/spool";
import { listOpenCharges } from "@qrfactory/state/credits/charges";
import { makeCredits } from "@qrfactory/state/credits/credits";
import { createTestDatabase, type TestDatabase } from "@qrfactory/testing/database";
import { Redis } from "ioredis";
import { chargeHolder, decideLeftCharges } from "./left-charges.js";

const temp = makeTempDirectory();
const log = createLog({ service: "render", level: "silent" });
const spool = openSpool({ directory: `${temp.path}/spool` });
let server: Server;
let redis: Redis;
let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  [database, server] = await Promise.all([
    createTestDatabase(),
    startRedis({ role: "state", durable: false, dataDirectory: temp.path }),
  ]);
  db = connectDatabase(database.url);
  redis = new Redis(server.url, { commandTimeout: 2_000 });
});
afterAll(async () => {
  redis.disconnect();
  await db.$disconnect();
  await Promise.all([database.drop(), server.stop(), spool.close()]);
  temp.remove();
});

test("what the process before took is decided however short ago that was; what this one or a neighbour took is not", async () => {
  const credits = makeCredits({ redis, loadUsed: async () => 0 });
  const workspaceId = randomUUID();
  const at = new Date();
  const take = async (holder: string) => {
    const charge = { id: randomUUID(), holder };
    await credits.takeCredits({ workspaceId, at, quota: 10, amount: 1, charge });
    return charge;
  };
  const [dead, written, own, neighbour] = await Promise.all([
    take(`${spool.id}:${randomUUID()}`),
    take(`${spool.id}:${randomUUID()}`),
    take(chargeHolder(spool)),
    take(`${randomUUID()}:${randomUUID()}`),
  ]);
  await spool.append(JSON.stringify({ id: written.id }));

  const left = decideLeftCharges({ redis, db, spool, log });
  const openIds = async () => (await listOpenCharges(redis)).charges.map(({ id }) => id);
  await until(async () => !(await openIds()).includes(dead.id));
  left.stop();

  expect((await openIds()).sort()).toEqual([own.id, neighbour.id].sort());
  expect(await credits.readCredits({ workspaceId, month: at.toISOString().slice(0, 7) })).toBe(3);
});
