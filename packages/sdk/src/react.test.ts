import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { startBrowser } from "@qrfactory/testing/browser";
import { decodeOne } from "@qrfactory/testing/decode";
import { build } from "esbuild";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { closeServers, problem, serve } from "./http/unreliable.fixture.js";
import { QrCode, QrImage } from "./react.js";

afterEach(closeServers);

const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>';

test("a code is drawn in the page, the image of another is fetched and let go of, and a failure is told", async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("../dist/react-page.fixture.js", import.meta.url))],
    ...{
      bundle: true,
      write: false,
      format: "esm",
      platform: "browser",
      define: { "process.env.NODE_ENV": '"production"' },
    },
  });
  const pages: Record<string, [type: string, body: string]> = {
    "/": ["text/html", '<!doctype html><body><script type="module" src="/page.js"></script>'],
    "/page.js": ["text/javascript", outputFiles[0]?.text ?? ""],
    "/api/v1/dynamic/GOOD/image/?size=200": ["image/svg+xml", picture],
  };
  const service = await serve((res, seen) => {
    const [type, body] = pages[seen.path] ?? [];
    if (type) res.writeHead(200, { "Content-Type": type }).end(body);
    else problem(404, "not_found")(res, seen);
  });
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(service.url);
    await page.waitForFunction("globalThis.show !== undefined");
    await page.evaluate('show("https://example.com/react", "GOOD")');
    await page.waitForFunction("document.getElementById('image')?.naturalWidth === 7");
    expect(await decodeOne(await page.locator("#code").screenshot())).toBe("https://example.com/react");
    expect(service.seen.at(-1)?.headers.authorization).toBe("Bearer token");
    const url = await page.evaluate("document.getElementById('image').src");
    await page.evaluate('show("https://example.com/other", "NONE")');
    await page.waitForFunction("failures.length === 1");
    expect(await page.evaluate("failures")).toEqual(["NotFoundError"]);
    const isKept = `fetch(${JSON.stringify(url)}).then(() => true, () => false)`;
    expect(await page.evaluate(isKept)).toBe(false);
    await page.evaluate("hide()");
    await page.waitForFunction("document.getElementById('code') === null");
  } finally {
    await browser.close();
  }
}, 120_000);

test("a server renders both: the code whole, the image by its address", () => {
  const code = renderToStaticMarkup(createElement(QrCode, { text: "A", label: "The letter", className: "x" }));
  expect(code).toMatch(
    /^<svg viewBox="0 0 29 29" role="img" aria-label="The letter" shape-rendering="crispEdges" class="x">/,
  );
  const image = renderToStaticMarkup(createElement(QrImage, { src: "https://example.com/a?b=1&c=2", alt: "Menu" }));
  expect(image).toContain('<img src="https://example.com/a?b=1&amp;c=2" alt="Menu"/>');
  expect(() => renderToStaticMarkup(createElement(QrCode, { text: "" }))).toThrow(RangeError);
});
