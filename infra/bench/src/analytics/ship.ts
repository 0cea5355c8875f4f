// Ships the spool in SPOOL_DIR to the Redis at REDIS_URL until it is ended: what a redirect process does beside
// answering, in a process of its own so that its cost can be told.

import { makeShipper } from "@qrfactory/spool/shipper";
import { openSpool } from "@qrfactory/spool/spool";
import { eventStream } from "@qrfactory/state/streams/event-stream";
import { Redis } from "ioredis";

const redis = new Redis(process.env.REDIS_URL ?? "");
makeShipper({
  spool: openSpool({ directory: process.env.SPOOL_DIR ?? "" }),
  ...eventStream(redis, "scans"),
});
