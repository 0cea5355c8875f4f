// `npm run show`: draws every combination of styles and has each image read by independent decoders, which takes ten to
// twenty minutes and writes packages/docs/measured/decoded.md; `npm run show -- sizes` does so at every size, with some
// styles each, in two minutes (decoded-sizes.md); `npm run show -- sheet` draws the contact sheet instead.
import { fileURLToPath } from "node:url";
import { orExplain } from "./progress.mjs";
import { setUp } from "./setup.mjs";

const measured = (name) => fileURLToPath(new URL(`../../packages/docs/measured/${name}`, import.meta.url));
const folder = new URL("../../services/render/dist/show/", import.meta.url);

await orExplain(async () => {
  const isSheet = process.argv[2] === "sheet";
  await setUp({ systemParts: isSheet ? [] : ["viewers"] });
  if (isSheet) {
    const { drawSheet } = await import(new URL("contact-sheet.js", folder));
    return drawSheet(measured("contact-sheet.png"));
  }
  const { readMatrix } = await import(new URL("read-every-style.js", folder));
  const isSizes = process.argv[2] === "sizes";
  const isRead = isSizes
    ? await readMatrix("sizes", measured("decoded-sizes.md"))
    : await readMatrix("styles", measured("decoded.md"));
  process.exitCode = isRead ? 0 : 1;
});
