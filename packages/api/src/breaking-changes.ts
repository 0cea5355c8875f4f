// Breaking changes between two OpenAPI documents: all that could stop a client of the older one. A document may say
// more in answers and ask for less in requests; everything else is a break.

/** A JSON value of a document. */
type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Members = { [name: string]: Json };

/** One break: where, and what changed. */
export type BreakingChange = { at: string; change: string };

const methods = ["get", "put", "post", "delete", "patch", "head", "options"];

const isObject = (value: Json | undefined): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const membersOf = (value: Json | undefined): Members => (isObject(value) ? value : {});
const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const textsOf = (value: Json | undefined): string[] => listOf(value).filter((text) => typeof text === "string");

/** Breaking changes from `older` to `newer`, in the order of the older document. */
export function breakingChanges(older: object, newer: object): BreakingChange[] {
  const found: BreakingChange[] = [];
  const [before, after] = [older as Members, newer as Members];
  for (const [path, item] of Object.entries(membersOf(before.paths))) {
    const newItem = membersOf(after.paths)[path];
    if (newItem === undefined) {
      found.push({ at: path, change: "The path is gone." });
      continue;
    }
    for (const method of methods) {
      const operation = membersOf(item)[method];
      if (operation === undefined) continue;
      const at = `${method.toUpperCase()} ${path}`;
      const newOperation = membersOf(newItem)[method];
      if (newOperation === undefined) found.push({ at, change: "The method is gone." });
      else found.push(...operationChanges(membersOf(operation), membersOf(newOperation), { before, after, at }));
    }
  }
  return found;
}

/** Both documents, and the place that is compared. */
type Context = { before: Members; after: Members; at: string };

function operationChanges(older: Members, newer: Members, context: Context): BreakingChange[] {
  return [
    ...parameterChanges(older, newer, context),
    ...bodyChanges(older, newer, context),
    ...answerChanges(older, newer, context),
  ];
}

const keyOf = (parameter: Json) => `${membersOf(parameter).in} ${membersOf(parameter).name}`;

function parameterChanges(older: Members, newer: Members, context: Context): BreakingChange[] {
  const known = new Map(listOf(older.parameters).map((one) => [keyOf(one), membersOf(one)]));
  const now = new Map(listOf(newer.parameters).map((one) => [keyOf(one), membersOf(one)]));
  const gone = [...known.keys()].filter((key) => !now.has(key));
  const changed = [...now].flatMap(([key, parameter]) => {
    const at = `${context.at}, parameter ${key}`;
    const was = known.get(key);
    if (parameter.required === true && was?.required !== true) return [{ at, change: "It is required now." }];
    return was ? inputChanges(was.schema, parameter.schema, { ...context, at }) : [];
  });
  return [...gone.map((key) => ({ at: `${context.at}, parameter ${key}`, change: "It is gone." })), ...changed];
}

function bodyChanges(older: Members, newer: Members, context: Context): BreakingChange[] {
  const [was, is] = [membersOf(older.requestBody), membersOf(newer.requestBody)];
  if (older.requestBody === undefined) {
    return is.required === true ? [{ at: `${context.at}, body`, change: "It is required now." }] : [];
  }
  return Object.entries(membersOf(was.content)).flatMap(([type, media]) => {
    const at = `${context.at}, body ${type}`;
    const newMedia = membersOf(is.content)[type];
    if (newMedia === undefined) return [{ at, change: "The media type is gone." }];
    return inputChanges(membersOf(media).schema, membersOf(newMedia).schema, { ...context, at });
  });
}

function answerChanges(older: Members, newer: Members, context: Context): BreakingChange[] {
  return Object.entries(membersOf(older.responses)).flatMap(([status, answer]) => {
    const at = `${context.at}, answer ${status}`;
    const newAnswer = membersOf(newer.responses)[status];
    // A refusal that does not happen any more stops nobody.
    if (newAnswer === undefined) return Number(status) < 400 ? [{ at, change: "The status is gone." }] : [];
    return Object.entries(membersOf(membersOf(answer).content)).flatMap(([type, media]) => {
      const newMedia = membersOf(membersOf(newAnswer).content)[type];
      if (newMedia === undefined) return [{ at: `${at} ${type}`, change: "The media type is gone." }];
      return outputChanges(membersOf(media).schema, membersOf(newMedia).schema, { ...context, at: `${at} ${type}` });
    });
  });
}

