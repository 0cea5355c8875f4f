// Lists, as every client of this API sees them: a count, a page of results, and links to the pages around it.
import { type pageQuery, parseInput } from "@qrfactory/domain/http/validate";
import type { Request } from "express";
import type { z } from "zod";

/** Rows to leave out before a page, and its most rows. */
export type Page = { skip: number; take: number };

/** A page of a list; `count` is of the whole list, links are null at its ends. */
export type ListDocument<Row> = { count: number; next: string | null; previous: string | null; results: Row[] };

/** Checks the query of a list, which is `pageQuery` or extends it; unknown parameters are refused. */
export function readListQuery<Query extends z.ZodType<z.output<typeof pageQuery>>>(req: Request, schema: Query) {
  const query = parseInput(schema, req.query);
  const page: Page = { skip: (query.page - 1) * query.page_size, take: query.page_size };
  return { query, page };
}

/** The document of one page; links keep the caller's filters. */
export function listDocument<Row>(
  req: Request,
  publicBaseUrl: string,
  { page, count, results }: { page: Page; count: number; results: Row[] },
): ListDocument<Row> {
  const number = page.skip / page.take + 1;
  const linkTo = (target: number) => {
    const url = new URL(req.originalUrl, publicBaseUrl);
    url.searchParams.set("page", String(target));
    return url.href;
  };
  return {
    count,
    next: page.skip + page.take < count ? linkTo(number + 1) : null,
    previous: number > 1 ? linkTo(number - 1) : null,
    results,
  };
}
