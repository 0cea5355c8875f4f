import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { decideCharges, listOpenCharges } from "@qrfactory/state/credits/charges";
import { type Credits, counterKey, makeCredits } from "@qrfactory/state/credits/credits";
import { Redis } from "ioredis";
import { chargesKey } from "../keys.js";

const temp = makeTempDirectory();
const at = new Date("2026-11-21T10:00:00Z");
const month = "2026-11";
let server: Server;
let redis: Redis;
let workspaceId: string;
let credits: Credits;

beforeAll(async () => {
  server = await startRedis({ role: "state", durable: false, dataDirectory: temp.path });
  redis = new Redis(server.url, { commandTimeout: 2_000 });
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  temp.remove();
});
beforeEach(async () => {
  workspaceId = randomUUID();
  await redis.del(chargesKey);
  credits = makeCredits({ redis, loadUsed: async () => 0 });
});

const charge = (holder = "a") => ({ id: randomUUID(), holder });
const take = (made: { id: string; holder: string }, amount = 1) =>
  credits.takeCredits({ workspaceId, at, quota: 10, amount, charge: made });
const used = () => credits.readCredits({ workspaceId, month });
const account = () => ({ workspaceId, month });

test("a take whose reply was lost and that is tried again takes once", async () => {
  const made = charge();
  await take(made, 3);
  expect(await take(made, 3)).toEqual({ taken: true, used: 3, remaining: 7 });
  expect((await listOpenCharges(redis)).charges).toMatchObject([{ ...made, workspaceId, month, amount: 3 }]);
});

test("a charge is given back once, however often, and not at all once it is settled", async () => {
  const [failed, delivered, refused] = [charge(), charge(), charge()];
  await take(failed, 2);
  await take(delivered);
  expect(await take(refused, 20)).toMatchObject({ taken: false });
  for (let n = 0; n < 3; n += 1) await credits.giveBackCredits(account(), 2, failed.id);
  credits.settle(delivered.id);
  await until(async () => (await listOpenCharges(redis)).charges.length === 0);
  await credits.giveBackCredits(account(), 1, delivered.id);
  await credits.giveBackCredits(account(), 20, refused.id);
  expect(await used()).toBe(1);
});

test("what a dead process left is settled where it was written, given back where not, and left alone where it lives", async () => {
  const [written, unwritten, living] = [charge("dead"), charge("dead"), charge("living")];
  for (const made of [written, unwritten, living]) await take(made, 2);
  const decide = () =>
    decideCharges({
      redis,
      counterOf: counterKey,
      isAbandoned: ({ holder }) => holder === "dead",
      findWritten: async (charges) => new Set(charges.map(({ id }) => id).filter((id) => id === written.id)),
    });
  // Two at once, and again: one effect.
  const returned = await Promise.all([decide(), decide()]);
  expect(returned.reduce((sum, credit) => sum + credit)).toBe(2);
  expect(await decide()).toBe(0);
  expect(await used()).toBe(4);
  expect((await listOpenCharges(redis)).charges).toMatchObject([living]);
});

test("nothing is decided while it cannot be known what was written", async () => {
  await take(charge("dead"));
  const isAway = () => Promise.reject(new Error("no database"));
  const options = { redis, counterOf: counterKey, isAbandoned: () => true };
  await expect(decideCharges({ ...options, findWritten: isAway })).rejects.toThrow("no database");
  expect(await used()).toBe(1);
  expect((await listOpenCharges(redis)).charges).toHaveLength(1);
});
