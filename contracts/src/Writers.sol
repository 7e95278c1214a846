// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceSignatures} from "./DeviceSignatures.sol";
import {DeviceWord} from "./Words.sol";

/// @title Who may change a record, and when
/// @notice An owner writes his own record while it is not revoked, and names the epoch that he means.
abstract contract Writers is DeviceSignatures {
    /// @param word Stored device word. @param caller Who wants to write, not zero.
    /// @param epoch Epoch that he means, at its place in a device word.
    function _checkWriter(uint256 word, address caller, uint256 epoch) internal pure {
        if (!DeviceWord.isWriter(word, caller, epoch)) {
            _refuseWriter(word, caller);
        }
    }

    /// @dev For those who are not the owner: is the record live, at this epoch?
    /// @param word Stored device word. @param epoch Epoch that is meant.
    function _checkEpoch(uint256 word, uint32 epoch) internal pure {
        if (word == 0) {
            revert NotRegistered();
        }
        if (DeviceWord.isRevoked(word)) {
            revert RecordRevoked();
        }
        if (DeviceWord.epoch(word) != epoch) {
            revert WrongEpoch(DeviceWord.epoch(word));
        }
    }

    /// @param word Device word. @return It with the next epoch, or refused.
    function _nextEpoch(uint256 word) internal pure returns (uint256) {
        if (DeviceWord.isLastEpoch(word)) {
            revert EpochSaturated();
        }
        return DeviceWord.nextEpoch(word);
    }

    /// @param id Device. @param epoch The stored one. @param caller Who wants to write.
    /// @return word New device word.
    function _raiseEpoch(bytes32 id, uint32 epoch, address caller) internal returns (uint256 word) {
        word = devices[id].word;
        _checkWriter(word, caller, DeviceWord.epochInPlace(epoch));
        word = _nextEpoch(word);
        devices[id].word = word;
    }

    /// @param word Stored device word that the caller may not change. @param caller The caller.
    function _refuseWriter(uint256 word, address caller) internal pure {
        if (word == 0) {
            revert NotRegistered();
        }
        if (DeviceWord.owner(word) != caller) {
            revert NotOwner();
        }
        if (DeviceWord.isRevoked(word)) {
            revert RecordRevoked();
        }
        revert WrongEpoch(DeviceWord.epoch(word));
    }

    /// @dev An event with one topic and two words, through scratch memory.
    /// @param topic Its selector. @param id Device. @param a First word. @param b Second word.
    function _log(bytes32 topic, bytes32 id, uint256 a, uint256 b) internal {
        assembly ("memory-safe") {
            mstore(0x00, a)
            mstore(0x20, b)
            log2(0x00, 0x40, topic, id)
        }
    }

    /// @dev keccak256(abi.encode(a, b)).
    /// @param a First word. @param b Second word. @return hash Its hash.
    function _pair(bytes32 a, bytes32 b) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0x00, a)
            mstore(0x20, b)
            hash := keccak256(0x00, 0x40)
        }
    }
}
