-- What a bulk order needs beyond its row: who pays, its lease, its archive; and its rows, which go when it is finished.
ALTER TABLE "bulk_jobs"
  DROP COLUMN "input",
  ADD COLUMN "charged_to" UUID NOT NULL,
  ADD COLUMN "charged_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  ADD COLUMN "refunded" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "lease_until" TIMESTAMPTZ(3),
  ADD COLUMN "archive" TEXT,
  ADD COLUMN "archive_bytes" BIGINT,
  ADD COLUMN "failure" TEXT;
CREATE INDEX "bulk_jobs_archive_idx" ON "bulk_jobs" ("expires_at") WHERE "archive" IS NOT NULL;

CREATE TABLE "bulk_inputs" (
  "job_id" UUID PRIMARY KEY REFERENCES "bulk_jobs"("id") ON DELETE CASCADE,
  "rows" BYTEA NOT NULL,
  "pictures" BYTEA NOT NULL
);
