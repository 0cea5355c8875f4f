import { afterEach, expect, test } from "@jest/globals";
import { type Redis as Server, startRedis } from "@qrfactory/processes/redis";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import { decodeOne } from "@qrfactory/testing/decode";
import { drawDesign } from "../draw/draw-design.js";
import { makeDrawingPool } from "../pool/drawing-pool.js";
import { imageOf, type Rig, startRig } from "../rig.fixture.js";

const url = "https://example.com/faults";
const stops: (() => Promise<void>)[] = [];

async function start(overrides: Parameters<typeof startRig>[0] = {}): Promise<Rig> {
  const rig = await startRig(overrides);
  stops.push(() => rig.stop());
  return rig;
}

async function startCache(): Promise<Server> {
  const temp = makeTempDirectory();
  const server = await startRedis({ role: "cache", dataDirectory: temp.path, maxMemoryMb: 16 });
  stops.push(async () => {
    server.thaw();
    await server.stop();
    temp.remove();
  });
  return server;
}

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A draw that counts, and that waits at a gate. */
function gatedDraw() {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const counter = { drawn: 0, open };
  const gated: typeof drawDesign = async (design, options) => {
    counter.drawn += 1;
    await gate;
    return drawDesign(design, options);
  };
  return { counter, gated };
}

test("equal requests at the same moment are drawn once, and all but one are hits", async () => {
  const { counter, gated } = gatedDraw();
  const rig = await start({ draw: gated });
  const key = rig.addKey("enterprise");
  const responses = Array.from({ length: 20 }, () => rig.generate(key, { data: url }));
  // All have paid: what is left is to wait for the one drawing.
  await until(async () => (await rig.used(key)) === 20);
  counter.open();
  const answers = await Promise.all(responses);
  const outcomes = answers.map((response) => response.headers.get("x-qr-cache"));
  expect(counter.drawn).toBe(1);
  expect(outcomes.filter((outcome) => outcome === "MISS")).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === "HIT")).toHaveLength(19);
  const images = await Promise.all(answers.map(imageOf));
  for (const image of images) expect(image.equals(images[0] as Buffer)).toBe(true);
});

test("a drawing that fails is an internal error that costs nothing and shows nothing of itself", async () => {
  let broken = true;
  const rig = await start({
    draw: (design, options) => (broken ? Promise.reject(new Error("secret path /srv")) : drawDesign(design, options)),
  });
  const key = rig.addKey("free");
  const response = await rig.generate(key, { data: url });
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
  expect(await rig.used(key)).toBe(0);
  broken = false;
  expect((await rig.generate(key, { data: url })).status).toBe(200);
});

test("who leaves before the image is drawn pays nothing, and the drawing is given up when the last one has left", async () => {
  let abandoned = 0;
  let drawing = 0;
  const rig = await start({
    draw: (_design, { signal }) =>
      new Promise((_resolve, reject) => {
        drawing += 1;
        signal?.addEventListener("abort", () => {
          abandoned += 1;
          reject(new Error("nobody waits"));
        });
      }),
  });
  const key = rig.addKey("free");
  const clients = [new AbortController(), new AbortController()];
  const answers = clients.map(({ signal }) => rig.generate(key, { data: url }, {}, signal).catch(() => "left"));
  await until(async () => drawing === 1 && (await rig.used(key)) === 2);
  clients[0]?.abort();
  await answers[0];
  expect(abandoned).toBe(0);
  clients[1]?.abort();
  await until(async () => abandoned === 1 && (await rig.used(key)) === 0);
  expect(rig.calls).toEqual([]);
});

test("more than can be drawn in time is refused at once, free of charge, and the rest is drawn", async () => {
  const pool = makeDrawingPool({ threads: 1 });
  stops.push(pool.close);
  const rig = await start({ draw: pool.draw, requireTurn: pool.requireTurn });
  const key = rig.addKey("pro");
  const text = "https://example.com/".padEnd(1_200, "x");
  const answers = await Promise.all(
    Array.from({ length: 80 }, (_, i) => rig.generate(key, { data: `${text}${i}`, size: 2_000 })),
  );
  const refused = answers.filter((answer) => answer.status === 503);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    expect(await answer.json()).toMatchObject({ code: "overloaded" });
  }
  const drawn = answers.filter((answer) => answer.status === 200);
  expect(drawn.length).toBeGreaterThan(0);
  expect(drawn.length + refused.length).toBe(80);
  expect(await rig.used(key)).toBe(drawn.length);
  expect(rig.calls).toHaveLength(drawn.length);
});

test("nothing is delivered, and nothing charged, that could not be written down", async () => {
  const rig = await start({ recordCall: () => Promise.reject(new Error("the spool is closed")) });
  const key = rig.addKey("free");
  expect((await rig.generate(key, { data: url })).status).toBe(503);
  expect(await rig.used(key)).toBe(0);
});

test("without the state Redis the answer is a 503 before it is back, never a 429 and never free", async () => {
  const rig = await start({ stateTimeoutMs: 250 });
  const key = rig.addKey("free");
  expect((await rig.generate(key, { data: url })).status).toBe(200);
  rig.state.freeze();
  for (const fault of ["frozen", "killed"]) {
    if (fault === "killed") await rig.state.kill();
    const response = await rig.generate(key, { data: url });
    expect([fault, response.status, response.headers.get("retry-after")]).toEqual([fault, 503, "1"]);
    expect(await response.json()).toMatchObject({ code: "unavailable" });
  }
  await rig.state.restart();
  await until(async () => (await rig.generate(key, { data: url })).status === 200);
});

test("the render cache killed, frozen or back again never makes an error", async () => {
  const server = await startCache();
  const rig = await start({ renderCacheUrl: server.url });
  const key = rig.addKey("enterprise");
  const outcome = async () => {
    const response = await rig.generate(key, { data: url, size: 100 });
    expect(await decodeOne(await imageOf(response))).toBe(url);
    return response.headers.get("x-qr-cache");
  };
  await until(async () => (await outcome()) === "HIT");

  server.freeze();
  // Enough calls for the breaker to open. Each waits as long as cache.test.ts allows the cache, or not at all.
  for (let n = 0; n < 8; n++) {
    const response = await rig.generate(key, { data: url });
    expect([response.status, response.headers.get("x-qr-cache")]).toEqual([200, "MISS"]);
  }
  expect((await rig.remove(key, "0".repeat(64))).status).toBe(503);
  server.thaw();
  await until(async () => (await outcome()) === "HIT");

  await server.kill();
  expect(await outcome()).toBe("MISS");
  const together = await Promise.all(Array.from({ length: 5 }, outcome));
  expect(together).toEqual(["MISS", "MISS", "MISS", "MISS", "MISS"]);
  await server.restart();
  await until(async () => (await outcome()) === "HIT");
});
