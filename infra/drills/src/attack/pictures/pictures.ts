// Pictures of one workspace that keep the decoder busy, while another has ordinary ones drawn.

import type { Row } from "../row.js";
import type { Ask } from "../stage/client.js";
import { growthMb } from "../stage/memory.js";
import type { Person } from "../stage/people.js";
import type { Others, Stage } from "../stage/stage.js";
import { formOf, formType, greyPng, largeFrameGif, progressiveJpeg } from "./files.js";

/** An ordinary image with a logo takes a tenth of a second; it may wait for one that is being decoded, not for nine. */
const othersMsMax = 1_500;
const othersEveryMs = 500;

const withLogo = ({ asKey }: Pick<Person, "asKey">, logo: Buffer, data = "https://example.com"): Ask => ({
  url: "/api/v1/generate/",
  headers: { ...asKey, ...formType },
  body: formOf({ data, size: "300" }, "logo_file", logo),
});

/** Another workspace's images with an ordinary logo, each another one. */
const ordinaryLogos = ({ demo }: Stage): Others => ({
  asks: Array.from({ length: 200 }, (_, n) =>
    withLogo(demo, greyPng({ mark: Date.now() + n }), `https://example.com/logo/${Date.now()}/${n}`),
  ),
  everyMs: othersEveryMs,
  othersMsMax,
});

const atOnce = 9;

const manyScans: Row = {
  name: "jpeg-scans",
  attack: `a progressive JPEG of 3,000 scans as logo_file, ${atOnce} at once by one workspace`,
  async run(stage) {
    const person = await stage.people.signUp("pro");
    const send = (_: unknown, mark: number) => stage.attack(withLogo(person, progressiveJpeg({ scans: 3_000, mark })));
    await stage.disturb(
      ordinaryLogos(stage),
      async () => void (await Promise.all(Array.from({ length: atOnce }, send))),
    );
  },
};

/** Sixteen megapixels decoded, copied and drawn, some at once. */
const grownMbMax = 500;

const largeFrame: Row = {
  name: "gif-frame",
  attack: "a GIF whose frame of 60,000 × 30,000 exceeds its screen of 100 × 100, five in a row",
  async run(stage) {
    const person = await stage.people.signUp("pro");
    const pictures = Array.from({ length: 5 }, (_, mark) => largeFrameGif({ mark }));
    const grownMb = await growthMb(
      () => stage.stack.file().pids.render,
      () =>
        stage.disturb(ordinaryLogos(stage), async () => {
          for (const picture of pictures) await stage.attack(withLogo(person, picture));
        }),
    );
    stage.saw(`render grew by ${grownMb.toFixed(0)} MB`);
    stage.promise(grownMb < grownMbMax, `render grew by more than ${grownMbMax} MB`);
  },
};

/** Pictures that are refused after work: a moment of it, or all that a picture may take. */
const damaged = (mark: number) => greyPng({ side: 4_000, rows: 2_000, mark });
const endless = [(mark: number) => progressiveJpeg({ scans: 3_000, mark }), (mark: number) => largeFrameGif({ mark })];
const endlessEvery = 5;
const hostile = (mark: number) =>
  mark % endlessEvery === 0 ? (endless[(mark / endlessEvery) % 2] ?? damaged)(mark) : damaged(mark);
const inARow = 30;

const manyHostile: Row = {
  name: "hostile-row",
  attack: `${inARow} hostile pictures in a row by one workspace`,
  async run(stage) {
    const person = await stage.people.signUp("pro");
    let limitedAt: number | null = null;
    await stage.disturb(ordinaryLogos(stage), async () => {
      for (let mark = 0; mark < inARow; mark++) {
        const { status } = await stage.attack(withLogo(person, hostile(mark)));
        if (status === 429) limitedAt ??= mark + 1;
      }
    });
    stage.saw(limitedAt === null ? "never 429" : `429 from the ${limitedAt}th on`);
    stage.promise(limitedAt !== null, "a workspace may send hostile pictures without end");
  },
};

/** Rows of pictures that are costly to decode. */
export const pictureRows: Row[] = [manyScans, largeFrame, manyHostile];
