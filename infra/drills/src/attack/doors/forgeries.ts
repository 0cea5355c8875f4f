// Access tokens that we did not issue, in every way that libraries were fooled by: one and the same 401.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../row.js";
import type { Stage } from "../stage/stage.js";

type Part = Record<string, unknown>;

const encode = (part: unknown) =>
  Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
const decode = (text = ""): Part => JSON.parse(Buffer.from(text, "base64url").toString()) as Part;

function sign(header: Part, claims: unknown, secret: string | Buffer): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  const hash = header.alg === "HS512" ? "sha512" : header.alg === "HS384" ? "sha384" : "sha256";
  return `${signed}.${createHmac(hash, secret).update(signed).digest("base64url")}`;
}

/**
 * The secret of the stack, for tokens that are rightly signed and wrong all the same; null where it is kept elsewhere.
 */
function secretOf({ stack }: Stage): string | null {
  try {
    const secrets = JSON.parse(readFileSync(join(stack.dataDirectory, "secrets.json"), "utf8")) as {
      jwt_secret?: string;
    };
    return secrets.jwt_secret ?? null;
  } catch {
    return null;
  }
}

/** Forgeries from a token of one's own. */
function forgeriesOf(token: string, secret: string | null): [name: string, token: string][] {
  const [headText = "", claimText = "", signature = ""] = token.split(".");
  const [head, claims] = [decode(headText), decode(claimText)];
  const now = Math.floor(Date.now() / 1_000);
  const unsigned = ["none", "None", "NONE", "nOnE", ""].flatMap((alg): [string, string][] => [
    [`alg ${JSON.stringify(alg)}, no signature`, `${encode({ ...head, alg })}.${claimText}.`],
    [`alg ${JSON.stringify(alg)}, the old signature`, `${encode({ ...head, alg })}.${claimText}.${signature}`],
  ]);
  const others = { ...claims, wid: "00000000-0000-4000-8000-000000000000" };
  const keyed: [string, string][] = [
    ["an empty secret", sign(head, claims, "")],
    ["a guessed secret", sign(head, claims, "secret")],
    ["kid of an empty file", sign({ ...head, kid: "../../../dev/null" }, claims, "")],
    ["kid with SQL", sign({ ...head, kid: "x' UNION SELECT 'a" }, claims, "a")],
    ["jku elsewhere", sign({ ...head, jku: "https://evil.example/keys.json" }, claims, "a")],
    ["x5u elsewhere", sign({ ...head, x5u: "https://evil.example/cert.pem" }, claims, "a")],
    ["a key brought along", sign({ ...head, jwk: { kty: "oct", k: encode("a") } }, claims, "a")],
    ["RS256 with a hash", sign({ ...head, alg: "RS256" }, claims, "a")],
    ["ES256 with zeros", `${encode({ ...head, alg: "ES256" })}.${claimText}.${Buffer.alloc(64).toString("base64url")}`],
  ];
  const changed: [string, string][] = [
    ["another workspace", `${headText}.${encode(others)}.${signature}`],
    ["a later end", `${headText}.${encode({ ...claims, exp: now + 1e6 })}.${signature}`],
    ["no signature", `${headText}.${claimText}`],
    ["an empty signature", `${headText}.${claimText}.`],
    ["a cut signature", `${headText}.${claimText}.${signature.slice(0, -4)}`],
    ["a longer signature", `${token}AAAA`],
    ["a fourth part", `${token}.${signature}`],
    ["no claims", `${headText}..${signature}`],
    ["claims that are no JSON", `${headText}.${encode("{")}.${signature}`],
  ];
  const signed: [string, string][] = !secret
    ? []
    : [
        ["rightly signed, HS384", sign({ ...head, alg: "HS384" }, claims, secret)],
        ["rightly signed, HS512", sign({ ...head, alg: "HS512" }, claims, secret)],
        ["rightly signed, expired", sign(head, { ...claims, exp: now - 1 }, secret)],
        ["rightly signed, another audience", sign(head, { ...claims, aud: "qrfactory-internal" }, secret)],
        ["rightly signed, no audience", sign(head, { ...claims, aud: undefined }, secret)],
        ["rightly signed, another issuer", sign(head, { ...claims, iss: "evil" }, secret)],
        ["rightly signed, not yet", sign(head, { ...claims, nbf: now + 1_000 }, secret)],
        ["rightly signed, nobody", sign(head, { ...claims, sub: "nobody" }, secret)],
      ];
  return [...unsigned, ...keyed, ...changed, ...signed];
}

const routes: { url: string; method?: string }[] = [
  { url: "/api/v1/me/" },
  { url: "/api/v1/keys/", method: "POST" },
  { url: "/api/v1/dynamic/ABC/image/" },
];

const forgeries: Row = {
  name: "forgeries",
  attack: "forged access tokens: no algorithm, other keys, other claims, changed parts, wrong though rightly signed",
  async run(stage) {
    const secret = secretOf(stage);
    const token = stage.demo.asUser.Authorization.replace("Bearer ", "");
    const all = forgeriesOf(token, secret);
    const refusals = new Map<string, string[]>();
    for (const [name, forged] of all) {
      for (const route of routes) {
        const answer = await stage.attack({ ...route, headers: { Authorization: `Bearer ${forged}` } });
        stage.promise(answer.status === 401, `${name} is answered ${answer.status} by ${route.url}`);
        const text = answer.body.toString().replace(/"request_id":"[^"]*"/, "");
        refusals.set(text, [...(refusals.get(text) ?? []), name]);
      }
    }
    stage.saw(`${all.length} forgeries${secret ? "" : ", none rightly signed: the secret is kept elsewhere"}`);
    const odd = [...refusals.values()].sort((a, b) => a.length - b.length).slice(0, -1);
    stage.promise(odd.length === 0, `these are answered otherwise than the rest: ${odd.flat().join("; ")}`);
    const { status } = await stage.client.send({ url: "/api/v1/me/", headers: stage.demo.asUser });
    stage.promise(status === 200, "the true token is not accepted any more");
  },
};

/** Rows of forged access tokens. */
export const forgeryRows: Row[] = [forgeries];
