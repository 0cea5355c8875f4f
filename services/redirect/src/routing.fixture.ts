// Dependencies of the application for codes with a routing, for tests: everybody in 203.0.113.0/24 is in Austria.
import type { AppOptions } from "./app.js";
import { makePageFor } from "./pages/pages.js";
import { makeUnlock } from "./pages/password-form.js";
import { type CheckPassword, makeCheckPassword } from "./pages/passwords.js";
import { makeDecide } from "./scan/decide.js";
import { makeReadScanner } from "./scan/scan.js";
import { makeUses } from "./scan/uses.js";
import { makeVisitorOf } from "./scan/visitor.js";

const trustedProxies = ["127.0.0.0/8"];

/** Options of a process of its own, which knows nothing of the scans of others. */
export function routingOptions(
  // Its minute never ends, however slow the machine is.
  checkPassword: CheckPassword = makeCheckPassword({ now: () => 0 }),
): Pick<
  AppOptions,
  | ("decide" | "hasPassword" | "count" | "countryDatabase" | "unlock")
  | ("readScanner" | "noteOrphan" | "pageFor" | "ownerOf")
> {
  let isOpen = false;
  const locate = (network: string) => {
    if (!isOpen) throw new Error("asked before the database of countries is open");
    return { country: network === "203.0.113.0/24" ? "AT" : null, region: null, city: null, district: null };
  };
  return {
    readScanner: makeReadScanner(trustedProxies),
    ...makeDecide({
      visitorOf: makeVisitorOf({ visitorSecret: "a secret for tests", locate }),
      uses: makeUses(),
      countryDatabase: { isOpen: () => isOpen },
    }),
    countryDatabase: {
      open: async () => {
        isOpen = true;
      },
    },
    unlock: makeUnlock({ checkPassword, trustedProxies }),
    noteOrphan: () => {},
    pageFor: makePageFor(null),
    ownerOf: () => null,
  };
}
