// Scans as a busy day brings them, the same for the same seed: mostly phones, a few programs, many networks, and codes
// of which some are far more popular than others.
import type { ScanEvent } from "@qrfactory/domain/events";
import { traitsOf } from "@qrfactory/visitor/traits";

/** A seeded source of numbers; not for secrets. */
export type Random = {
  /** In [0, 1). */
  number(): number;
  /** An integer in [0, below). */
  integer(below: number): number;
  hex(digits: number): string;
  /** Version 4 in form. */
  uuid(): string;
};

/** Mulberry32, a generator of 32 bits. */
export function random(seed: number): Random {
  let state = seed;
  const bits = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  const hex = (digits: number) => {
    let text = "";
    while (text.length < digits) text += bits().toString(16).padStart(8, "0");
    return text.slice(0, digits);
  };
  return {
    number: () => bits() / 2 ** 32,
    integer: (below) => Math.floor((bits() / 2 ** 32) * below),
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  };
}

const iphone = (os: string, rest: string) =>
  `Mozilla/5.0 (iPhone; CPU iPhone OS ${os} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ${rest}`;
const android = (model: string, version: number, rest = "") =>
  `Mozilla/5.0 (Linux; Android 14; ${model}) AppleWebKit/537.36 (KHTML, like Gecko) ` +
  `${rest}Chrome/${version}.0.0.0 Mobile Safari/537.36`;

/** Some four hundred texts: each system and browser in several versions. */
const people = [17, 18, 26]
  .flatMap((major) =>
    Array.from({ length: 8 }, (_, minor) =>
      [
        ...["Version/18.1 Mobile/15E148 Safari/604.1", "CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1"],
        ...["GSA/320.0.640 Mobile/15E148 Safari/604.1", "Mobile/15E148 Instagram 334.0.4.32.98 (iPhone14,5; en_US)"],
      ].map((rest) => iphone(`${major}_${minor}`, rest)),
    ).flat(),
  )
  .concat(
    Array.from({ length: 40 }, (_, i) => 100 + i).flatMap((version) => [
      ...[android("K", version), android("SM-S918B", version), android("Pixel 8", version)],
      ...[android("SAMSUNG SM-A546B", version, "SamsungBrowser/25.0 "), android("Redmi Note 12", version)],
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) " +
        `Chrome/${version}.0.0.0 Safari/537.36`,
      `Mozilla/5.0 (Android 14; Mobile; rv:${version}.0) Gecko/${version}.0 Firefox/${version}.0`,
    ]),
  );
const machines = [
  ...["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "curl/8.5.0", "WhatsApp/2.23.20.0 A"],
  ...["facebookexternalhit/1.1", "TelegramBot (like TwitterBot)", "python-requests/2.31.0"],
];
const languages = [
  "en-US,en;q=0.9",
  "de-AT,de;q=0.9,en;q=0.8",
  "fr-FR,fr;q=0.9",
  "es-ES,es;q=0.9",
  "ja-JP,ja;q=0.9",
  "",
];
const referrers = ["", "", "", "", "", "", "", "www.instagram.com", "l.facebook.com", "example.com"];

const machineShare = 0.06;
const prefetchShare = 0.01;
const networksV4 = 150_000;
const networksV6 = 50_000;
/** All of them within this time before now, so that they fall into a few hours. */
const spanMs = 4 * 3_600_000;

/** Returns the function that makes one scan after the other, of codes among `owned`. */
export function scanEvents(next: Random, owned: Pick<ScanEvent, "code_id" | "workspace_id">[]): () => ScanEvent {
  const v4 = Array.from(
    { length: networksV4 },
    () => `${1 + next.integer(222)}.${next.integer(256)}.${next.integer(256)}.0/24`,
  );
  const v6 = Array.from({ length: networksV6 }, () => `2a0${next.hex(1)}:${next.hex(3)}:${next.hex(4)}::/48`);
  const networks = v4.concat(v6);
  const oldest = Date.now() - spanMs;
  /** Squared: the first tenth is asked for by a third. */
  const popular = <T>(items: T[]): T => items[Math.floor(next.number() ** 2 * items.length)] as T;
  const any = <T>(items: T[]): T => items[next.integer(items.length)] as T;
  let count = 0;
  return () => ({
    id: next.uuid(),
    at: oldest + Math.floor(++count * (spanMs / 1_000_000)),
    ...popular(owned),
    version: 1 + next.integer(3),
    region: any(["eu-1", "us-1"]),
    network: popular(networks),
    visitor: next.hex(16),
    ...traitsOf(
      next.number() < machineShare ? any(machines) : popular(people),
      any(languages),
      next.number() < prefetchShare,
    ),
    referrer_host: any(referrers),
  });
}
