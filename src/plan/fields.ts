import { getAddress, isAddress } from "ethers";
import { z } from "zod";
import { EXPECTED, parseAmount, parseDuration, parseFraction, parseInteger, parseShare, parseWeight } from "./units";

/** A scalar of the file read by `parse`; its message is what was expected, and the reader adds what stands there. */
export function scalar<T>(expected: string, parse: (text: string) => T | undefined) {
  return z.string({ error: () => expected }).transform((text, context): T => {
    const value = parse(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: expected });
    return z.NEVER;
  });
}

/** One of a few words. */
export function word<const W extends string>(...words: W[]) {
  return scalar(`one of ${words.join(", ")}`, (text) => words.find((candidate) => candidate === text));
}

export const textField = scalar("a text", (text) => (text === "" ? undefined : text));
export const addressField = scalar("an address (20 bytes, 0x…), its checksum right where it has one", (text) =>
  isAddress(text) && text.startsWith("0x") ? getAddress(text) : undefined,
);
export const durationField = scalar(EXPECTED.duration, parseDuration);
export const shareField = scalar(EXPECTED.share, parseShare);
export const amountField = scalar(EXPECTED.amount, parseAmount);
export const fractionField = scalar(EXPECTED.fraction, parseFraction);
export const weightField = scalar(EXPECTED.weight, parseWeight);
export const integerField = scalar(EXPECTED.integer, parseInteger);
export const booleanField = scalar("true or false", (text) =>
  text === "true" ? true : text === "false" ? false : undefined,
);
export const word32Field = scalar("32 bytes (0x and 64 digits)", (text) =>
  /^0x[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : undefined,
);
/** A name that fits a word of the contract's: of a flag, of a module. */
export const nameField = scalar("1 to 31 bytes of text", (text) =>
  text !== "" && Buffer.byteLength(text) <= 31 ? text : undefined,
);
/** A function by name, or by signature where the name alone is ambiguous. */
export const functionField = scalar('a function such as "withdraw(uint256)"', (text) =>
  /^[A-Za-z_$][\w$]*(\(.*\))?$/.test(text) ? text : undefined,
);

/** An event by its signature: its topic follows from nothing else. */
export const eventField = scalar('an event such as "Upgraded(address)"', (text) =>
  /^[A-Za-z_$][\w$]*\([\w,()[\]]*\)$/.test(text) ? text : undefined,
);

/** Arguments as they stand in the file: texts and lists of texts; the ABI says what each one means. */
export type RawArgument = string | RawArgument[];
export const argumentField: z.ZodType<RawArgument> = z.lazy(() =>
  z.union([z.string(), z.array(argumentField)], { error: () => "a value or a list of values" }),
);
export const argumentsField = z.array(argumentField, { error: () => "a list of arguments" });

/** An object whose unknown keys are errors. */
export function record<S extends z.ZodRawShape>(shape: S, expected = "a mapping") {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "invalid_type" ? `${expected} with the keys ${Object.keys(shape).join(", ")}` : undefined,
  });
}

/** A list that must not be empty where `least` is 1. */
export function list<T extends z.ZodType>(item: T, expected: string, least = 0) {
  return z.array(item, { error: () => expected }).refine((items) => items.length >= least, { error: () => expected });
}

/** In the unit of what is compared, or as a share of it. */
export const toleranceField = scalar('an amount, or a share such as "0.5%"', (text) => {
  const share = parseShare(text);
  if (share !== undefined) return { amount: 0n, bps: share };
  const amount = parseAmount(text);
  return amount === undefined ? undefined : { amount, bps: 0 };
});
