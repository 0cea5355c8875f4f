// Every awkward table goes through the front door, and packages/docs/reference/awkward-tables.md says what comes back:
// it is written by this test (UPDATE_DOCS=1) and compared with the answers in every run.
import { readFileSync, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Api, startApi } from "../../api.fixture.js";
import { type AwkwardTable, awkwardTables } from "./awkward-tables.fixture.js";

const documentFile = new URL("../../../../../packages/docs/reference/awkward-tables.md", import.meta.url);

/** Rows shown of each answer. */
const shownMax = 3;
const cellShownMax = 40;

let api: Api;
let headers: Record<string, string>;
beforeAll(async () => {
  api = await startApi();
  const { session, workspaceId } = await api.signUp();
  await api.setPlan(workspaceId, "pro");
  headers = { Authorization: `Bearer ${session.access_token}` };
});
afterAll(() => api.close());

type Row = { filename: string; data: string };
type Document = {
  total: number;
  rows: Row[];
  code: string;
  detail: string;
  errors?: Record<string, Record<string, string[]>>;
};
type Sent = { status: number; body: Document };

async function order(content: string | Buffer | FormData | Readable, type = "text/csv"): Promise<Sent> {
  const response = await fetch(`${api.url}/api/v1/generate/bulk?dry_run=true`, {
    method: "POST",
    headers: { ...headers, ...(type && { "Content-Type": type }) },
    body: content instanceof Readable ? (Readable.toWeb(content) as ReadableStream) : content,
    duplex: "half",
  } as RequestInit);
  return { status: response.status, body: (await response.json()) as Document };
}

const asForm = async (content: string | Buffer): Promise<Sent> => {
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(Buffer.from(content))]), "table.csv");
  return order(form, "");
};

const shorten = (text: string) =>
  text.length > cellShownMax ? `${text.slice(0, cellShownMax)}… (${text.length})` : text;
const inTable = (text: string) =>
  text
    .replaceAll("|", "\\|")
    .replaceAll("\n", "⏎")
    .replace(/(?<=HTTPS:\/\/\S+\/Q\/)[A-Z0-9]{8}\b/g, "…");

function describe({ status, body }: Sent): string {
  if (status === 200) {
    const rows = body.rows
      .slice(0, shownMax)
      .map(({ filename, data }) => `\`${inTable(shorten(data))}\` in \`${inTable(shorten(filename))}\``);
    return `${body.total} ${body.total === 1 ? "row" : "rows"}: ${rows.join(", ")}${body.total > shownMax ? " …" : ""}`;
  }
  const named = Object.entries(body.errors ?? {});
  const rows = named.slice(0, shownMax).map(([row, fields]) => {
    const said = Object.entries(fields).map(([field, messages]) => `${field}: ${messages}`);
    return ` Row ${row}: ${said.join(" ")}`;
  });
  const more = named.length > shownMax ? ` … (${named.length} rows named)` : "";
  const detail = status === 422 ? `${body.detail}${rows.join("")}${more}` : body.detail;
  return `${status} \`${body.code}\`: ${inTable(detail)}`;
}

const answers = new Map<AwkwardTable, string>();
const grownBytes = new Map<AwkwardTable, number>();

/** Runs `send` and keeps by how much this process grew meanwhile, at the most. */
async function watched(table: AwkwardTable, send: () => Promise<Sent>): Promise<Sent> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  try {
    return await send();
  } finally {
    clearInterval(watch);
    grownBytes.set(table, peak - before);
  }
}

const all = Object.values(awkwardTables).flat();

test.each(all.map((table) => [table.name, table] as const))(
  "%s: an answer, the same for a body and for a file of a form",
  async (_name, table) => {
    const answer = await watched(table, () => order(table.content()));
    expect([200, 400, 403, 413, 422]).toContain(answer.status);
    const again = table.content();
    if (!(again instanceof Readable)) expect(describe(await asForm(again))).toBe(describe(answer));
    answers.set(table, describe(answer));
  },
  60_000,
);

test("fifty megabytes take no more memory than the part that is read", () => {
  const large = all.find(({ name }) => name === "50 MB in cells of 100,000 characters") as AwkwardTable;
  // The client that sends it is in this process, too.
  expect(grownBytes.get(large)).toBeLessThan(120_000_000);
});

test("no order was made and nothing charged", async () => {
  expect((await api.send("GET", "/api/v1/bulk", { headers })).body.count).toBe(0);
  expect((await api.send("GET", "/api/v1/usage/me", { headers })).body.used_this_month).toBe(0);
});

test("the document tells these answers", () => {
  expect(all.length).toBeGreaterThanOrEqual(40);
  const sections = Object.entries(awkwardTables).map(([title, tables]) => {
    const lines = tables.map((table) => `| ${inTable(table.name)} | ${answers.get(table)} |`);
    return `## ${title}\n\n| what is sent | what comes back |\n|---|---|\n${lines.join("\n")}\n`;
  });
  const document = `# Awkward tables, each with its answer

Written by \`UPDATE_DOCS=1 npm test -- awkward-tables\`, and compared with the answers in every run. Each is sent as
\`text/csv\` and as the file of a form to \`POST /api/v1/generate/bulk/?dry_run=true\` on the plan pro, which has 1,000 rows;
of accepted tables it is told what would be encoded, and in which file. Of a refused table nothing is drawn and nothing
charged.

${sections.join("\n")}`;
  if (process.env.UPDATE_DOCS) writeFileSync(documentFile, document);
  expect(readFileSync(documentFile, "utf8")).toBe(document);
});
