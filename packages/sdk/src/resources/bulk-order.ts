// One bulk order in the hands of a program: waited for, downloaded, cancelled.
import { RateLimitError } from "../errors.js";
import type { ApiPromise } from "../http/api-promise.js";
import type { FileBody } from "../http/file.js";
import { pause } from "../http/retry.js";
import type { RequestOptions } from "../http/transport.js";
import type { BulkJob, BulkStatus } from "../types.js";

/** Between two questions where the stream of events cannot be had. */
const pollMsDefault = 2_000;

export type WaitOptions = RequestOptions & {
  /** Told of the order whenever it has changed. */
  onProgress?: (job: BulkJob) => void;
  /** Asks every so often instead of listening to events, for networks that do not let them through. */
  pollMs?: number;
};

/** The calls that an order makes about itself. */
export type OrderCalls = {
  status(id: string, options?: RequestOptions): ApiPromise<BulkJob>;
  events(id: string, options?: RequestOptions): AsyncIterable<BulkJob>;
  download(id: string, options?: RequestOptions): ApiPromise<FileBody>;
  cancel(id: string, options?: RequestOptions): ApiPromise<void>;
};

/** An order, and its document as it was last seen. */
export class BulkOrder {
  readonly id: string;
  job: BulkJob;
  readonly #calls: OrderCalls;

  constructor(calls: OrderCalls, job: BulkJob) {
    this.#calls = calls;
    this.id = job.id;
    this.job = job;
  }

  get status(): BulkStatus {
    return this.job.status;
  }

  get isFinished(): boolean {
    return this.job.finished_at !== null;
  }

  /** Waits until the order is completed, failed or cancelled, and gives its document, which says which. */
  async wait({ onProgress, pollMs, ...options }: WaitOptions = {}): Promise<BulkJob> {
    const see = (job: BulkJob) => {
      this.job = job;
      onProgress?.(job);
    };
    if (pollMs === undefined) {
      try {
        for await (const job of this.#calls.events(this.id, options)) see(job);
      } catch (error) {
        // Too many streams are open: asking now and then needs none.
        if (!(error instanceof RateLimitError)) throw error;
      }
    }
    while (!this.isFinished) {
      see(await this.#calls.status(this.id, options));
      if (!this.isFinished) await pause(pollMs ?? pollMsDefault, options.signal);
    }
    return this.job;
  }

  /** The ZIP of a finished order. */
  download(options?: RequestOptions): ApiPromise<FileBody> {
    return this.#calls.download(this.id, options);
  }

  /** Ends the order; what was not drawn is given back. */
  cancel(options?: RequestOptions): ApiPromise<void> {
    return this.#calls.cancel(this.id, options);
  }
}
