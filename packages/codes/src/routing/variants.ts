// Which variant a visitor gets: weighted rendezvous hashing (Schindelhauer and Schomaker, 2005). Every variant draws a
// number from the visitor's key and its own address, and the best one wins. Nothing has to be remembered for a visitor
// to keep a variant, and a change of weights or of the list moves only those visitors that it has to move.
import { hash } from "node:crypto";

/** A variant ready to be drawn; `seed` is 32 bits of a hash, different for variants with equal addresses. */
export type Variant = { url: string; weight: number; seed: number };

/** Makes published variants ready; one address named twice draws twice. `toUrl` adds what is always added. */
export function compileVariants(
  variants: readonly { url: string; weight: number }[],
  toUrl: (url: string) => string,
): Variant[] {
  const named = new Map<string, number>();
  return variants.map(({ url, weight }) => {
    const count = named.get(url) ?? 0;
    named.set(url, count + 1);
    return { url: toUrl(url), weight, seed: Number.parseInt(hash("sha256", `${count} ${url}`).slice(0, 8), 16) };
  });
}

/** The index of the variant that belongs to a key of 16 hex digits. At least one weight is above zero. */
export function variantOf(variants: readonly Variant[], key: string): number {
  const [high, low] = [Number.parseInt(key.slice(0, 8), 16), Number.parseInt(key.slice(8, 16), 16)];
  let best = 0;
  let shortest = Number.POSITIVE_INFINITY;
  variants.forEach(({ weight, seed }, index) => {
    // In (0, 1); the time until an event of rate `weight` first happens, so that each wins by its share of all rates.
    const drawn = (mix(mix(high ^ seed) ^ low) + 0.5) / 2 ** 32;
    const time = -Math.log(drawn) / weight;
    if (time < shortest) {
      shortest = time;
      best = index;
    }
  });
  return best;
}

/** The finaliser of MurmurHash3: every bit of 32 changes about half of all bits. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
