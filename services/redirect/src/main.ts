// A redirect process: read the configuration, open disk and connections, start the background loops, serve. The
// argument `--no-fast-lane` leaves every request to node:http, so that what the lane is worth can be measured.
import { scanRecord } from "@qrfactory/domain/events";
import { serve } from "@qrfactory/runtime/http/serve";
import { createLog } from "@qrfactory/runtime/log";
import { createMetrics } from "@qrfactory/runtime/metrics";
import { start } from "@qrfactory/runtime/process";
import { connectRedis } from "@qrfactory/runtime/redis";
import { version } from "@qrfactory/runtime/version";
import { makeShipper } from "@qrfactory/spool/shipper";
import { openSpool } from "@qrfactory/spool/spool";
import { followTable } from "@qrfactory/state/codes/following/follow";
import { makeHeartbeat } from "@qrfactory/state/codes/following/heartbeat";
import { makeReplicaLookup } from "@qrfactory/state/codes/following/replica-lookup";
import { reportProgress } from "@qrfactory/state/codes/publishing/regions";
import { journaled, openJournal } from "@qrfactory/state/codes/table/journal";
import { readSnapshot } from "@qrfactory/state/codes/table/snapshot";
import { createTable } from "@qrfactory/state/codes/table/table";
import { addOrphans } from "@qrfactory/state/orphans";
import { eventStream } from "@qrfactory/state/streams/event-stream";
import { type AppOptions, createApp, makeTakeScan } from "./app.js";
import { readRedirectConfig } from "./config.js";
import { openFastLane } from "./fast-lane.js";
import { keepOwners } from "./pages/owners.js";
import { makePageFor } from "./pages/pages.js";
import { makeUnlock } from "./pages/password-form.js";
import { makeCheckPassword } from "./pages/passwords.js";
import { makeCountryDatabase } from "./scan/country-database.js";
import { makeDecide } from "./scan/decide.js";
import { makeOrphans } from "./scan/orphans.js";
import { makeDescribeScan, makeReadScanner } from "./scan/scan.js";
import { scanRoute } from "./scan/send.js";
import { makeUses } from "./scan/uses.js";
import { makeVisitorOf } from "./scan/visitor.js";
import { keepSnapshots } from "./snapshots.js";
import { makeStatusReport, registerGauges, type StateOptions } from "./status-report.js";

/** Above the half second that a read for changes waits, far below what a frozen replica should go unnoticed. */
const blockingTimeoutMs = 1_000;
/** At a stop the last scans are handed over for this long; on disk they are safe in any case. */
const shipOnStopMs = 1_000;

const hasFastLane = !process.argv.includes("--no-fast-lane");

