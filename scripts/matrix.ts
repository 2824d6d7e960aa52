import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

/*
 * Every exhibit of test/incidents again, without each of the layers that ended or bounded it, one at a time.
 *
 *   npm run matrix               compares with what came of it before (test/snapshots/matrix)
 *   npm run matrix -- --update   writes that anew
 *   npm run matrix -- pike yam   some of the files
 */

const ROOT = resolve(__dirname, "..");
const FOLDER = join("test", "incidents");

const { values, positionals } = parseArgs({
  options: { update: { type: "boolean", default: false } },
  allowPositionals: true,
});
const files = readdirSync(join(ROOT, FOLDER))
  .filter((name) => positionals.length === 0 || positionals.some((word) => name.startsWith(word)))
  .map((name) => join(FOLDER, name))
  .filter((path) => readFileSync(join(ROOT, path), "utf8").includes("exhibit.matrix("));
if (files.length === 0) throw new Error(`no exhibit is called ${positionals.join(" or ")}`);
const hardhat = join(ROOT, "node_modules", "hardhat", "internal", "cli", "bootstrap.js");
const { status } = spawnSync(process.execPath, [hardhat, "test", ...files], {
  cwd: ROOT,
  stdio: "inherit",
  env: {
    ...process.env,
    SLIPWAY_MATRIX: "1",
    ...(values.update ? { SLIPWAY_UPDATE_SNAPSHOTS: "1" } : {}),
  },
});
process.exitCode = status ?? 1;
