// Where Prisma's own command line finds things; the products' commands do not need it.
import { defineConfig } from "prisma/config";

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // Only `prisma migrate` reads it, and only where its engine is available.
  datasource: { url: process.env.DATABASE_URL ?? "postgresql://127.0.0.1/qrfactory" },
});