start(async () => {
  const config = readRedirectConfig();
  const { REGION: region, REPLICA_REDIS_URL: replicaUrl, STATE_REDIS_URL: stateUrl } = config;
  const log = createLog({ service: "redirect", level: config.LOG_LEVEL }).child({ region });
  const tell = (what: string) => (err: Error | null) =>
    err ? log.warn({ err }, `${what} does not work`) : log.info(`${what} works again`);

  const spool = openSpool({ directory: config.SPOOL_DIR, onDiskState: tell("writing scans to disk") });
  const state = connectRedis({ url: stateUrl, name: `redirect-${region}-state` });
  const shipper = makeShipper({
    spool,
    ...eventStream(state, "scans"),
    onState: tell("shipping scans"),
  });

  const started = performance.now();
  const snapshot = readSnapshot({
    directory: config.SNAPSHOT_DIR,
    onRefused: (file, reason) => log.warn({ file, reason }, "a snapshot was refused"),
  });
  const rows = snapshot?.table ?? createTable();
  const journal = openJournal({
    directory: config.SNAPSHOT_DIR,
    table: rows,
    onLarge: () => snapshots.save(),
    onState: tell("writing the journal of changes"),
  });
  const table = journaled(rows, journal);
  const { restored } = journal.state();
  if (snapshot || restored > 0) {
    const read = { ...table.counts(), of_the_journal: restored, ms: performance.now() - started };
    log.info(read, "the table was read from its snapshot and its journal");
  }
  const replica = connectRedis({ url: replicaUrl, name: `redirect-${region}` });
  const heartbeat = makeHeartbeat();
  const follower = followTable({
    table,
    heartbeat,
    redis: replica,
    blocking: connectRedis({
      url: replicaUrl,
      name: `redirect-${region}-changes`,
      commandTimeoutMs: blockingTimeoutMs,
    }),
    resume: snapshot?.resume ?? null,
    reconcileMs: config.RECONCILE_SECONDS * 1_000,
    onState: tell("the replica"),
    onTaken: () => progress.report(),
    onSetState: (set) => log[set === "complete" ? "info" : "warn"]({ set }, "the set of codes on the replica"),
    onRefused: (shortId) => log.warn({ short_id: shortId }, "a row of the replica was refused"),
  });

  const progress = reportProgress({
    redis: state,
    process: spool.id,
    ordinal: () => follower.resume()?.position.ordinal ?? 0,
  });

  const snapshots = keepSnapshots({
    directory: config.SNAPSHOT_DIR,
    table,
    journal,
    resume: () => follower.resume(),
    intervalMs: config.SNAPSHOT_SECONDS * 1_000,
    last: snapshot,
    onState: tell("writing snapshots"),
  });

  const { lookUp, counts: looks } = makeReplicaLookup({
    table,
    redis: replica,
    isCurrent: () => follower.isCurrent(),
    heartbeat,
  });
  const owners = keepOwners({
    directory: config.SNAPSHOT_DIR,
    redis: replica,
    onState: tell("writing owners of codes"),
  });
  const known: StateOptions = {
    version,
    region,
    table,
    replica: () => follower.state(),
    looks,
    snapshots: snapshots.state,
    journal: journal.state,
    spool: () => spool.stats(),
    shipper: () => shipper.state(),
  };
  const metrics = createMetrics("redirect");
  registerGauges(metrics.registry, known);
  const { VISITOR_SECRET: visitorSecret, TRUSTED_PROXIES: trustedProxies } = config;
  const countryDatabase = makeCountryDatabase({ file: config.GEOIP_DATABASE, log });
  const visitorOf = makeVisitorOf({ visitorSecret, locate: countryDatabase.locate });
  const orphans = makeOrphans({ add: (counts) => addOrphans(state, counts) });
  const options: AppOptions = {
    table,
    lookUp,
    ...makeDecide({ visitorOf, uses: makeUses(), countryDatabase }),
    countryDatabase,
    pageFor: makePageFor(config.operator),
    ownerOf: owners.find,
    noteOrphan: orphans.note,
    unlock: makeUnlock({ checkPassword: makeCheckPassword(), trustedProxies }),
    readScanner: makeReadScanner(trustedProxies),
    describeScan: makeDescribeScan({ region, visitorSecret }),
    recordScan: (scan) => spool.append(scanRecord(scan)),
    onLost: (err) => log.error({ err }, "a scan could not be written down"),
    status: makeStatusReport(known),
    observeRequest: metrics.observeRequest,
    observeScan: metrics.requestObserver({ method: "GET", route: scanRoute, status: 302 }),
  };

  await serve({
    listener: createApp(options),
    ...(hasFastLane && { front: (server) => openFastLane(server, makeTakeScan(options)) }),
    config,
    log,
    metrics,
    stop: async () => {
      await shipper.stop(shipOnStopMs);
      await orphans.stop();
      await progress.stop();
      await follower.stop();
      await snapshots.stop();
      await owners.stop();
      journal.close();
      await spool.close();
      countryDatabase.stop();
      state.disconnect();
      replica.disconnect();
    },
  });
});
