import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { canonicalJson } from "../simulate/canonicalJson";

export interface BackedUp {
  /** Where it was, from the project's folder. */
  source: string;
  /** Where it is, from the backup's. */
  copy: string;
  bytes: number;
  sha256: string;
}

const MANIFEST = "manifest.json";

/** Copies files and writes what each hashes to. What a backup held before is gone. */
export function writeBackup(folder: string, root: string, files: readonly string[]): BackedUp[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const rows = [...new Set(files.map((file) => resolve(root, file)))].sort().map((file): BackedUp => {
    const content = readFileSync(file);
    const source = relative(root, file);
    // A file from elsewhere keeps its path below a folder of its own.
    const copy = source.startsWith("..") ? join("outside", file) : join("project", source);
    mkdirSync(dirname(join(folder, copy)), { recursive: true });
    writeFileSync(join(folder, copy), content);
    return { source, copy, bytes: content.length, sha256: sha256Of(content) };
  });
  writeFileSync(join(folder, MANIFEST), canonicalJson({ files: rows }));
  return rows;
}

/** What is wrong with a backup, read again from its own manifest; empty where nothing is. */
export function verifyBackup(folder: string, root: string): string[] {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return [`${path}: no manifest`];
  const { files } = JSON.parse(readFileSync(path, "utf8")) as { files: BackedUp[] };
  return files.flatMap(({ source, copy, bytes, sha256 }) => {
    const kept = join(folder, copy);
    if (!existsSync(kept)) return [`${copy}: no copy`];
    if (statSync(kept).size !== bytes || sha256Of(readFileSync(kept)) !== sha256)
      return [`${copy}: not as the manifest says`];
    const original = resolve(root, source);
    if (!existsSync(original) || sha256Of(readFileSync(original)) !== sha256) return [`${source}: changed since`];
    return [];
  });
}

function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
