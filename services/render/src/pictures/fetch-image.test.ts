import { createServer, type RequestListener } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { makeOutbound, type OutboundOptions } from "@qrfactory/runtime/outbound/outbound";
import { type Listening, listen } from "@qrfactory/testing/http";
import { makeFetchPicture } from "./fetch-image.js";
import { logoLimits } from "./headers/image-header.js";

const servers: Listening[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A host on this machine under a public name, and a way out that leads just there. */
async function serve(listener: RequestListener): Promise<{ url: string; options: OutboundOptions }> {
  const server = await listen(createServer(listener));
  servers.push(server);
  const options: OutboundOptions = {
    rules: { addressRefusal: () => null, hostRefusal: () => null, ports: [String(server.port)] },
    resolveName: async () => [{ address: "127.0.0.1", family: 4 }],
  };
  return { url: `http://pictures.example.com:${server.port}/logo.png`, options };
}

const fetchWith = (options: OutboundOptions, url: string, fetchMsMax = 4_000) =>
  makeFetchPicture({ outbound: makeOutbound(options), fetchMsMax })(url, logoLimits, "a workspace");

test("a picture is fetched under its name, from the address that was judged", async () => {
  let host = "";
  const { url, options } = await serve((req, res) => {
    host = req.headers.host ?? "";
    res.end("picture");
  });
  expect((await fetchWith(options, url)).toString()).toBe("picture");
  expect(host).toMatch(/^pictures\.example\.com:/);
});

test("a name that does not exist, or a host that does not listen, is a picture that could not be fetched", async () => {
  const { url, options } = await serve(() => {});
  const nowhere = { ...options, resolveName: () => Promise.reject(new Error("ENOTFOUND")) };
  await expect(fetchWith(nowhere, url)).rejects.toMatchObject({ code: "image_rejected" });
  await servers.splice(0)[0]?.close();
  const port = Number(new URL(url).port);
  expect(await new Promise((resolve) => connect(port, "127.0.0.1").on("error", () => resolve("closed")))).toBe(
    "closed",
  );
  await expect(fetchWith(options, url)).rejects.toMatchObject({ code: "image_rejected" });
});

test("a name that is never found is given up with the picture's time", async () => {
  const { url, options } = await serve(() => {});
  const silent: OutboundOptions = {
    ...options,
    resolveName: (_host, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  };
  await expect(fetchWith(silent, url, 50)).rejects.toMatchObject({
    code: "image_rejected",
    message: expect.stringContaining("did not arrive within 0.05 s"),
  });
});
