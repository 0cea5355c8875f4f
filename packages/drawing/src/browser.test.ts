import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { readDesign } from "@qrfactory/domain/design/design";
import { imageFormats } from "@qrfactory/domain/design/image-size";
import { eyeBorderShapes, eyeCenterShapes, frameStyles, gradientTypes, patterns } from "@qrfactory/domain/design/style";
import { plans } from "@qrfactory/domain/plan/plans";
import { startBrowser } from "@qrfactory/testing/browser";
import { type Listening, listen } from "@qrfactory/testing/http";
import { build, stop } from "esbuild";
import { type DesignCase, labels, sampleDesigns } from "./designs.fixture.js";
import { fontFiles } from "./fonts.fixture.js";
import { makeImageOf } from "./image-of.fixture.js";
import { type Family, fontPackages } from "./label/fonts.js";

const require = createRequire(import.meta.url);
const compiled = (name: string) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

/** Bundled for browsers: any module of Node.js is an error, but the one that HarfBuzz takes only there. */
async function bundle(name: string, external: string[] = []): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [compiled(name)],
    ...{ bundle: true, write: false, format: "esm", platform: "browser", minify: true, external, logLevel: "silent" },
  });
  return outputFiles[0]?.text ?? "";
}

type Browser = Awaited<ReturnType<typeof startBrowser>>;

/** A busy machine takes its time; these only end what hangs. */
const startMsMax = 120_000;
const drawMsMax = 600_000;

let site: Listening;
let browser: Browser;
let page: Awaited<ReturnType<Browser["newPage"]>>;

beforeAll(async () => {
  const script = await bundle("browser-page.fixture.js", ["module"]);
  const wasm = readFileSync(require.resolve("harfbuzzjs/dist/harfbuzz.wasm"));
  const families = Object.keys(fontPackages) as Family[];
  const indices = JSON.stringify(Object.fromEntries(families.map((family) => [family, fontFiles.subsetsOf(family)])));
  const answers: Record<string, [type: string, body: string | Buffer]> = {
    "/": ["text/html", '<!doctype html><script type="module" src="/page.js"></script>'],
    "/page.js": ["text/javascript", script],
    "/harfbuzz.wasm": ["application/wasm", wasm],
    "/fonts.json": ["application/json", indices],
  };
  site = await listen((req: IncomingMessage, res: ServerResponse) => {
    const { pathname, searchParams } = new URL(req.url ?? "/", "http://localhost");
    const [type, body] = answers[pathname] ?? [];
    if (type) {
      res.writeHead(200, { "Content-Type": type }).end(body);
      return;
    }
    if (pathname !== "/font") {
      res.writeHead(404).end();
      return;
    }
    fontFiles.read(searchParams.get("family") as Family, searchParams.get("subset") ?? "").then(
      (font) => res.writeHead(200).end(font),
      () => res.writeHead(500).end(),
    );
  });
  browser = await startBrowser();
  page = await browser.newPage();
  page.setDefaultTimeout(startMsMax);
  await page.goto(site.url);
  await page.waitForFunction("globalThis.imageOf !== undefined");
}, startMsMax);

afterAll(async () => {
  await browser?.close();
  await site?.close();
  await stop();
});

test("drawing needs nothing of Node.js", async () => {
  const script = await bundle("drawing.js");
  expect(script.length).toBeGreaterThan(10_000);
  expect(script).not.toMatch(/\bBuffer\b|\bprocess\.|node:/);
});

const drawInPage = (drawn: DesignCase) =>
  page.evaluate(
    (given) => (globalThis as unknown as { imageOf: (of: DesignCase) => Promise<string> }).imageOf(given),
    drawn,
  );

test(
  "a browser draws the bytes that Node.js draws, whatever the design",
  async () => {
    const cases = sampleDesigns(300);
    const imageOf = makeImageOf(fontFiles);
    let countDrawn = 0;
    for (const drawn of cases) {
      const image = await imageOf(drawn);
      const isEqual = (await drawInPage(drawn)) === image;
      expect({ ...drawn.design, isEqual }).toEqual({ ...drawn.design, isEqual: true });
      if (!image.startsWith("refused: ")) countDrawn += 1;
    }
    expect(cases).toHaveLength(300);
    expect(countDrawn).toBeGreaterThan(270);
  },
  drawMsMax,
);

test("those designs are of everything that drawing draws", () => {
  const designs = sampleDesigns(300);
  const seen = (of: (design: DesignCase["design"]) => unknown) => new Set(designs.map(({ design }) => of(design)));
  expect(seen(({ format }) => format)).toEqual(new Set(imageFormats.filter((format) => format !== "jpeg")));
  expect(seen(({ pattern }) => pattern)).toEqual(new Set(patterns));
  expect(seen(({ eyeBorderShape }) => eyeBorderShape)).toEqual(new Set(eyeBorderShapes));
  expect(seen(({ eyeCenterShape }) => eyeCenterShape)).toEqual(new Set(eyeCenterShapes));
  expect(seen(({ frame }) => frame?.style)).toEqual(new Set([...frameStyles, undefined]));
  expect(seen(({ frame }) => frame?.label)).toEqual(new Set([...labels, undefined]));
  expect(seen(({ gradient }) => gradient?.type)).toEqual(new Set([...gradientTypes, undefined]));
  expect(designs.filter(({ logo }) => logo !== null).length).toBeGreaterThan(20);
  expect(designs.filter(({ background }) => background !== null).length).toBeGreaterThan(20);
});

// On demand, for packages/docs/drawing.md: a wall clock proves nothing on a busy machine.
if (process.env.DRAWING_RATE) {
  test("a design is laid out and painted many times a second", async () => {
    const style = { pattern: "rounded", eye_shape: "circle", gradient_from: "#1d3557", gradient_to: "#9d0208" };
    const frame = { frame_style: "banner-bottom", frame_label: "Scan me" };
    const fields = { data: "https://example.com/menu", format: "svg", ...style, ...frame };
    const { design } = readDesign(fields, plans.enterprise);
    const rate = await page.evaluate(
      (drawn) =>
        (globalThis as unknown as { rateOf: (of: DesignCase, forMs: number) => Promise<number> }).rateOf(drawn, 3_000),
      { design, logo: null, background: null },
    );
    process.stderr.write(`previews a second in Chromium: ${Math.round(rate)}\n`);
    expect(rate).toBeGreaterThan(0);
  });
}
