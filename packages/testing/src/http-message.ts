// Requirements of RFC 9110 and 9111 on every answer, whatever it says: tests that go through a front door have each of
// their answers looked at.

/** An answer with the method that it belongs to. */
export type SeenMessage = { method: string; status: number; headers: Headers; text: string };

type Rule = [when: (message: SeenMessage) => boolean, holds: (message: SeenMessage) => boolean, say: string];

const has = (name: string) => (message: SeenMessage) => message.headers.has(name);
const is =
  (...statuses: number[]) =>
  ({ status }: SeenMessage) =>
    statuses.includes(status);
const value = ({ headers }: SeenMessage, name: string) => headers.get(name) ?? "";
const hasBody = ({ text }: SeenMessage) => text !== "";
const always = () => true;

/** A quoted string with the characters of an entity tag (RFC 9110, 8.8.3). */
const entityTag = /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/** `max-age=60`, `no-store`: a list of directives (RFC 9111, 5.2). */
const directives = /^[a-z-]+(=(\d+|"[^"]*"))?(, [a-z-]+(=(\d+|"[^"]*"))?)*$/;

const rules: Rule[] = [
  [always, has("date"), "has a Date (9110, 6.6.1)"],
  [always, has("cache-control"), "says who may keep it (9111, 3)"],
  [
    has("cache-control"),
    (message) => directives.test(value(message, "cache-control")),
    "has a Cache-Control that is a list",
  ],
  [is(401), has("www-authenticate"), "names a way to authenticate (9110, 15.5.2)"],
  [is(405), has("allow"), "says what is allowed (9110, 15.5.6)"],
  [
    is(405),
    (message) => !value(message, "allow").split(", ").includes(message.method),
    "does not allow what it refuses",
  ],
  [is(429, 503), has("retry-after"), "says when to come again"],
  [has("retry-after"), is(429, 503), "says so for no other status"],
  [has("retry-after"), (message) => /^\d+$/.test(value(message, "retry-after")), "counts whole seconds"],
  [is(201), has("location"), "says where it is found (9110, 15.3.2)"],
  [is(301, 302, 303, 307, 308), has("location"), "says where it leads (9110, 15.4)"],
  [is(204, 304), (message) => !hasBody(message), "has no body"],
  [is(204), (message) => !has("content-type")(message), "has no type of no body"],
  [
    is(206),
    (message) => has("content-range")(message) || /byteranges/.test(value(message, "content-type")),
    "says which part",
  ],
  [is(416), has("content-range"), "says how long the whole is (9110, 15.5.17)"],
  [hasBody, has("content-type"), "says what its body is (9110, 8.3)"],
  [has("etag"), (message) => entityTag.test(value(message, "etag")), "has a tag in quotes (9110, 8.8.3)"],
  [
    has("content-encoding"),
    (message) => /accept-encoding/i.test(value(message, "vary")),
    "varies with what is accepted",
  ],
  [
    // A scan is led on without a byte that could be guessed at.
    (message) => message.status !== 302 || hasBody(message),
    (message) => value(message, "x-content-type-options") === "nosniff",
    "is not to be guessed at",
  ],
];

/** Violations of an answer as a message of HTTP; empty when there are none. */
export function messageMistakes(message: SeenMessage): string[] {
  return rules.flatMap(([when, holds, say]) => (when(message) && !holds(message) ? [say] : []));
}

/** Throws unless an answer is a good message of HTTP. */
export function expectGoodMessage(message: SeenMessage): void {
  const mistakes = messageMistakes(message);
  if (mistakes.length === 0) return;
  const { method, status, headers } = message;
  const lines = [...headers].map(([name, text]) => `${name}: ${text}`);
  throw new Error(`${method}, ${status}: an answer of ours ${mistakes.join("; ")}\n${lines.join("\n")}`);
}

/** An answer as its client saw it; `body` is parsed JSON, undefined where there is none. */
export type SeenAnswer = { method: string; path: string; status: number; contentType: string | null; body: unknown };

/** Further checks of every answer, each throws; a fixture adds those of its service. */
export const answerChecks: ((seen: SeenAnswer) => void)[] = [];

/** Runs the checks on an answer. */
export function checkAnswer(seen: Omit<SeenAnswer, "body">, text: string): void {
  const isJson = /[/+]json/.test(seen.contentType ?? "") && text !== "";
  for (const check of answerChecks) check({ ...seen, body: isJson ? JSON.parse(text) : undefined });
}

/** `fetch` without following, of an answer of ours: rejects when it is not a good message of HTTP. */
export async function fetchOurs(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const { status, headers } = response;
  const text = Buffer.from(await response.clone().arrayBuffer()).toString("latin1");
  const method = init.method ?? "GET";
  expectGoodMessage({ method, status, headers, text });
  const seen = { method, path: new URL(url).pathname, status, contentType: headers.get("content-type") };
  checkAnswer(seen, Buffer.from(text, "latin1").toString());
  return response;
}
