-- Why rows of an order could not be drawn, by row and field, as its document tells it.
ALTER TABLE "bulk_jobs" ADD COLUMN "errors" JSONB NOT NULL DEFAULT '{}';
