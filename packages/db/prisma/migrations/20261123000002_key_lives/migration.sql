-- What each column means is written in ../../schema.prisma.

ALTER TABLE api_keys
  ADD COLUMN expires_at                     timestamptz(3),
  ADD COLUMN scopes                         text[] NOT NULL
    DEFAULT '{render,codes:read,codes:write,bulk,analytics}',
  ADD COLUMN last_used_at                   timestamptz(3),
  ADD COLUMN previous_key_hash              bytea,
  ADD COLUMN previous_key_prefix            text,
  ADD COLUMN previous_signing_secret_sealed bytea,
  ADD COLUMN previous_until                 timestamptz(3);
CREATE UNIQUE INDEX api_keys_previous_key_hash_key ON api_keys (previous_key_hash);
CREATE INDEX api_keys_previous_key_prefix_idx ON api_keys (previous_key_prefix) WHERE previous_key_prefix IS NOT NULL;
