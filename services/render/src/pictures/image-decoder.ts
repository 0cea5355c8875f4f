// Decoding strangers' pictures: a few processes at low priority, admission by predicted cost and fair turns for each
// workspace in front of them, a memory of what was decoded behind. A picture that is broken or too costly costs itself
// only.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { ApiError } from "@qrfactory/domain/http/errors";
import type { Picture } from "@qrfactory/drawing/scene/shapes";
import { makeSingleFlight } from "../cache/single-flight.js";
import { makeAdmission } from "../pool/admission.js";
import { type DecodeFailure, type DecodeOutcome, type DecoderProcess, startDecoderProcess } from "./decoder-process.js";
import { makeFailureLimit } from "./failure-limit.js";
import { type ImageHeader, rejected } from "./headers/image-header.js";
import { makePictureMemory } from "./picture-memory.js";
import type { PictureFile } from "./pictures.js";

/** 16 megapixels take about 0.4 s, in four inks and 18 scans 1 s; a process that takes longer than this is stuck. */
const decodeMsMaxDefault = 4_000;

/**
 * Node by itself writes to 60 to 92 MB; 16 megapixels take 64 MB decoded, 128 MB of coefficients when progressive
 * in four inks, up to 256 MB with 16 bits a colour, and 64 MB more when their frame is put in place.
 */
const memoryBytesMaxDefault = 512 * 1024 * 1024;

/** Longest predicted wait: a few large photographs of one customer at once. */
const waitMsMax = 1_000;

/** Ends the wait where prediction was wrong. */
const waitMsEndDefault = 2_000;

/** Measured for JPEG, PNG and GIF of 16 megapixels: 18 to 35 ms a megapixel, and about as much a megabyte of file. */
const msPerMegapixelFirst = 30;

/** Four times what was measured: a file made to be slow teaches no more than that. */
const msPerMegapixelMax = 120;

/**
 * Each further scan of a progressive JPEG costs this share of decoding it once (0.5 ms of 30 a megapixel, measured).
 */
const shareOfPass = 0.02;

/** About 200 ms: photographs. Logos are a tenth of this. */
const heavyMegapixelsMin = 6;

const overloaded = "Too many pictures are being read right now; try again in a moment.";
const damaged = "The picture is damaged: it cannot be decoded. Save it anew as PNG or JPEG.";
const exhausted = "The picture takes too much time or memory to decode. Save it anew, smaller, as PNG or JPEG.";

/** Use of a picture: its field, size and workspace. */
export type DecodeOptions = {
  field: string;
  /** The picture is made to fit into a square of this many pixels. */
  sideMax: number;
  workspaceId: string;
  /** Ends the wait when nobody wants the picture any more. */
  signal?: AbortSignal | undefined;
};

/** Decoder of pictures that strangers sent. */
export type ImageDecoder = {
  /**
   * The pixels of a checked picture. Throws `image_rejected` for one that cannot be decoded, `rate_limited` when too
   * many of the workspace's were like that, and `overloaded` when its turn would come too late.
   */
  decode: (file: PictureFile, options: DecodeOptions) => Promise<Picture>;
  /** Throws what `decode` would throw before it decodes anything. */
  requireTurn: (file: PictureFile, options: Omit<DecodeOptions, "signal">) => void;
  close: () => void;
};

/** Number and limits of the decoding processes. */
export type ImageDecoderOptions = {
  processFile?: string;
  processes?: number;
  decodeMsMax?: number;
  memoryBytesMax?: number;
  waitMsEnd?: number;
};

type Decoded = { picture: Picture; spentMs: number | null } | { failed: DecodeFailure; spentMs: null };

/** Of a decoding process: its compiled file, whether this one runs compiled or, in tests, from source. */
type DecoderFile = { file: string; isCompiled: boolean };

const decoderFileOf = (name: string, isCompiled: boolean): DecoderFile => ({
  file: fileURLToPath(new URL(`../../dist/pictures/${name}`, import.meta.url)),
  isCompiled,
});
const plainDecoder = decoderFileOf("decode-process.js", false);
const webpDecoder = decoderFileOf("decode-webp-process.js", true);

