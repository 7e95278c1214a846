// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Batches} from "./Batches.sol";
import {Endpoints} from "./Endpoints.sol";
import {Keys} from "./Keys.sol";
import {Organisations} from "./Organisations.sol";
import {Owners} from "./Owners.sol";
import {Services} from "./Services.sol";

/// @title Keys and endpoints of devices, readable by Merkle proof
/// @notice A device has a name, known here by `id = keccak256(name)`. Its organisation's manager
/// vouches for it once, off chain; whoever submits that voucher, the device owns the record from
/// then on and writes where it can be reached. It needs no Ether for that: each call of an owner has
/// a twin `...For` that anybody may send with the owner's signature, alone or in a batch.
/// @dev No proxy, no dependency, no call but to itself and to the precompiles ecrecover and sha256.
/// The dispatcher compares selectors in ascending order, 22 gas each: names and orders of arguments of
/// the rare calls are such that the frequent ones come first.
contract DeviceRegistry is Keys, Owners, Services, Endpoints, Organisations, Batches {
    /// @notice Creates the registry with its first organisation, number 0.
    /// @param org keccak256 of the organisation's name.
    /// @param admin Sets the organisation's manager; a cold key.
    /// @param manager Signs vouchers; a key in service.
    constructor(bytes32 org, address admin, address manager) Organisations(org, admin, manager) {}

    /// @notice Any word of this contract's storage, by slot: what eth_getStorageAt gives.
    /// @param slot Slot, computed as RECORDS.md says.
    /// @return value The word.
    function storedWord(bytes32 slot) external view returns (bytes32 value) {
        assembly ("memory-safe") {
            value := sload(slot)
        }
    }
}
