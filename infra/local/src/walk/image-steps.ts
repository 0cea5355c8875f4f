// Steps of the walk that need no account: the status, an image and its cache, another format, a mistake.
import { decodeOne } from "@qrfactory/testing/decode";
import type { StackFile } from "../stack/stack-file.js";
import { type Answer, curl } from "./curl.js";
import { expectThat, generate, type Step } from "./step.js";

/** The steps in order, with images of `data`, which nobody has asked for before. */
export function imageSteps({ gateway, demo }: StackFile, data: string): Step[] {
  let firstImage: Answer;
  return [
    {
      promise: "the gateway is healthy and everything behind it works",
      act: async () => {
        const health = await curl(`${gateway}/api/health/`);
        expectThat(health.status === 200 && health.json().status === "ok", '200 {"status":"ok"}', health);
        const status = await curl(`${gateway}/api/status/`);
        expectThat(status.status === 200 && status.json().status === "ok", "status ok", status);
        const page = await curl(`${gateway}/`);
        expectThat(page.status === 200 && page.body.includes("QRFactory"), "the landing page", page);
      },
    },
    {
      promise: "one call makes a PNG of 600 × 600 that an independent decoder reads back to its text",
      act: async () => {
        firstImage = await generate(gateway, demo.api_key, { data });
        expectThat(firstImage.status === 200, "200", firstImage);
        expectThat(firstImage.headers["content-type"] === "image/png", "image/png", firstImage);
        expectThat(firstImage.headers["x-qr-cache"] === "MISS", "X-QR-Cache: MISS", firstImage);
        const isSquare = firstImage.body.readUInt32BE(16) === 600 && firstImage.body.readUInt32BE(20) === 600;
        expectThat(isSquare, "600 × 600 pixels", firstImage);
        const text = await decodeOne(firstImage.body);
        expectThat(text === data, `the text ${data}, read back ${text}`, firstImage);
      },
    },
    {
      promise: "the same call again is a hit with the same bytes",
      act: async () => {
        const again = await generate(gateway, demo.api_key, { data });
        expectThat(again.headers["x-qr-cache"] === "HIT", "X-QR-Cache: HIT", again);
        expectThat(again.body.equals(firstImage.body), "the same bytes", again);
      },
    },
    {
      promise: "an SVG of the same data is one, too",
      act: async () => {
        const svg = await generate(gateway, demo.api_key, { data, format: "svg" });
        expectThat(svg.headers["content-type"]?.startsWith("image/svg+xml") ?? false, "image/svg+xml", svg);
        expectThat(svg.body.includes("<svg"), "an svg element", svg);
      },
    },
    {
      promise: "a mistake is answered with a problem that names the field",
      act: async () => {
        const refused = await generate(gateway, demo.api_key, { data, size: 7 });
        expectThat(refused.status === 400 && refused.json().code === "validation_failed", "validation_failed", refused);
        expectThat("size" in (refused.json().errors as object), "an error for size", refused);
        const stranger = await generate(gateway, "smk_nobody", { data });
        expectThat(stranger.status === 401 && stranger.json().code === "unauthenticated", "unauthenticated", stranger);
      },
    },
  ];
}
