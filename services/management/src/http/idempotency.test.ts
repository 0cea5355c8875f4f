import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import fc from "fast-check";
import { type Answer, type Api, expectProblem, patient, type Send, startApi } from "../api.fixture.js";

let api: Api;
/** Another process over the same stores, as far as a request can tell. */
let other: Api;
let db: Db;
beforeAll(async () => {
  api = await startApi();
  other = await startApi({ DATABASE_URL: api.database.url, STATE_REDIS_URL: api.redis.url });
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 2 });
});
afterAll(async () => {
  await db.$disconnect();
  await other.close();
  await api.close();
});

type Step =
  | { kind: "send"; key: number; body: number; copies: number }
  /** The connections of both processes die while the request runs; the client asks again. */
  | { kind: "crash"; key: number; body: number; afterMs: number }
  /** A day passes for one key. */
  | { kind: "day"; key: number };

const key = fc.nat(2);
const body = fc.nat(1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("send" as const), key, body, copies: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ kind: fc.constant("crash" as const), key, body, afterMs: fc.nat(12) }),
    fc.record({ kind: fc.constant("day" as const), key }),
  ),
  { maxLength: 12 },
);

/** Model of the product: the first body and answer of each key, and how often something was made. */
class Model {
  readonly first = new Map<number, { body: number; text: string }>();
  made = 0;
  see(key: number, body: number, answers: Answer[]): void {
    const known = this.first.get(key);
    if (known && known.body !== body) {
      for (const answer of answers) expectProblem(answer, 409, "idempotency_key_reused");
      return;
    }
    const fresh = answers.filter((answer) => answer.headers.get("Idempotent-Replayed") === null);
    expect(fresh).toHaveLength(known ? 0 : 1);
    const text = known?.text ?? fresh[0]?.text ?? "";
    expect(answers.map((answer) => [answer.status, answer.text])).toEqual(answers.map(() => [201, text]));
    if (!known) this.made += 1;
    this.first.set(key, { body, text });
  }
}

test("whatever is sent, repeated, changed, cut off or a day old: one key and body, one resource, one answer", async () => {
  const { session } = await api.signUp();
  const workspaceId = session.workspace.id as string;
  await api.setPlan(workspaceId, "enterprise");
  const processes: Send[] = [api.sendAs(session.access_token), other.sendAs(session.access_token)];
  let runs = 0;

  await fc.assert(
    fc.asyncProperty(steps, async (some) => {
      const run = `run-${runs++}`;
      const model = new Model();
      const requestOf = (as: Send, key: number, body: number) =>
        as("POST", "/api/v1/dynamic", {
          body: { name: `${run} ${body}`, destination_url: "https://example.com/" },
          headers: { "Idempotency-Key": `${run}-${key}` },
        });
      const send = (key: number, body: number, at: number) =>
        requestOf(processes[at % processes.length] as Send, key, body);
      // One that meets a connection of the dead is answered 503.
      const insist = (key: number, body: number, at: number) =>
        requestOf(patient(processes[at % processes.length] as Send), key, body);
      for (const step of some) {
        if (step.kind === "day") {
          await db.$executeRaw`UPDATE idempotency_keys SET expires_at = now() WHERE key = ${`${run}-${step.key}`}`;
          model.first.delete(step.key);
        } else if (step.kind === "send") {
          const { key, body, copies } = step;
          model.see(key, body, await Promise.all(Array.from({ length: copies }, (_, at) => insist(key, body, at))));
        } else {
          const { key, body, afterMs } = step;
          const cut = send(key, body, 0);
          await new Promise((resolve) => setTimeout(resolve, afterMs));
          await db.$queryRaw`
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name = 'management' AND datname = current_database()`;
          const first = await cut;
          const again = await insist(key, body, 1);
          const wasMade = first.status < 500 || again.headers.get("Idempotent-Replayed") !== null;
          if (wasMade && !model.first.has(key) && again.status === 201) {
            expect(again.headers.get("Idempotent-Replayed")).toBe("true");
            if (first.status === 201) expect(again.text).toBe(first.text);
            model.made += 1;
            model.first.set(key, { body, text: again.text });
          } else {
            model.see(key, body, [again]);
          }
        }
        const made = await db.dynamicCode.count({ where: { workspaceId, name: { startsWith: `${run} ` } } });
        expect(made).toBe(model.made);
      }
    }),
    { numRuns: 25 },
  );
}, 60_000);
