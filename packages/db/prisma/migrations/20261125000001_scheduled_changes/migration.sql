-- Edits of codes that are to happen later. A row goes when its edit is made.
CREATE TABLE "scheduled_changes" (
  "id" UUID PRIMARY KEY,
  "code_id" UUID NOT NULL REFERENCES "dynamic_codes"("id"),
  "effective_at" TIMESTAMPTZ(3) NOT NULL,
  "changes" JSONB NOT NULL,
  "actor" JSONB NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  "failure" TEXT
);
CREATE INDEX "scheduled_changes_code_id_effective_at_idx" ON "scheduled_changes" ("code_id", "effective_at");
CREATE INDEX "scheduled_changes_due_idx" ON "scheduled_changes" ("effective_at") WHERE "failure" IS NULL;
