// Every hostile picture goes through the front door, and packages/docs/reference/hostile-images.md says what comes
// back: it is written by this test (UPDATE_DOCS=1) and compared with the answers in every run.
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { makeOutbound, type OutboundRules } from "@qrfactory/runtime/outbound/outbound";
import { decodeOne } from "@qrfactory/testing/decode";
import { listen } from "@qrfactory/testing/http";
import { type DrawingPool, makeDrawingPool } from "../pool/drawing-pool.js";
import { type Rig, startRig, type TestKey } from "../rig.fixture.js";
import { makeFetchPicture } from "./fetch-image.js";
import { hostileFiles, hostileTexts } from "./hostile-files.fixture.js";
import { hostileFormFiles } from "./hostile-forms.fixture.js";
import { flooded, hostileHosts, refusedAddresses } from "./hostile-hosts.fixture.js";
import { makeImageDecoder } from "./image-decoder.js";
import { patient, pngOf } from "./pictures.fixture.js";

const documentFile = new URL("../../../../packages/docs/reference/hostile-images.md", import.meta.url);

const data = "https://example.com/menu";

/** Names that lead to the test's own hosts, or inward; everything else is judged and fetched as in production. */
const publicName = "pictures.example.com";
const innerName = "inner.example.com";

let hostPort = "";
let pool: DrawingPool;
let rig: Rig;
let key: TestKey;
beforeAll(async () => {
  pool = makeDrawingPool({ threads: 2, decoder: makeImageDecoder(patient) });
  rig = await startRig({
    draw: pool.draw,
    fetchPicture: (url, ...more) => (url.includes(publicName) ? fetchFromHost : fetchStrictly)(url, ...more),
  });
  key = rig.addKey("enterprise");
});
afterAll(async () => {
  await rig.stop();
  await pool.close();
});

/** A name with two addresses, one of them of this machine. */
const fetchStrictly = makeFetchPicture({
  outbound: makeOutbound({
    resolveName: async () => [
      { address: "93.184.215.14", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ],
  }),
});

/** The hosts of this test, under a public name. */
const hostRules: OutboundRules = {
  addressRefusal: () => null,
  hostRefusal: () => null,
  get ports() {
    return [hostPort];
  },
};
const fetchFromHost = makeFetchPicture({
  outbound: makeOutbound({ rules: hostRules, resolveName: async () => [{ address: "127.0.0.1", family: 4 }] }),
  fetchMsMax: 300,
});

type Row = [name: string, answer: string];
const sections: Record<string, Row[]> = {};
const filesSection = "Files, sent as `logo_file`";

/** The answer to a client, in a line. Every drawn image must be read. */
async function answerOf(response: Response): Promise<string> {
  if (response.status === 200) {
    expect(await decodeOne(Buffer.from(await response.arrayBuffer()))).toBe(data);
    return "200, drawn and read back";
  }
  const problem = (await response.json()) as { status: number; code: string; detail: string; errors: object };
  expect(response.status).toBe(400);
  expect(Object.keys(problem.errors).filter((field) => !field.startsWith("logo"))).toEqual([]);
  // Where the detail only names the field, the sentence is with the field.
  const sentences = problem.detail.startsWith("Check these") ? Object.values(problem.errors).flat() : [problem.detail];
  return `${problem.status} \`${problem.code}\`: ${sentences.join(" ")}`;
}

const sendFields = (fields: object) => rig.generate(key, { data, ...fields });

type Sending = { name?: string; type?: string; sender?: TestKey };

function sendFile(bytes: Buffer, { name = "logo.png", type = "image/png", sender = key }: Sending = {}) {
  const form = new FormData();
  form.set("data", data);
  form.set("logo_file", new Blob([new Uint8Array(bytes)], { type }), name);
  const headers = { "X-Api-Key": sender.rawKey };
  return fetch(`${rig.url}/api/v1/generate/`, { method: "POST", headers, body: form });
}

async function answersTo<T>(cases: readonly [string, T][], send: (value: T) => Promise<Response>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, value] of cases) rows.push([name, await answerOf(await send(value))]);
  return rows;
}

