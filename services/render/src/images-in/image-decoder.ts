// The parent's side of the decoding process: one picture at a time, a deadline each, a new process after a crash.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ApiError } from "@qrfactory/domain/errors";
import type { Picture } from "../qr/scene.js";
import type { DecodeReply, DecodeRequest } from "./decode-process.js";
import { rejected } from "./image-header.js";

/** 16 megapixels take about 0.4 s; what takes longer than this is stuck. */
const decodeMsMaxDefault = 4_000;

/** Pictures that may wait for their turn; more is overload. */
const waitingMax = 32;

/** The compiled process, whether this file runs compiled or, in tests, from source. */
const processFileDefault = fileURLToPath(new URL("../../dist/images-in/decode-process.js", import.meta.url));

export type ImageDecoder = {
  /**
   * The pixels of a checked picture, made to fit into `sideMax` pixels. Throws `image_rejected` for one that cannot be
   * decoded and `overloaded` when too many wait.
   */
  decode: (bytes: Buffer, options: { field: string; sideMax: number }) => Promise<Picture>;
  close: () => void;
};

export type ImageDecoderOptions = { processFile?: string; decodeMsMax?: number };

/** Makes the decoder; its process starts with the first picture. */
export function makeImageDecoder(options: ImageDecoderOptions = {}): ImageDecoder {
  const { processFile = processFileDefault, decodeMsMax = decodeMsMaxDefault } = options;
  let child: ChildProcess | null = null;
  let lastId = 0;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();

  function startChild(): ChildProcess {
    const started = fork(processFile, [], { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
    started.once("exit", () => {
      if (child === started) child = null;
    });
    // The channel must not keep a process alive that has nothing else to do.
    started.unref();
    started.channel?.unref();
    return started;
  }

  /** Asks the process; null when it crashed, failed or took too long, in which case it is ended. */
  function ask(bytes: Buffer, sideMax: number): Promise<Picture | null> {
    child ??= startChild();
    const process = child;
    const request: DecodeRequest = { id: ++lastId, bytes, sideMax };
    return new Promise((resolve) => {
      const finish = (picture: Picture | null) => {
        clearTimeout(timer);
        process.off("message", onMessage);
        process.off("exit", onExit);
        process.channel?.unref();
        resolve(picture);
      };
      const onMessage = (reply: DecodeReply) => {
        if (reply.id === request.id) finish("picture" in reply ? reply.picture : null);
      };
      const onExit = () => finish(null);
      const timer = setTimeout(() => process.kill("SIGKILL"), decodeMsMax);
      process.on("message", onMessage);
      process.once("exit", onExit);
      process.channel?.ref();
      process.send(request, (error) => error && process.kill("SIGKILL"));
    });
  }

  return {
    async decode(bytes, { field, sideMax }) {
      if (waiting >= waitingMax) throw new ApiError("overloaded", "Too many pictures are being read; try again.");
      waiting += 1;
      const mine = turn.then(() => ask(bytes, sideMax));
      turn = mine;
      const picture = await mine.finally(() => {
        waiting -= 1;
      });
      if (!picture) throw rejected(field, "The picture is damaged: it cannot be decoded. Save it anew as PNG or JPEG.");
      return picture;
    },
    close: () => child?.kill("SIGTERM"),
  };
}
