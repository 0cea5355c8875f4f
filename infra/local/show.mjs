// `npm run show`: draws every combination of styles and has each image read by independent decoders, which takes ten to
// twenty minutes and writes packages/docs/measured/decoded.md; `npm run show -- sizes` does so at every size, with some
// styles each, in two minutes (decoded-sizes.md); `npm run show -- cameras [DESIGNS [RUN]]` has random designs read by
// five decoders under simulated cameras, beside peers, in some ten minutes (cameras.md), and with `fit` prints the
// factors of the scan score; `npm run show -- sheet` draws the contact sheet instead.
import { fileURLToPath } from "node:url";
import { orExplain, SetupError } from "./progress.mjs";
import { setUp } from "./setup.mjs";

const measured = (name) => fileURLToPath(new URL(`../../packages/docs/measured/${name}`, import.meta.url));
const folder = new URL("../show/dist/", import.meta.url);

/** System parts beside the packages; the others look at PDF and EPS. */
const systemParts = { sheet: [], cameras: ["zbar"] };

await orExplain(async () => {
  const part = process.argv[2];
  await setUp({ systemParts: systemParts[part] ?? ["viewers"] });
  if (part === "cameras") {
    const { showCameras } = await import(new URL("../bench/dist/cameras/cameras.js", import.meta.url));
    const shown = showCameras(measured("cameras.md"), process.argv.slice(3));
    const isAhead = await shown.catch(({ message }) => {
      throw new SetupError(message);
    });
    process.exitCode = isAhead ? 0 : 1;
    return;
  }
  if (part === "sheet") {
    const { drawSheet } = await import(new URL("contact-sheet.js", folder));
    return drawSheet(measured("contact-sheet.png"));
  }
  const { readMatrix } = await import(new URL("read-every-style.js", folder));
  const isRead =
    part === "sizes"
      ? await readMatrix("sizes", measured("decoded-sizes.md"))
      : await readMatrix("styles", measured("decoded.md"));
  process.exitCode = isRead ? 0 : 1;
});
