import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "@jest/globals";
import { ApiError } from "@qrfactory/domain/http/errors";
import { makeTempDirectory } from "@qrfactory/processes/temp";
import { until } from "@qrfactory/processes/until";
import fc from "fast-check";
import { makeFailureLimit } from "./failure-limit.js";
import { gifOf } from "./hostile-forms.fixture.js";
import { type ImageDecoder, type ImageDecoderOptions, makeImageDecoder } from "./image-decoder.js";
import { makePictureMemory } from "./picture-memory.js";
import { animatedGif, canvasOf, fileOf, jpegOf, patient, pngOf, webps } from "./pictures.fixture.js";
import type { PictureFile } from "./pictures.js";

const decoders: ImageDecoder[] = [];
/** A decoder that is patient unless told: other tests may take the cores. */
function startDecoder(options: ImageDecoderOptions = {}): ImageDecoder {
  const decoder = makeImageDecoder({ ...patient, ...options });
  decoders.push(decoder);
  return decoder;
}
afterEach(() => {
  for (const decoder of decoders.splice(0)) decoder.close();
});

const options = { field: "logo", sideMax: 500, workspaceId: "one" };

describe("decoded", () => {
  const pixelAt = ({ data, width }: { data: Uint8Array; width: number }, x: number, y: number) => [
    ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4),
  ];

  test("a picture keeps its pixels, clear ones too, and is made to fit", async () => {
    const decoder = startDecoder();
    const small = await decoder.decode(fileOf(canvasOf(40, 30, "rgba(0,0,0,0)").toBuffer("image/png")), options);
    expect([small.width, small.height]).toEqual([40, 30]);
    expect(pixelAt(small, 3, 3)).toEqual([255, 0, 0, 255]);
    expect(pixelAt(small, 36, 3)).toEqual([0, 0, 0, 0]);
    const large = await decoder.decode(fileOf(jpegOf(1_000, 200)), options);
    expect([large.width, large.height]).toEqual([500, 100]);
  });

  test("a WebP keeps its pixels and its transparency, with and without loss", async () => {
    const decoder = startDecoder();
    for (const [name, right] of [
      ["lossy", [0, 0, 255, 255]],
      ["alpha", [0, 0, 0, 0]],
      ["lossless", [0, 0, 0, 0]],
    ] as const) {
      const picture = await decoder.decode(fileOf(webps[name]), options);
      expect([picture.width, picture.height]).toEqual([32, 16]);
      for (const [x, color] of [
        [3, [255, 0, 0, 255]],
        [28, right],
      ] as const) {
        for (const [i, value] of pixelAt(picture, x, 8).entries())
          expect(Math.abs(value - (color[i] as number))).toBeLessThan(8);
      }
    }
    expect(await decoder.decode(fileOf(webps.alpha), { ...options, sideMax: 8 })).toMatchObject({
      width: 8,
      height: 4,
    });
  });

  test("whatever the bytes of a WebP say, it is a picture of its size or refused, and the next one is whole", async () => {
    const decoder = startDecoder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.values(webps)),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 6 }),
        async (webp, flips) => {
          const bytes = Buffer.from(webp);
          for (const [at, mask] of flips) (bytes[20 + (at % (bytes.length - 20))] as number) ^= mask;
          const workspaceId = `flipped ${count++}`;
          const outcome = await Promise.resolve()
            .then(() => decoder.decode(fileOf(bytes), { ...options, workspaceId }))
            .catch((error: unknown) => error);
          if (outcome instanceof ApiError) expect(outcome.code).toBe("image_rejected");
          else expect(outcome).toMatchObject({ width: expect.any(Number), data: expect.any(Uint8Array) });
        },
      ),
      { numRuns: 150 },
    );
    const sound = await decoder.decode(fileOf(webps.lossless), options);
    expect(pixelAt(sound, 3, 3)).toEqual([255, 0, 0, 255]);
  });

  test("an SVG is drawn as large as it is needed, on a clear ground, whatever size it says", async () => {
    const decoder = startDecoder();
    for (const size of ['width="8" height="4"', "", 'width="80mm" height="40mm"']) {
      const text = `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 8 4"><path fill="#f00" d="M0 0h4v4H0z"/></svg>`;
      const picture = await decoder.decode(fileOf(Buffer.from(text)), options);
      expect([picture.width, picture.height]).toEqual([500, 250]);
      expect(pixelAt(picture, 245, 125)).toEqual([255, 0, 0, 255]);
      expect(pixelAt(picture, 255, 125)).toEqual([0, 0, 0, 0]);
    }
  });

  test("of an animation the first frame is taken", async () => {
    const picture = await startDecoder().decode(fileOf(animatedGif), options);
    expect(pixelAt(picture, 0, 0)).toEqual([255, 0, 0, 255]);
  });

  test("an interlaced GIF has its rows in order, and a frame its place on a clear screen", async () => {
    const decoder = startDecoder();
    // In the order of the file: rows 0, 8, then 4, 12, then 2, 6, 10, 14, then the odd ones.
    const rows = [0, 8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15];
    const pixel = (index: number) => rows[Math.floor(index / 3)] as number;
    const frame = { left: 2, top: 1, width: 3, height: 16 };
    for (const screen of [
      [3, 16],
      [7, 20],
    ] as [number, number][]) {
      const place = screen[0] === 3 ? { ...frame, left: 0, top: 0 } : frame;
      const picture = await decoder.decode(fileOf(gifOf({ screen, frame: place, pixel, isInterlaced: true })), options);
      expect([picture.width, picture.height]).toEqual(screen);
      const reds = Array.from({ length: 16 }, (_, row) => pixelAt(picture, place.left + 1, place.top + row)[0]);
      expect(reds).toEqual(Array.from({ length: 16 }, (_, row) => 2 * row));
      if (screen[0] === 7) expect([pixelAt(picture, 0, 0), pixelAt(picture, 6, 19)]).toEqual([clear, clear]);
    }
  });
  const clear = [0, 0, 0, 0];

  test("a pixel of a colour that no table has is black, whatever lies behind the table", async () => {
    const colors = Buffer.from([255, 0, 0, 0, 255, 0]);
    const strange = gifOf({ screen: [20, 20], colors, pixel: (index) => index % 128 });
    const { data } = await startDecoder().decode(fileOf(strange), options);
    const seen = new Set(Array.from({ length: 400 }, (_, i) => data.subarray(4 * i, 4 * i + 4).join()));
    expect([...seen].sort()).toEqual(["0,0,0,255", "0,255,0,255", "255,0,0,255"]);
  });
});

