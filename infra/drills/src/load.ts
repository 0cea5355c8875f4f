// Scans as phones send them, over kept connections from this process, each carrying a mark of its own. Every answer is
// recorded, so that afterwards each 302 can be looked for among the rows of the ledger.
import { Agent, request } from "node:http";

/** Codes, addresses and pace of a load. */
export type LoadOptions = {
  /** Base addresses, asked in turns. */
  urls: string[];
  shortIds: string[];
  /** Nine scans of ten ask for the first code. */
  hot?: boolean;
  /** Clients that send one scan after the other; default 16. */
  clients?: number;
  /** Pause of a client between two scans; default 10 ms, so that 16 clients send at most 1,600 a second. */
  pauseMs?: number;
};

/** Figures since the phase before. */
export type Phase = { answered: number; refused: Record<string, number>; p99Ms: number };

/** A running load. */
export type Load = {
  /** How all marks of this load end. */
  run: string;
  /** The marks of the scans that were answered by 302. */
  answered: ReadonlySet<string>;
  clients: number;
  /**
   * Waits for the scans that are under way, so that none of them is told of in the next phase, and ends this one.
   * `refused` has a count for each status other than 302 and each kind of error.
   */
  takePhase(): Promise<Phase>;
  /** Lets every scan under way end. */
  stop(): Promise<void>;
};

const pauseMsDefault = 10;
const clientsDefault = 16;

/** A phone would have given up; nothing here should ever take so long. */
const patienceMs = 10_000;

/** The mark travels as the host of the referring page, which the ledger keeps. */
const markOf = (run: string, client: number, n: number) => `c${client}-n${n}.${run}`;

let runs = 0;

/** Starts sending and goes on until `stop`. */
export function startLoad(options: LoadOptions): Load {
  const { urls, shortIds, clients = clientsDefault, pauseMs = pauseMsDefault } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const run = `run-${runs++}.drill.example`;
  const answered = new Set<string>();
  const underWay = new Set<Promise<void>>();
  let before = 0;
  let refused: Record<string, number> = {};
  let tookMs: number[] = [];
  let stopped = false;

  function send(client: number, n: number): Promise<void> {
    const mark = markOf(run, client, n);
    const code = options.hot && n % 10 > 0 ? 0 : (client * 7 + n) % shortIds.length;
    const url = `${urls[n % urls.length]}/q/${shortIds[code]}`;
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const refuse = (why: string | number | undefined) => {
        refused[String(why)] = (refused[String(why)] ?? 0) + 1;
        resolve();
      };
      const headers = {
        Referer: `https://${mark}/`,
        "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)",
      };
      const req = request(url, { agent, headers, timeout: patienceMs }, (res) => {
        tookMs.push(performance.now() - startedAt);
        res.resume().once("close", () => (res.statusCode === 302 ? resolve() : refuse(res.statusCode)));
        if (res.statusCode === 302) answered.add(mark);
      });
      req.once("timeout", () => req.destroy(Object.assign(new Error("no answer"), { code: "no answer" })));
      req.once("error", (error: NodeJS.ErrnoException) => refuse(error.code ?? error.message));
      req.end();
    });
  }

  const running = Array.from({ length: clients }, async (_, client) => {
    for (let n = 0; !stopped; n++) {
      const sent = send(client, n);
      underWay.add(sent);
      await sent;
      underWay.delete(sent);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  });

  return {
    run,
    answered,
    clients,
    async takePhase() {
      await Promise.all(underWay);
      const sorted = tookMs.sort((a, b) => a - b);
      const phase = { answered: answered.size - before, refused, p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? 0 };
      before = answered.size;
      refused = {};
      tookMs = [];
      return phase;
    },
    async stop() {
      stopped = true;
      await Promise.all(running);
      agent.destroy();
    },
  };
}
