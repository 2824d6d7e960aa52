import { existsSync, readFileSync } from "node:fs";
import { isAddress, isHexString } from "ethers";
import { z } from "zod";
import { SlipwayError } from "../errors";
import { hashOf } from "./takeSnapshot";
import { FORMAT, type Snapshot } from "./types";

const word = z.string().refine((text) => isHexString(text, 32), "32 bytes");
const account = z.string().refine((text) => isAddress(text), "an address");

const schema = z.strictObject({
  format: z.literal(FORMAT),
  chainId: z.string().regex(/^\d+$/),
  block: z.strictObject({ number: z.int().nonnegative(), hash: word }),
  accounts: z.record(
    account,
    z.strictObject({
      codeHash: word,
      balance: z.string().regex(/^\d+$/),
      nonce: z.int().nonnegative(),
      slots: z.record(word, word),
      storageRoot: word.optional(),
    }),
  ),
  calls: z.array(
    z.strictObject({
      account,
      call: z.string(),
      data: z.string().refine((text) => isHexString(text), "bytes"),
      result: z.string().refine((text) => text === "reverted" || isHexString(text), "bytes"),
    }),
  ),
  names: z.record(account, z.record(word, z.string())),
  unread: z.record(account, z.array(z.string())),
  hash: word,
});

/** A snapshot from its file. One that does not hash to what it says is refused: nobody knows what was changed in it. */
export function readSnapshot(file: string): Snapshot {
  const refuse = (expected: string, found: string, cause?: unknown) =>
    new SlipwayError("SnapshotInvalid", { where: file, expected, found, cause });
  if (!existsSync(file)) throw refuse("a snapshot that state snapshot wrote", "no file there");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw refuse("a snapshot that state snapshot wrote", "no JSON", cause);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse("a snapshot that state snapshot wrote", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }
  const hash = hashOf(parsed.data);
  if (hash !== parsed.data.hash) throw refuse(`content with the hash ${parsed.data.hash}`, hash);
  return parsed.data;
}