/** Makes the decoder; processes start with the first pictures. */
export function makeImageDecoder(options: ImageDecoderOptions = {}): ImageDecoder {
  const { processes = Math.max(2, availableParallelism()), waitMsEnd = waitMsEndDefault } = options;
  const pools = { webp: makeProcesses(options, webpDecoder), others: makeProcesses(options, plainDecoder) };
  const admission = makeAdmission({
    threads: processes,
    waitMsMax,
    waitMsEnd,
    msPerMegapixelFirst,
    msPerMegapixelMax,
    refusal: overloaded,
  });
  const memory = makePictureMemory();
  const failures = makeFailureLimit();
  const { fly, isFlying } = makeSingleFlight<Picture>();
  // Shared in a workspace only: nobody waits for the turns of another.
  const flightOf = ({ digest }: PictureFile, { workspaceId, sideMax }: Omit<DecodeOptions, "signal">) =>
    `${workspaceId} ${digest} ${sideMax}`;

  function findKnown({ digest }: PictureFile, { field, sideMax }: Omit<DecodeOptions, "signal">): Picture | null {
    const sentence = memory.findFailure(digest);
    if (sentence) throw rejected(field, sentence);
    return memory.find(digest, sideMax);
  }

  async function decodeNow(file: PictureFile, options: DecodeOptions, leaves: AbortSignal): Promise<Picture> {
    const { field, sideMax, workspaceId } = options;
    const outcome = await admission.run(
      { workspaceId, ...workOf(file.header, file.bytes.length) },
      async (): Promise<Decoded> => {
        // Another workspace may have had the same picture decoded meanwhile.
        const known = findKnown(file, options);
        if (known) return { picture: known, spentMs: null };
        failures.requireFew(workspaceId);
        const { parts, placement } = file.header;
        const pool = file.header.type === "webp" ? pools.webp : pools.others;
        const decoded = await pool.ask({ bytes: Buffer.concat(parts), sideMax, placement });
        return "failed" in decoded ? { ...decoded, spentMs: null } : decoded;
      },
      leaves,
    );
    if ("picture" in outcome) {
      memory.record(file.digest, sideMax, outcome.picture);
      return outcome.picture;
    }
    if (outcome.failed === "starved") throw new ApiError("overloaded", overloaded);
    const sentence = outcome.failed === "damaged" ? damaged : exhausted;
    failures.count(workspaceId);
    memory.recordFailure(file.digest, sentence);
    throw rejected(field, sentence);
  }

  return {
    async decode(file, options) {
      const known = findKnown(file, options);
      if (known) return known;
      failures.requireFew(options.workspaceId);
      return fly(flightOf(file, options), (left) => decodeNow(file, options, left), options.signal).result;
    },
    requireTurn(file, options) {
      if (findKnown(file, options)) return;
      failures.requireFew(options.workspaceId);
      const { workspaceId } = options;
      if (!isFlying(flightOf(file, options)))
        admission.requireTurn({ workspaceId, isHeavy: workOf(file.header, file.bytes.length).isHeavy });
    },
    close() {
      for (const pool of Object.values(pools)) pool.close();
    },
  };
}

/** Cost of decoding: its pixels, once a pass, and its bytes. */
function workOf({ type, width, height, passes }: ImageHeader, bytes: number) {
  const pixels = (width * height) / 1e6;
  const megapixels = pixels * (1 + shareOfPass * (passes - 1)) + bytes / 1e6;
  return { kind: type, megapixels, isHeavy: megapixels >= heavyMegapixelsMin };
}

/** Processes that are idle wait for the next picture; more start when there is none. */
function makeProcesses(options: ImageDecoderOptions, decoder: DecoderFile) {
  const {
    processFile: file = decoder.file,
    decodeMsMax = decodeMsMaxDefault,
    memoryBytesMax = memoryBytesMaxDefault,
  } = options;
  const idle: DecoderProcess[] = [];
  const all = new Set<DecoderProcess>();
  let isClosed = false;

  function start(): DecoderProcess {
    const started = startDecoderProcess({ file, isCompiled: decoder.isCompiled, decodeMsMax, memoryBytesMax });
    all.add(started);
    return started;
  }

  return {
    async ask(request: Parameters<DecoderProcess["ask"]>[0]): Promise<DecodeOutcome> {
      for (const process of all) if (!process.isAlive()) all.delete(process);
      let process = idle.pop();
      while (process && !process.isAlive()) process = idle.pop();
      process ??= start();
      const outcome = await process.ask(request);
      // Its memory may be damaged or leaked: a process that failed is not given another picture.
      if (process.isAlive() && !isClosed) idle.push(process);
      return outcome;
    },
    close(): void {
      isClosed = true;
      for (const process of all) process.end();
    },
  };
}
