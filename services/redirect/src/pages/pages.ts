// Pages for a person with a phone when a code does not simply lead on: small, in the reader's language, without any
// outside part. Those that are always the same are made once and kept as bytes.
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { type CodeOwner, contactText } from "@qrfactory/codes/published/owner";
import { preferredAmong } from "@qrfactory/domain/http/preferred-language";
import { memoise } from "@qrfactory/visitor/memo";
import { cutHeader } from "../scan/headers.js";
import type { PageName, PasswordProblem, Wording } from "./wording.js";
import { wordings } from "./wordings.js";

/** A finished page in one language. */
export type Page = { status: number; language: string; body: Buffer };

const statuses: Record<PageName, number> = { unknown: 404, paused: 410, expired: 410, used: 410, unavailable: 503 };
const passwordStatuses: Record<PasswordProblem, number> = { wrong: 403, limited: 429, busy: 503 };

/** Tries the app and goes on to the web when the page is still in sight a moment later. */
const appScript =
  'const a=document.getElementById("app"),w=document.getElementById("web");' +
  "const t=setTimeout(()=>{if(!document.hidden)location.replace(w.href)},1500);" +
  'document.addEventListener("visibilitychange",()=>{if(document.hidden)clearTimeout(t)});location.href=a.href';
/** Where no script runs. */
const appRefreshSeconds = 3;

/**
 * Headers of every page; nothing in it may be loaded or framed, and nothing run but the script above. No `form-action`:
 * browsers would also hold it against where the form's answer leads.
 */
export const pageHeaders = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  Vary: "Accept-Language",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; " +
    `script-src 'sha256-${createHash("sha256").update(appScript).digest("base64")}'`,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

const style =
  "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:20vh auto 0;padding:0 1.5rem;color:#1c2733;" +
  "background:#fff}" +
  "h1{font-size:1.5rem;margin:0 0 .5rem}p{margin:0 0 1rem;color:#5b6b7a;overflow-wrap:anywhere}a{color:#0b5cad}" +
  "input,button,.b{font:inherit;box-sizing:border-box;width:100%;padding:.6rem;margin:.3rem 0 .8rem;" +
  "border:1px solid #9fb0c0;border-radius:.4rem}" +
  ".w{font-size:.95rem;border-top:1px solid #d5dde5;padding-top:1rem;margin-top:1.5rem}" +
  "button,.b{display:block;text-align:center;text-decoration:none;background:#0b5cad;color:#fff;border-color:#0b5cad}" +
  "@media(prefers-color-scheme:dark){body{color:#e8edf2;background:#10161d}p{color:#9fb0c0}.w{border-color:#2b3947}" +
  "a{color:#7db8f0}input{background:#1c2733;color:#e8edf2}}";

const languages = Object.keys(wordings);
const offered = new Set(languages);

/** Phones send few different headers; each takes some 300 bytes to remember. */
const headersMax = 1_000;

/** The language preferred by a header `Accept-Language` of those that there are. */
const chooseLanguage = memoise((header) => preferredAmong(header, offered) ?? (languages[0] as string), headersMax);
const languageOf = (headers: IncomingHttpHeaders) =>
  chooseLanguage(cutHeader("acceptLanguage", headers["accept-language"]));

const wordingOf = (language: string) => wordings[language] as Wording;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] as string);

/** Languages that are written from right to left. */
const rightToLeft = new Set(["ar"]);

function makePage(language: string, status: number, title: string, content: string, head = ""): Page {
  const html = `<!doctype html>
<html lang="${language}"${rightToLeft.has(language) ? ' dir="rtl"' : ""}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${title}</title><style>${style}</style>${head}</head>
<body><h1>${title}</h1>${content}</body></html>
`;
  return { status, language, body: Buffer.from(html) };
}

function namedPage(name: PageName, language: string, whose = ""): Page {
  const [title, text] = wordingOf(language)[name];
  return makePage(language, statuses[name], title, `<p>${text}</p>${whose}`);
}

/** The owner to be asked. Their words stand apart from ours, in whatever direction they are written. */
function whoseLines(whose: string, { name, contact }: CodeOwner): string {
  const link =
    contact && `<a rel="noreferrer nofollow" href="${escapeHtml(contact)}">${escapeHtml(contactText(contact))}</a>`;
  const lines = [name && escapeHtml(name), link].filter((line) => line !== null);
  return `<p class="w">${whose}${lines.map((line) => `<br><bdi>${line}</bdi>`).join("")}</p>`;
}

/** Picks the page in the language that the headers want most. */
export type PageFor = (headers: IncomingHttpHeaders, name: PageName, owner?: CodeOwner | null) => Page;

/**
 * Makes the function that finds a page: those that are always the same are made once. `operator` is named where a code
 * is not known, and so whose it is.
 */
export function makePageFor(operator: CodeOwner | null): PageFor {
  const made = new Map(
    languages.flatMap((language) =>
      (Object.keys(statuses) as PageName[]).map((name) => {
        const whose = operator && name === "unknown" ? whoseLines(wordingOf(language).whose.service, operator) : "";
        return [`${name} ${language}`, namedPage(name, language, whose)] as const;
      }),
    ),
  );
  return function pageFor(headers, name, owner = null) {
    const language = languageOf(headers);
    if (owner === null) return made.get(`${name} ${language}`) as Page;
    return namedPage(name, language, whoseLines(wordingOf(language).whose.code, owner));
  };
}

/** The form that asks for the password; it posts to the address that it was found at, and needs no script. */
export function passwordPage(headers: IncomingHttpHeaders, problem: PasswordProblem | null): Page {
  const language = languageOf(headers);
  const { password } = wordingOf(language);
  const form = `<p${problem ? ' role="alert"' : ""}>${problem ? password[problem] : password.text}</p>
<form method="post"><label>${password.label}<input type="password" name="password" required maxlength="256" autocomplete="off" autofocus></label>
<button>${password.button}</button></form>`;
  return makePage(language, problem ? passwordStatuses[problem] : 200, password.title, form);
}

/** Where a code would lead this reader; of one with a password, nothing (`url` is null). */
export function previewPage(headers: IncomingHttpHeaders, url: string | null, varies: boolean): Page {
  const language = languageOf(headers);
  const { password, preview } = wordingOf(language);
  if (url === null) return makePage(language, 200, password.title, `<p>${preview.protected}</p>`);
  const link = `<p>${escapeHtml(url)}</p>${varies ? `<p>${preview.varies}</p>` : ""}
<a class="b" rel="noreferrer nofollow" href="${escapeHtml(url)}">${preview.button}</a>`;
  return makePage(language, 200, preview.title, link);
}

/**
 * Opens an app and goes to the web where that is not possible, by itself or, without scripts, by a link and in a while.
 */
export function appPage(headers: IncomingHttpHeaders, appUrl: string, webUrl: string): Page {
  const language = languageOf(headers);
  const { app } = wordingOf(language);
  const [appLink, webLink] = [escapeHtml(appUrl), escapeHtml(webUrl)];
  const links = `<p><a class="b" id="app" href="${appLink}">${app.open}</a></p>
<p><a id="web" rel="noreferrer" href="${webLink}">${app.web}</a></p><script>${appScript}</script>`;
  const refresh = `<noscript><meta http-equiv="refresh" content="${appRefreshSeconds};url=${webLink}"></noscript>`;
  return makePage(language, 200, app.title, links, refresh);
}
