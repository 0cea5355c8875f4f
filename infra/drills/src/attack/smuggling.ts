// Requests hidden in requests, against the gateway and each service: never two answers for one, never somebody else's.
import { makeClient } from "./client.js";
import { makeCodes } from "./others.js";
import { exchange, statusesOf } from "./raw.js";
import type { Row } from "./row.js";
import { type SmugglingCase, smugglingCases } from "./smuggling-cases.js";
import type { Stage } from "./stage.js";

const atOnce = 8;
const victimsAfter = 4;

/** Final answers: an interim one (100) is none. */
const answersIn = (received: string) => statusesOf(received).filter((status) => status >= 200);

type Target = { name: string; url: string; path: string };

/** Makes one case, and asks as somebody else right behind it. */
async function smuggle(stage: Stage, target: Target, { name, bytes }: SmugglingCase, n: number): Promise<void> {
  const mark = `hidden-${n}`;
  const hidden = `GET ${target.path} HTTP/1.1\r\nHost: attack.example\r\nX-Request-Id: ${mark}\r\n\r\n`;
  const packets = [bytes(target.path, hidden)].flat();
  const received = await exchange({ url: target.url, packets, quietMs: 200 });
  stage.sent(packets.join("").length, 1);
  const answers = answersIn(received);
  const shown = `${name}, at ${target.name}`;
  stage.promise(answers.length <= 1, `${shown}: ${answers.length} answers (${answers.join(", ")})`);
  stage.promise(!received.includes(mark), `${shown}: the hidden request was answered`);
  const failed = answers.filter((status) => status >= 500 && status !== 503);
  stage.promise(failed.length === 0, `${shown}: answered ${failed[0]}`);
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

export const smugglingRows: Row[] = [smuggling];
