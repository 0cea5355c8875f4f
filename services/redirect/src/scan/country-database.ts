// Where networks are, for rules that ask for a country. The database takes 134 MB of memory and a tenth of a second, so
// it is opened by the first scan that needs it; a region without such rules never pays for it.

import type { Log } from "@qrfactory/runtime/log";
import { type Geolocation, nowhere, openGeolocation, type Place } from "@qrfactory/visitor/geolocation";

/** Database of places that is opened when it is first needed. */
export type CountryDatabase = {
  isOpen(): boolean;
  /** Opens the database, once; never rejects. */
  open(): Promise<void>;
  /** Where a network is; nowhere before the database is open. */
  locate(network: string): Place;
  stop(): void;
};

/** `file` as `openGeolocation` takes it. */
export function makeCountryDatabase(options: { file: string | undefined; log: Log }): CountryDatabase {
  let geolocation: Geolocation | null = null;
  let opening: Promise<void> | null = null;
  let isStopped = false;

  async function openOnce(): Promise<void> {
    const opened = await openGeolocation(options);
    if (isStopped) opened.stop();
    geolocation = opened;
  }

  return {
    isOpen: () => geolocation !== null,
    open() {
      opening ??= openOnce();
      return opening;
    },
    locate: (network) => geolocation?.locate(network) ?? nowhere,
    stop() {
      isStopped = true;
      geolocation?.stop();
    },
  };
}
