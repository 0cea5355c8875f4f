-- What each column means is written in ../../schema.prisma.

ALTER TABLE users ADD COLUMN email_verified_at timestamptz(3);

CREATE TABLE mailed_tokens (
  token_hash bytea PRIMARY KEY,
  user_id    uuid NOT NULL REFERENCES users,
  purpose    text NOT NULL CHECK (purpose IN ('reset', 'verify')),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX mailed_tokens_user_id_idx ON mailed_tokens (user_id);
CREATE INDEX mailed_tokens_expires_at_idx ON mailed_tokens (expires_at);
