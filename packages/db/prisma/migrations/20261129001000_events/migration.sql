-- What has happened and others are to be told of; written in the transaction of what it tells.
CREATE TABLE "events" (
  "id" UUID PRIMARY KEY,
  "workspace_id" UUID NOT NULL,
  "type" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "payload" JSONB NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX "events_type_subject_key" ON "events" ("type", "subject");
CREATE INDEX "events_created_at_idx" ON "events" ("created_at");
