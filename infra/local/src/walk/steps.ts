// The way through the product that every version has to manage: an image, the cache, an account, a key, a dynamic
// code, a scan, an edit, a count. By HTTP alone; each step throws with what was expected when it is not so.
import { randomUUID } from "node:crypto";
import { until } from "@qrfactory/processes/until";
import type { StackFile } from "../stack/stack-file.js";
import { type Answer, curl } from "./curl.js";
import { imageSteps } from "./image-steps.js";
import { expectThat, generate, type Step } from "./step.js";

/** An edit is served by every region within this time. */
const editMsMax = 1_000;

/** A scan is in the count within this time. */
const countMsMax = 5_000;

/** The steps in order; later ones use what earlier ones made. */
export function walkSteps(stack: StackFile): Step[] {
  const { gateway } = stack;
  const unique = randomUUID();
  const data = `https://example.com/walk/${unique}?q=Gr%C3%BC%C3%9Fe`;
  const email = `walk-${unique}@example.com`;
  const password = `correct horse ${unique}`;
  const codes = { first: `https://example.com/first/${unique}`, second: `https://example.com/second/${unique}` };
  let jwt: Record<string, string>;
  let rawKey = "";
  let shortId = "";
  let created: Answer;

  const scanTarget = async (base = gateway) =>
    (await curl(`${base}/q/${shortId}`, { method: "HEAD" })).headers.location;
  const createCode = () =>
    curl(`${gateway}/api/v1/dynamic/`, {
      headers: { ...jwt, "Idempotency-Key": `walk-${unique}` },
      json: { name: "Walk", destination_url: codes.first },
    });

  return [
    ...imageSteps(stack, data),
    {
      promise: "anybody can sign up and log in",
      act: async () => {
        const signup = await curl(`${gateway}/api/v1/auth/signup/`, {
          json: { email, password, workspace_name: "Walk" },
        });
        expectThat(signup.status === 201 && typeof signup.json().access_token === "string", "201 and a token", signup);
        const login = await curl(`${gateway}/api/v1/auth/login/`, { json: { email, password } });
        expectThat(login.status === 200 && typeof login.json().access_token === "string", "200 and a token", login);
        jwt = { Authorization: `Bearer ${login.json().access_token}` };
        const me = await curl(`${gateway}/api/v1/me/`, { headers: jwt });
        expectThat(me.status === 200, "200", me);
      },
    },
    {
      promise: "a new key works at once",
      act: async () => {
        const key = await curl(`${gateway}/api/v1/keys/`, { headers: jwt, json: { name: "Walk" } });
        expectThat(key.status === 201 && /^smk_.{36}$/.test(String(key.json().raw_key)), "201 and a key", key);
        rawKey = String(key.json().raw_key);
        const image = await generate(gateway, rawKey, { data, size: 300 });
        expectThat(image.status === 200 && image.headers["x-qr-plan"] === "free", "200 on plan free", image);
        const usage = await curl(`${gateway}/api/v1/usage/`, { headers: { "X-Api-Key": rawKey } });
        expectThat(usage.json().used_this_month === 1, "1 render used", usage);
      },
    },
    {
      promise: "a dynamic code is created once, however often the request is repeated",
      act: async () => {
        created = await createCode();
        expectThat(created.status === 201, "201", created);
        const again = await createCode();
        expectThat(again.headers["idempotent-replayed"] === "true", "Idempotent-Replayed: true", again);
        expectThat(again.status === 201 && again.body.equals(created.body), "the first answer, byte for byte", again);
        const list = await curl(`${gateway}/api/v1/dynamic/`, { headers: jwt });
        expectThat(list.json().count === 1, "one code in the list", list);
        shortId = String(created.json().short_id);
      },
    },
    {
      promise: "a scan is sent to the destination, whatever the case of its letters",
      act: async () => {
        // HEAD is answered as GET and never counted, so that waiting does not change the count.
        await until(async () => (await scanTarget()) === codes.first, { timeoutMs: editMsMax, what: "The new code" });
        const scan = await curl(String(created.json().public_url));
        expectThat(scan.status === 302 && scan.headers.location === codes.first, `302 to ${codes.first}`, scan);
        expectThat(scan.headers["cache-control"] === "private, no-store", "Cache-Control: private, no-store", scan);
      },
    },
    {
      promise: "an edit of the destination is served by every region within a second",
      act: async () => {
        const edited = await curl(`${gateway}/api/v1/dynamic/${shortId}/`, {
          method: "PATCH",
          headers: jwt,
          json: { destination_url: codes.second },
        });
        expectThat(edited.status === 200, "200", edited);
        const regions = stack.regions.map(({ name, redirect }) =>
          until(async () => (await scanTarget(redirect)) === codes.second, {
            timeoutMs: editMsMax,
            what: `The edit in ${name}`,
          }),
        );
        await Promise.all(regions);
        const scan = await curl(`${gateway}/q/${shortId.toLowerCase()}`);
        expectThat(scan.status === 302 && scan.headers.location === codes.second, `302 to ${codes.second}`, scan);
      },
    },
    {
      promise: "both scans are counted within five seconds, and nothing else is",
      act: async () => {
        const row = () => curl(`${gateway}/api/v1/dynamic/${shortId}/`, { headers: jwt });
        const counted = async () => ((await row()).json().scan_count as number) >= 2;
        await until(counted, { timeoutMs: countMsMax, intervalMs: 50, what: "A scan_count of 2" });
        const last = await row();
        expectThat(last.json().scan_count === 2, "scan_count 2", last);
      },
    },
  ];
}
