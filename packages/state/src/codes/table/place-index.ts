// Where the row of each short id lies: a hash table with open addressing, outside of the JavaScript heap. It is many
// small tables, each of which grows by itself, so that growing never holds up a scan however many codes there are.
import { randomInt } from "node:crypto";

/** Shape of an index, and the comparison that it settles equal hashes by. */
export type PlaceIndexOptions = {
  /** Whether the row at a place is the one of this short id; two short ids may have the same hash. */
  isAt: (place: number, shortId: string) => boolean;
  /** There are 2^shardBits tables; default 10, which makes each of 5,000,000 codes grow in some 0.2 ms. */
  shardBits?: number;
  seed?: number;
};

/** Map from short ids to places. */
export type PlaceIndex = {
  /** The place of a short id's row, or -1. */
  find(shortId: string): number;
  /** Notes where the row of a short id lies now; a place is 0 … 2^32 - 2. */
  set(shortId: string, place: number): void;
  /** Short ids that it knows. */
  size(): number;
};

const shardBitsDefault = 10;
const slotsMin = 8;
/** Linear probing becomes slow above it; each shard is between half of this and this full. */
const loadMax = 0.75;

/** Makes an empty index. */
export function makePlaceIndex(options: PlaceIndexOptions): PlaceIndex {
  const { isAt, shardBits = shardBitsDefault } = options;
  // Customers choose short ids: without the seed they could choose ids that collide.
  const seed = options.seed ?? randomInt(2 ** 32);
  const shards = 2 ** shardBits;
  /** Of each shard the pairs: a hash, and the place plus one, zero where the slot is empty. */
  const slotsOf: Uint32Array[] = Array.from({ length: shards }, () => new Uint32Array(2 * slotsMin));
  const usedOf = new Uint32Array(shards);
  let size = 0;

  // The shard is told by the upper bits, the slot within it by the lower ones.
  const shardOf = (hash: number) => (shardBits === 0 ? 0 : hash >>> (32 - shardBits));

  /** Index in `slots` of the short id's pair, or of the empty pair where it belongs. */
  function slotOf(slots: Uint32Array, hash: number, shortId: string): number {
    const mask = slots.length - 1;
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const place = slots[at + 1] as number;
      if (place === 0 || (slots[at] === hash && isAt(place - 1, shortId))) return at;
    }
  }

  function grow(slots: Uint32Array): Uint32Array {
    const wider = new Uint32Array(2 * slots.length);
    const mask = wider.length - 1;
    for (let from = 0; from < slots.length; from += 2) {
      if (slots[from + 1] === 0) continue;
      let at = ((slots[from] as number) << 1) & mask;
      while (wider[at + 1] !== 0) at = (at + 2) & mask;
      wider[at] = slots[from] as number;
      wider[at + 1] = slots[from + 1] as number;
    }
    return wider;
  }

  return {
    find(shortId) {
      const hash = hashOf(shortId, seed);
      const slots = slotsOf[shardOf(hash)] as Uint32Array;
      return (slots[slotOf(slots, hash, shortId) + 1] as number) - 1;
    },
    set(shortId, place) {
      const hash = hashOf(shortId, seed);
      const shard = shardOf(hash);
      const used = usedOf[shard] as number;
      let slots = slotsOf[shard] as Uint32Array;
      let at = slotOf(slots, hash, shortId);
      if (slots[at + 1] === 0) {
        if (2 * (used + 1) > loadMax * slots.length) {
          slots = slotsOf[shard] = grow(slots);
          at = slotOf(slots, hash, shortId);
        }
        usedOf[shard] = used + 1;
        size += 1;
      }
      slots[at] = hash;
      slots[at + 1] = place + 1;
    },
    size: () => size,
  };
}

/** FNV-1a over the characters, then the finalizer of MurmurHash3, which makes all 32 bits depend on all of them. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
