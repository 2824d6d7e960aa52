import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getAddress, isAddress } from "ethers";
import { SlipwayError } from "../errors";

/** The named addresses of one network. */
export interface AddressBook {
  file: string;
  addresses: Record<string, string>;
}

/** Reads `addresses.json` of a deployments folder; an absent file is an empty book. */
export function readAddressBook(deploymentsDir: string): AddressBook {
  const file = join(deploymentsDir, "addresses.json");
  if (!existsSync(file)) return { file, addresses: {} };
  const content: unknown = parse(file);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new SlipwayError("AddressBookInvalid", { where: file, expected: "an object of names and addresses" });
  }
  const addresses: Record<string, string> = {};
  for (const [name, address] of Object.entries(content)) {
    if (!isAddress(address)) {
      throw new SlipwayError("AddressBookInvalid", {
        where: `${file}, key ${name}`,
        expected: "an address",
        found: JSON.stringify(address),
      });
    }
    addresses[name] = getAddress(address);
  }
  return { file, addresses };
}

/** Adds names to the book, over those of `base` where the caller holds one. The file is replaced in one step: a run that dies here leaves the old one or the new one. */
export function writeAddresses(deploymentsDir: string, added: Record<string, string>, base?: AddressBook): AddressBook {
  const book = readAddressBook(deploymentsDir);
  const addresses = { ...base?.addresses, ...book.addresses, ...added };
  mkdirSync(deploymentsDir, { recursive: true });
  const draft = `${book.file}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(addresses, null, 2)}\n`);
  renameSync(draft, book.file);
  return { file: book.file, addresses };
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new SlipwayError("AddressBookInvalid", { where: file, expected: "valid JSON", cause });
  }
}
