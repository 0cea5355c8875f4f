// scans and analytics.
import { Command, Option } from "commander";
import {
  AbortedError,
  type QRFactory,
  type Report,
  type ReportOptions,
  type Scan,
  type ScanFilter,
  type WorkspaceScanFilter,
} from "qrfactory";
import type { Context, Run } from "../context.js";
import { wholeNumber } from "../fields.js";

type ScanFlags = { follow?: boolean; limit?: number; from?: string; to?: string };

const columns = ["WHEN", "CODE", "COUNTRY", "CITY", "DEVICE", "SYSTEM", "LED TO"];
const rowOf = (scan: Scan) =>
  [scan.scanned_at, scan.short_id, scan.country, scan.city, scan.device, scan.os, scan.served].map(
    (cell) => cell ?? "–",
  );

const pageSize = 100;

/** Scans come in by the moment at which they are shipped; one that was held up is shown as late as this. */
const lateMsMax = 60_000;

type Scope = { short_id?: string; from?: string | undefined; to?: string | undefined };

const momentOf = ({ scanned_at }: Scan) => Date.parse(scanned_at);

async function scans({ client, out, signal }: Context, shortId: string | undefined, flags: ScanFlags) {
  const { follow = false, limit = 25, from, to } = flags;
  const qr = client();
  const scope: Scope = { ...(shortId !== undefined && { short_id: shortId }), from, to };
  const latest: Scan[] = [];
  const seen: Seen = new Map();
  const query = { ...scope, limit: Math.max(1, Math.min(limit, pageSize)) };
  for await (const scan of qr.analytics.scans(query as WorkspaceScanFilter, { signal })) {
    const isOld = seen.size > 0 && momentOf(scan) < newestOf(seen) - lateMsMax;
    if (latest.length >= limit && (isOld || !follow)) break;
    if (latest.length < limit) latest.push(scan);
    seen.set(scan.id, momentOf(scan));
  }
  if (!follow) return out.result(latest, () => out.table(columns, latest.map(rowOf)));
  const show = (scan: Scan) => out.result(scan, () => out.line(rowOf(scan).join("  ")));
  try {
    for (const scan of latest.toReversed()) show(scan);
    for await (const scan of newScans(qr, scope, seen, signal)) show(scan);
  } catch (error) {
    // Following ends by being interrupted.
    if (!(error instanceof AbortedError)) throw error;
  }
}

/** Id → moment of the scans that came last, by the clock of the service. */
type Seen = Map<string, number>;

const newestOf = (seen: Seen) => Math.max(Number.NEGATIVE_INFINITY, ...seen.values());

/** Scans that come in from now on, each once; `seen` are all that were there in the last minute. */
async function* newScans(qr: QRFactory, scope: Scope, seen: Seen, signal: AbortSignal): AsyncGenerator<Scan> {
  const { short_id } = scope;
  for await (const _count of qr.analytics.live(short_id === undefined ? {} : { short_id }, { signal })) {
    const fresh: Scan[] = [];
    const query = { ...scope, limit: pageSize };
    const oldest = newestOf(seen) - lateMsMax;
    for await (const scan of qr.analytics.scans(query as WorkspaceScanFilter, { signal })) {
      if (momentOf(scan) < oldest) break;
      if (!seen.has(scan.id)) fresh.push(scan);
      seen.set(scan.id, momentOf(scan));
    }
    yield* fresh.toReversed();
    const kept = newestOf(seen) - lateMsMax;
    for (const [id, at] of seen) if (at < kept) seen.delete(id);
  }
}

type AnalyticsFlags = ScanFilter & ReportOptions & { includeBots?: boolean };

const barWidth = 30;

function showReport(out: Context["out"], report: Report): void {
  out.line(`${report.total_scans} scans by ${report.unique_visitors} visitors; ${report.bots} by machines`);
  const most = Math.max(1, ...report.timeseries.map(({ scans: count }) => count));
  for (const { start, scans: count } of report.timeseries) {
    if (count > 0) out.line(`  ${start}  ${"█".repeat(Math.ceil((count / most) * barWidth))} ${count}`);
  }
  for (const name of ["countries", "cities", "devices", "os", "referrers"] as const) {
    if (report[name].length === 0) continue;
    const top = report[name].slice(0, 5).map(({ key, scans: count }) => `${key} ${count}`);
    out.line(`${name}: ${top.join(", ")}`);
  }
  for (const { short_id, name, scans: count } of report.top_codes ?? []) out.line(`  ${short_id}  ${name}  ${count}`);
}

async function analytics({ client, out, signal }: Context, shortId: string | undefined, flags: AnalyticsFlags) {
  const { from, to, interval, timezone, country, includeBots } = flags;
  const query = { from, to, interval, timezone, country, include_bots: includeBots };
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
  const all = client().analytics;
  const report = await (shortId === undefined
    ? all.workspace(given, { signal })
    : all.code(shortId, given, { signal }));
  out.result(report, () => showReport(out, report));
}

export function scanCommands(run: Run): Command[] {
  const ranged = (command: Command) =>
    command
      .argument("[id]", "of one code, by its short id; else of all")
      .option("--from <moment>", "a moment or a date")
      .option("--to <moment>", "a moment or a date");
  const scanList = ranged(new Command("scans"))
    .summary("single scans")
    .description("Lists scans, the latest first; with --follow it goes on, the latest last.")
    .option("--follow", "shows scans as they come in, until it is interrupted")
    .option("--limit <count>", "25 unless told", wholeNumber)
    .action(run(scans));
  const report = ranged(new Command("analytics"))
    .summary("a report on scans")
    .description("Counts scans by time, place and device.")
    .addOption(new Option("--interval <interval>", "of the course of time").choices(["hour", "day", "week", "month"]))
    .option("--timezone <zone>", "such as Europe/Vienna")
    .option("--country <codes>", "such as AT,-unknown")
    .option("--include-bots", "counts machines, too")
    .action(run(analytics));
  return [scanList, report];
}
