import { createServer, type RequestListener } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { type Listening, listen } from "@qrfactory/testing/http";
import { type FetchRules, fetchImage } from "./fetch-image.js";
import { logoLimits } from "./image-header.js";

const servers: Listening[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A host on this machine under a public name, and rules that allow just that. */
async function serve(listener: RequestListener): Promise<{ url: string; rules: FetchRules }> {
  const server = await listen(createServer(listener));
  servers.push(server);
  const rules: FetchRules = {
    addressRefusal: () => null,
    hostRefusal: () => null,
    ports: [String(server.port)],
    lookup: async () => [{ address: "127.0.0.1", family: 4 }],
    fetchMsMax: 1_000,
  };
  return { url: `http://pictures.example.com:${server.port}/logo.png`, rules };
}

test("a picture is fetched under its name, from the address that was judged", async () => {
  let host = "";
  const { url, rules } = await serve((req, res) => {
    host = req.headers.host ?? "";
    res.end("picture");
  });
  expect((await fetchImage(url, logoLimits, rules)).toString()).toBe("picture");
  expect(host).toMatch(/^pictures\.example\.com:/);
});

test("a name that does not exist, or a host that does not listen, is a picture that could not be fetched", async () => {
  const { url, rules } = await serve(() => {});
  const nowhere = { ...rules, lookup: () => Promise.reject(new Error("ENOTFOUND")) };
  await expect(fetchImage(url, logoLimits, nowhere)).rejects.toMatchObject({ code: "image_rejected" });
  await servers.splice(0)[0]?.close();
  const port = Number(new URL(url).port);
  expect(await new Promise((resolve) => connect(port, "127.0.0.1").on("error", () => resolve("closed")))).toBe(
    "closed",
  );
  await expect(fetchImage(url, logoLimits, rules)).rejects.toMatchObject({ code: "image_rejected" });
});
