// Sound bodies made odd, the same way for the same seed: other types, huge numbers, strange texts, members that are
// missing, doubled or too many, and bodies that are cut or called something else.
import { createHash } from "node:crypto";

/** Numbers from 0 up to 1, always the same ones for a seed: the first bits of one hash after the other. */
export function makeRandom(seed: number): () => number {
  let n = 0;
  return () => createHash("sha256").update(`${seed} ${n++}`).digest().readUInt32BE() / 2 ** 32;
}

/** Replacements of a value. `1e999` and its like are texts of JSON that no value has. */
const oddValues = [
  ...[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e308",
    "1e999",
    "-1e999",
    "9007199254740993",
    "2147483648",
    "0.1e-400",
  ],
  ...[
    "[]",
    "{}",
    "[[]]",
    "[null]",
    '{"a":{"b":[]}}',
    '""',
    '" "',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u202e"',
  ],
  ...[
    '"\\uffff"',
    '"💩"',
    '"é"',
    '"\\r\\nX: y"',
    '"<script>"',
    `"' OR 1=1 --"`,
    '"../../etc/passwd"',
    '"%00"',
    '"NaN"',
    '"1"',
  ],
  ...['"true"', '"constructor"', '"__proto__"', '"2026-13-45T99:99:99Z"', '"0000-01-01T00:00:00Z"', '"-"', '"\\u00ad"'],
  ...[
    `"${"a".repeat(10_000)}"`,
    `"${"💩".repeat(3_000)}"`,
    `[${"1,".repeat(2_000)}1]`,
    `${"[".repeat(31)}${"]".repeat(31)}`,
  ],
  ...[`${"[".repeat(40)}${"]".repeat(40)}`, `{${Array.from({ length: 300 }, (_, n) => `"k${n}":${n}`).join(",")}}`],
];

const oddNames = [
  "constructor",
  "__proto__",
  "toString",
  "",
  " ",
  "a.b",
  "a[0]",
  "\u0000",
  "NAME",
  "💩",
  "x".repeat(300),
];

/** Values of `Content-Type` that no route asks for, some of them close to one that it does. */
export const oddTypes = [
  ...[
    "text/plain",
    "application/xml",
    "application/json; charset=utf-16",
    "application/json;charset=latin1",
    "APPLICATION/JSON",
  ],
  ...[
    "application/json, text/html",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "text/csv",
    "application/x-www-form-urlencoded",
  ],
  ...["", "json", "application/json; boundary=X", "application/merge-patch+json", "text/csv; charset=utf-16", "a/b"],
];

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A place that a later text takes, so that a text of JSON can be put anywhere. */
const placeholder = "\u0001placeholder";

const pick = <Item>(items: readonly Item[], random: () => number): Item =>
  items[Math.floor(random() * items.length)] as Item;

/** A copy of a value in which one place, at any depth, is changed by `change`. */
function changeSomewhere(value: Json, random: () => number, change: (value: Json) => Json): Json {
  const isLeaf = value === null || typeof value !== "object" || Object.keys(value).length === 0;
  if (isLeaf || random() < 0.15) return change(value);
  if (Array.isArray(value)) {
    const at = Math.floor(random() * value.length);
    return value.map((item, n) => (n === at ? changeSomewhere(item, random, change) : item));
  }
  const name = pick(Object.keys(value), random);
  return { ...value, [name]: changeSomewhere(value[name] as Json, random, change) };
}

const objectOf = (value: Json) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : null);

/** Ways to make a body odd; each returns JSON text, sound or not. */
const ways: ((body: Json, random: () => number) => string)[] = [
  ...Array.from(
    { length: 5 },
    () => (body: Json, random: () => number) =>
      JSON.stringify(changeSomewhere(body, random, () => placeholder)).replace(JSON.stringify(placeholder), () =>
        pick(oddValues, random),
      ),
  ),
  (body, random) =>
    JSON.stringify(
      changeSomewhere(body, random, (value) => {
        const known = objectOf(value) ?? {};
        return Object.fromEntries(Object.entries(known).filter(() => random() > 0.3));
      }),
    ),
  (body, random) => {
    const name = JSON.stringify(pick(oddNames, random));
    return JSON.stringify(body).replace("{", () => `{${name}:${pick(oddValues, random)},`);
  },
  (body, random) => {
    const text = JSON.stringify(body);
    const [member = '"a":1'] = /"[^"]+":[^,{}[\]]+/.exec(text) ?? [];
    return text.replace("{", () => `{${member},${random() < 0.5 ? member : ""},`.replace(",,", ","));
  },
  (body, random) => JSON.stringify(body).slice(0, Math.floor(random() * JSON.stringify(body).length)),
  (body, random) => JSON.stringify(random() < 0.5 ? [body] : { body }),
  (body, random) => `${JSON.stringify(body)}${pick(["}", "\0", "{}", "//", ",", "\ufeff"], random)}`,
];

/** An odd body made from a sound one. */
export function mutate(body: unknown, random: () => number): string {
  return pick(ways, random)(body as Json, random);
}
