// A code as it is published, for tests of the table and its files.
import type { LiveCode } from "@qrfactory/codes/published/published";

/** A code whose destination tells its version. */
export const liveCode = (short_id: string, version = 1): LiveCode => ({
  schema: 1,
  id: "0b8c3a52-6d8f-4c5b-9a51-2f5d0d3d8f11",
  workspace_id: "7f1f6c0e-3a62-4b0e-8f3c-5c2f9b7f6a22",
  short_id,
  version,
  destination_url: `https://example.com/${version}`,
  is_active: true,
  expires_at: null,
  fallback_url: null,
});
