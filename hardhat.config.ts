import "@nomicfoundation/hardhat-toolbox";
import { subtask, type HardhatUserConfig } from "hardhat/config";
import {
  TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD,
  TASK_COMPILE_SOLIDITY_LOG_COMPILATION_ERRORS,
} from "hardhat/builtin-tasks/task-names";
import "./tasks";

const SOLC_VERSION = "0.8.36";

// The compiler comes from the `solc` npm package, so that the lockfile's integrity hash pins it and
// no build step downloads a binary.
subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async ({ solcVersion }: { solcVersion: string }) => {
  if (solcVersion !== SOLC_VERSION) {
    throw new Error(`solc ${solcVersion} is not pinned here; only ${SOLC_VERSION} is`);
  }
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- solc is CommonJS and heavy: load it only to compile
  const longVersion = (require("solc") as { version(): string }).version();
  return {
    compilerPath: require.resolve("solc/soljson.js"),
    isSolcJs: true,
    version: solcVersion,
    longVersion,
  };
});

// The compiler warns once of any use of transient storage. Ours is cleared at the end of the outermost call, and tests hold it
// to that. It also warns of names that OpenZeppelin uses. Every other warning is shown.
const TRANSIENT_STORAGE = "2394";
const FUTURE_KEYWORD = "6335";
interface SolcOutput {
  errors?: { errorCode?: string; sourceLocation?: { file?: string } }[];
}
subtask(
  TASK_COMPILE_SOLIDITY_LOG_COMPILATION_ERRORS,
  ({ output, quiet }: { output?: SolcOutput; quiet: boolean }, _hre, runSuper) => {
    const errors = output?.errors?.filter(
      ({ errorCode, sourceLocation }) =>
        errorCode !== TRANSIENT_STORAGE &&
        !(errorCode === FUTURE_KEYWORD && sourceLocation?.file?.startsWith("@openzeppelin/")),
    );
    return runSuper({ output: output && { ...output, errors }, quiet });
  },
);

// A Hardhat fork keeps Hardhat's own chain id, and EIP-712 ids depend on it: a process that forks a
// remote chain is started with that chain's id in SLIPWAY_CHAIN_ID.
const chainId = Number(process.env.SLIPWAY_CHAIN_ID ?? 31337);
const remote = process.env.SLIPWAY_RPC_URL;

const config: HardhatUserConfig = {
  solidity: {
    version: SOLC_VERSION,
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      outputSelection: { "*": { "*": ["storageLayout"] } },
    },
  },
  networks: {
    hardhat: {
      chainId,
      hardfork: "cancun",
      accounts: { count: 60 },
    },
    // `demo` is the chain that `npm run demo -- --keep` leaves running; its books are in deployments/demo.
    ...(remote === undefined ? {} : { remote: { url: remote }, demo: { url: remote } }),
  },
  typechain: { outDir: "typechain-types", target: "ethers-v6" },
  mocha: { timeout: 120_000, jobs: 2 },
};

export default config;
