// The ids in paths.
import type { ApiError } from "@qrfactory/domain/http/errors";
import type { Request } from "express";
import { z } from "zod";

const uuid = z.uuid();

/** The UUID that a path names; what is none names nothing, so the answer is the same as for an unknown one. */
export function readPathId(req: Request, noSuch: () => ApiError, name = "id"): string {
  const id = uuid.safeParse(req.params[name]);
  if (!id.success) throw noSuch();
  return id.data;
}
