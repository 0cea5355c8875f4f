import { Agent, request } from "node:http";
import { expect, test } from "@jest/globals";
import { destination_url, from, get, passwordHash, post, publish, scans, service } from "./routed-codes.fixture.js";

test("a password is asked for by a form that is no scan; the right one leads on and is one", async () => {
  const path = publish({ password: await passwordHash, query: true }, { limit: { max: 2, used: 0 } });
  const form = await get(path, { "Accept-Language": "de" });
  expect([form.status, form.headers.get("content-language")]).toEqual([200, "de"]);
  const html = await form.text();
  expect(html).toMatch(/<form method="post">.*<input type="password" name="password" required/s);
  expect(html).not.toMatch(/<script|example\.com|argon2/);
  expect((await get(path, {}, { method: "HEAD" })).status).toBe(200);
  const wrong = await post(path, "open barley");
  expect(wrong.status).toBe(403);
  expect(await wrong.text()).toContain("This is not the password.");
  expect(scans).toEqual([]);
  const right = await post(`${path}?table=7`, "open sesame");
  expect([right.status, right.headers.get("location")]).toEqual([302, `${destination_url}?table=7`]);
  expect(scans).toHaveLength(1);
  const [first, second] = await Promise.all([post(path, "open sesame"), post(path, "open sesame")]);
  expect([first.status, second.status].sort()).toEqual([302, 410]);
  expect((await get(path)).status).toBe(410);
});

test("a form that is sent when its code has ended shows the end, or leads to the fallback", async () => {
  const password = await passwordHash;
  const fallback_url = "https://example.com/over";
  const paused = await post(publish({ password }, { is_active: false }), "open sesame");
  expect([paused.status, paused.headers.get("content-type")]).toEqual([410, "text/html; charset=utf-8"]);
  expect((await post(publish({ password }, { limit: { max: 2, used: 2 } }), "open barley")).status).toBe(410);
  expect(scans).toEqual([]);
  const over = await post(publish({ password }, { is_active: false, fallback_url }), "open sesame");
  expect([over.status, over.headers.get("location")]).toEqual([302, fallback_url]);
  expect(scans).toHaveLength(1);
});

test("what is no form of ours is refused, and a code without a password takes none", async () => {
  const locked = publish({ password: await passwordHash });
  const send = (path: string, body: string, type: string) =>
    get(path, { "Content-Type": type }, { method: "POST", body });
  const form = "application/x-www-form-urlencoded";
  expect((await send(locked, '{"password":"open sesame"}', "application/json")).status).toBe(415);
  expect((await send(locked, `password=${"a".repeat(5_000)}`, form)).status).toBe(413);
  expect((await send(locked, "", form)).status).toBe(403);
  expect((await send(locked, "password=%00%ff", form)).status).toBe(403);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statusOf = (method: string, body: string) =>
    new Promise((resolve, reject) => {
      const options = { method, agent, headers: { "Content-Type": form, "Content-Length": body.length } };
      request(service.url + locked, options, (res) => res.resume().on("end", () => resolve(res.statusCode)))
        .on("error", reject)
        .end(body);
    });
  // Far more than what a socket holds, with the next request behind it on the same connection.
  expect([await statusOf("POST", "a".repeat(500_000)), await statusOf("GET", "")]).toEqual([413, 200]);
  agent.destroy();
  for (const [path, allowed] of [
    ...([
      [locked, "GET, HEAD, POST"],
      [`${locked}+`, "GET, HEAD"],
      [publish(null), "GET, HEAD"],
    ] as const),
    ...([
      ["/q/UNKNOWN", "GET, HEAD"],
      ["/api/status", "GET, HEAD"],
    ] as const),
  ]) {
    const refused = await get(path, {}, { method: "PUT" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, allowed]);
  }
  for (const path of [publish(null), publish({ query: true }), `${locked}+`, "/q/UNKNOWN", "/api/health"]) {
    expect((await send(path, "password=x", form)).status).toBe(405);
  }
});

test("wrong passwords are limited for a network and for a code; right ones are not counted", async () => {
  const [path, other] = [publish({ password: await passwordHash }), publish({ password: await passwordHash })];
  const status = async (...sent: Parameters<typeof post>) => (await post(...sent)).status;
  for (let i = 0; i < 15; i++) expect(await status(path, "open sesame", from("198.51.100.1"))).toBe(302);
  const guesses = await Promise.all(
    Array.from({ length: 12 }, (_, i) => status(path, `guess ${i}`, from(`198.51.100.${i}`))),
  );
  expect(guesses.filter((seen) => seen === 403)).toHaveLength(10);
  const limited = await post(other, "open sesame", from("198.51.100.99"));
  expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "60"]);
  expect(await status(other, "open sesame", from("203.0.113.1"))).toBe(302);
});

test("for one code a hundred wrong passwords a minute are enough, from wherever they come", async () => {
  const path = publish({ password: await passwordHash });
  const seen = [];
  for (let i = 0; i < 110; i++) seen.push((await post(path, "guess", from(`10.${i}.0.1`))).status);
  expect(seen).toEqual([...Array(100).fill(403), ...Array(10).fill(429)]);
});

test("where a code leads is shown, counted for nobody, and never for one with a password", async () => {
  const url = 'https://example.com/?q="><script>alert(1)</script>&x=1';
  const path = publish({ variants: [1, 2].map(() => ({ url: new URL(url).href, weight: 1 })) });
  const shown = await get(`${path.toLowerCase()}+/`);
  expect(shown.status).toBe(200);
  const html = await shown.text();
  expect(html).toContain("<h1>This code leads to</h1>");
  expect(html).not.toContain("<script>alert");
  expect(html).toContain('href="https://example.com/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&amp;x=1"');
  const head = await get(`${path}+`, {}, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const locked = await get(`${publish({ password: await passwordHash })}+`);
  expect(await locked.text()).not.toContain("example.com");
  expect((await get(`${publish(null, { is_active: false })}+`)).status).toBe(410);
  expect((await get("/q/UNKNOWN+")).status).toBe(404);
  expect((await get(`${path}++`)).status).toBe(404);
  expect(scans).toEqual([]);
});
