// A picture's address whose name server takes questions and never answers. Look-ups by the system's resolver hold
// threads that files need, too.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { hammer } from "../bodies/bodies.js";
import type { Row } from "../row.js";
import { noNamespaceBecause } from "../stage/namespace.js";
import { cachedImage } from "../stage/others.js";

const dnsPort = 53;
const clients = 12;
const attackMs = 10_000;
/** The contract: a refusal within 5 s. */
const refusedMsMax = 5_500;

const silentHost: Row = {
  name: "silent-host",
  attack: `logo_url with names whose name server is silent, ${clients} at once by one workspace`,
  own: {},
  isInNamespace: true,
  unless: noNamespaceBecause,
  async run(stage) {
    const server = createSocket("udp4");
    let questions = 0;
    server.on("message", () => {
      questions += 1;
    });
    server.bind(dnsPort, "127.0.0.1");
    await once(server, "listening");
    const person = await stage.people.signUp("agency");
    let longestMs = 0;
    let n = 0;
    const send = async () => {
      const json = { data: "https://example.com", logo_url: `http://silent-${n++}.example.com/logo.png` };
      const { tookMs } = await stage.attack({ url: "/api/v1/generate/", headers: person.asKey, json });
      longestMs = Math.max(longestMs, tookMs);
    };
    await stage.disturb(cachedImage(stage), () => hammer(clients, attackMs, send));
    server.close();
    stage.saw(`${questions} questions to the name server, the longest wait ${(longestMs / 1_000).toFixed(1)} s`);
    stage.promise(questions > 0, "the name server was never asked");
    stage.promise(longestMs <= refusedMsMax, `a refusal took ${(longestMs / 1_000).toFixed(1)} s`);
  },
};

/** Rows of name servers that never answer. */
export const silentHostRows: Row[] = [silentHost];