const directory = makeTempDirectory();
afterAll(() => directory.remove());

/** A process that does what the first letter of a picture tells it, and writes down what it was asked. */
function obedientProcess(name: string): { processFile: string; log: string; letGo: () => void } {
  const [processFile, log] = [join(directory.path, `${name}.mjs`), join(directory.path, `${name}.log`)];
  writeFileSync(
    processFile,
    `import { appendFileSync, closeSync, existsSync } from "node:fs";
     const go = ${JSON.stringify(`${log}.go`)};
     process.send({ isReady: true });
     process.on("message", async ({ id, bytes }) => {
       const text = Buffer.from(bytes).toString();
       appendFileSync(${JSON.stringify(log)}, text + "\\n");
       if (text.startsWith("crash")) process.kill(process.pid, "SIGSEGV");
       if (text.startsWith("stuck")) for (;;);
       // Jest takes what V8 says at its end for the word of a worker of its own.
       if (text.startsWith("memory")) closeSync(2);
       if (text.startsWith("memory")) for (const held = []; ; ) held.push(Buffer.alloc(8_000_000, 1));
       if (text.startsWith("broken")) return process.send({ id, failed: true });
       if (text.startsWith("lie")) return process.send({ id, picture: { width: 9, height: 9, data: new Uint8Array(4) } });
       if (text.startsWith("hold")) while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 5));
       process.send({ id, picture: { width: 1, height: 1, data: new Uint8Array(4) }, spentMs: 1 });
     });`,
  );
  writeFileSync(log, "");
  return { processFile, log, letGo: () => writeFileSync(`${log}.go`, "") };
}

/** A file that tells the process above what to do. */
function order(text: string, megapixels = 0.01): PictureFile {
  const bytes = Buffer.from(text);
  const side = Math.round(1000 * Math.sqrt(megapixels));
  return { bytes, digest: text, header: { type: "png", width: side, height: side, passes: 1, parts: [bytes] } };
}

