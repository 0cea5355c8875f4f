// Traces that people leave in files: a run with marks in everything, kills and freezes in its middle, then a search.
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { placeCluster } from "@qrfactory/processes/postgres-cluster";
import { until } from "@qrfactory/processes/until";
import type { Row } from "../row.js";
import { type Client, expectStatus, jsonOf, makeClient } from "../stage/client.js";
import { filesIn, mailedToken, markedAddress, markedHeaders, marks, search, tell } from "../stage/marks.js";
import { makeCodes } from "../stage/others.js";
import type { Person } from "../stage/people.js";
import type { OwnStack } from "../stage/stack.js";
import type { Stage } from "../stage/stage.js";

const query = `?${marks.query}`;
const freezeMs = 1_500;
const backMsMax = 60_000;

const ownOf = ({ own }: Stage): OwnStack => {
  if (!own) throw new Error("This row needs a stack of its own.");
  return own;
};

/** While each service is away, frozen or dead, asks what it would have answered. */
async function askFailing(own: OwnStack, marked: Client, shortId: string): Promise<void> {
  const paths = [
    `/q/${shortId}${query}`,
    `/api/v1/me/${query}`,
    `/api/v1/generate/${query}&sig=${marks["access token"]}`,
    `/api/v1/bulk/x/download/${query}`,
    `/api/status/${query}`,
  ];
  const headers = { ...markedHeaders, Authorization: `Bearer ${marks["access token"]}` };
  const ask = () => Promise.all(paths.map((url) => marked.send({ url, headers, patienceMs: freezeMs })));
  process.kill(own.launcherPid(), "SIGSTOP");
  try {
    for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
      const { redirect, render, management, worker } = own.file().pids;
      for (const pid of [...redirect, ...render, ...management, ...worker]) process.kill(pid, signal);
      await ask();
    }
  } finally {
    process.kill(own.launcherPid(), "SIGCONT");
  }
  // 200 says no more than that scans and the database are back.
  const isBack = async () => {
    const answer = await marked.send({ url: "/api/status/" });
    return answer.status === 200 && jsonOf<{ status: string }>(answer).status === "ok";
  };
  await until(isBack, { timeoutMs: backMsMax, intervalMs: 200, what: "The return of the services" });
}

const errorLog: Row = {
  name: "error-log",
  attack: "requests with tokens and queries to services that are frozen, then dead: nginx's log is searched",
  own: {},
  async run(stage) {
    const own = ownOf(stage);
    const [id = ""] = await makeCodes(stage, 1);
    const marked = makeClient(own.file().gateway, { localAddress: markedAddress });
    await askFailing(own, marked, id);
    // A body that is cut, headers that are too long, what cannot be read.
    await marked.send({ url: `/q/${"x".repeat(40_000)}${query}` });
    await marked.send({ url: `/api/v1/me/${query}`, headers: { "X-Long": "x".repeat(60_000) } });
    marked.close();
    const found = search([join(own.dataDirectory, "logs"), join(own.dataDirectory, "gateway")], marks);
    for (const what of tell(found)) stage.promise(false, what);
  },
};

/** Everything that a person does, with a mark in each. */
async function live(marked: Client): Promise<Person & { resetOf: string }> {
  const headers = markedHeaders;
  const email = `marks-${Date.now()}@example.com`;
  const account = { email, password: marks["log-in password"], workspace_name: "Marks" };
  const json = async (url: string, body: object, more = {}) => {
    // No route knows this query, and each refuses it; sent with nothing in the body, it has no effect in any case.
    await marked.send({ url: `${url}${query}`, json: {}, headers: { ...headers, ...more } });
    return marked.send({ url, json: body, headers: { ...headers, ...more } });
  };
  const signedUp = expectStatus(await json("/api/v1/auth/signup/", account), 201);
  const session = jsonOf<{ access_token: string; refresh_token: string }>(signedUp);
  const asUser = { Authorization: `Bearer ${session.access_token}` };
  await json("/api/v1/auth/login/", { email, password: marks["guessed password"] });
  await json("/api/v1/auth/password/forgot/", { email });
  const key = jsonOf<{ id: string; raw_key: string; signing_secret: string }>(
    expectStatus(await json("/api/v1/keys/", { name: "Marks" }, asUser), 201),
  );
  const asKey = { "X-Api-Key": key.raw_key };
  const wifi = { ssid: "Guests", password: marks["Wi-Fi password"], security: "WPA" };
  await json("/api/v1/generate/", { data_type: "wifi", payload: wifi }, asKey);
  await json("/api/v1/generate/", { data_type: "text", data: marks["text of a code"] }, asKey);
  await json("/api/v1/generate/", { data_type: "wifi", payload: { ...wifi, security: "none" } }, asKey);
  await json(
    "/api/v1/generate/bulk/",
    { items: [{ data_type: "wifi", payload: wifi }] },
    { ...asKey, Prefer: "wait=10" },
  );
  const code = { name: "Menu", destination_url: "https://example.com/menu", forward_query: true };
  const open = jsonOf<{ short_id: string }>(await json("/api/v1/dynamic/", code, asUser)).short_id;
  const locked = jsonOf<{ short_id: string }>(
    await json("/api/v1/dynamic/", { ...code, password: marks["code's password"] }, asUser),
  ).short_id;
  await until(async () => (await marked.send({ method: "HEAD", url: `/q/${open}` })).status === 302);
  for (const id of [open, locked, "NOBODY-1"]) await marked.send({ url: `/q/${id}${query}`, headers });
  const typed = { ...headers, "Content-Type": "application/x-www-form-urlencoded" };
  await marked.send({ url: `/q/${locked}${query}`, headers: typed, body: `password=${marks["code's password"]}` });
  return {
    ...{ email, password: account.password, userId: "", workspaceId: "", asUser, asKey, keyId: key.id },
    signingSecret: key.signing_secret,
    resetOf: open,
  };
}

/** Scans and calls are taken in, closed segments go, Redis writes its files anew when it is told. */
const settleMs = 10_000;

const traces: Row = {
  name: "traces",
  attack: "all files of the data directory searched for what a person sent, after kills and freezes",
  own: {},
  async run(stage) {
    const own = ownOf(stage);
    const marked = makeClient(own.file().gateway, { localAddress: markedAddress });
    const before = await live(marked);
    await askFailing(own, marked, before.resetOf);
    const after = await live(marked);
    await pause(settleMs);
    marked.close();
    const cluster = placeCluster(join(own.dataDirectory, "postgres")).dataDirectory;
    const directories = [own.dataDirectory, ...(cluster.startsWith(own.dataDirectory) ? [] : [cluster])];
    const secrets = {
      "API key": after.asKey["X-Api-Key"],
      "signing secret": after.signingSecret,
      "reset token": mailedToken,
    };
    // A mail that waits for its reader holds the token that is meant for them.
    const found = search(directories, { ...marks, ...secrets }).filter(
      ({ what, file }) => !(what === "reset token" && file.startsWith("mails/")),
    );
    for (const what of tell(found)) stage.promise(false, what);
    const files = directories.flatMap(filesIn);
    // Pages of the gateway are for everybody.
    const open = files.filter(({ path, mode }) => (mode & 0o007) !== 0 && !path.includes("/gateway/www/"));
    stage.saw(`${files.length} files`);
    stage.promise(open.length === 0, `${open.length} files can be read by others`);
    const mode = statSync(own.dataDirectory).mode & 0o777;
    stage.promise(mode === 0o700, `the data directory has mode 0${mode.toString(8)}`);
  },
};

/** Rows that search files for personal data. */
export const traceRows: Row[] = [errorLog, traces];
