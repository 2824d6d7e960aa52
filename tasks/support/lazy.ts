import type { ActionType } from "hardhat/types";

/** An action that is read from its file when it runs: no command waits for the code of all the others. */
export function lazy<A>(load: () => Promise<{ action: ActionType<A> }>): ActionType<A> {
  return async (args, hre, runSuper) => {
    const { action } = await load();
    return action(args, hre, runSuper);
  };
}
