// Random designs as people order them: every pattern as often as the others, eyes in one word or by ring and middle,
// with logos, frames, gradients and grounds. The same seed gives the same designs.
import {
  eyeBorderShapes,
  eyeCenterShapes,
  eyeShapes,
  frameStyles,
  gradientTypes,
  type Pattern,
  patterns,
} from "@qrfactory/domain/design/style";
import { pick, randomFrom } from "./random.js";

/** The fields of a request, and whether a logo comes with it. */
export type CameraDesign = {
  seed: number;
  fields: {
    data: string;
    size: number;
    error_correction: "L" | "M" | "Q" | "H";
    quiet_zone: number;
    color: string;
    background: string;
    pattern: Pattern;
  } & Record<string, unknown>;
  hasLogo: boolean;
  isInverted: boolean;
};

const darks = ["#000000", "#0b3d2e", "#1d3557", "#7b2ff7", "#9d0208", "#5a189a", "#003049", "#14532d", "#b91c1c"];
/** Of little contrast on light grounds, and allowed. */
const middling = ["#e07a00", "#2a9d8f", "#ef476f", "#6c8ebf", "#8a8a8a"];
const lights = ["#ffffff", "#ffffff", "#ffffff", "#fdf6e3", "#e0f2fe", "#f3e8ff", "#fff1f2"];

const texts = [
  () => "https://example.com",
  (word: string) => `https://example.com/${word}`,
  (word: string) => `HTTPS://EXAMPLE.COM/Q/${word.toUpperCase()}`,
  (word: string) => `https://example.com/menu/summer?table=${word}`,
  (word: string) => `https://example.com/${word}/${"a-long-way-down".repeat(4)}`,
];

/** How often each is chosen. */
const share = {
  gradient: 0.3,
  frame: 0.3,
  logo: 0.3,
  inverted: 0.04,
  eyesInOneWord: 0.4,
  eyeColor: 0.3,
  middling: 0.1,
  otherQuietZone: 0.15,
};
const size = { least: 200, most: 480 };

/** The design of a seed. It may be one that the service refuses. */
export function randomDesign(seed: number): CameraDesign {
  const random = randomFrom(seed);
  const chance = (of: number) => random() < of;
  const isInverted = chance(share.inverted);
  const ink = () => (isInverted ? pick(random, lights) : pick(random, chance(share.middling) ? middling : darks));
  const word = Math.floor(random() * 36 ** 6).toString(36);
  const hasLogo = chance(share.logo);
  const fields = {
    data: pick(random, texts)(word),
    size: size.least + Math.floor(random() * (size.most - size.least)),
    error_correction: pick(random, hasLogo ? (["Q", "H"] as const) : (["L", "M", "Q", "H"] as const)),
    quiet_zone: chance(share.otherQuietZone) ? pick(random, [0, 1, 2, 3, 6]) : 4,
    color: ink(),
    background: isInverted ? pick(random, darks) : pick(random, lights),
    pattern: pick(random, patterns),
    ...(chance(share.eyesInOneWord)
      ? { eye_shape: pick(random, eyeShapes) }
      : { eye_border_shape: pick(random, eyeBorderShapes), eye_center_shape: pick(random, eyeCenterShapes) }),
    ...(chance(share.gradient)
      ? { gradient_from: ink(), gradient_to: ink(), gradient_type: pick(random, gradientTypes) }
      : {}),
    ...(chance(share.eyeColor) ? { eye_color: ink() } : {}),
    ...(chance(share.frame)
      ? { frame_style: pick(random, frameStyles), frame_label: pick(random, ["", "Scan me"]) }
      : {}),
  };
  return { seed, fields, hasLogo, isInverted };
}
