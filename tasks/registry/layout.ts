import { getAddress, isAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types";
import { readAddressBook } from "../../src/chain/addressBook";
import { implementationOf } from "../../src/chain/implementationOf";
import { deployedSide } from "../../src/diff/codeSide";
import { SlipwayError } from "../../src/errors";
import { describeLayout } from "../../src/layout/describeLayout";
import { renderLayout } from "../../src/report/renderLayout";
import type { OutputArgs } from "../support/options";
import { runTask } from "../support/runTask";

export const action = (args: OutputArgs & { contract: string }, hre: HardhatRuntimeEnvironment): Promise<void> =>
  runTask(hre, args, async (client) => {
    const stated = readAddressBook(client.deploymentsDir).addresses[args.contract] ?? args.contract;
    const account = isAddress(stated) ? await implementationOf(client.provider, getAddress(stated)) : undefined;
    const contract = account === undefined ? args.contract : (await deployedSide(client, account)).contract;
    if (account === undefined) await client.artifacts.read(args.contract);
    const layout = contract === undefined ? undefined : await client.artifacts.layout?.(contract);
    if (contract === undefined || layout === undefined) {
      throw new SlipwayError("StorageLayoutUnknown", {
        where: args.contract,
        expected: "a contract that was compiled here, with its storage layout",
        found: contract === undefined ? `code at ${account} that none of them builds` : `no layout of ${contract}`,
      });
    }
    const rows = describeLayout(layout);
    return { report: { contract, account, rows }, text: renderLayout(contract, rows) };
  });