test("a hostile file is drawn without harm or refused with what would do", async () => {
  const files = [...hostileFiles, ...hostileFormFiles];
  // Each from a workspace of its own: one would soon be told that it sends too many broken files.
  sections[filesSection] = await answersTo(files, async (bytes) => {
    const sender = rig.addKey("enterprise");
    const answer = await sendFile(bytes, { sender });
    expect(await rig.used(sender)).toBe(answer.ok ? 1 : 0);
    return answer;
  });
}, 180_000);

test("what a file is called and claimed to be makes no difference", async () => {
  const png = pngOf(300, 300);
  const labels: [string, { name: string; type: string }][] = [
    ["a PNG named logo.gif, of type image/gif", { name: "logo.gif", type: "image/gif" }],
    ["a PNG named ../../etc/passwd", { name: "../../etc/passwd", type: "image/png" }],
    ["a PNG of type text/html", { name: "page.html", type: "text/html" }],
  ];
  sections["Labels of a sound PNG"] = await answersTo(labels, (label) => sendFile(png, label));
});

test("hostile text in place of a picture is refused with what would do", async () => {
  sections["Text, sent as `logo` in JSON"] = await answersTo(hostileTexts, (logo) => sendFields({ logo }));
});

test("an address that is not public is refused, however it is spelled", async () => {
  const cases = refusedAddresses.map((url): [string, string] => [nameOf(url), url]);
  const rows = await answersTo(cases, (logo_url) => sendFields({ logo_url }));
  expect(rows.filter(([, answer]) => !answer.startsWith("400 `url_refused`"))).toEqual([]);
  const inner = await sendFields({ logo_url: `https://${innerName}/logo.png` });
  sections["Addresses, sent as `logo_url`"] = [
    ...rows,
    ["a public name that leads to a public address and to an inner one", await answerOf(inner)],
  ];
});

/** In the document control and invisible characters are spelled out, and what is long is cut. */
function nameOf(url: string): string {
  const spelled = url.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  return url === "" ? "nothing" : `\`${spelled.length > 80 ? `${spelled.slice(0, 40)}…` : spelled}\``;
}

test("a host that misbehaves costs a refusal, even one that never ends, and few bytes", async () => {
  const rows = await answersTo(hostileHosts, (listener) => fetchFrom(listener));
  expect(rows.filter(([, answer]) => !answer.startsWith("400 `image_rejected`"))).toEqual([]);
  // Bytes under way in buffers, but not without end.
  expect(flooded.bytes).toBeLessThan(12_000_000);
  sections["Hosts behind a public `logo_url`; the limit of 4 s is 0.3 s here"] = rows;
});

async function fetchFrom(listener: RequestListener): Promise<Response> {
  const server = await listen(createServer(listener));
  hostPort = String(server.port);
  const response = await sendFields({ logo_url: `http://${publicName}:${server.port}/logo.png` });
  await server.close();
  return response;
}

test("the service goes on, and has charged for what it has drawn only", async () => {
  const { [filesSection]: _files, ...others } = sections;
  const charged = Object.values(others)
    .flat()
    .filter(([, answer]) => answer.startsWith("200"));
  expect(await rig.used(key)).toBe(charged.length);
  expect((await fetch(`${rig.url}/api/health/`)).status).toBe(200);
});

test("the document tells these answers", () => {
  const tables = Object.entries(sections).map(([title, rows]) => {
    const lines = rows.map(([name, answer]) => `| ${name} | ${answer} |`);
    return `## ${title}\n\n| what is sent | what comes back |\n|---|---|\n${lines.join("\n")}\n`;
  });
  const document = `# Hostile images, each with its answer

Written by \`UPDATE_DOCS=1 npm test -- hostile-images\`, and compared with the answers in every run. Type and size are read
from the bytes before anything is decoded, as are the passes that decoding would take; a decoder is given the parts that
make one picture, in a process of its own with limits of time and memory, and what is drawn is always encoded anew. An
error costs no credit; from the tenth file in a minute that no decoder could read on, a workspace is told to wait (429).

${tables.join("\n")}`;
  if (process.env.UPDATE_DOCS) writeFileSync(documentFile, document);
  expect(readFileSync(documentFile, "utf8")).toBe(document);
});
