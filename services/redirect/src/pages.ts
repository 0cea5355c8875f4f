// What a person with a phone sees when a code leads nowhere: small pages in the reader's language without any outside
// part, made once and kept as bytes.
import type { IncomingHttpHeaders } from "node:http";
import Negotiator from "negotiator";

/** Unknown, malformed and deleted codes look alike; `unavailable` is before the first full table. */
export type PageName = "unknown" | "paused" | "expired" | "unavailable";
export type Page = { status: number; language: string; body: Buffer };

const statuses: Record<PageName, number> = { unknown: 404, paused: 410, expired: 410, unavailable: 503 };

type Wording = Record<PageName, [title: string, text: string]>;

/** Language → wording; the first is for everybody else. */
const wordings: Record<string, Wording> = {
  en: {
    unknown: ["This code leads nowhere", "Check the address, or scan the code once more."],
    paused: ["This code is paused", "Its owner has switched it off for now."],
    expired: ["This code has expired", "Its time is over. Ask whoever gave it to you for a new one."],
    unavailable: ["One moment, please", "This service is starting. Try again in a few seconds."],
  },
  fr: {
    unknown: ["Ce code ne mène nulle part", "Vérifiez l’adresse ou scannez le code encore une fois."],
    paused: ["Ce code est en pause", "Son propriétaire l’a désactivé pour le moment."],
    expired: ["Ce code a expiré", "Il n’est plus valable. Demandez-en un nouveau à la personne qui vous l’a donné."],
    unavailable: ["Un instant, s’il vous plaît", "Le service démarre. Réessayez dans quelques secondes."],
  },
  de: {
    unknown: ["Dieser Code führt nirgendwohin", "Prüfen Sie die Adresse oder scannen Sie den Code noch einmal."],
    paused: ["Dieser Code ist pausiert", "Sein Besitzer hat ihn vorübergehend abgeschaltet."],
    expired: [
      "Dieser Code ist abgelaufen",
      "Seine Zeit ist vorbei. Bitten Sie um einen neuen, wo Sie diesen bekommen haben.",
    ],
    unavailable: [
      "Einen Moment, bitte",
      "Der Dienst startet gerade. Versuchen Sie es in ein paar Sekunden noch einmal.",
    ],
  },
  es: {
    unknown: ["Este código no lleva a ninguna parte", "Revise la dirección o escanee el código otra vez."],
    paused: ["Este código está en pausa", "Su propietario lo ha desactivado por el momento."],
    expired: ["Este código ha caducado", "Ya no es válido. Pida uno nuevo a quien se lo dio."],
    unavailable: ["Un momento, por favor", "El servicio está arrancando. Inténtelo de nuevo en unos segundos."],
  },
};

/** Headers of every page; nothing in it may load, run or be framed. */
export const pageHeaders = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  Vary: "Accept-Language",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

const style =
  "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:20vh auto 0;padding:0 1.5rem;color:#1c2733;background:#fff}" +
  "h1{font-size:1.5rem;margin:0 0 .5rem}p{margin:0;color:#5b6b7a}" +
  "@media(prefers-color-scheme:dark){body{color:#e8edf2;background:#10161d}p{color:#9fb0c0}}";

function makePage(name: PageName, language: string): Page {
  const [title, text] = (wordings[language] as Wording)[name];
  const html = `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${title}</title><style>${style}</style></head>
<body><h1>${title}</h1><p>${text}</p></body></html>
`;
  return { status: statuses[name], language, body: Buffer.from(html) };
}

const languages = Object.keys(wordings);
const pages = new Map(
  languages.flatMap((language) =>
    (Object.keys(statuses) as PageName[]).map((name) => [`${name} ${language}`, makePage(name, language)] as const),
  ),
);

/** A page in the language that the reader prefers (`Accept-Language`; RFC 9110, 12.5.4) of those that there are. */
export function pageFor(headers: IncomingHttpHeaders, name: PageName): Page {
  const language = new Negotiator({ headers }).language(languages) ?? (languages[0] as string);
  return pages.get(`${name} ${language}`) as Page;
}
