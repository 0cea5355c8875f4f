// A page that uses the package: bundled and opened in Chromium by a test.
import { actAll, type Env } from "./scene.fixture.js";

Object.assign(globalThis, {
  actAll: (webhook: string) => actAll({ SERVICE: location(), WEBHOOK: webhook } satisfies Env),
});

/** The origin of the page, which is that of the service: pages of others may not call it. */
const location = () => (globalThis as unknown as { location: { origin: string } }).location.origin;
