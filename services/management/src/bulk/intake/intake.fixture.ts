// The API that takes orders, without anybody who works on them, and customers with what they have spent. A test file
// that imports this has it from before its first test until after its last.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "@jest/globals";
import { connectDatabase, type Db, withPatience } from "@qrfactory/db/client";
import { type Answer, type Api, startApi } from "../../api.fixture.js";

/** Where orders go. */
export const path = "/api/v1/generate/bulk";
/** A row that can be drawn. */
export const item = { data: "https://example.com/" };
/** A request with a table as CSV. */
export const csv = (text: string) => ({ raw: text, headers: { "Content-Type": "text/csv" } });
/** So many rows, each another one. */
export const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ data: `https://example.com/${n}` }));

/** Stands where render does; what it judges is its own business, so a row is bad here when it says so. */
const judge = createServer(async (req, res) => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const { requests } = JSON.parse(Buffer.concat(chunks).toString()) as { requests: { color?: string }[] };
  const errors = { color: ["color and background differ too little."] };
  const verdicts = requests.map(({ color }) => (color === "#eee" ? { code: "unscannable", errors } : null));
  res.setHeader("Content-Type", "application/json").end(JSON.stringify({ verdicts }));
});

/** The API under test. */
export let api: Api;
/** Its database. */
export let db: Db;
beforeAll(async () => {
  judge.listen(0, "127.0.0.1");
  await once(judge, "listening");
  api = await startApi({ RENDER_URL: `http://127.0.0.1:${(judge.address() as AddressInfo).port}` });
  db = connectDatabase(api.database.url, { ...withPatience, poolMax: 2 });
});
afterAll(async () => {
  await db.$disconnect();
  await api.close();
  judge.close();
});

/** Somebody with a workspace of the plan, and what it has spent by counter and by ledger. */
export async function customer(plan: "free" | "pro" | "agency" = "pro") {
  const { as, workspaceId, session } = await api.signUp();
  await api.setPlan(workspaceId, plan);
  const spent = async () => {
    const ledger = await db.$queryRaw<{ credits: number }[]>`
      SELECT coalesce(sum(credits), 0)::int AS credits FROM calls WHERE workspace_id = ${workspaceId}::uuid`;
    const months = await db.$queryRaw<{ credits: number }[]>`
      SELECT coalesce(sum(renders), 0)::int AS credits FROM usage_monthly WHERE workspace_id = ${workspaceId}::uuid`;
    const { body } = await as("GET", "/api/v1/usage/me");
    return { counter: body.used_this_month, calls: ledger[0]?.credits, months: months[0]?.credits };
  };
  const jobs = () => db.bulkJob.count({ where: { workspaceId } });
  return { as, workspaceId, session, spent, jobs };
}
/** What a customer has spent when these credits were taken and nothing else. */
export const charged = (credits: number) => ({ counter: credits, calls: credits, months: credits });

/** Orders by a form, as a browser sends it. */
export async function sendForm(
  as: { session: { access_token: string } },
  fields: Record<string, string | Blob>,
): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value as string);
  const response = await fetch(api.url + path, {
    method: "POST",
    headers: { Authorization: `Bearer ${as.session.access_token}` },
    body: form,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}
