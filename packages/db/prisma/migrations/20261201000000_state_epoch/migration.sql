-- What the state Redis is believed to hold: one row. A Redis that is another process by now, or has counted fewer
-- publications, may have lost some, and everything is published again.
CREATE TABLE "state_epoch" (
    "singleton" BOOLEAN NOT NULL DEFAULT true CHECK ("singleton"),
    "run_id" TEXT NOT NULL,
    "publications" BIGINT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "state_epoch_pkey" PRIMARY KEY ("singleton")
);
