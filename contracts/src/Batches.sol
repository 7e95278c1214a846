// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceStorage} from "./DeviceStorage.sol";

/// @title Batches of calls to the contract itself, each item on its own
/// @notice An item that is refused changes nothing and says why in an event; the others stand.
abstract contract Batches is DeviceStorage {
    /// @notice Runs calls of this contract one after the other. They are independent: one that is
    /// refused changes nothing and says why in an event, the others stand.
    /// @dev Each runs as the caller's own, so that both relayed calls and his own can be batched. No
    /// call takes Ether, so none can count it twice.
    /// @param calls Calldata of each.
    function runBatch(bytes[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes calldata one = calls[i];
            bool good;
            assembly ("memory-safe") {
                let p := mload(0x40)
                calldatacopy(p, one.offset, one.length)
                good := delegatecall(gas(), address(), p, one.length, 0, 0)
            }
            if (!good) {
                emit Refused(i, _returned());
            }
        }
    }

    /// @notice runBatch with items packed: an array of bytes costs each of them 380 gas of zeros.
    /// @param items For each call its length, 2 bytes, and its calldata.
    function runList(bytes calldata items) external {
        uint256 index = 0;
        uint256 place;
        uint256 end;
        assembly ("memory-safe") {
            place := items.offset
            end := add(place, items.length)
        }
        while (place < end) {
            bool good;
            assembly ("memory-safe") {
                let length := shr(240, calldataload(place))
                let p := mload(0x40)
                calldatacopy(p, add(place, 2), length)
                place := add(place, add(length, 2))
                good := delegatecall(gas(), address(), p, length, 0, 0)
            }
            if (!good) {
                emit Refused(index, _returned());
            }
            unchecked {
                ++index;
            }
        }
        if (place != end) {
            revert BadWord(); // the list ends within its last item
        }
    }

    /// @return reason What the last call returned.
    function _returned() private pure returns (bytes memory reason) {
        assembly ("memory-safe") {
            reason := mload(0x40)
            mstore(reason, returndatasize())
            returndatacopy(add(reason, 0x20), 0, returndatasize())
            mstore(0x40, and(add(add(reason, 0x3f), returndatasize()), not(0x1f)))
        }
    }
}
