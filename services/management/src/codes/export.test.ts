import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { connectDatabase, withPatience } from "@qrfactory/db/client";
import { freePort } from "@qrfactory/processes/ports";
import { startProcess } from "@qrfactory/processes/process";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { type Api, expectProblem, type Send, startApi } from "../api.fixture.js";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const create = (as: Send, short_id: string, fields: object = {}) =>
  as("POST", "/api/v1/dynamic", {
    body: { name: short_id, short_id, destination_url: `https://example.com/${short_id}`, ...fields },
  });

const download = (as: Send, format: string) => as("GET", `/api/v1/dynamic/export/?format=${format}`);

/** Codes of every state: what leads somewhere now is in the maps. */
async function createOfEveryState(as: Send, prefix: string): Promise<void> {
  const past = "2020-01-01T00:00:00Z";
  const fallback_url = "https://example.com/fallback";
  await create(as, `${prefix}-LIVE`, { destination_url: "https://example.com/a?price=$5&b=\\&c='" });
  await create(as, `${prefix}-PAUSED`, { is_active: false });
  await create(as, `${prefix}-FALLBACK`, { is_active: false, fallback_url });
  await create(as, `${prefix}-EXPIRED`, { expires_at: past, fallback_url });
  await create(as, `${prefix}-DELETED`);
  await as("DELETE", `/api/v1/dynamic/${prefix}-DELETED`);
}

test("the JSON map holds what each printed address leads to now", async () => {
  const { as } = await api.signUp();
  expect((await download(as, "json")).body).toEqual({});
  await createOfEveryState(as, "JSON");
  const answer = await download(as, "json");
  expect(answer.body).toEqual({
    "/q/JSON-LIVE": "https://example.com/a?price=$5&b=\\&c=%27",
    "/q/JSON-FALLBACK": "https://example.com/fallback",
    "/q/JSON-EXPIRED": "https://example.com/fallback",
  });
  expect(answer.headers.get("content-disposition")).toBe('attachment; filename="codes-map.json"');
});

test("nginx redirects by the exported map, in any case, whatever an address holds", async () => {
  const { as } = await api.signUp();
  await createOfEveryState(as, "NGINX");
  const directory = makeTempDirectory();
  const map = (await download(as, "nginx")).text;
  writeFileSync(join(directory.path, "map.conf"), map);
  const port = await freePort();
  const location = /location .*/.exec(map)?.[0];
  writeFileSync(
    join(directory.path, "nginx.conf"),
    `daemon off; pid nginx.pid; error_log stderr; events {}
     http { access_log off; include map.conf;
       client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
       server { listen 127.0.0.1:${port}; ${location} } }`,
  );
  const nginx = await startProcess({
    command: "nginx",
    args: ["-p", `${directory.path}/`, "-c", "nginx.conf"],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    leashed: true,
  });
  try {
    const scan = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual" });
      return [response.status, response.headers.get("location")];
    };
    await until(
      () =>
        scan("/").then(
          () => true,
          () => false,
        ),
      { timeoutMs: 10_000 },
    );
    const live = [302, "https://example.com/a?price=%245&b=%5C&c=%27"];
    expect(await scan("/q/NGINX-LIVE")).toEqual(live);
    expect(await scan("/Q/nginx-live")).toEqual(live);
    expect(await scan("/q/NGINX-EXPIRED")).toEqual([302, "https://example.com/fallback"]);
    expect(await scan("/q/NGINX-PAUSED")).toEqual([404, null]);
    expect(await scan("/q/NGINX-DELETED")).toEqual([404, null]);
  } finally {
    await nginx.stop();
    directory.remove();
  }
});

test("the table holds every code, and no cell that a spreadsheet would run", async () => {
  const { as } = await api.signUp();
  await create(as, "CSV-ONE", { name: '=HYPERLINK("https://evil.example")', tags: ["+1", "b"], is_active: false });
  await create(as, "CSV-TWO", { name: 'A "quoted", name' });
  const { text, headers } = await download(as, "csv");
  expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const [head, one, two, ...rest] = text.split("\n");
  expect(head).toMatch(/^short_id,public_url,name,destination_url,/);
  expect(one).toContain(`"'=HYPERLINK(""https://evil.example"")"`);
  expect(one).toContain(`"'+1, b"`);
  expect(two).toContain('CSV-TWO,HTTPS://QR.EXAMPLE.ORG/Q/CSV-TWO,"A ""quoted"", name",https://example.com/CSV-TWO');
  expect(rest).toEqual([""]);
});

test("more codes than are read at once are all there, once", async () => {
  const { as, workspaceId } = await api.signUp();
  const db = connectDatabase(api.database.url, { ...withPatience, poolMax: 1 });
  await db.$executeRaw`
    INSERT INTO dynamic_codes (id, workspace_id, short_id, name, destination_url)
    SELECT gen_random_uuid(), ${workspaceId}::uuid, 'MANY-' || n, 'Code', 'https://example.com/' || n
    FROM generate_series(1, 2500) AS n`;
  await db.$disconnect();
  expect(Object.keys((await download(as, "json")).body)).toHaveLength(2_500);
  expect(new Set((await download(as, "csv")).text.trim().split("\n")).size).toBe(2_501);
  expect((await download(as, "nginx")).text.match(/"https:/g)).toHaveLength(2_500);
});

test("the table shows moments by the clocks of its zone", async () => {
  const { as } = await api.signUp();
  await create(as, "ZONED-1", { expires_at: "2030-07-01T10:00:00Z" });
  expect((await download(as, "csv")).text).toContain("2030-07-01T10:00:00.000Z");
  const zoned = (await download(as, "csv&timezone=America/St_Johns")).text;
  expect(zoned).toContain("2030-07-01T07:30:00.000-02:30");
  expect(zoned).not.toMatch(/\dZ/);
});

test.each(["", "?format=xml", "?format=csv&page=2", "?format=csv&timezone=Mars/Base"])(
  "an export with %j is refused",
  async (query) => {
    const { as } = await api.signUp();
    expectProblem(await as("GET", `/api/v1/dynamic/export${query}`), 400, "validation_failed");
  },
);
