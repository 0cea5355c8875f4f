// Bodies that were answered 500, or lost a part: members and columns named like what every object has, `1e999` where a
// retry is told by its canonical form.
import { readArchive } from "../../bulk/archive.js";
import type { Row } from "../row.js";
import type { Answer, Ask } from "../stage/client.js";
import { makeCodes } from "../stage/others.js";
import type { Stage } from "../stage/stage.js";
import { inheritedNames as names } from "./odd-queries.js";

/** JSON texts, because no value of JavaScript is `1e999`. */
const oddMembers = [
  ...[
    '"size":1e999',
    '"name":1e999',
    '"a":1e999',
    '"name":"\\u0000"',
    '"name":"\\ud800"',
    '"max_scans":1e999',
    '"max_scans":1e308',
  ],
  ...names.flatMap((name) => [
    `"${name}":1`,
    `"${name}":{"a":1}`,
    `"payload":{"${name}":"x"}`,
    `"when":{"${name}":"x"}`,
  ]),
];
const creating: [route: string, rest: string][] = [
  ["keys", '"scopes":["render"]'],
  ["dynamic", '"destination_url":"https://example.com"'],
  ["members", '"role":"viewer"'],
  ["workspaces", '"b":1'],
  ["generate", '"data":"x"'],
  ["generate", '"data_type":"dynamic","payload":{"name":"x","destination_url":"https://example.com"}'],
  ["validate", '"data":"x"'],
  ["generate/bulk", '"items":[{"data":"x"}]'],
  ["auth/login", '"email":"a@example.com"'],
  ["dynamic/ID/resolve", '"language":"de"'],
  ["dynamic/ID/rollback", '"version":1'],
];
/** Tables with a column of each name, whose cells the manifest has to carry. */
const tables = names.flatMap((name) => [
  `url,${name}\nhttps://example.com,x\n`,
  `${name},url\nx,https://example.com\n`,
  `url,filename,${name}\nhttps://example.com,${name},${name}\n`,
]);
const items = names.flatMap((name) => [
  `{"items":[{"data":"https://example.com","${name}":"x"}]}`,
  `{"items":[{"data":"https://example.com","extra":{"${name}":"x"}}]}`,
  `{"items":[{"data":"https://example.com","filename":"${name}"}]}`,
  `{"items":[{"data":"https://example.com"}],"defaults":{"${name}":"x"}}`,
]);

/** Bodies that are odd in one place only. */
const wholes: [route: string, body: string][] = [
  ["generate/bulk", '{"items":[{"data":"https://example.com","size":1e999}]}'],
  ["generate/bulk", '{"items":[{"data":"https://example.com"}],"defaults":{"size":1e999}}'],
  ["generate/bulk", '{"items":[{"data":"https://example.com","extra":{"a":"\\ud800"}}]}'],
  [
    "generate",
    '{"data_type":"dynamic","payload":{"name":"x","destination_url":"https://example.com","max_scans":1e999}}',
  ],
  ["generate", '{"data_type":"geo","payload":{"latitude":1,"longitude":1,"altitude":1e999}}'],
];

const bodyAsks = (shortId: string): Ask[] => {
  const ask = (route: string, type: string, body: string, more = {}): Ask => ({
    url: `/api/v1/${route.replace("ID", shortId)}`,
    headers: { "Content-Type": type, ...more },
    body,
  });
  const json = "application/json";
  const once = (n: number) => ({ "Idempotency-Key": `odd-${Date.now()}-${n}` });
  const odd = creating.flatMap(([route, rest]) => oddMembers.map((member) => ({ route, body: `{${rest},${member}}` })));
  return [
    ...wholes.map(([route, body], n) => ask(route, json, body, once(-n))),
    ...odd.map(({ route, body }, n) => ask(route, json, body, once(n))),
    ...tables.map((table) => ask("generate/bulk", "text/csv", table, { Prefer: "wait=10" })),
    ...items.map((body) => ask("generate/bulk", json, body, { Prefer: "wait=10" })),
    ...names.map((name) => ask(`generate/bulk?${name}=x`, "text/csv", "url\nhttps://example.com\n")),
    ...["generate", "validate", "generate/bulk"].flatMap((route) =>
      names.map((name) =>
        ask(
          route,
          "multipart/form-data; boundary=X",
          `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n1\r\n--X--\r\n`,
        ),
      ),
    ),
  ];
};

/** Whether a table was drawn, and its columns are in the manifest under their own names. */
async function checkManifest(stage: Stage, table: string, answer: Answer): Promise<void> {
  const shown = JSON.stringify(table.split("\n")[0]);
  stage.promise(answer.status === 200, `a table with the columns ${shown} is answered ${answer.status}`);
  if (answer.status !== 200) return;
  const manifest = (await readArchive(answer.body)).find(({ name }) => name === "manifest.csv");
  const columns = manifest?.bytes.toString().split(/\r?\n/)[0]?.split(",") ?? [];
  const extra = names.filter((name) => (table.split("\n")[0] ?? "").split(",").includes(name));
  const lost = extra.filter((name) => !columns.some((column) => column.toLowerCase() === name.toLowerCase()));
  stage.promise(lost.length === 0, `the manifest lacks the column ${lost.join()}`);
}

const bodyRow: Row = {
  name: "odd-bodies",
  attack: "`1e999` with an Idempotency-Key, members and columns called constructor, __proto__, toString, everywhere",
  async run(stage) {
    const [shortId = ""] = await makeCodes(stage, 1);
    for (const ask of bodyAsks(shortId)) {
      const as = /generate|validate/.test(ask.url) ? stage.demo.asKey : stage.demo.asUser;
      const answer = await stage.attack({ ...ask, headers: { ...ask.headers, ...as } });
      if (tables.includes(String(ask.body))) await checkManifest(stage, String(ask.body), answer);
    }
  },
};

/** Rows of bodies with names and numbers that once broke a route. */
export const oddBodyRows: Row[] = [bodyRow];
