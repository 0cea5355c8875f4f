// The shared cache of images: one key for one picture, and no hint of another workspace's images.
import { createHash } from "node:crypto";
import type { Row } from "../row.js";
import { type Answer, expectStatus } from "../stage/client.js";

const keyOf = ({ headers }: Answer) => String(headers["x-qr-cache-key"]);
const cacheOf = ({ headers }: Answer) => String(headers["x-qr-cache"]);

const levels: Row = {
  name: "one-key",
  attack: "error_correction L, M, Q and H of texts that have one symbol at all of them",
  async run(stage) {
    for (const data of ["HI", "42", "https://example.com/a"]) {
      const keys = new Map<string, Set<string>>();
      for (const error_correction of ["L", "M", "Q", "H"]) {
        const json = { data, data_type: "text", error_correction };
        const answer = expectStatus(
          await stage.attack({ url: "/api/v1/generate/", headers: stage.demo.asKey, json }),
          200,
        );
        const digest = createHash("sha256").update(answer.body).digest("hex");
        keys.set(digest, (keys.get(digest) ?? new Set()).add(keyOf(answer)));
      }
      const most = Math.max(...[...keys.values()].map(({ size }) => size));
      stage.saw(`${data}: ${keys.size} pictures, ${[...keys.values()].reduce((sum, { size }) => sum + size, 0)} keys`);
      stage.promise(most === 1, `the same bytes have ${most} cache keys`);
    }
  },
};

const guesses = 20;

const wifiGuesses: Row = {
  name: "wifi-guesses",
  attack: `${guesses} guesses at the Wi-Fi password of another workspace, the right one among them`,
  async run(stage) {
    const person = await stage.people.signUp("pro");
    const ssid = `Guests of ${Date.now()}`;
    const image = (n: number) => ({ data_type: "wifi", payload: { ssid, password: `correct horse ${n}` }, size: 300 });
    const right = Math.floor(guesses / 2);
    const url = "/api/v1/generate/";
    expectStatus(await stage.client.send({ url, headers: stage.demo.asKey, json: image(right) }), 200);
    const hits: number[] = [];
    const keys: string[] = [];
    for (let n = 0; n < guesses; n++) {
      const answer = expectStatus(await stage.attack({ url, headers: person.asKey, json: image(n) }), 200);
      keys.push(keyOf(answer));
      if (cacheOf(answer) !== "MISS" || Number(answer.headers["x-qr-duration-ms"]) === 0) hits.push(n);
    }
    stage.promise(hits.length === 0, `guess ${hits.join(", ")} was known: right is ${right}`);
    // One's own images are hits as ever, if they are kept at all; a workspace that forgets one forgets none of others.
    await stage.attack({ method: "DELETE", url: `/api/v1/cache/${keys[right]}/`, headers: person.asKey });
    const again = await stage.client.send({ url, headers: stage.demo.asKey, json: image(right) });
    stage.saw(`their own again: ${cacheOf(again)}`);
  },
};

/** Rows of the shared cache of images. */
export const cacheRows: Row[] = [levels, wifiGuesses];
