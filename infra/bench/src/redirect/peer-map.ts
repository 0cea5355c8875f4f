// The peer of the scan path: an Express handler over a Map, which is what most people write first. It counts nothing.
import express from "express";

const codes = new Map<string, string>();
for (let i = 0; i < Number(process.env.CODES); i++) {
  codes.set(`B${String(i).padStart(7, "0")}`, `https://example.com/landing/${i}?utm_source=print&utm_medium=qr`);
}

const app = express();
app.get("/q/:id", (req, res) => {
  const target = codes.get(req.params.id);
  if (target) res.redirect(302, target);
  else res.sendStatus(404);
});
const server = app.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening", server.address()));