const outcomeOf = (decoder: ImageDecoder, file: PictureFile, workspaceId = "one") =>
  decoder.decode(file, { ...options, workspaceId }).then(
    () => "decoded",
    (error) => error.code,
  );
const linesOf = (log: string) => readFileSync(log, "utf8").trim().split("\n");
/** Enough for small pictures: node by itself writes to 92 MB at most. */
const smallMemory = 112 * 1024 * 1024;

describe("what a picture costs others", () => {
  test.each([
    ["crashes its process", "crash"],
    ["never ends", "stuck"],
    ["takes memory without end", "memory"],
    ["is damaged", "broken"],
    ["makes its process lie", "lie"],
  ])("a picture that %s costs only itself", async (_name, text) => {
    const { processFile } = obedientProcess(text);
    const decodeMsMax = text === "stuck" ? 5_000 : patient.decodeMsMax;
    const decoder = startDecoder({ processFile, processes: 1, decodeMsMax, memoryBytesMax: smallMemory });
    const outcomes = await Promise.all(["fine 1", text, "fine 2"].map((one) => outcomeOf(decoder, order(one))));
    expect([outcomes[0], outcomes[2]]).toEqual(["decoded", "decoded"]);
    // On a busy machine a process that never ends may not have had its time: that is nobody's fault.
    if (text === "stuck") expect(outcomes[1]).toMatch(/^(image_rejected|overloaded)$/);
    else expect(outcomes[1]).toBe("image_rejected");
  });

  test("a picture that needs more memory than one may is refused, and the next is decoded", async () => {
    if (process.platform !== "linux") return console.info("skipped: this system does not limit data segments");
    const decoder = startDecoder({ processes: 1, memoryBytesMax: smallMemory });
    const large = fileOf(canvasOf(4_000, 4_000).toBuffer("image/png"));
    await expect(decoder.decode(large, options)).rejects.toMatchObject({ code: "image_rejected" });
    expect((await decoder.decode(fileOf(pngOf(30, 30)), options)).width).toBe(30);
  });

  test("a process has nothing of the service's environment", async () => {
    const { processFile, log } = obedientProcess("environment");
    writeFileSync(
      processFile,
      `import { writeFileSync } from "node:fs";
       process.send({ isReady: true });
       writeFileSync(${JSON.stringify(log)}, Object.keys(process.env).join("\\n"));
       process.on("message", ({ id }) => process.send({ id, failed: true }));`,
    );
    process.env.SEAL_KEY = "secret";
    await outcomeOf(startDecoder({ processFile }), order("any")).finally(() => delete process.env.SEAL_KEY);
    const fromTheShell = ["PWD", "OLDPWD", "SHLVL", "_"];
    const kept = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", ...fromTheShell];
    expect(linesOf(log).filter((name) => !kept.includes(name))).toEqual([]);
  });
});

describe("turns", () => {
  test("nine costly pictures of one workspace leave a process to another's logo", async () => {
    const { processFile, log, letGo } = obedientProcess("costly");
    const decoder = startDecoder({ processFile, processes: 2 });
    const hostile = Array.from({ length: 9 }, (_, i) => outcomeOf(decoder, order(`hold ${i}`, 12)));
    // The costly ones are still under way when the logo is there.
    expect(await outcomeOf(decoder, order("fine"), "other")).toBe("decoded");
    expect(linesOf(log).filter((line) => line.startsWith("hold")).length).toBeLessThanOrEqual(1);
    letGo();
    const outcomes = await Promise.all(hostile);
    // Those that would have waited for longer than is worth it were told so.
    expect(new Set(outcomes)).toEqual(new Set(["decoded", "overloaded"]));
  });

  test("of nine cheap pictures that take long another's logo waits for the one under way only", async () => {
    const { processFile, log, letGo } = obedientProcess("cheap");
    const decoder = startDecoder({ processFile, processes: 1 });
    const hostile = Array.from({ length: 9 }, (_, i) => outcomeOf(decoder, order(`hold ${i}`)));
    await until(() => linesOf(log)[0] === "hold 0", { timeoutMs: 40_000 });
    const logo = outcomeOf(decoder, order("fine"), "other");
    letGo();
    expect(new Set(await Promise.all([...hostile, logo]))).toEqual(new Set(["decoded"]));
    expect(linesOf(log).slice(0, 3)).toEqual(["hold 0", "fine", "hold 1"]);
  });

  test("a picture whose turn does not come in time is refused as busy, not as broken", async () => {
    const { processFile, log, letGo } = obedientProcess("late");
    const decoder = startDecoder({ processFile, processes: 1, waitMsEnd: 50 });
    const held = outcomeOf(decoder, order("hold"));
    await until(() => linesOf(log)[0] === "hold", { timeoutMs: 40_000 });
    expect(await outcomeOf(decoder, order("fine"))).toBe("overloaded");
    letGo();
    expect(await held).toBe("decoded");
    expect(await outcomeOf(decoder, order("fine"))).toBe("decoded");
  });
});

