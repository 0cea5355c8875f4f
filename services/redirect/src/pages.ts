// What a person with a phone sees when a code leads nowhere: three small pages without any outside part.

export type Page = { status: number; body: Buffer };

const style =
  "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:20vh auto 0;padding:0 1.5rem;color:#1c2733;background:#fff}" +
  "h1{font-size:1.5rem;margin:0 0 .5rem}p{margin:0;color:#5b6b7a}" +
  "@media(prefers-color-scheme:dark){body{color:#e8edf2;background:#10161d}p{color:#9fb0c0}}";

function page(status: number, title: string, text: string): Page {
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${title}</title><style>${style}</style></head>
<body><h1>${title}</h1><p>${text}</p></body></html>
`;
  return { status, body: Buffer.from(html) };
}

/** Unknown, malformed and deleted codes look alike. */
export const notFoundPage = page(404, "This code leads nowhere", "Check the address, or scan the code once more.");

/** Paused or expired, with no fallback address. */
export const gonePage = page(410, "This code is not active", "Its owner has paused it, or its time is over.");

/** The table of codes is still being loaded. */
export const unavailablePage = page(503, "One moment, please", "This service is starting. Try again in a few seconds.");

/** Headers of every page; nothing in it may load, run or be framed. */
export const pageHeaders = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};
