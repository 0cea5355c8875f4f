// Doors that should be shut: Redis without a password, answers without the headers that keep browsers in check.
import type { IncomingHttpHeaders } from "node:http";
import type { Row } from "../row.js";
import { makeCodes } from "../stage/others.js";
import { exchange } from "../stage/raw.js";

const redis: Row = {
  name: "redis-doors",
  attack: "commands to every private Redis and to PostgreSQL without a password",
  async run(stage) {
    const { state_redis_url, render_cache_url, regions, database_url } = stage.stack.file();
    const urls = {
      state: state_redis_url,
      cache: render_cache_url,
      ...Object.fromEntries(regions.map((it) => [it.name, it.redis])),
    };
    for (const [name, text] of Object.entries(urls)) {
      const { host } = new URL(text);
      for (const command of ["PING", "DBSIZE", "CONFIG GET dir", "AUTH default", "HELLO 3"]) {
        const received = await exchange({ url: `http://${host}`, packets: [`${command}\r\n`], quietMs: 100 });
        stage.sent(command.length + 2, 1);
        stage.promise(/^-(NOAUTH|WRONGPASS|ERR|DENIED)/.test(received), `the Redis ${name} answers ${command}`);
      }
    }
    // A start-up message (PostgreSQL, 55.7) of the owner of the database: it must ask for a password, not let in.
    const words = Buffer.from("user\0qrfactory\0database\0qrfactory\0\0");
    const head = Buffer.alloc(8);
    head.writeUInt32BE(words.length + 8, 0);
    head.writeUInt32BE(196_608, 4);
    const received = await exchange({
      url: `http://${new URL(database_url).host}`,
      packets: [Buffer.concat([head, words])],
    });
    stage.promise(received.startsWith("R") && received.charCodeAt(8) !== 0, "PostgreSQL lets in without a password");
  },
};

type Check = { what: string; isKept: (headers: IncomingHttpHeaders) => boolean };
const nosniff: Check = { what: "nosniff", isKept: (it) => it["x-content-type-options"] === "nosniff" };
const noFrames: Check = {
  what: "frame-ancestors",
  isKept: (it) =>
    /frame-ancestors 'none'/.test(String(it["content-security-policy"])) || it["x-frame-options"] === "DENY",
};
const notKept: Check = { what: "no-store", isKept: (it) => /no-store/.test(String(it["cache-control"])) };
const noCors: Check = {
  what: "an answer without CORS",
  isKept: (it) => Object.keys(it).every((name) => !name.startsWith("access-control-")),
};

const headers: Row = {
  name: "answer-headers",
  attack: "answers of every kind at the gateway: nosniff, frame-ancestors, no-store on what is personal, no CORS",
  async run(stage) {
    const [id = ""] = await makeCodes(stage, 1);
    const { asUser, asKey } = stage.demo;
    const origin = { Origin: "https://evil.example", "Access-Control-Request-Method": "GET" };
    const preflight = { method: "OPTIONS", headers: origin };
    const cases: [
      ask: { method?: string; url: string; headers?: Record<string, string>; json?: object },
      checks: Check[],
    ][] = [
      [{ url: "/" }, [nosniff, noFrames, noCors]],
      [{ url: "/nothing-here" }, [nosniff, noCors]],
      [{ url: "/api/health/" }, [nosniff, noCors]],
      [{ url: "/api/status/" }, [nosniff, notKept, noCors]],
      [{ url: `/q/${id}`, headers: origin }, [nosniff, noCors, notKept]],
      [{ url: `/q/${id}+` }, [nosniff, noFrames, noCors, notKept]],
      [{ url: "/q/NOBODY-1" }, [nosniff, noFrames, noCors, notKept]],
      [{ url: "/api/v1/nothing/" }, [nosniff, notKept, noCors]],
      ...[
        "me",
        "members",
        "keys",
        "workspace",
        "workspaces",
        "dynamic",
        `dynamic/${id}`,
        `dynamic/${id}/history`,
        "audit",
      ].map((route): (typeof cases)[number] => [
        { url: `/api/v1/${route}/`, headers: { ...asUser, ...origin } },
        [nosniff, notKept, noCors],
      ]),
      ...[
        "calls",
        "scans",
        "analytics",
        "usage",
        "orphans",
        "bulk",
        `dynamic/${id}/analytics`,
        "dynamic/export",
        "scans/export",
      ].map((route): (typeof cases)[number] => [
        { url: `/api/v1/${route}/`, headers: { ...asKey, ...origin } },
        [nosniff, notKept, noCors],
      ]),
      [{ url: "/api/v1/usage/me/", headers: asUser }, [nosniff, notKept]],
      [{ url: "/api/v1/generate/", headers: { ...asKey, ...origin }, json: { data: "x" } }, [nosniff, noCors]],
      [{ url: "/api/v1/validate/", headers: { ...asKey, ...origin }, json: { data: "x" } }, [nosniff, noCors]],
      [{ url: "/api/v1/me/", ...preflight }, [noCors]],
      [{ url: "/api/v1/generate/", ...preflight }, [noCors]],
      [{ url: `/q/${id}`, ...preflight }, [noCors]],
      [{ url: "/api/v1/auth/login/", json: { email: "a@example.com", password: "wrong" } }, [nosniff, notKept, noCors]],
    ];
    for (const [ask, checks] of cases) {
      const answer = await stage.attack(ask);
      const shown = `${ask.method ?? (ask.json ? "POST" : "GET")} ${ask.url.replaceAll(id, "ID")}`;
      for (const { what, isKept } of checks) stage.promise(isKept(answer.headers), `${shown} lacks ${what}`);
    }
  },
};

/** Rows of doors that should be shut. */
export const doorRows: Row[] = [redis, headers];
