// Writes small databases in MaxMind's format (MaxMind DB File Format Specification, version 2.0): what a test says of
// where networks are.
import { writeFileSync } from "node:fs";

export type Value = string | number | Value[] | { [key: string]: Value };
export type Entry = { prefix: string; record: Value };

/** Sizes of the format: 24 bits a branch, 16 zero bytes between tree and data. */
const branchBytes = 3;
const separatorBytes = 16;
const marker = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");

type Node = { branches: [Node | number | null, Node | number | null] };

/** Writes a database of both versions of IP; version 4 lies under `::/96`. */
export function writeMmdb(file: string, entries: Entry[]): void {
  const root: Node = { branches: [null, null] };
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const { prefix, record } of entries) {
    insert(root, bitsOf(prefix), dataBytes);
    const bytes = encode(record);
    data.push(bytes);
    dataBytes += bytes.length;
  }
  const nodes = listNodes(root);
  const numbers = new Map(nodes.map((node, index) => [node, index]));
  const tree = Buffer.alloc(nodes.length * 2 * branchBytes);
  nodes.forEach(({ branches }, index) => {
    branches.forEach((branch, side) => {
      const value =
        branch === null
          ? nodes.length
          : typeof branch === "number"
            ? nodes.length + separatorBytes + branch
            : (numbers.get(branch) as number);
      tree.writeUIntBE(value, (index * 2 + side) * branchBytes, branchBytes);
    });
  });
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: "Test-City",
    description: {},
    ip_version: 6,
    languages: ["en"],
    node_count: nodes.length,
    record_size: branchBytes * 8,
  });
  writeFileSync(file, Buffer.concat([tree, Buffer.alloc(separatorBytes), ...data, marker, metadata]));
}

function insert(root: Node, bits: number[], offset: number): void {
  let node = root;
  bits.forEach((bit, index) => {
    if (index === bits.length - 1) node.branches[bit] = offset;
    else {
      const next = node.branches[bit];
      const child: Node = typeof next === "object" && next !== null ? next : { branches: [null, null] };
      node.branches[bit] = child;
      node = child;
    }
  });
}

function listNodes(root: Node): Node[] {
  const nodes = [root];
  for (const node of nodes)
    for (const branch of node.branches) if (branch !== null && typeof branch === "object") nodes.push(branch);
  return nodes;
}

/** `203.0.113.0/24` or `2001:db8::/32` → the bits of the prefix in version 6. */
function bitsOf(prefix: string): number[] {
  const [address = "", length] = prefix.split("/");
  if (!address.includes(":")) {
    return [...Array<number>(96).fill(0), ...toBits(address.split(".").map(Number), 8).slice(0, Number(length))];
  }
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  const [first, last] = [groups(head), groups(tail)];
  return toBits([...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last], 16).slice(
    0,
    Number(length),
  );
}

const toBits = (numbers: number[], width: number) =>
  numbers.flatMap((number) => Array.from({ length: width }, (_, bit) => (number >> (width - 1 - bit)) & 1));

/** Types of the format: 2 text, 6 unsigned integer of 32 bits, 7 map, 11 array. */
function encode(value: Value): Buffer {
  if (typeof value === "string") return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const pairs = Object.entries(value);
  return Buffer.concat([control(7, pairs.length), ...pairs.flatMap(([key, inner]) => [encode(key), encode(inner)])]);
}

/** Type and size: sizes up to 28 in the first byte, up to 284 in one more, up to 65,820 in two more. */
function control(type: number, size: number): Buffer {
  const [short, more] =
    size < 29 ? [size, []] : size < 285 ? [29, [size - 29]] : [30, [(size - 285) >> 8, (size - 285) & 255]];
  return type < 8 ? Buffer.from([(type << 5) | short, ...more]) : Buffer.from([short, type - 7, ...more]);
}
