import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reportJsonSchema } from "../../src/simulate/reportSchema";

const FOLDER = join(__dirname, "..", "..", "docs", "schema");

/** `docs/schema/rehearsal.json`. `npm run docs:schema` writes it; a test compares it. */
export function schemaPage(): string {
  return `${JSON.stringify(reportJsonSchema(), null, 2)}\n`;
}

if (require.main === module) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "rehearsal.json"), schemaPage());
}