/** A schema with its reference followed. */
function resolve(schema: Json | undefined, document: Members): Members {
  const { $ref, ...rest } = membersOf(schema);
  if (typeof $ref !== "string") return rest;
  let target: Json | undefined = document;
  for (const part of $ref.replace(/^#\//, "").split("/")) target = membersOf(target)[part];
  return membersOf(target);
}

const typesOf = ({ type, anyOf, oneOf }: Members): string[] =>
  type === undefined
    ? [...listOf(anyOf), ...listOf(oneOf)].flatMap((one) => typesOf(membersOf(one)))
    : Array.isArray(type)
      ? textsOf(type)
      : [String(type)];

/** Least and most that a value may be: a smaller range in a request, or a larger one in an answer, is a break. */
const leasts = ["minimum", "exclusiveMinimum", "minLength", "minItems"] as const;
const mosts = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"] as const;

/** Schemas nest no deeper in any document of ours. */
const depthMax = 12;

function inputChanges(older: Json | undefined, newer: Json | undefined, context: Context, depth = 0): BreakingChange[] {
  if (depth > depthMax) return [];
  const [was, is] = [resolve(older, context.before), resolve(newer, context.after)];
  const { at } = context;
  const found: BreakingChange[] = [];
  const lost = typesOf(was).filter(
    (type) => !typesOf(is).includes(type) && !(type === "integer" && typesOf(is).includes("number")),
  );
  if (lost.length > 0 && typesOf(is).length > 0)
    found.push({ at, change: `It may not be ${lost.join(", ")} any more.` });
  if (Array.isArray(is.enum)) {
    const refused = Array.isArray(was.enum) ? was.enum.filter((value) => !listOf(is.enum).includes(value)) : ["others"];
    if (refused.length > 0) found.push({ at, change: `It may not be ${refused.join(", ")} any more.` });
  }
  for (const limit of leasts) {
    if (typeof is[limit] === "number" && (typeof was[limit] !== "number" || is[limit] > was[limit])) {
      found.push({ at, change: `${limit} is ${is[limit]} now.` });
    }
  }
  for (const limit of mosts) {
    if (typeof is[limit] === "number" && (typeof was[limit] !== "number" || is[limit] < was[limit])) {
      found.push({ at, change: `${limit} is ${is[limit]} now.` });
    }
  }
  const asked = textsOf(is.required).filter((name) => !textsOf(was.required).includes(name));
  found.push(...asked.map((name) => ({ at: `${at}.${name}`, change: "It is required now." })));
  for (const [name, schema] of Object.entries(membersOf(was.properties))) {
    const now = membersOf(is.properties)[name];
    const inner = { ...context, at: `${at}.${name}` };
    if (now === undefined) {
      if (is.additionalProperties === false) found.push({ at: inner.at, change: "It is refused now." });
    } else found.push(...inputChanges(schema, now, inner, depth + 1));
  }
  if (was.items !== undefined && is.items !== undefined) {
    found.push(...inputChanges(was.items, is.items, { ...context, at: `${at}[]` }, depth + 1));
  }
  return found;
}

function outputChanges(
  older: Json | undefined,
  newer: Json | undefined,
  context: Context,
  depth = 0,
): BreakingChange[] {
  if (depth > depthMax) return [];
  const [was, is] = [resolve(older, context.before), resolve(newer, context.after)];
  const { at } = context;
  const found: BreakingChange[] = [];
  const added = typesOf(is).filter(
    (type) => !typesOf(was).includes(type) && !(type === "integer" && typesOf(was).includes("number")),
  );
  if (added.length > 0 && typesOf(was).length > 0) found.push({ at, change: `It may be ${added.join(", ")} now.` });
  for (const [name, schema] of Object.entries(membersOf(was.properties))) {
    const now = membersOf(is.properties)[name];
    const inner = { ...context, at: `${at}.${name}` };
    if (now === undefined) found.push({ at: inner.at, change: "The field is gone." });
    else {
      const isOptionalNow = textsOf(was.required).includes(name) && !textsOf(is.required).includes(name);
      if (isOptionalNow) found.push({ at: inner.at, change: "The field may be missing now." });
      found.push(...outputChanges(schema, now, inner, depth + 1));
    }
  }
  if (was.items !== undefined && is.items !== undefined) {
    found.push(...outputChanges(was.items, is.items, { ...context, at: `${at}[]` }, depth + 1));
  }
  return found;
}
