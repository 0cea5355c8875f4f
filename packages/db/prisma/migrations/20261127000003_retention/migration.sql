-- What each column means is written in ../../schema.prisma.

CREATE TABLE retention_runs (
  ran_at  timestamptz(3) PRIMARY KEY DEFAULT now(),
  removed jsonb NOT NULL
);
