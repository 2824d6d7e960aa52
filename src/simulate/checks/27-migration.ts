import { concluding, skip } from "./types";

export const migration = concluding(
  { number: 27, id: "migration", name: "a drain or migration conserves what it moves, killed and resumed half-way" },
  () => skip("the plan file states no drain that moves values, and this version rehearses no migration"),
);
