// The ids of a code's rules and variants, used by reports, scans and `resolve` whatever their place in the list. They
// are not published. A region says which place it took in which version, and ingest looks up the id
// there, so regions of any release agree. Items stored without ids have ids derived from their content.
import { createHash } from "node:crypto";
import { invalidField } from "@qrfactory/domain/http/errors";
import { canonicalJson } from "@qrfactory/domain/http/json";
import type { RoutingLists, RuleInput, VariantInput } from "./routing-input.js";

type Named<Item> = Item & { id: string };

/** The rules and variants of a code as stored: JSON that the API has checked. */
export type StoredRouting = { rules?: unknown; variants?: unknown };

type Lists = { rules: RuleInput[]; variants: VariantInput[] };
type NamedLists = { rules: Named<RuleInput>[]; variants: Named<VariantInput>[] };
type ListName = keyof Lists;

/** The identity of an item: the whole of a rule; of a variant its address, because weights are tuned. */
const identities: { [Name in ListName]: (item: Lists[Name][number]) => string } = {
  rules: ({ when, destination_url }) => canonicalJson({ when, destination_url }),
  variants: ({ destination_url }) => destination_url,
};

const prefixes: Record<ListName, string> = { rules: "rule", variants: "variant" };
const digestDigits = 12;

/** Of equal items the second is told apart by its number. */
function deriveId(name: ListName, identity: string, number: number): string {
  const digest = createHash("sha256").update(`${number} ${identity}`).digest("hex");
  return `${prefixes[name]}_${digest.slice(0, digestDigits)}`;
}

/** Gives the items of a list that have no id the first that is not taken of those that follow from what they say. */
function fill<Item extends { id?: string | undefined }>(
  name: ListName,
  items: readonly Item[],
  identityOf: (item: Item) => string,
  taken: Set<string>,
): Named<Item>[] {
  return items.map((item) => {
    let id = item.id;
    for (let number = 0; id === undefined; number++) {
      const derived = deriveId(name, identityOf(item), number);
      if (!taken.has(derived)) id = derived;
    }
    taken.add(id);
    const { id: _id, ...rest } = item;
    return { id, ...rest } as Named<Item>;
  });
}

const idsIn = (items: readonly { id?: string | undefined }[]) =>
  items.flatMap(({ id }) => (id === undefined ? [] : [id]));

/** The rules and variants of a stored code, each with its id; no two of a code have the same. */
export function nameRouting(stored: StoredRouting): NamedLists {
  const { rules, variants } = listsOf(stored);
  const taken = new Set([...idsIn(rules), ...idsIn(variants)]);
  return {
    rules: fill("rules", rules, identities.rules, taken),
    variants: fill("variants", variants, identities.variants, taken),
  };
}

const listsOf = ({ rules, variants }: StoredRouting) => ({ rules: rules ?? [], variants: variants ?? [] }) as Lists;

/**
 * The lists that an edit sets, each item with an id: the one that was sent, that of the same item as it is stored, or a
 * new one. Throws `validation_failed` for an id that an item of the other list keeps, under `pathPrefix`.
 */
export function keepIds(sent: RoutingLists, stored: StoredRouting, pathPrefix = ""): Partial<NamedLists> {
  if (sent.rules === undefined && sent.variants === undefined) return {};
  const known = nameRouting(stored);
  const kept: [ListName, string][] = [];
  if (sent.rules === undefined) kept.push(...known.rules.map(({ id }): [ListName, string] => ["rules", id]));
  if (sent.variants === undefined) kept.push(...known.variants.map(({ id }): [ListName, string] => ["variants", id]));
  requireFree(sent, new Map(kept.map(([name, id]) => [id, name])), pathPrefix);
  const taken = new Set([...idsIn(sent.rules ?? []), ...idsIn(sent.variants ?? []), ...kept.map(([, id]) => id)]);
  return {
    ...(sent.rules && { rules: takeOver("rules", sent.rules, known.rules, identities.rules, taken) }),
    ...(sent.variants && {
      variants: takeOver("variants", sent.variants, known.variants, identities.variants, taken),
    }),
  };
}

/** Throws `validation_failed` under `pathPrefix` when two rules or variants are sent with one id. */
export function requireDistinctIds(sent: RoutingLists, pathPrefix: string): void {
  const places = new Map<string, string>();
  for (const name of ["rules", "variants"] as const) {
    sent[name]?.forEach(({ id }, index) => {
      if (id === undefined) return;
      const place = `${name}.${index}`;
      const other = places.get(id);
      if (other) throw invalidField(`${pathPrefix}${place}.id`, `${other} has the id ${id}, too; choose another.`);
      places.set(id, place);
    });
  }
}

function requireFree(sent: RoutingLists, kept: ReadonlyMap<string, ListName>, pathPrefix: string): void {
  for (const name of ["rules", "variants"] as const) {
    sent[name]?.forEach(({ id }, index) => {
      const other = id === undefined ? undefined : kept.get(id);
      if (other)
        throw invalidField(
          `${pathPrefix}${name}.${index}.id`,
          `One of the ${other} of this code has the id ${id}; choose another.`,
        );
    });
  }
}

function takeOver<Item extends { id?: string | undefined }>(
  name: ListName,
  sent: readonly Item[],
  known: readonly Named<Item>[],
  identityOf: (item: Item) => string,
  taken: Set<string>,
): Named<Item>[] {
  const matched = sent.map((item) => {
    if (item.id !== undefined) return item;
    const identity = identityOf(item);
    const same = known.find((one) => !taken.has(one.id) && identityOf(one) === identity);
    if (!same) return item;
    taken.add(same.id);
    return { ...item, id: same.id };
  });
  return fill(name, matched, identityOf, taken);
}
