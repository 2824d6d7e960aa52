import base from "./hardhat.config";
import { coinbaseOf } from "./scripts/mutate/switch";

// The tests as they are, over contracts that hold every mutant behind a switch: used by `npm run mutate` in its own copy of
// the project.
const mutant = process.env.SLIPWAY_MUTANT;

export default {
  ...base,
  // Bounds of gas and size do not hold with switches inside.
  mocha: { ...base.mocha, grep: "\\[gas\\]", invert: true },
  networks: {
    ...base.networks,
    hardhat: {
      ...base.networks?.hardhat,
      // Switches make code larger than EIP-170 allows.
      allowUnlimitedContractSize: true,
      ...(mutant === undefined ? {} : { coinbase: coinbaseOf(Number(mutant)) }),
    },
  },
};
