// Requests hidden in requests, against the gateway and each service: never two answers for one, never somebody else's.

import type { Row } from "../row.js";
import { makeClient } from "../stage/client.js";
import { makeCodes } from "../stage/others.js";
import { answersIn, exchange } from "../stage/raw.js";
import type { Stage } from "../stage/stage.js";
import { type SmugglingCase, smugglingCases } from "./smuggling-cases.js";

const atOnce = 8;
const victimsAfter = 4;

/** For a coding that it does not know a server says so (RFC 9112, 6.1): the one 5xx that is no failure. */
const notImplemented = 501;

type Target = { name: string; url: string; path: string };

/** Makes one case, and asks as somebody else right behind it. */
async function smuggle(
  stage: Stage,
  target: Target,
  { name, bytes, isTwo = false }: SmugglingCase,
  n: number,
): Promise<void> {
  const mark = `hidden-${n}`;
  const hidden = `GET ${target.path} HTTP/1.1\r\nHost: attack.example\r\nX-Request-Id: ${mark}\r\n\r\n`;
  const packets = [bytes(target.path, hidden)].flat();
  const received = await exchange({ url: target.url, packets, quietMs: 200 });
  stage.sent(packets.join("").length, 1);
  // An interim answer (100) is none.
  const answers = answersIn(received).filter(({ status }) => status >= 200);
  const statuses = answers.map(({ status }) => status);
  const shown = `${name}, at ${target.name}`;
  stage.promise(isTwo || statuses.length <= 1, `${shown}: ${statuses.length} answers (${statuses.join(", ")})`);
  stage.promise(isTwo || !received.includes(mark), `${shown}: the hidden request was answered`);
  for (const { status, type } of answers) {
    stage.promise(status < 500 || [503, notImplemented].includes(status), `${shown}: answered ${status}`);
    const isProblem = type.startsWith("application/problem+json");
    stage.promise(
      status < 400 || isProblem || status === 404,
      `${target.name} answers ${status} as ${type || "nothing"}`,
    );
  }
}

/** Others on connections of their own, which the services behind the gateway share: each gets the answer to its own. */
async function askAsOthers(stage: Stage, { name, url, path }: Target, n: number): Promise<void> {
  const client = makeClient(url, { connectionsMax: 2 });
  for (let at = 0; at < victimsAfter; at++) {
    const id = `other-${n}-${at}`;
    const { headers, status } = await client.send({ url: path, headers: { "X-Request-Id": id } });
    stage.promise(
      headers["x-request-id"] === id,
      `somebody else at ${name} got the answer to ${headers["x-request-id"]} (${status})`,
    );
  }
  client.close();
}

const smuggling: Row = {
  name: "smuggling",
  attack: `${smugglingCases.length} ways to hide a request in another, at the gateway and at each service`,
  async run(stage) {
    const [id = ""] = await makeCodes(stage, 1);
    const { gateway, management, render, regions } = stage.stack.file();
    const targets: Target[] = [
      { name: "gateway, management", url: gateway, path: "/api/v1/me/" },
      { name: "gateway, render", url: gateway, path: "/api/v1/generate/" },
      { name: "gateway, redirect", url: gateway, path: `/q/${id}` },
      { name: "management", url: management, path: "/api/v1/me/" },
      { name: "render", url: render, path: "/api/v1/generate/" },
      { name: "redirect", url: regions[0]?.redirect as string, path: `/q/${id}` },
    ];
    let n = 0;
    for (const target of targets) {
      const queue = [...smugglingCases];
      const work = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          await smuggle(stage, target, next, n++);
          await askAsOthers(stage, target, n);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
    }
    stage.saw(`${n} conversations`);
  },
};

/** Rows of requests hidden in requests. */
export const smugglingRows: Row[] = [smuggling];
