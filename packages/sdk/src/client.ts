// The client: its options, and every resource of the service below it.
import { QRFactoryError } from "./errors.js";
import type { ApiPromise } from "./http/api-promise.js";
import { type RetryEvent, retriesMax } from "./http/retry.js";
import { makeTransport, type RequestOptions, readJson } from "./http/transport.js";
import { Auth, Members, Workspaces } from "./resources/account.js";
import { Analytics } from "./resources/analytics.js";
import { Bulk } from "./resources/bulk.js";
import { Codes } from "./resources/codes.js";
import { makeImages } from "./resources/images.js";
import { Keys } from "./resources/keys.js";
import { Audit, Calls, UsageOfPlan } from "./resources/records.js";
import type { ServiceStatus } from "./types.js";

/** Long enough for an image with pictures that are fetched, short enough to notice that nobody is there. */
const timeoutMsDefault = 60_000;

export type QRFactoryOptions = {
  /** The address of the service, e.g. `https://qr.example.com`. */
  baseUrl: string;
  /** `smk_…`, for programs. */
  apiKey?: string;
  /** Of a log-in, for dashboards; a function is asked for each attempt, so that it may renew the token. */
  accessToken?: string | (() => string | Promise<string>);
  /** In place of the global `fetch`. */
  fetch?: typeof fetch;
  /** For each attempt; 60 seconds unless told. */
  timeoutMs?: number;
  /** After 5xx and network failures, 0 to 3; 3 unless told. */
  maxRetries?: number;
  /** Retries 429 `rate_limited`, too. */
  retryOnRateLimit?: boolean;
  /** Told before each wait. */
  onRetry?: (event: RetryEvent) => void;
  /** Source of the jitter, uniform in [0, 1); for tests. */
  random?: () => number;
};

/** A client of one QRFactory service. */
export class QRFactory {
  readonly baseUrl: string;
  readonly codes: Codes;
  readonly bulk: Bulk;
  readonly analytics: Analytics;
  readonly keys: Keys;
  readonly usage: UsageOfPlan;
  readonly calls: Calls;
  readonly audit: Audit;
  readonly workspace: Workspaces;
  readonly members: Members;
  readonly auth: Auth;
  /** Draws an image; costs a credit. With a new `dynamic` payload it makes the code, too. */
  readonly generate: ReturnType<typeof makeImages>["generate"];
  /** Draws it small and marked as a preview, free of charge. */
  readonly preview: ReturnType<typeof makeImages>["preview"];
  /** Says what would become of a request, free of charge. */
  readonly validate: ReturnType<typeof makeImages>["validate"];
  /** Makes the cache forget an image that the workspace has drawn. */
  readonly forgetImage: ReturnType<typeof makeImages>["forgetImage"];
  /** How the service and its parts are. */
  readonly status: (options?: RequestOptions) => ApiPromise<ServiceStatus>;

  /** Throws `QRFactoryError` for options that cannot work. */
  constructor(options: QRFactoryOptions) {
    const { apiKey, accessToken, maxRetries = retriesMax } = options;
    this.baseUrl = checkBaseUrl(options.baseUrl);
    if (apiKey !== undefined && accessToken !== undefined) {
      throw new QRFactoryError("Give apiKey or accessToken, not both.");
    }
    const transport = makeTransport({
      baseUrl: this.baseUrl,
      credentials: async () => {
        if (apiKey !== undefined) return { "x-api-key": apiKey };
        const token = typeof accessToken === "function" ? await accessToken() : accessToken;
        return token === undefined ? ({} as Record<string, string>) : { authorization: `Bearer ${token}` };
      },
      // Called as a function of the global object, which some runtimes insist on.
      fetch: options.fetch ?? ((...request) => fetch(...request)),
      timeoutMs: options.timeoutMs ?? timeoutMsDefault,
      policy: {
        maxRetries,
        retryOnRateLimit: options.retryOnRateLimit ?? false,
        random: options.random ?? Math.random,
      },
      onRetry: options.onRetry,
    });
    this.codes = new Codes(transport);
    this.bulk = new Bulk(transport);
    this.analytics = new Analytics(transport);
    this.keys = new Keys(transport);
    this.usage = new UsageOfPlan(transport);
    this.calls = new Calls(transport);
    this.audit = new Audit(transport);
    this.workspace = new Workspaces(transport);
    this.members = new Members(transport);
    this.auth = new Auth(transport);
    const { generate, preview, validate, forgetImage } = makeImages(transport);
    this.generate = generate;
    this.preview = preview;
    this.validate = validate;
    this.forgetImage = forgetImage;
    // A service that is down says so with 503.
    const status = { method: "GET", path: "/api/status/", read: readJson<ServiceStatus>, accepts: 503 } as const;
    this.status = (asked) => transport.send({ ...status, options: asked });
  }
}

function checkBaseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new QRFactoryError("baseUrl is the address of the service, such as https://qr.example.com.", { cause });
  }
  if (!/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new QRFactoryError("baseUrl is an http or https address without a query.");
  }
  return url.href.replace(/\/+$/, "");
}
