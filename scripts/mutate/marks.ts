import * as loader from "@nomicfoundation/hardhat-network-helpers/dist/src/loadFixture";
import { SHARED, TEST } from "./switch";

/*
 * Run beside a test file to learn which test reaches what: it prints where a test begins and ends, and where it makes what later
 * tests share. What is reached between two tests, or while a fixture is made, is reached for all of the file.
 */

const say = (line: string) => process.stdout.write(`\n${line}\n`);

const wrapped = new Map<() => Promise<unknown>, () => Promise<unknown>>();
let depth = 0;
let title = "";

const original = loader.loadFixture;
const marked = (fixture: () => Promise<unknown>): Promise<unknown> => {
  let making = wrapped.get(fixture);
  if (making === undefined) {
    making = async () => {
      ++depth;
      say(SHARED);
      try {
        return await fixture();
      } finally {
        if (--depth === 0) say(`${TEST}${title}`);
      }
    };
    // An anonymous one is refused.
    Object.defineProperty(making, "name", { value: fixture.name });
    wrapped.set(fixture, making);
  }
  return original(making);
};
Object.defineProperty(loader, "loadFixture", { value: marked, configurable: true });

beforeEach(function () {
  title = this.currentTest?.fullTitle() ?? "";
  say(`${TEST}${title}`);
});
afterEach(() => say(SHARED));
