import { readFileSync } from "node:fs";
import hre from "hardhat";
import type { TaskDefinition } from "hardhat/types";

export interface WrittenCommand {
  line: number;
  /** What follows `npx hardhat`, without `--network NAME`; a quoted text is one word. */
  words: string[];
}

/** The commands of a page: in backticks, and lines of its code blocks. */
export function readCommands(page: string): WrittenCommand[] {
  const found: WrittenCommand[] = [];
  let isCode = false;
  for (const [index, text] of readFileSync(page, "utf8").split("\n").entries()) {
    if (text.trimStart().startsWith("```")) isCode = !isCode;
    const pieces = isCode ? [text] : [...text.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner!);
    for (const piece of pieces) {
      const [, command] = /npx hardhat (.+)$/.exec(piece) ?? [];
      if (command !== undefined) found.push({ line: index + 1, words: wordsOf(command) });
    }
  }
  return found;
}

/** What Hardhat would not take of a command; empty where it would. */
export function flawsOf(words: readonly string[]): string[] {
  const { task, args, flaws } = parse(words);
  if (task === undefined) return flaws;
  const params = [...task.positionalParamDefinitions, ...Object.values(task.paramDefinitions)];
  const missing = params.filter(({ isOptional, isFlag, name }) => !isOptional && !isFlag && args[name] === undefined);
  return [...flaws, ...missing.map(({ name }) => `no ${name}`)];
}

/** A command as `runTask` takes it. */
export function argsOf(words: readonly string[]): { command: string; args: Record<string, string | boolean> } {
  const { command, args, flaws } = parse(words);
  if (flaws.length > 0) throw new Error(flaws.join("; "));
  return { command, args };
}

function wordsOf(command: string): string[] {
  const bare = command.replace(/ (#|\||&&|>) .*$/, "");
  const words = [...bare.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  const at = words.indexOf("--network");
  if (at !== -1) words.splice(at, 2);
  return words;
}

interface Parsed {
  command: string;
  task?: TaskDefinition;
  args: Record<string, string | boolean>;
  flaws: string[];
}

function parse(words: readonly string[]): Parsed {
  const [first = "", second = "", ...rest] = words;
  const own = hre.scopes[first]?.tasks[second];
  // Hardhat's own tasks (compile, test, node) are not ours to check.
  if (own === undefined) {
    const isHardhats = hre.tasks[first] !== undefined;
    return { command: first, args: {}, flaws: isHardhats ? [] : [`no task ${first} ${second}`] };
  }
  const args: Record<string, string | boolean> = {};
  const flaws: string[] = [];
  const positional = [...own.positionalParamDefinitions];
  for (let i = 0; i < rest.length; ++i) {
    const word = rest[i]!;
    if (!word.startsWith("--")) {
      const param = positional[0]?.isVariadic === true ? positional[0] : positional.shift();
      if (param === undefined) flaws.push(`nothing takes ${word}`);
      else args[param.name] = word;
      continue;
    }
    const name = word.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const param = own.paramDefinitions[name];
    if (param === undefined) flaws.push(`no option ${word}`);
    else if (param.isFlag) args[name] = true;
    else if (rest[i + 1] === undefined) flaws.push(`${word} wants a value`);
    else args[name] = rest[++i]!;
  }
  return { command: `${first} ${second}`, task: own, args, flaws };
}
