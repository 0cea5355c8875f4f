// The documents of the wire, as packages/docs describes them. Names are those of the wire.

/** A moment, RFC 3339 in UTC. */
export type Moment = string;

export type ProblemCode =
  | "malformed_request"
  | "validation_failed"
  | "unscannable"
  | "payload_too_long"
  | "image_rejected"
  | "url_refused"
  | "unauthenticated"
  | "plan_limit"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "request_timeout"
  | "idempotency_key_reused"
  | "conflict"
  | "gone"
  | "version_mismatch"
  | "body_too_large"
  | "unsupported_media_type"
  | "range_not_satisfiable"
  | "bulk_rejected"
  | "quota_exceeded"
  | "rate_limited"
  | "headers_too_large"
  | "internal"
  | "not_implemented"
  | "overloaded"
  | "unavailable"
  | "idempotency_in_progress";

export type FieldErrors = Record<string, string[]>;

export type Problem = {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  request_id: string;
  /** Field → messages; of a bulk order row → field → messages. */
  errors?: FieldErrors | Record<string, FieldErrors> | undefined;
};

export type Page<Item> = { count: number; next: string | null; previous: string | null; results: Item[] };
export type CursorPage<Item> = { results: Item[]; next_cursor: string | null };
export type PageQuery = { page?: number; page_size?: number };
export type CursorQuery = { cursor?: string; limit?: number };

// Images

export type ImageFormat = "png" | "svg" | "pdf" | "eps" | "jpeg";
export type ErrorCorrection = "L" | "M" | "Q" | "H";

/** A picture: bytes, or base64 or a data URL. */
export type Picture = string | Uint8Array | ArrayBuffer | Blob;

/** Everything about an image but its content. */
export type Design = {
  format?: ImageFormat;
  /** Pixels, 100 to 2000; or else `size_inches` with `dpi`. */
  size?: number;
  size_inches?: number;
  dpi?: number;
  error_correction?: ErrorCorrection;
  /** Modules, 0 to 16. */
  quiet_zone?: number;
  text_encoding?: "auto" | "utf-8" | "utf-8-eci" | "latin-1";
  color?: string;
  background?: string;
  pattern?:
    | "squares"
    | "rounded"
    | "dot"
    | "diamond"
    | "liquid"
    | "connected-h"
    | "connected-v"
    | "hexagon"
    | "star"
    | "halftone"
    | "frame";
  gradient_from?: string;
  gradient_to?: string;
  gradient_type?: "vertical" | "horizontal" | "diagonal" | "radial";
  eye_shape?: "square" | "rounded" | "circle" | "frame";
  eye_border_shape?: "square" | "rounded" | "circle" | "leaf-tl" | "leaf-tr" | "leaf-br" | "leaf-bl" | "frame";
  eye_center_shape?: "square" | "rounded" | "circle" | "leaf-tl" | "sunburst" | "star" | "diamond" | "cross";
  eye_color?: string;
  eye_border_color?: string;
  eye_center_color?: string;
  frame_style?: "none" | "box" | "rounded" | "banner-bottom" | "banner-top" | "ticket";
  frame_color?: string;
  frame_label?: string;
  frame_label_color?: string;
  logo_url?: string;
  logo_size_ratio?: number;
  logo_clear_zone?: boolean;
  logo_neon_alpha?: number;
  background_image_url?: string;
  /** `strict` refuses what would not scan, `report` delivers it with its score, `off` does not look. */
  scan_check?: "strict" | "report" | "off";
};

export type Pictures = { logo?: Picture; background_image?: Picture };

export type Vcard = {
  name: string;
  first_name?: string;
  last_name?: string;
  org?: string;
  title?: string;
  phone?: string;
  phones?: string[];
  email?: string;
  emails?: string[];
  url?: string;
  address?: string | { street?: string; city?: string; region?: string; postal_code?: string; country?: string };
  note?: string;
  birthday?: string;
};

