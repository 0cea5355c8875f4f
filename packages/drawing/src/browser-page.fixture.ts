// The script in the page of the test: fonts come over HTTP, and the test calls functions on the window.

import { makeImageOf, rateOf } from "./image-of.fixture.js";
import type { Family, FontFiles } from "./label/fonts.js";
import { makeShapeLine } from "./label/shaper.js";

async function fetched(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
  return response;
}

/** Family → its subsets, which have to be known before a label is shaped. */
const indices: Record<string, Record<string, string>> = JSON.parse(await (await fetched("/fonts.json")).text());

const fonts: FontFiles = {
  subsetsOf: (family: Family) => indices[family] ?? {},
  read: async (family, subset) =>
    new Uint8Array(await (await fetched(`/font?family=${family}&subset=${encodeURIComponent(subset)}`)).arrayBuffer()),
};

const shapeLine = makeShapeLine(fonts);

Object.assign(globalThis, {
  imageOf: makeImageOf(fonts),
  rateOf: (drawn: Parameters<typeof rateOf>[0], forMs: number) => rateOf(drawn, shapeLine, forMs),
});
