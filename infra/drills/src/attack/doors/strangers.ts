// Another customer's resources: each route answers for them exactly as for what does not exist.
import { randomUUID } from "node:crypto";
import type { Row } from "../row.js";
import { type Answer, expectStatus, jsonOf } from "../stage/client.js";
import type { Stage } from "../stage/stage.js";

/** Ids of one of each resource. */
type Ids = { code: string; key: string; member: string; order: string; change: string; cache: string };

const nowhere = (): Ids => ({
  ...{ code: "NEVERMADE", key: randomUUID(), member: randomUUID(), order: randomUUID(), change: randomUUID() },
  cache: "0".repeat(64),
});

async function makeOne(stage: Stage): Promise<Ids> {
  const { client, demo } = stage;
  const { asUser, asKey } = demo;
  const ask = async (url: string, json: object, method = "POST") =>
    expectStatus(
      await client.send({ method, url: `/api/v1/${url}/`, headers: url.startsWith("generate") ? asKey : asUser, json }),
      200,
      201,
      202,
    );
  const idOf = (answer: Answer) => jsonOf<{ id: string }>(answer).id;
  const code = jsonOf<{ short_id: string }>(
    await ask("dynamic", { name: "x", destination_url: "https://example.com" }),
  ).short_id;
  const later = { name: "y", effective_at: new Date(Date.now() + 3_600_000).toISOString() };
  await ask(`dynamic/${code}`, later, "PATCH");
  const listed = async (url: string) =>
    jsonOf<{ results: { id: string }[] }>(await client.send({ url: `/api/v1/${url}/`, headers: asUser })).results[0]
      ?.id ?? "";
  const image = await ask("generate", { data: `https://example.com/${Date.now()}` });
  return {
    code,
    key: idOf(await ask("keys", { name: "x" })),
    member: await listed("members"),
    order: idOf(await ask("generate/bulk", { items: [{ data: "https://example.com" }] })),
    change: await listed(`dynamic/${code}/scheduled`),
    cache: String(image.headers["x-qr-cache-key"]),
  };
}

type Ask = [method: string, url: string, json?: object];

/** Every route that names a resource. */
const asksOf = ({ code, key, member, order, change, cache }: Ids): Ask[] => [
  ...["", "history/", "scheduled/", "analytics/", "scans/", "scans/export/", "image/"].map(
    (rest): Ask => ["GET", `dynamic/${code}/${rest}`],
  ),
  ["GET", `dynamic/${code}/?at=2026-11-01T00:00:00Z`],
  ["GET", `dynamic/${code}/analytics/live/?limit=1`],
  ["PATCH", `dynamic/${code}/`, { name: "mine" }],
  ["DELETE", `dynamic/${code}/`],
  ["POST", `dynamic/${code}/restore/`, {}],
  ["POST", `dynamic/${code}/rollback/`, { version: 1 }],
  ["POST", `dynamic/${code}/resolve/`, {}],
  ["DELETE", `dynamic/${code}/scheduled/${change}/`],
  ["PATCH", "dynamic/", { short_ids: [code], changes: { name: "mine" } }],
  ["DELETE", `keys/${key}/`],
  ["POST", `keys/${key}/rotate/`, {}],
  ["PATCH", `members/${member}/`, { role: "viewer" }],
  ["DELETE", `members/${member}/`],
  ["POST", `members/${member}/transfer/`, {}],
  ...["", "events/", "download/"].map((rest): Ask => ["GET", `bulk/${order}/${rest}`]),
  ["DELETE", `bulk/${order}/`],
  ["DELETE", `cache/${cache}/`],
  ["POST", "generate/", { data_type: "dynamic", payload: { short_id: code } }],
  ["POST", "validate/", { data_type: "dynamic", payload: { short_id: code } }],
];

const volatile = ["date", "x-request-id", "ratelimit", "keep-alive", "connection"];

/** All of an answer but what differs from one request to the next, and the ids that were asked for. */
function shapeOf({ status, headers, body }: Answer, ids: Ids): string {
  const kept = Object.entries(headers).filter(([name]) => !volatile.includes(name) && name !== "content-length");
  const text = body.toString().replace(/"request_id":"[^"]*"/, "");
  const named = Object.values(ids).reduce((shown, id) => shown.replaceAll(id, "ID"), text);
  return JSON.stringify([status, kept, named]);
}

const strangers: Row = {
  name: "strangers",
  attack: "every route with the ids of another workspace, beside ids of nothing, by log-in and by key",
  async run(stage) {
    const person = await stage.people.signUp("agency");
    const [theirs, none] = [await makeOne(stage), nowhere()];
    const [asks, asksOfNothing] = [asksOf(theirs), asksOf(none)];
    for (const as of [person.asUser, person.asKey]) {
      for (const [n, [method, url, json]] of asks.entries()) {
        const send = (path: string, body?: object) =>
          stage.attack({ method, url: `/api/v1/${path}`, headers: { ...as }, ...(body && { json: body }) });
        const answer = await send(url, json);
        const [, other = "", otherJson] = asksOfNothing[n] ?? [];
        const nothing = await send(other, otherJson);
        const route = Object.entries(theirs).reduce((text, [name, id]) => text.replace(id, `{${name}}`), url);
        const shown = `${method} ${route}`;
        // Reads do not tell whether there is such a code.
        stage.promise(answer.status >= 400 || url === "validate/", `${shown} is answered ${answer.status}`);
        const same = shapeOf(answer, theirs) === shapeOf(nothing, none);
        stage.promise(same, `${shown} tells another's from nothing: ${answer.status}, ${nothing.status}`);
      }
    }
    const { demo, client } = stage;
    const code = await client.send({ url: `/api/v1/dynamic/${theirs.code}/`, headers: demo.asUser });
    const { name } = jsonOf<{ name: string }>(expectStatus(code, 200));
    stage.promise(name === "x", "another's code was edited");
  },
};

/** Rows of requests for another workspace's resources. */
export const strangerRows: Row[] = [strangers];
