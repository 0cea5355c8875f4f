-- The key leads with the code and the hour: what analytics of a code reads is one short range.
CREATE TABLE scan_hourly (
  code_id      uuid NOT NULL,
  hour         timestamptz(3) NOT NULL,
  workspace_id uuid NOT NULL,
  scans        bigint NOT NULL,
  bots         bigint NOT NULL,
  PRIMARY KEY (code_id, hour, workspace_id)
);
CREATE INDEX scan_hourly_workspace_id_hour_idx ON scan_hourly (workspace_id, hour);

-- Scans that were taken in before there were hours; none of them has a class yet.
INSERT INTO scan_hourly (code_id, hour, workspace_id, scans, bots)
SELECT code_id, date_bin('1 hour', scanned_at, 'epoch'), workspace_id,
  count(*) FILTER (WHERE bot_class IS NULL), count(bot_class)
FROM scans GROUP BY 1, 2, 3;
