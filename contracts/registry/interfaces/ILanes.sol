// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Tightening a canary without ending it.
interface ILaneFacet {
    /// @notice Sends a module's router one message that only tightens: `pauseLane`, `drain`, `lockSelector`, `lowerCap` or
    /// `lowerShare` of `ITrafficControl`. It ends the policy's epoch, so that no stage that was scheduled before widens over
    /// it. Works in every state, halted or not.
    /// Caller: the incident key alone, but for the pause of an exit lane; else council members, and it runs when
    /// `pauseThreshold` of them approved, by call or by signature.
    /// @param message ABI-encoded call of `ITrafficControl`.
    /// @return executed Whether this call completed the act.
    function tighten(
        bytes32 module,
        bytes calldata message,
        uint256 deadline,
        bytes[] calldata signatures
    ) external returns (bool executed);

    /// @notice What council members approve for `tighten`: the subject of `actOf("pause", subject)`.
    function tighteningOf(bytes32 module, bytes calldata message) external view returns (bytes32 subject);
}
