// What a program does with the package, one thing of each kind: played in workerd and in Chromium.
import { NotFoundError, QRFactory, signedImageUrl, verifyWebhook } from "./index.js";

export type Env = { SERVICE: string; WEBHOOK: string };

/** Does all of it, and tells what came of it. */
export async function actAll({ SERVICE, WEBHOOK }: Env): Promise<Record<string, unknown>> {
  const qr = new QRFactory({ baseUrl: SERVICE, apiKey: "smk_worker", random: () => 0 });
  const image = await qr.generate({ data: "https://example.com", logo: new Uint8Array([1, 2, 3]) });
  const names: string[] = [];
  for await (const { name } of qr.codes.list()) names.push(name);
  const missing = await qr.codes.get("NONE").catch((error: unknown) => error instanceof NotFoundError);
  const live = qr.analytics.live();
  const event = (await live.next()).value;
  await live.return();
  const order = await qr.bulk.create({ csv: "url\nhttps://example.com\n" });
  const file = await order.download();
  const fields = { data: "https://example.com" };
  const signing = { baseUrl: SERVICE, apiKey: "smk_0123456789", signingSecret: "sms_x", expiresAt: 2_000_000_000 };
  const { headers, body, secret, nowMs } = JSON.parse(WEBHOOK);
  return {
    image: [...image.bytes],
    score: image.score,
    names,
    missing,
    event,
    file: await file.text(),
    signed: await signedImageUrl(fields, signing),
    webhook: await verifyWebhook(body, headers, secret, { nowMs }),
  };
}