test("a picture for which the machine had no time is refused as busy, and may be sent again", async () => {
  const { processFile, letGo } = obedientProcess("starved");
  const decoder = startDecoder({ processFile, decodeMsMax: 1_000 });
  expect(await outcomeOf(decoder, order("hold"))).toBe("overloaded");
  letGo();
  await until(async () => (await outcomeOf(decoder, order("hold"))) === "decoded", { timeoutMs: 40_000 });
});

describe("memory", () => {
  test("a picture, or a broken file, is decoded once, whoever sends it and however often", async () => {
    const { processFile, log } = obedientProcess("once");
    const decoder = startDecoder({ processFile, processes: 2 });
    const send = (text: string, workspaceId: string) => outcomeOf(decoder, order(text), workspaceId);
    const all = [send("fine", "one"), send("fine", "one"), send("broken", "one"), send("broken", "one")];
    expect(await Promise.all(all)).toEqual(["decoded", "decoded", "image_rejected", "image_rejected"]);
    expect([await send("fine", "other"), await send("broken", "other")]).toEqual(["decoded", "image_rejected"]);
    expect(linesOf(log).sort()).toEqual(["broken", "fine"]);
  });

  test("pictures that were used longest ago make room, and failures are forgotten", () => {
    let at = 0;
    const memory = makePictureMemory(100, () => at);
    const picture = { width: 1, height: 10, data: new Uint8Array(40) };
    memory.record("a", 10, picture);
    memory.record("b", 10, picture);
    expect(memory.find("a", 10)).toBe(picture);
    memory.record("c", 10, picture);
    expect(["a", "b", "c"].map((digest) => memory.find(digest, 10) !== null)).toEqual([true, false, true]);
    expect(memory.find("a", 11)).toBe(null);
    memory.recordFailure("d", "It is damaged.");
    expect(memory.findFailure("d")).toBe("It is damaged.");
    at += 60_000;
    expect(memory.findFailure("d")).toBe(null);
  });

  test("a workspace that keeps sending broken files is told to stop, and its known pictures go on", async () => {
    const { processFile, log } = obedientProcess("limit");
    const decoder = startDecoder({ processFile, processes: 2 });
    expect(await outcomeOf(decoder, order("fine"))).toBe("decoded");
    for (let i = 0; i < 10; i++) expect(await outcomeOf(decoder, order(`broken ${i}`))).toBe("image_rejected");
    const refused = decoder.decode(order("fine 2"), options);
    await expect(refused).rejects.toMatchObject({ code: "rate_limited", retryAfterSeconds: expect.any(Number) });
    expect(() => decoder.requireTurn(order("fine 2"), options)).toThrow(/could not be decoded within a minute/);
    expect(await outcomeOf(decoder, order("fine"))).toBe("decoded");
    expect(await outcomeOf(decoder, order("fine 2"), "other")).toBe("decoded");
    // Decoded by either, it is known now.
    expect(await outcomeOf(decoder, order("fine 2"))).toBe("decoded");
    expect(linesOf(log)).toHaveLength(12);
  });

  test("the minute of a limit ends", () => {
    let at = 0;
    const limit = makeFailureLimit(1, () => at);
    limit.count("one");
    expect(() => limit.requireFew("one")).toThrow(
      expect.objectContaining({ code: "rate_limited", retryAfterSeconds: 60 }),
    );
    limit.requireFew("other");
    at += 60_000;
    limit.requireFew("one");
  });
});
