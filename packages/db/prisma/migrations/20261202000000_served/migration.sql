-- What a scan was answered with. Rows of before were all counted, so they read as led to the destination.
ALTER TABLE scans ADD COLUMN served text NOT NULL DEFAULT 'destination';

-- Scans that are not counted are few, and reports say how many there were.
CREATE INDEX scans_fallback_idx ON scans (workspace_id, scanned_at) WHERE served = 'fallback';

-- Summaries that are there count by it (dimension 12), too: their rows may be gone.
UPDATE scan_summaries SET dimensions = dimensions || 12::smallint, keys = keys || 'destination'::text,
  key_scans = key_scans || scans::integer, key_bots = key_bots || bots::integer
WHERE cardinality(dimensions) > 0;
