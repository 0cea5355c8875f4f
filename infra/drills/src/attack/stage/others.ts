// Others as the rows know them: a customer who looks at their account, one who has images drawn, phones that scan.
import { expectStatus, jsonOf } from "./client.js";
import type { Others, Stage } from "./stage.js";

/** Another customer's `GET /api/v1/me/`. */
export const whoAmI = ({ demo }: Stage): Others => ({ asks: [{ url: "/api/v1/me/", headers: demo.asUser }] });

/** Another customer's image, which the cache has: what it takes is the service's own time. */
export const cachedImage = ({ demo }: Stage): Others => ({
  asks: [{ url: "/api/v1/generate/", headers: demo.asKey, json: { data: "https://example.com/others", size: 300 } }],
});

/** How many codes the phones scan. */
const codeCount = 10;
const scanEveryMs = 20;
const publishedMsMax = 10_000;

/** Scans of known codes by phones. */
export async function scans(stage: Stage): Promise<Others> {
  const ids = await makeCodes(stage, codeCount);
  const headers = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)",
    "Accept-Language": "de-AT",
  };
  return { asks: ids.map((id) => ({ url: `/q/${id}`, headers })), expected: 302, everyMs: scanEveryMs };
}

/** Makes codes of the demo workspace and returns their short ids once they lead on. */
export async function makeCodes({ client, demo }: Stage, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const json = { name: `Code ${n}`, destination_url: `https://example.com/${n}` };
    const answer = expectStatus(await client.send({ url: "/api/v1/dynamic/", headers: demo.asUser, json }), 201);
    ids.push(jsonOf<{ short_id: string }>(answer).short_id);
  }
  const deadline = performance.now() + publishedMsMax;
  for (const id of ids) {
    while ((await client.send({ method: "HEAD", url: `/q/${id}` })).status !== 302) {
      if (performance.now() > deadline) throw new Error(`The code ${id} does not lead on.`);
    }
  }
  return ids;
}
