// Load on a scan path: wrk, which takes a fraction of what the servers under it take, asking for random codes with the
// headers of a phone's browser, over 64 kept connections.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Connections that wrk keeps open at once. */
export const connections = 64;

/** Figures of one load; latencies are of answered requests. */
export type Load = { perSecond: number; p50Ms: number; p99Ms: number; requests: number; failed: number };

/** The request of a phone: some 600 bytes. */
const browserHeaders = {
  "User-Agent":
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
    "Version/18.1 Mobile/15E148 Safari/604.1",
  Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  "Accept-Language": "de-AT,de;q=0.9,en-US;q=0.8,en;q=0.7",
  "Accept-Encoding": "gzip, deflate, br",
  "Sec-Fetch-Dest": "document",
  "Sec-Fetch-Mode": "navigate",
  "Sec-Fetch-Site": "none",
  "Upgrade-Insecure-Requests": "1",
};

/**
 * Sends for `seconds` from one thread; `paths` are asked for in turns. Answers other than 2xx and 3xx count as failed.
 */
export async function generateLoad(
  base: string,
  { paths, seconds, directory }: { paths: string[]; seconds: number; directory: string },
): Promise<Load> {
  const script = join(directory, "load.lua");
  const headers = Object.entries(browserHeaders).map(([name, value]) => `["${name}"] = "${value}"`);
  writeFileSync(
    script,
    `local requests, at = {}, 0
     function init()
       for path in string.gmatch([[${paths.join(" ")}]], "%S+") do
         requests[#requests + 1] = wrk.format("GET", path, { ${headers.join(", ")} })
       end
     end
     function request() at = at % #requests + 1; return requests[at] end
     function done(summary, latency)
       local e = summary.errors
       print(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"failed":%d}', summary.requests, summary.duration,
         latency:percentile(50), latency:percentile(99), e.status + e.connect + e.read + e.write + e.timeout))
     end`,
  );
  const args = ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "-s", script, base];
  const wrk = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  wrk.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await new Promise<void>((resolve, reject) => {
    wrk.once("error", reject);
    wrk.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`wrk ended with ${code}: ${output}`))));
  });
  const last = output.trim().split("\n").at(-1) ?? "";
  const { requests, us, p50, p99, failed } = JSON.parse(last) as Record<string, number>;
  const count = requests as number;
  return {
    requests: count,
    perSecond: (count * 1e6) / (us as number),
    p50Ms: (p50 as number) / 1000,
    p99Ms: (p99 as number) / 1000,
    failed: failed as number,
  };
}
