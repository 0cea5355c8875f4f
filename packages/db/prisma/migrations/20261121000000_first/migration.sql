-- What each column means is written in ../../schema.prisma.

CREATE TABLE users (
  id            uuid PRIMARY KEY,
  email         text NOT NULL,
  password_hash text NOT NULL,
  created_at    timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (email);

CREATE TABLE workspaces (
  id         uuid PRIMARY KEY,
  name       text NOT NULL,
  plan       text NOT NULL DEFAULT 'free',
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE members (
  workspace_id uuid NOT NULL REFERENCES workspaces,
  user_id      uuid NOT NULL REFERENCES users,
  role         text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  created_at   timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX members_user_id_idx ON members (user_id);

CREATE TABLE refresh_tokens (
  token_hash   bytea PRIMARY KEY,
  family_id    uuid NOT NULL,
  user_id      uuid NOT NULL REFERENCES users,
  workspace_id uuid NOT NULL,
  created_at   timestamptz(3) NOT NULL DEFAULT now(),
  expires_at   timestamptz(3) NOT NULL,
  spent_at     timestamptz(3),
  revoked_at   timestamptz(3)
);
CREATE INDEX refresh_tokens_family_id_idx ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_expires_at_idx ON refresh_tokens (expires_at);

CREATE TABLE api_keys (
  id                    uuid PRIMARY KEY,
  workspace_id          uuid NOT NULL REFERENCES workspaces,
  name                  text NOT NULL,
  key_hash              bytea NOT NULL,
  retired_key_hashes    bytea[] NOT NULL DEFAULT '{}',
  key_prefix            text NOT NULL,
  signing_secret_sealed bytea NOT NULL,
  created_by            uuid NOT NULL,
  created_at            timestamptz(3) NOT NULL DEFAULT now(),
  revoked_at            timestamptz(3),
  version               integer NOT NULL DEFAULT 1,
  published_version     integer NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX api_keys_key_hash_key ON api_keys (key_hash);
CREATE INDEX api_keys_workspace_id_created_at_idx ON api_keys (workspace_id, created_at);
-- The worker looks for these every second; the index holds only what is waiting.
CREATE INDEX api_keys_unpublished ON api_keys (id) WHERE published_version < version;

CREATE TABLE dynamic_codes (
  id                        uuid PRIMARY KEY,
  workspace_id              uuid NOT NULL REFERENCES workspaces,
  short_id                  text NOT NULL CHECK (short_id ~ '^[A-Z0-9-]{3,64}$'),
  name                      text NOT NULL,
  destination_url           text NOT NULL,
  is_active                 boolean NOT NULL DEFAULT true,
  expires_at                timestamptz(3),
  max_scans                 integer CHECK (max_scans > 0),
  fallback_url              text,
  password_hash             text,
  rules                     jsonb NOT NULL DEFAULT '[]',
  variants                  jsonb NOT NULL DEFAULT '[]',
  tags                      text[] NOT NULL DEFAULT '{}',
  scan_count                bigint NOT NULL DEFAULT 0,
  last_scanned_at           timestamptz(3),
  destination_changes_count integer NOT NULL DEFAULT 0,
  version                   integer NOT NULL DEFAULT 1,
  published_version         integer NOT NULL DEFAULT 0,
  created_at                timestamptz(3) NOT NULL DEFAULT now(),
  updated_at                timestamptz(3) NOT NULL DEFAULT now(),
  deleted_at                timestamptz(3)
);
CREATE UNIQUE INDEX dynamic_codes_short_id_key ON dynamic_codes (short_id);
CREATE INDEX dynamic_codes_workspace_id_created_at_id_idx ON dynamic_codes (workspace_id, created_at DESC, id);
-- The worker looks for these every second; the index holds only what is waiting.
CREATE INDEX dynamic_codes_unpublished ON dynamic_codes (updated_at) WHERE published_version < version;

CREATE TABLE dynamic_code_changes (
  code_id         uuid NOT NULL REFERENCES dynamic_codes,
  version         integer NOT NULL,
  destination_url text NOT NULL,
  changed_by      text NOT NULL,
  changed_at      timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (code_id, version)
);

-- Monthly partitions are made by packages/db/src/partitions.ts.
CREATE TABLE scans (
  id            uuid NOT NULL,
  scanned_at    timestamptz(3) NOT NULL,
  code_id       uuid NOT NULL,
  workspace_id  uuid NOT NULL,
  code_version  integer NOT NULL,
  region        text NOT NULL,
  network       text,
  visitor       text,
  device        text,
  os            text,
  browser       text,
  language      text,
  referrer_host text,
  country       text,
  region_name   text,
  city          text,
  variant       integer,
  bot_class     text,
  PRIMARY KEY (scanned_at, id)
) PARTITION BY RANGE (scanned_at);
CREATE INDEX scans_code_id_scanned_at_idx ON scans (code_id, scanned_at);

CREATE TABLE calls (
  id           uuid NOT NULL,
  called_at    timestamptz(3) NOT NULL,
  workspace_id uuid NOT NULL,
  key_id       uuid NOT NULL,
  request_id   text NOT NULL,
  endpoint     text NOT NULL,
  status       integer NOT NULL,
  cache        text NOT NULL,
  cache_key    text NOT NULL,
  format       text NOT NULL,
  duration_ms  real NOT NULL,
  credits      integer NOT NULL,
  PRIMARY KEY (called_at, id)
) PARTITION BY RANGE (called_at);
CREATE INDEX calls_workspace_id_called_at_idx ON calls (workspace_id, called_at);

CREATE TABLE usage_daily (
  workspace_id uuid NOT NULL,
  key_id       uuid NOT NULL,
  day          date NOT NULL,
  renders      integer NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, key_id, day)
);

CREATE TABLE idempotency_keys (
  workspace_id    uuid NOT NULL,
  method          text NOT NULL,
  path            text NOT NULL,
  key             text NOT NULL,
  request_hash    bytea NOT NULL,
  response_status integer,
  response_sealed bytea,
  created_at      timestamptz(3) NOT NULL DEFAULT now(),
  expires_at      timestamptz(3) NOT NULL,
  PRIMARY KEY (workspace_id, method, path, key)
);
CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at);

CREATE TABLE spools (
  spool_id   uuid PRIMARY KEY,
  kind       text NOT NULL,
  covered    int8multirange NOT NULL DEFAULT '{}',
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE dead_letters (
  id         bigserial PRIMARY KEY,
  kind       text NOT NULL,
  spool_id   uuid NOT NULL,
  sequence   bigint NOT NULL,
  record     text NOT NULL,
  reason     text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX dead_letters_spool_id_sequence_key ON dead_letters (spool_id, sequence);

CREATE TABLE bulk_jobs (
  id           uuid PRIMARY KEY,
  workspace_id uuid NOT NULL REFERENCES workspaces,
  status       text NOT NULL DEFAULT 'queued'
               CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  total        integer NOT NULL CHECK (total > 0),
  completed    integer NOT NULL DEFAULT 0,
  failed       integer NOT NULL DEFAULT 0,
  input        jsonb NOT NULL,
  fence        integer NOT NULL DEFAULT 0,
  created_at   timestamptz(3) NOT NULL DEFAULT now(),
  started_at   timestamptz(3),
  finished_at  timestamptz(3),
  expires_at   timestamptz(3)
);
CREATE INDEX bulk_jobs_workspace_id_created_at_idx ON bulk_jobs (workspace_id, created_at DESC);
CREATE INDEX bulk_jobs_status_created_at_idx ON bulk_jobs (status, created_at);
