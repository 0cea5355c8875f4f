// Sound requests about dynamic codes: creations with everything that a code can have, edits, and what is asked of one.
import { type Sound, url } from "./sound-request.js";

/** Sound requests about the code of a short id; of each list one is taken at a time. */
export const soundCodes = (shortId: string): Sound[][] => [
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
];