export type Content =
  | { data_type?: "url" | "text"; data: string }
  | { data_type: "vcard"; payload: Vcard }
  | {
      data_type: "wifi";
      payload: { ssid: string; password?: string; security?: "WPA" | "WEP" | "SAE" | "nopass"; hidden?: boolean };
    }
  | {
      data_type: "email";
      payload: {
        to?: string;
        recipients?: string[];
        cc?: string | string[];
        bcc?: string | string[];
        subject?: string;
        body?: string;
      };
    }
  | { data_type: "sms"; payload: { number: string; message?: string } }
  | { data_type: "phone"; payload: { number: string } }
  | { data_type: "geo"; payload: { latitude: number; longitude: number; altitude?: number; query?: string } }
  | {
      data_type: "event";
      payload: {
        title: string;
        start: string;
        end?: string;
        location?: string;
        description?: string;
        url?: string;
      };
    }
  /** An existing code, or the fields of a new one: one call creates it and draws it. */
  | { data_type: "dynamic"; payload: { short_id: string } | NewCode };

export type ImageRequest = Content & Design & Pictures;

export type Validation = {
  valid: boolean;
  /** What `generate` would refuse with. */
  code: ProblemCode | null;
  errors: FieldErrors;
  warnings: { code: string; message: string }[];
  symbol: { version: number; modules: number; error_correction: ErrorCorrection; modes: string[] } | null;
  print: { width_mm: number; module_mm: number; quiet_zone_mm: number; max_scan_distance_mm: number } | null;
  contrast_ratio: number | null;
  logo: { area: number; budget: number } | null;
  scan_score: number | null;
  pixels: number | null;
};

// Dynamic codes

export type CodeStatus = "active" | "scheduled" | "expired" | "used_up" | "paused";

export type Rule = {
  id?: string;
  when: {
    country?: string | string[];
    language?: string | string[];
    device?: string | string[];
    os?: string | string[];
    from?: Moment;
    until?: Moment;
    days?: string | string[];
    hours?: string;
    timezone?: string;
  };
  destination_url: string;
};

export type Variant = { id?: string; destination_url: string; weight: number };
export type Utm = { source?: string; medium?: string; campaign?: string; term?: string; content?: string };
export type AppLinks = { ios?: string; android?: string };

/** The fields that answers and requests share. */
type SharedFields = {
  name: string;
  destination_url: string;
  fallback_url: string | null;
  is_active: boolean;
  expires_at: Moment | null;
  max_scans: number | null;
  rules: Rule[];
  variants: Variant[];
  forward_query: boolean;
  utm: Utm | null;
  app_links: AppLinks | null;
  tags: string[];
  folder: string | null;
  notes: string | null;
};

/** Fields of an edit; `null` takes one back, where it may be absent. */
export type CodeChanges = Partial<SharedFields> & { password?: string | null };

export type NewCode = CodeChanges & { name: string; destination_url: string; short_id?: string };

export type Code = SharedFields & {
  id: string;
  short_id: string;
  /** The printed address, in capitals. */
  public_url: string;
  status: CodeStatus | "deleted";
  password_protected: boolean;
  scan_count: number;
  last_scanned_at: Moment | null;
  destination_changes_count: number;
  version: number;
  created_at: Moment;
  updated_at: Moment;
  deleted_at?: Moment;
};

export type CodeVersion = SharedFields & {
  version: number;
  changed_by: string;
  changed_at: Moment;
  password_protected: boolean;
  deleted: boolean;
};

export type CodeFilter = { search?: string; tag?: string; status?: CodeStatus; folder?: string; is_active?: boolean };

export type CodeQuery = CodeFilter &
  PageQuery & {
    /** `created_at`, `updated_at`, `name`, `scan_count`, `last_scanned_at`, with `-` before it for the other way. */
    ordering?: string;
    deleted?: boolean;
  };

export type ScheduledChange = {
  id: string;
  effective_at: Moment;
  changes: Partial<Code>;
  status: "waiting" | "failed";
  failure: string | null;
  created_by: string;
  created_at: Moment;
};

