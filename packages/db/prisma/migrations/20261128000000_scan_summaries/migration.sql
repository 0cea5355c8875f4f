-- What each column means is written in ../../schema.prisma.

CREATE TABLE scan_summaries (
  subject_id       uuid NOT NULL,
  span             text NOT NULL CHECK (span IN ('day', 'month')),
  start            timestamptz(3) NOT NULL,
  workspace_id     uuid NOT NULL,
  version          integer NOT NULL DEFAULT 1,
  stale            boolean NOT NULL DEFAULT true,
  scans            bigint NOT NULL DEFAULT 0,
  bots             bigint NOT NULL DEFAULT 0,
  people           bigint NOT NULL DEFAULT 0,
  anyone           bigint NOT NULL DEFAULT 0,
  last_scan_at     timestamptz(3),
  last_bot_at      timestamptz(3),
  slots            smallint[] NOT NULL DEFAULT '{}',
  slot_scans       integer[] NOT NULL DEFAULT '{}',
  slot_bots        integer[] NOT NULL DEFAULT '{}',
  visit_slots      smallint[] NOT NULL DEFAULT '{}',
  visit_previous   smallint[] NOT NULL DEFAULT '{}',
  visit_people     integer[] NOT NULL DEFAULT '{}',
  visit_anyone     integer[] NOT NULL DEFAULT '{}',
  dimensions       smallint[] NOT NULL DEFAULT '{}',
  keys             text[] NOT NULL DEFAULT '{}',
  key_scans        integer[] NOT NULL DEFAULT '{}',
  key_bots         integer[] NOT NULL DEFAULT '{}',
  code_ids         uuid[] NOT NULL DEFAULT '{}',
  code_scans       integer[] NOT NULL DEFAULT '{}',
  code_bots        integer[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (subject_id, span, start)
);
-- The worker looks for these; the index holds only what is to be made.
CREATE INDEX scan_summaries_stale_idx ON scan_summaries (span, start) WHERE stale;

-- Lists and reports of a whole workspace.
CREATE INDEX scans_workspace_id_scanned_at_idx ON scans (workspace_id, scanned_at);
