import { expect } from "chai";
import { outsideOf } from "../../../src/simulate/checks/50-quotes";

const SIZES = [100n, 1_000n];
const call = "quote(uint256)";

describe("envelopes of prices", () => {
  it("CHK-103 tells a quote that is too far from before, below its floor, above its ceiling, or gone", () => {
    const sizes = SIZES;
    expect(outsideOf({ call, sizes, within: 100 }, [100n, 1_000n], [101n, 990n])).to.deep.equal([]);
    expect(outsideOf({ call, sizes, within: 100 }, [100n, 1_000n], [102n, 989n])).to.have.length(2);
    expect(outsideOf({ call, sizes, least: 100n, most: 999n }, [1n, 1n], [99n, 1_000n])).to.deep.equal([
      "quote(uint256) at 100 is 99, less than 100",
      "quote(uint256) at 1000 is 1000, more than 999",
    ]);
    expect(outsideOf({ call, sizes }, [100n, "revert data 0x"], ["revert data 0x12", "revert data 0x"])).to.deep.equal([
      "quote(uint256) at 100 reverts (revert data 0x12), it was 100",
    ]);
  });

  it("CHK-104 tells a price that slips more than stated between the smallest size and a larger one", () => {
    const sizes = SIZES;
    expect(outsideOf({ call, sizes, slippage: 1_000 }, [100n, 900n], [100n, 900n])).to.deep.equal([]);
    expect(outsideOf({ call, sizes, slippage: 1_000 }, [100n, 900n], [100n, 899n])).to.deep.equal([
      "quote(uint256) at 1000 is 899, 100 at 100: it slips by more than 1000 basis points",
    ]);
    // A price that was none before is judged by its bounds alone.
    expect(outsideOf({ call, sizes, within: 1 }, ["revert data 0x", "revert data 0x"], [5n, 50n])).to.deep.equal([]);
  });
});
