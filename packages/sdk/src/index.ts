// The package as its users import it.
// biome-ignore-all lint/performance/noBarrelFile: the entry of a published package names all that it offers
// biome-ignore-all lint/performance/noReExportAll: every document of the wire is part of it
export { QRFactory, type QRFactoryOptions } from "./client.js";
export {
  AbortedError,
  ApiError,
  AuthenticationError,
  ConflictError,
  ConnectionError,
  NotFoundError,
  PermissionError,
  PlanLimitError,
  QRFactoryError,
  RateLimitError,
  ServerError,
  TimeoutError,
  UnscannableError,
  ValidationError,
  WebhookVerificationError,
} from "./errors.js";
export { ApiPromise, type WithResponse } from "./http/api-promise.js";
export { FileBody } from "./http/file.js";
export { List } from "./http/list.js";
export type { RetryEvent } from "./http/retry.js";
export type { RequestOptions } from "./http/transport.js";
export { QRImage } from "./image.js";
export type { ScanScope } from "./resources/analytics.js";
export type { BulkDefaults, BulkInput } from "./resources/bulk.js";
export { BulkOrder, type WaitOptions } from "./resources/bulk-order.js";
export type { EditOptions, ExportQuery } from "./resources/codes.js";
export type { GenerateOptions } from "./resources/images.js";
export { type SignedImage, signedImageUrl } from "./signed-url.js";
export type * from "./types.js";
export { type VerifyOptions, verifyWebhook } from "./webhook.js";
