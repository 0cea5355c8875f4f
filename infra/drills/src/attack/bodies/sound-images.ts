// Sound requests for images: single ones, one that is only judged, and orders of many.
import { type Sound, url } from "./sound-request.js";

/** Images of an address, with what can be chosen of their design. */
const designs: Sound[] = [
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
];

/** Images of structured payloads. */
const payloads: Sound[] = [
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
];

/** A request that is judged and not drawn. */
const validations: Sound[] = [
  {
    route: "validate",
    as: "asKey",
    makes: "none",
    body: { data: url, size: 300, error_correction: "H", logo_size_ratio: 0.2, background: "white" },
  },
];

/** Orders of many images: a dry run, and a real one. */
const orders: Sound[] = [
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
];

/** Sound requests for images; of each list one is taken at a time. */
export const soundImages: Sound[][] = [designs, payloads, validations, orders];
