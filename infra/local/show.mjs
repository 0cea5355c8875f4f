// `npm run show`: draws every combination of styles and has each image read by independent decoders, which takes ten to twenty
// minutes and writes infra/readme/decoded.md; `npm run show -- sizes` does so at every size, with some styles each, in two
// minutes (decoded-sizes.md); `npm run show -- sheet` draws the contact sheet of the README instead.
import { fileURLToPath } from "node:url";
import { orExplain } from "./progress.mjs";
import { setUp } from "./setup.mjs";

const readme = (name) => fileURLToPath(new URL(`../readme/${name}`, import.meta.url));
const folder = new URL("../../services/render/dist/show/", import.meta.url);

await orExplain(async () => {
  const isSheet = process.argv[2] === "sheet";
  await setUp({ systemParts: isSheet ? [] : ["viewers"] });
  if (isSheet) {
    const { drawSheet } = await import(new URL("contact-sheet.js", folder));
    return drawSheet(readme("contact-sheet.png"));
  }
  const { readMatrix } = await import(new URL("read-every-style.js", folder));
  const isSizes = process.argv[2] === "sizes";
  const isRead = isSizes
    ? await readMatrix("sizes", readme("decoded-sizes.md"))
    : await readMatrix("styles", readme("decoded.md"));
  process.exitCode = isRead ? 0 : 1;
});
