// Operations of the redirect service: the addresses that are printed.
import { operationsOf } from "../operation.js";

const page = ["text/html"] as const;

/** Refusals that a person reads on a phone, in their language. */
const pages = {
  404: { description: "A page: there is no such code.", contentTypes: page },
  410: { description: "A page: the code has ended, with a way to ask its owner.", contentTypes: page },
  503: { description: "A page: nobody can say right now whether there is such a code.", contentTypes: page },
};

/** Operations on scans themselves, by id. They stay for ever: codes are printed. */
export const redirectOperations = operationsOf(
  { tag: "Scans" },
  {
    scan: {
      method: "GET",
      path: "/q/{short_id}",
      summary: "Lead a scan on",
      description: "In any case of letters. A `+` after the id shows where it leads instead.",
      access: null,
      answers: {
        200: { description: "A page: a password is asked for, an app is opened, or a preview.", contentTypes: page },
        302: { description: "The way on.", headers: { Location: "Where the scan leads." } },
        ...pages,
      },
    },
    unlockScan: {
      method: "POST",
      path: "/q/{short_id}",
      summary: "Send the password of a code",
      access: null,
      bodyTypes: ["application/x-www-form-urlencoded"],
      answers: {
        200: { description: "A page that opens an app.", contentTypes: page },
        302: { description: "The way on.", headers: { Location: "Where the scan leads." } },
        303: { description: "The way on.", headers: { Location: "Where the scan leads." } },
        403: { description: "The form again: the password was wrong.", contentTypes: page },
        429: { description: "The form again: too many wrong passwords.", contentTypes: page },
        ...pages,
      },
    },
  },
);
