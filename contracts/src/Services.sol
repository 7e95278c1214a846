// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Terms} from "./Words.sol";
import {Writers} from "./Writers.sol";

/// @title What a record commits to besides its key: TLS keys of services, and the leaves behind it
/// @notice Each change raises the epoch of the record.
abstract contract Services is Writers {
    /// @notice Sets the TLS key of a service. Owner only. Raises the epoch.
    /// @param id Device.
    /// @param epoch The stored epoch of the device.
    /// @param service keccak256 of the service's name.
    /// @param key SHA-256 of the SPKI; zero withdraws it.
    function setTlsKey(bytes32 id, uint32 epoch, bytes32 service, bytes32 key) external {
        _setTlsKey(id, service, epoch, key, msg.sender);
    }

    /// @notice The same, sent by anybody, signed by the owner: TlsKey.
    /// @param id Device.
    /// @param service As in setTlsKey.
    /// @param terms deadline 64 | epoch 32.
    /// @param key As in setTlsKey.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function setTlsKeyFor(
        bytes32 id,
        bytes32 service,
        uint256 terms,
        bytes32 key,
        bytes32 r,
        bytes32 vs
    ) external {
        address signer = _signer(TLS_KEY_TYPEHASH, 2, id, service, key, terms, r, vs);
        _setTlsKey(id, service, Terms.epoch(terms), key, signer);
    }

    /// @notice Sets the Merkle root of the leaves behind the device. Owner only. Raises the epoch.
    /// @param id Device.
    /// @param epoch The stored epoch of the device.
    /// @param root See RECORDS.md; zero if it has none.
    function setLeafRoot(bytes32 id, uint32 epoch, bytes32 root) external {
        _setLeafRoot(id, epoch, root, msg.sender);
    }

    /// @notice The same, sent by anybody, signed by the owner: Children.
    /// @param id Device.
    /// @param terms deadline 64 | epoch 32.
    /// @param root As in setLeafRoot.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function setLeafRootFor(bytes32 id, uint256 terms, bytes32 root, bytes32 r, bytes32 vs)
        external
    {
        address signer = _signer(LEAF_ROOT_TYPEHASH, 1, id, root, 0, terms, r, vs);
        _setLeafRoot(id, Terms.epoch(terms), root, signer);
    }

    // ---- changes ----

    /// @param id Device. @param service Service. @param epoch The stored one. @param key New key word.
    /// @param caller Who wants it.
    function _setTlsKey(bytes32 id, bytes32 service, uint32 epoch, bytes32 key, address caller)
        private
    {
        uint256 word = _raiseEpoch(id, epoch, caller);
        bytes32 entry = _pair(id, service);
        tlsKeys[entry] = key;
        emit TlsKeySet(id, entry, key, word);
    }

    /// @param id Device. @param epoch The stored one. @param root New root. @param caller Who wants it.
    function _setLeafRoot(bytes32 id, uint32 epoch, bytes32 root, address caller) private {
        uint256 word = _raiseEpoch(id, epoch, caller);
        leafRoots[id] = root;
        emit LeafRootSet(id, root, word);
    }
}
