// `npm run db:migrate`: brings the database named by DATABASE_URL up to date.
import { migrate } from "./migrate.js";

const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) {
  console.error(
    "DATABASE_URL is missing: name the database to migrate, e.g. postgresql://user@127.0.0.1:5432/qrfactory",
  );
  process.exit(1);
}
const names = await migrate(databaseUrl);
console.log(names.length === 0 ? "The database is up to date." : `Applied: ${names.join(", ")}`);
