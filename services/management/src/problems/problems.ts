// The pages behind the `type` of errors: /problems/validation-failed, and a list of all.

import type { Handlers } from "@qrfactory/api/bind";
import type { problemOperations } from "@qrfactory/api/operations/problems";
import { ApiError, type ProblemCode, problemTypes } from "@qrfactory/domain/http/errors";
import type { Response } from "express";
import { problemAdvice } from "./advice.js";

/** An hour: they change with a release. */
const keptSeconds = 3_600;

const slugOf = (code: ProblemCode): string => code.replaceAll("_", "-");

const style = `:root { color-scheme: light dark; --ink: #14181f; --soft: #5b6472; --ground: #fbfaf7; --line: #e4e1d8; --accent: #1d4ed8; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceae4; --soft: #9aa3b2; --ground: #12151b; --line: #2a2f3a; --accent: #8fb0ff; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 17px/1.6 ui-sans-serif, system-ui, sans-serif; }
main { max-width: 42rem; margin: 0 auto; padding: 12vh 1.5rem 4rem; }
h1 { margin: 0 0 .5rem; font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; }
p { margin: 0 0 1rem; } .soft { color: var(--soft); } a { color: var(--accent); text-underline-offset: .2em; }
code { font: .9em ui-monospace, Menlo, Consolas, monospace; }
ul { list-style: none; margin: 1.5rem 0 0; padding: 0; border-top: 1px solid var(--line); }
li { display: flex; gap: 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); } li span { margin-left: auto; color: var(--soft); }`;

/** Texts are ours and hold no markup. */
const pageOf = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · QRFactory</title>
<style>${style}</style></head>
<body><main>
${body}
</main></body>
</html>
`;

function problemPage(code: ProblemCode): string {
  const { status, title } = problemTypes[code];
  return pageOf(
    title,
    `<p class="soft"><code>${code}</code> · HTTP ${status}</p>
<h1>${title}</h1>
<p>${problemAdvice[code]}</p>
<p class="soft">Errors are documents of <code>application/problem+json</code> (RFC 9457): branch on <code>code</code>, show <code>detail</code>, quote <code>request_id</code>.</p>
<p><a href="/problems/">All problems</a></p>`,
  );
}

function listPage(): string {
  const codes = Object.keys(problemTypes) as ProblemCode[];
  const items = codes.map((code) => {
    const { status, title } = problemTypes[code];
    return `<li><a href="/problems/${slugOf(code)}">${title}</a><span>${status} <code>${code}</code></span></li>`;
  });
  return pageOf(
    "Problems",
    `<h1>Problems</h1>\n<p class="soft">Every code that an error can have.</p>\n<ul>\n${items.join("\n")}\n</ul>`,
  );
}

function sendPage(res: Response, page: string): void {
  res.set({
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": `public, max-age=${keptSeconds}`,
  });
  res.send(page);
}

/** The handlers of the pages. */
export function problemHandlers(): Handlers<keyof typeof problemOperations> {
  const codes = new Map((Object.keys(problemTypes) as ProblemCode[]).map((code) => [slugOf(code), code]));
  return {
    listProblems: (_req, res) => sendPage(res, listPage()),
    getProblem(req, res) {
      const code = codes.get(String(req.params.code).toLowerCase().replaceAll("_", "-"));
      if (!code) throw new ApiError("not_found", "There is no problem of this name.");
      sendPage(res, problemPage(code));
    },
  };
}