export type ResolveRequest = {
  at?: Moment;
  country?: string;
  user_agent?: string;
  language?: string;
  device?: string;
  os?: string;
  browser?: string;
};

export type Resolution = {
  destination_url: string | null;
  matched_rule: { id: string; index: number } | null;
  matched_variant: { id: string; index: number } | null;
  trace: { step: string; detail: string }[];
};

export type CodeSelection = { short_ids: string[] } | { filter: CodeFilter };

// Bulk orders

/** A row: fields of an image, its file name, a code of its own, and whatever the manifest is to carry. */
export type BulkRow = Record<string, unknown> & { data?: string; url?: string; filename?: string };

export type BulkStatus = "queued" | "running" | "completed" | "failed" | "cancelled";

export type BulkJob = {
  id: string;
  status: BulkStatus;
  total: number;
  completed: number;
  failed: number;
  credits_refunded: number;
  failure: string | null;
  /** Row → field → messages, of rows that failed late; lists of orders leave it out. */
  errors?: Record<string, FieldErrors>;
  estimated_seconds_left: number | null;
  created_at: Moment;
  started_at: Moment | null;
  finished_at: Moment | null;
  expires_at: Moment | null;
  status_url: string;
  events_url: string;
  /** Needs no key and lasts a day. */
  download_url: string | null;
};

export type BulkForecast = {
  dry_run: true;
  total: number;
  credits: number;
  credits_remaining: number | null;
  warnings: string[];
  rows: { row: number; filename: string; data: string; short_id?: string; name?: string; destination_url?: string }[];
  refused: number;
  unjudged: number;
  errors: Record<string, FieldErrors>;
};

// Scans

export type ScanFilter = {
  country?: string;
  region?: string;
  city?: string;
  district?: string;
  device?: string;
  os?: string;
  browser?: string;
  language?: string;
  referrer?: string;
  variant?: string;
  variant_id?: string;
  rule_id?: string;
  serving_region?: string;
  bot_class?: string;
  served?: string;
  /** A moment or a date. */
  from?: string;
  to?: string;
  timezone?: string;
};

/** Of a workspace: narrowed to some of its codes. */
export type WorkspaceScanFilter = ScanFilter & { tag?: string; folder?: string };

export type ReportOptions = {
  interval?: "hour" | "day" | "week" | "month";
  include_bots?: boolean;
  include_fallback?: boolean;
  compare?: "previous";
  /** Length of lists, at most 500. */
  top?: number;
};

export type KeyCount = { key: string; scans: number };
export type Bucket = { start: Moment; scans: number; unique_visitors: number };

export type Report = {
  total_scans: number;
  unique_visitors: number;
  bots: number;
  bot_classes: KeyCount[];
  fallbacks: number;
  last_scanned_at: Moment | null;
  complete_from: Moment | null;
  timeseries: Bucket[];
  countries: KeyCount[];
  regions: KeyCount[];
  cities: KeyCount[];
  districts: KeyCount[];
  devices: KeyCount[];
  os: KeyCount[];
  browsers: KeyCount[];
  languages: KeyCount[];
  referrers: KeyCount[];
  variants: KeyCount[];
  serving_regions: KeyCount[];
  served: KeyCount[];
  rule_ids: KeyCount[];
  variant_ids: KeyCount[];
  /** Of a workspace only. */
  top_codes?: { short_id: string; name: string; scans: number }[];
  /** With `compare`. */
  previous?: {
    from: Moment;
    to: Moment;
    total_scans: number;
    unique_visitors: number;
    bots: number;
    timeseries: Bucket[];
  };
  changes?: { total_scans: number | null; unique_visitors: number | null; bots: number | null };
};

export type Scan = {
  id: string;
  short_id: string;
  code_name: string | null;
  scanned_at: Moment;
  country: string | null;
  region: string | null;
  city: string | null;
  district: string | null;
  device: string | null;
  os: string | null;
  browser: string | null;
  language: string | null;
  referrer: string | null;
  variant: number | null;
  bot_class: "bot" | "preview" | "prefetch" | null;
  serving_region: string | null;
  visitor: string | null;
  served: "destination" | "variant" | "app" | "fallback" | null;
  rule_id: string | null;
  variant_id: string | null;
};

