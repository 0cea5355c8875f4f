// Reports and scans as clients see them.

import type { Counts } from "@qrfactory/db/scans/reports/count-over-time";
import type { Course, Report } from "@qrfactory/db/scans/reports/report";
import type { ListedScan } from "@qrfactory/db/scans/reports/scan-list";

/** The report of contract section 6; bots by class beside it, what was compared, and since when all of it is known. */
export function reportDocument(report: Report, includeBots: boolean) {
  const { keys, codes, previous, completeFrom } = report;
  const scansOf = ({ scans, bots }: Counts) => (includeBots ? scans + bots : scans);
  const seriesOf = ({ starts, times }: Course) =>
    starts.map((start, index) => {
      const bucket = times.buckets[index] as Counts;
      return { start: start.toISOString(), scans: scansOf(bucket), unique_visitors: bucket.visitors };
    });
  const { total } = report.times;
  return {
    total_scans: scansOf(total),
    unique_visitors: total.visitors,
    bots: total.bots,
    bot_classes: keys.bot_class,
    fallbacks: report.fallbacks,
    last_scanned_at: lastScan(total, includeBots)?.toISOString() ?? null,
    complete_from: completeFrom?.toISOString() ?? null,
    timeseries: seriesOf(report),
    countries: keys.country,
    regions: keys.region,
    cities: keys.city,
    districts: keys.district,
    devices: keys.device,
    os: keys.os,
    browsers: keys.browser,
    languages: keys.language,
    referrers: keys.referrer,
    variants: keys.variant,
    serving_regions: keys.serving_region,
    served: keys.served,
    rule_ids: keys.rule_id,
    variant_ids: keys.variant_id,
    ...(codes && { top_codes: codes.map(({ shortId, name, scans }) => ({ short_id: shortId, name, scans })) }),
    ...(previous && {
      previous: {
        from: previous.range.from.toISOString(),
        to: previous.range.to.toISOString(),
        total_scans: scansOf(previous.times.total),
        unique_visitors: previous.times.total.visitors,
        bots: previous.times.total.bots,
        timeseries: seriesOf(previous),
      },
      changes: {
        total_scans: change(scansOf(total), scansOf(previous.times.total)),
        unique_visitors: change(total.visitors, previous.times.total.visitors),
        bots: change(total.bots, previous.times.total.bots),
      },
    }),
  };
}

function lastScan({ lastScanAt, lastBotAt }: Report["times"]["total"], includeBots: boolean): Date | null {
  if (!includeBots || !lastBotAt) return lastScanAt;
  return lastScanAt && lastScanAt > lastBotAt ? lastScanAt : lastBotAt;
}

/** 0.25 is a quarter more than before; null where there was nothing before. */
const change = (now: number, before: number) =>
  before === 0 ? null : Math.round(((now - before) / before) * 10_000) / 10_000;

/** One scan, its moment as `write` has it; never an address, nor the network. */
export function scanDocument(scan: ListedScan, write: (moment: Date) => string = (moment) => moment.toISOString()) {
  return {
    id: scan.id,
    short_id: scan.short_id,
    code_name: scan.code_name,
    scanned_at: write(scan.scanned_at),
    country: scan.country,
    region: scan.region_name,
    city: scan.city,
    district: scan.district,
    device: scan.device,
    os: scan.os,
    browser: scan.browser,
    language: scan.language,
    referrer: scan.referrer_host,
    variant: scan.variant,
    bot_class: scan.bot_class,
    serving_region: scan.region,
    visitor: scan.visitor,
    served: scan.served,
    rule_id: scan.rule_id,
    variant_id: scan.variant_id,
  };
}
