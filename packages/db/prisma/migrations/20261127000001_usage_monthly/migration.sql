-- What each column means is written in ../../schema.prisma.

CREATE TABLE usage_monthly (
  workspace_id uuid NOT NULL,
  month        date NOT NULL,
  renders      integer NOT NULL DEFAULT 0,
  overage_from integer,
  updated_at   timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, month)
);
-- Counters are compared with what changed a moment ago.
CREATE INDEX usage_monthly_updated_at_idx ON usage_monthly (updated_at);

CREATE TABLE quota_thresholds (
  workspace_id uuid NOT NULL,
  month        date NOT NULL,
  type         text NOT NULL,
  renders      integer NOT NULL,
  quota        integer NOT NULL,
  reached_at   timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, month, type)
);

-- Calls that were taken in before there were months.
INSERT INTO usage_monthly (workspace_id, month, renders)
SELECT workspace_id, date_trunc('month', day)::date, sum(renders) FROM usage_daily GROUP BY 1, 2;
