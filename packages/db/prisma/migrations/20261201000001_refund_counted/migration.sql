-- Whether the counter of credits has heard of a refund: a process may die between the ledger and the counter.
ALTER TABLE "bulk_jobs" ADD COLUMN "refund_counted" BOOLEAN NOT NULL DEFAULT false;
UPDATE "bulk_jobs" SET "refund_counted" = true WHERE "refunded" > 0;
CREATE INDEX "bulk_jobs_refunds_to_count_idx" ON "bulk_jobs" ("finished_at") WHERE "refunded" > 0 AND NOT "refund_counted";
