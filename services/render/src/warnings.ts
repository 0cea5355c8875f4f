// What is allowed and drawn, but makes a code harder to read than it has to be.
import type { Design } from "@qrfactory/domain/design";
import { type ColorVerdict, contrastEnough, quietZoneModules, type ScanResult } from "./scan-check.js";

export type Warning = { code: string; message: string };

/** Pixels a module below which a camera's blur costs some of them. */
const modulePxEnough = 3;

/** Symbols beyond this have modules so small that phones have to come near: version 10 has 57 a side. */
const versionEasy = 10;

/** What WPA asks of a passphrase (IEEE 802.11, J.4.1). */
const wpaPassword = /^WIFI:T:WPA;S:(?:\\.|[^\\;])*;P:((?:\\.|[^\\;])*);/su;
const wpaPasswordMin = 8;

export type Judged = {
  side: number;
  colors: ColorVerdict;
  version: number;
  /** What the scan check says of an image that is delivered all the same. */
  scan: ScanResult | null;
};

/** Every warning that applies, the gravest first. */
export function warningsOf(design: Design, { side, colors, version, scan }: Judged): Warning[] {
  const { quietZone, background, text, widthPx } = design;
  const warnings: Warning[] = [];
  const warn = (code: string, message: string) => warnings.push({ code, message });
  if (scan && !scan.isReadable) warn("unscannable", `This code would not scan: ${scan.advice}`);
  if (colors.contrast < contrastEnough) {
    const ratio = colors.contrast.toFixed(2);
    warn("low_contrast", `The contrast is ${ratio} to 1; from ${contrastEnough} to 1 on, more reads no better.`);
  }
  if (colors.isInverted) warn("inverted", "Light modules on a dark ground are not read by every scanner.");
  if (quietZone < quietZoneModules) {
    warn(
      "small_quiet_zone",
      `The standard asks for ${quietZoneModules} modules of quiet zone; this one has ${quietZone}.`,
    );
  }
  if (widthPx < modulePxEnough * side) {
    warn(
      "small_modules",
      `A size of ${modulePxEnough * side} pixels gives each module ${modulePxEnough} and scans better.`,
    );
  }
  if (version > versionEasy) warn("dense", `This symbol has version ${version}; shorter data makes larger modules.`);
  if (!background.endsWith("ff")) {
    warn("see_through_background", "What lies under the image decides the contrast; it was judged on white or black.");
  }
  const password = wpaPassword.exec(text)?.[1]?.replace(/\\(.)/gsu, "$1");
  if (password !== undefined && password.length < wpaPasswordMin) {
    warn("short_password", `A WPA password has at least ${wpaPasswordMin} characters; no network takes this one.`);
  }
  return warnings;
}