export type LiveScans = { last_minutes: number; scans: number; bots: number; last_scanned_at: Moment | null };

export type Orphans = {
  days: number;
  results: {
    short_id: string;
    name: string;
    scans: number;
    last_scanned_on: string;
    deleted_at: Moment | null;
  }[];
};

// Keys, accounts, usage

export type KeyScope = "render" | "codes:read" | "codes:write" | "bulk" | "analytics";

export type ApiKey = {
  id: string;
  name: string;
  key_prefix: string;
  plan: string;
  scopes: KeyScope[];
  expires_at: Moment | null;
  last_used_at: Moment | null;
  created_at: Moment;
};

/** Both secrets are shown this once. */
export type NewApiKey = ApiKey & { raw_key: string; signing_secret: string };

export type KeyRevocation = {
  dry_run: true;
  id: string;
  key_prefix: string;
  last_used_at: Moment | null;
  renders_last_30_days: number;
  effects: string[];
};

export type Role = "viewer" | "member" | "admin" | "owner";

export type User = { id: string; email: string; email_verified: boolean; created_at: Moment };

export type WorkspaceSummary = {
  id: string;
  name: string;
  plan: string;
  frozen: string | null;
  role: Role;
  created_at: Moment;
};

export type ScanPages = { name: string | null; contact: string | null };

export type Workspace = WorkspaceSummary & {
  overage_enabled: boolean;
  overage_renders_max: number | null;
  scan_pages: ScanPages | null;
};

export type Session = {
  user: User;
  workspace: WorkspaceSummary;
  access_token: string;
  refresh_token: string;
  expires_in: number;
};

export type SessionTokens = Pick<Session, "access_token" | "refresh_token" | "expires_in">;

export type Me = { user: User; workspace: WorkspaceSummary; workspaces: WorkspaceSummary[] };

export type Member = {
  id: string;
  user_id: string | null;
  email: string;
  role: Role;
  status: "invited" | "active";
  created_at: Moment;
  expires_at: Moment | null;
};

export type Usage = {
  /** Of a key only. */
  key_prefix?: string;
  plan: string;
  /** Null is unlimited. */
  monthly_quota: number | null;
  used_this_month: number;
  remaining: number | null;
  max_size_inches: number;
  max_dpi: number;
  max_active_dynamic_qrs: number | null;
  active_dynamic_qrs: number;
  max_bulk_items: number;
  resets_at: Moment;
};

export type WorkspaceUsage = Usage & {
  overage: { enabled: boolean; renders_max: number | null; renders: number; usd: string };
  thresholds: { type: string; reached_at: Moment }[];
  by_key: { id: string | null; key_prefix: string | null; name: string; renders: number }[];
  daily: { day: string; renders: number }[];
};

export type ApiCall = {
  id: string;
  at: Moment;
  request_id: string;
  key: { id: string; key_prefix: string | null; name: string | null } | null;
  endpoint: string;
  status: number;
  /** Empty for a bulk order, which is one line. */
  cache: "HIT" | "MISS" | "BYPASS" | "";
  cache_key: string;
  format: string;
  duration_ms: number;
  credits: number;
};

export type CallQuery = CursorQuery & {
  key?: string;
  status?: number;
  cache?: "HIT" | "MISS" | "BYPASS";
  from?: Moment;
  to?: Moment;
};

export type AuditEvent = {
  id: string;
  at: Moment;
  action: string;
  actor: { kind: string; id: string; name: string | null };
  network: string | null;
  request_id: string | null;
  target: string | null;
  details: unknown;
};

export type AuditQuery = CursorQuery & {
  action?: string | string[];
  actor_id?: string;
  target?: string;
  from?: Moment;
  to?: Moment;
};

export type ServiceStatus = {
  status: "ok" | "degraded" | "down";
  version: string;
  components: Record<string, { status: string; latency_ms?: number }>;
};
