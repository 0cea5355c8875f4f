// The peer over HTTP: what most people write first. An Express server that calls npm `qrcode` for each request.
import express from "express";
import QRCode from "qrcode";

const app = express();
app.use(express.json());
app.post("/", async (req, res) => {
  const bytes = await QRCode.toBuffer(req.body.data, { width: req.body.size, margin: 4 });
  res.type("png").send(bytes);
});
const server = app.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("listening", server.address()));
