// Warnings: choices that are drawn, but make a code harder to read than it has to be.
import type { Design } from "@qrfactory/domain/design/design";
import type { Segment } from "@qrfactory/domain/symbol/segments";
import { isAscii } from "@qrfactory/domain/symbol/text-encoding";
import { type ColorVerdict, contrastEnough, quietZoneModules, type ScanResult } from "../check/scan-check.js";

/** A warning with its stable code. */
export type Warning = { code: string; message: string };

/** Pixels a module below which a camera's blur costs some of them. */
const modulePxEnough = 3;

/** Symbols beyond this have modules so small that phones have to come near: version 10 has 57 a side. */
const versionEasy = 10;

/** Length of a WPA passphrase (IEEE 802.11, J.4.1). */
const wpaPassword = /^WIFI:T:WPA;S:(?:\\.|[^\\;])*;P:((?:\\.|[^\\;])*);/su;
const wpaPasswordMin = 8;

/** Facts that warnings are found in. */
export type Judged = {
  side: number;
  colors: ColorVerdict;
  version: number;
  segments: readonly Segment[];
  /** Advice of the scan check on an image that is delivered all the same. */
  scan: ScanResult | null;
};

/** Every warning that applies, the gravest first. */
export function warningsOf(design: Design, { side, colors, version, segments, scan }: Judged): Warning[] {
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
      `A size of ${Math.ceil(modulePxEnough * side)} pixels gives each module ${modulePxEnough} and scans better.`,
    );
  }
  if (version > versionEasy) warn("dense", `This symbol has version ${version}; shorter data makes larger modules.`);
  if (!background.endsWith("ff")) {
    warn("see_through_background", "What lies under the image decides the contrast; it was judged on white or black.");
  }
  const disagreement = disagreementOf(segments);
  if (disagreement) warn("readers_disagree", disagreement);
  const address = asciiAddressOf(text);
  if (address !== null) {
    warn(
      "non_ascii_url",
      `Written as ${address} the address is plain ASCII, and every reader and keyboard scanner agrees.`,
    );
  }
  const password = wpaPassword.exec(text)?.[1]?.replace(/\\(.)/gsu, "$1");
  if (password !== undefined && password.length < wpaPasswordMin) {
    warn("short_password", `A WPA password has at least ${wpaPasswordMin} characters; no network takes this one.`);
  }
  return warnings;
}

/**
 * Which readers take a text for another one, by the table of infra/decisions/0062-text-encoding.md; null where none
 * does.
 */
function disagreementOf(segments: readonly Segment[]): string | null {
  if (segments.some(({ eci }) => eci !== undefined)) return null;
  const bytes = segments.filter(({ mode, text }) => mode === "byte" && !isAscii(text));
  if (bytes.some(({ isLatin1 }) => isLatin1)) {
    return (
      "Android, jsQR and OpenCV do not read latin-1, and others guess; " +
      "text_encoding auto or utf-8-eci is read by all."
    );
  }
  if (bytes.length > 0) {
    return (
      "ZBar, which many desktops and kiosks use, takes this UTF-8 for another encoding; " +
      "text_encoding auto or utf-8-eci is read by all."
    );
  }
  if (segments.some(({ mode }) => mode === "kanji")) {
    return "OpenCV and some programs do not know kanji mode; text_encoding utf-8-eci is larger and read by all.";
  }
  return null;
}

/** An address of the web beyond ASCII as RFC 3986 and IDNA write it, or null for any other text. */
function asciiAddressOf(text: string): string | null {
  if (isAscii(text) || !/^https?:/i.test(text)) return null;
  return URL.canParse(text) ? new URL(text).href : null;
}
