// Limits of each plan on drawing, by every way of asking; a frozen workspace draws nothing.

import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createSigningSecret, signingSecretContext } from "@qrfactory/auth/api-key";
import { publishKey } from "@qrfactory/auth/key-directory";
import { makeSeal } from "@qrfactory/auth/seal";
import { changeWorkspace, setOverage, type WorkspaceChange } from "@qrfactory/db/accounts/workspaces";
import { noOrigin } from "@qrfactory/db/audit/audit";
import { type PlanName, planNames, plans, smallestPlan } from "@qrfactory/domain/plan/plans";
import { until } from "@qrfactory/processes/until";
import { fetchOurs } from "@qrfactory/testing/http-message";
import { type Assembled, startAssembled } from "../assembled.fixture.js";

let service: Assembled;
beforeAll(async () => {
  service = await startAssembled();
});
afterAll(() => service.close());

const path = "/api/v1/generate/";
const data = "https://example.com/";

async function addSigner(plan: PlanName) {
  const secret = createSigningSecret();
  const sealed = makeSeal(service.sealKey).close(Buffer.from(secret), signingSecretContext);
  return { secret, ...(await service.addKey(plan, sealed)) };
}

type Signer = Awaited<ReturnType<typeof addSigner>>;

function getSigned({ secret, keyPrefix }: Signer, fields: object): Promise<Response> {
  const expires = String(Math.floor(Date.now() / 1_000) + 60);
  const words = Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]);
  const parameters = new URLSearchParams([...words, ["key", keyPrefix], ["expires", expires]]);
  parameters.sort();
  const sig = createHmac("sha256", secret).update(`${path}?${parameters}`).digest("hex");
  return fetchOurs(`${service.url}${path}?${parameters}&sig=${sig}`);
}

/** One size above what a plan allows, if another plan allows it. */
const beyond = planNames.flatMap((name) => {
  const { sizeInchesMax, dpiMax } = plans[name];
  const inches = [sizeInchesMax + 0.1, smallestPlan((plan) => plan.sizeInchesMax > sizeInchesMax)] as const;
  const dpi = [dpiMax + 1, smallestPlan((plan) => plan.dpiMax > dpiMax)] as const;
  return [
    ...(inches[1] ? [[name, { size_inches: inches[0], dpi: 72 }, inches[1]] as const] : []),
    ...(dpi[1] ? [[name, { size_inches: 1, dpi: dpi[0] }, dpi[1]] as const] : []),
  ];
});

test.each(beyond)(
  "the plan %s refuses %j by POST, signed GET and validate, and names the plan %s",
  async (name, size, larger) => {
    const signer = await addSigner(name);
    const fields = { data, ...size };
    const answers = await Promise.all([service.post(path, signer, fields), getSigned(signer, fields)]);
    for (const answer of answers) {
      const document = (await answer.json()) as { code: string; detail: string };
      expect([answer.status, document.code]).toEqual([403, "plan_limit"]);
      expect(document.detail).toContain(`the ${larger} plan`);
    }
    const verdict = await (await service.post("/api/v1/validate/", signer, fields)).json();
    expect(verdict).toMatchObject({
      valid: false,
      code: "plan_limit",
      errors: { [size.dpi === 72 ? "size_inches" : "dpi"]: [expect.stringContaining(larger)] },
    });
    expect(await service.used(signer)).toBe(0);
  },
);

test.each(planNames)("the plan %s draws up to the size that its table says", async (name) => {
  const signer = await addSigner(name);
  const { sizeInchesMax, dpiMax } = plans[name];
  for (const size of [
    { size_inches: sizeInchesMax, dpi: 72 },
    { size_inches: 1, dpi: dpiMax },
  ]) {
    const fields = { data, ...size };
    const answers = await Promise.all([service.post(path, signer, fields), getSigned(signer, fields)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  }
});

const freezes: [string, WorkspaceChange, string][] = [
  ["suspended", { action: "workspace.suspended", reason: "spam" }, "forbidden"],
  ["lapsed", { action: "workspace.lapsed" }, "plan_limit"],
  ["over its limit", { action: "workspace.plan_changed", plan: "free" }, "plan_limit"],
];

test.each(freezes)(
  "a workspace that is %s draws nothing once services look again, and pays nothing",
  async (_name, change, code) => {
    const signer = await addSigner("pro");
    for (let n = 0; n < 4; n++) {
      const payload = { name: `Poster ${n}`, destination_url: data };
      expect((await service.post(path, signer, { data_type: "dynamic", payload })).status).toBe(200);
    }
    expect((await getSigned(signer, { data })).status).toBe(200);
    const used = await service.used(signer);
    const actor = { kind: "operator", id: "test", ...noOrigin } as const;
    const publications = await changeWorkspace(service.db, signer.workspaceId, change, actor);
    await Promise.all(publications.map(({ hash, record }) => publishKey(service.redis, hash, record)));

    const problemOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];
    const frozenFor = async (ask: () => Promise<Response>) => (await ask()).status === 403;
    await until(() => frozenFor(() => service.post(path, signer, { data })));
    await until(() => frozenFor(() => getSigned(signer, { data })));
    const usedThen = await service.used(signer);
    expect(await problemOf(await service.post(path, signer, { data }))).toEqual([403, code]);
    expect(await problemOf(await getSigned(signer, { data }))).toEqual([403, code]);
    const dynamic = { data_type: "dynamic", payload: { name: "Late", destination_url: data } };
    expect(await problemOf(await service.post(path, signer, dynamic))).toEqual([403, code]);
    expect(await service.used(signer)).toBe(usedThen);
    expect(usedThen).toBeGreaterThanOrEqual(used);
    const made = await service.db.dynamicCode.findFirstOrThrow({ where: { workspaceId: signer.workspaceId } });
    const headers = { Authorization: await service.logIn(signer) };
    const byDashboard = await fetchOurs(`${service.url}/api/v1/dynamic/${made.shortId}/image/`, { headers });
    expect(await problemOf(byDashboard)).toEqual([403, code]);
    // Reads go on.
    expect((await service.post("/api/v1/validate/", signer, { data })).status).toBe(200);
  },
);

test("who opted in is served beyond the quota, as far as they said, and told that nothing included is left", async () => {
  const signer = await addSigner("starter");
  const month = new Date(`${new Date().toISOString().slice(0, 7)}-01`);
  await service.db.usageMonthly.create({ data: { workspaceId: signer.workspaceId, month, renders: 499 } });
  const actor = { kind: "operator", id: "test", ...noOrigin } as const;
  const choice = { enabled: true, rendersMax: 3 };
  await service.db.$transaction((tx) => setOverage(tx, signer.workspaceId, choice, actor));
  const answers: Response[] = [];
  for (let n = 0; n < 6; n++) answers.push(await service.post(path, signer, { data }));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429]);
  expect(answers.slice(0, 4).map(({ headers }) => headers.get("X-QR-Quota-Remaining"))).toEqual(["0", "0", "0", "0"]);
  expect(await answers[4]?.json()).toMatchObject({
    code: "quota_exceeded",
    detail: expect.stringContaining("500 images a month, the workspace pays for 3 more, and all are used"),
  });
  expect(await service.used(signer)).toBe(503);
});
