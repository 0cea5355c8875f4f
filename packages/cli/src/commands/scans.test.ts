import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { until } from "@qrfactory/processes/until";
import { listen } from "@qrfactory/testing/http";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** A scan of so many seconds ago. */
const scanOf = (id: string, secondsAgo: number) => ({
  id,
  short_id: "A",
  scanned_at: new Date(Date.now() - secondsAgo * 1_000).toISOString(),
});

test("a scan that comes in late is shown once, and those of before are not shown as new", async () => {
  const known = [scanOf("shown", 5), scanOf("known", 6), scanOf("old", 600)];
  const lists = [known, [scanOf("late", 20), ...known], [scanOf("new", 0), scanOf("late", 20), ...known]];
  let listsAsked = 0;
  const service = await listen((req, res) => {
    if (req.url?.includes("/live/")) {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      const tell = (scans: number) => res.write(`event: scans\ndata: {"scans":${scans}}\n\n`);
      tell(1);
      setTimeout(tell, 300, 2);
      return;
    }
    const results = (lists[listsAsked++] ?? lists[2] ?? []).toSorted((a, b) => (a.scanned_at < b.scanned_at ? 1 : -1));
    res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ results, next_cursor: null }));
  });
  const args = [main, "scans", "--follow", "--json", "--limit", "1", "--base-url", service.url];
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", QRFACTORY_API_KEY: "smk_test" };
  const child = spawn(process.execPath, args, { env });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const shown = () =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line).id as string);
  try {
    await until(() => shown().includes("new"), { timeoutMs: 20_000, what: "the new scan" });
  } finally {
    child.kill("SIGINT");
    await service.close();
  }
  expect(await ended).toBe(0);
  expect(shown()).toEqual(["shown", "late", "new"]);
});
