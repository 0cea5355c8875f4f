// A page with both components: bundled and opened in Chromium by a test.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { QRFactory } from "./index.js";
import { QrCode, QrImage } from "./react.js";

type Page = { location: { origin: string }; document: { body: Element; createElement(name: string): Element } };
type Element = { append(child: unknown): void };
const { location, document } = globalThis as unknown as Page;

const place = document.createElement("div");
document.body.append(place);
const root = createRoot(place as unknown as Parameters<typeof createRoot>[0]);
const client = new QRFactory({ baseUrl: location.origin, accessToken: "token", maxRetries: 0 });
const failures: string[] = [];
const onFailure = (error: unknown) => failures.push((error as Error).name);

/** Shows a code that is drawn here, and the image of another by its id. */
const show = (text: string, shortId: string) =>
  root.render(
    createElement(
      "div",
      null,
      createElement(QrCode, { id: "code", text, width: 200 }),
      createElement(QrImage, { id: "image", alt: "", client, shortId, design: { size: 200 }, onFailure }),
    ),
  );

Object.assign(globalThis, { show, hide: () => root.render(null), failures });
