import { decodeBytes32String } from "ethers";

/** First six digits of an id: what people type. */
export function shortId(proposalId: string): string {
  return proposalId.slice(2, 8);
}

/** "vault-v2-cheaper-accounting" of "Vault v2, cheaper accounting". */
export function slugOf(title: string): string {
  const slug = title
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return slug.slice(0, 60).replace(/-+$/, "");
}

/** A name kept in a word, as people wrote it; the word itself where it is no text. */
export function textOf(word: string): string {
  try {
    return decodeBytes32String(word);
  } catch {
    // Any 32 bytes may stand where a name usually does.
    return word;
  }
}

/** "2026-11-21T05:00:07Z". */
export function timeText(seconds: number | bigint): string {
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}
