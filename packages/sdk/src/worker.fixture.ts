// A Cloudflare Worker that uses the package: bundled and run in workerd by a test.
import { actAll, type Env } from "./scene.fixture.js";

export default {
  async fetch(_request: Request, env: Env): Promise<Response> {
    try {
      return Response.json(await actAll(env));
    } catch (error) {
      return new Response(String((error as Error).stack), { status: 500 });
    }
  },
};
