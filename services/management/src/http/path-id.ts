// The ids in paths.
import type { ApiError } from "@qrfactory/domain/http/errors";
import type { Request } from "express";
import { z } from "zod";

const uuid = z.uuid();

/** The UUID that a path names; any other text names nothing, and is answered like an unknown id. */
export function readPathId(req: Request, noSuch: () => ApiError, name = "id"): string {
  const id = uuid.safeParse(req.params[name]);
  if (!id.success) throw noSuch();
  return id.data;
}
