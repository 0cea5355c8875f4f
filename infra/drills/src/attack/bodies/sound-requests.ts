// Sound requests of every creating route, for a code that exists: what mutations.ts makes odd.

const url = "https://example.com";

/** Resource that an accepted request makes. */
export type Effect = "keys" | "codes" | "members" | "workspaces" | "credits" | "none";
/** A sound request: its sender, its body, and the effect that it has when it is accepted. */
export type Sound = { route: string; method?: string; as: "asUser" | "asKey" | "nobody"; body: unknown; makes: Effect };

/** Sound bodies of each route; of several one is taken. */
export const soundRequests = (shortId: string): Sound[][] => [
  [
    {
      route: "keys",
      as: "asUser",
      makes: "keys",
      body: { name: "x", scopes: ["render", "bulk"], expires_at: "2030-01-01T00:00:00Z" },
    },
  ],
  [
    {
      ...{ route: "dynamic", as: "asKey", makes: "codes" },
      body: {
        ...{
          name: "x",
          destination_url: url,
          tags: ["a", "b"],
          folder: "f",
          max_scans: 5,
          password: "secret",
          expires_at: "2030-01-01T00:00:00Z",
        },
        rules: [
          {
            when: { country: ["AT"], days: ["mon"], hours: "09:00-17:00", timezone: "Europe/Vienna" },
            destination_url: url,
          },
        ],
        ...{
          utm: { source: "a" },
          app_links: { ios: "https://example.com/app" },
          forward_query: true,
          fallback_url: url,
        },
      },
    },
    {
      ...{ route: "dynamic", as: "asUser", makes: "codes" },
      body: {
        name: "x",
        destination_url: url,
        variants: [
          { destination_url: url, weight: 1 },
          { destination_url: `${url}/b`, weight: 2 },
        ],
      },
    },
  ],
  [
    {
      route: `dynamic/${shortId}`,
      method: "PATCH",
      as: "asUser",
      makes: "none",
      body: { name: "y", destination_url: url, tags: ["a"], max_scans: null },
    },
  ],
  [
    {
      route: `dynamic/${shortId}/resolve`,
      as: "asKey",
      makes: "none",
      body: { at: "2026-11-01T00:00:00Z", country: "AT", language: "de", user_agent: "x" },
    },
    { route: `dynamic/${shortId}/rollback`, as: "asKey", makes: "none", body: { version: 1 } },
    {
      route: "dynamic",
      method: "PATCH",
      as: "asKey",
      makes: "none",
      body: { short_ids: [shortId], changes: { name: "z", tags: ["q"] } },
    },
  ],
  [
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: {
        data: url,
        size: 300,
        color: "#0b3d91",
        pattern: "dot",
        eye_shape: "rounded",
        quiet_zone: 4,
        format: "svg",
      },
    },
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: {
        data: url,
        size_inches: 1,
        dpi: 150,
        frame_style: "box",
        frame_label: "Scan",
        gradient_from: "#000",
        gradient_to: "#00f",
      },
    },
  ],
  [
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: { data_type: "wifi", payload: { ssid: "a", password: "b12345678", security: "WPA", hidden: false } },
    },
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: {
        data_type: "vcard",
        payload: { name: "A B", phones: ["+43 1"], email: "a@example.com", address: "x", birthday: "1990-01-01" },
      },
    },
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: {
        data_type: "event",
        payload: { title: "a", start: "2026-12-01T10:00:00Z", end: "2026-12-01T11:00:00Z", location: "x" },
      },
    },
    {
      route: "generate",
      as: "asKey",
      makes: "credits",
      body: { data_type: "geo", payload: { latitude: 48.2, longitude: 16.4, query: "x" } },
    },
  ],
  [
    {
      route: "validate",
      as: "asKey",
      makes: "none",
      body: { data: url, size: 300, error_correction: "H", logo_size_ratio: 0.2, background: "white" },
    },
  ],
  [
    {
      route: "generate/bulk?dry_run=true",
      as: "asKey",
      makes: "none",
      body: {
        defaults: { size: 200 },
        items: [
          { data: url, filename: "a" },
          { data_type: "wifi", payload: { ssid: "a" } },
        ],
      },
    },
    {
      route: "generate/bulk",
      as: "asKey",
      makes: "credits",
      body: { defaults: { size: 200, format: "svg" }, items: [{ data: url, extra: { a: "b" }, placement: "x" }] },
    },
  ],
  [{ route: "members", as: "asUser", makes: "members", body: { email: "someone@example.com", role: "viewer" } }],
  [
    { route: "auth/login", as: "nobody", makes: "none", body: { email: "a@example.com", password: "correct horse" } },
    { route: "auth/refresh", as: "nobody", makes: "none", body: { refresh_token: "srt_x" } },
    { route: "workspaces", as: "asUser", makes: "workspaces", body: { name: "x" } },
  ],
];
