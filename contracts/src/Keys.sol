// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {CompactSignature} from "./CompactSignature.sol";
import {DeviceWord, ManagerWord, Terms} from "./Words.sol";
import {Writers} from "./Writers.sol";

/// @title Records and their keys: registration by voucher, rotation, revocation
/// @notice An organisation's manager vouches for a device once, off chain; whoever submits that
/// voucher, the device owns the record from then on.
abstract contract Keys is Writers {
    /// @notice Writes what a voucher says. Anybody may send it: nothing in it can be changed, and it
    /// works once, because success raises the epoch that it names.
    /// @dev A live record keeps its owner; a revoked or expired one may get another by a voucher of
    /// the same organisation. Sequence numbers of endpoints are never reset. Fields come packed as
    /// they will be stored: that is cheaper than a struct, and they are range-checked by their place.
    /// @param org Organisation of the manager who vouches.
    /// @param id Device: keccak256 of its name.
    /// @param word Device word: the voucher's owner, keyType, flags, notAfter and epoch. It is stored
    /// with the next epoch and the number of the organisation.
    /// @param key Key word.
    /// @param terms deadline 64 | managerEpoch 32 of the voucher.
    /// @param r Manager's signature, first half.
    /// @param vs Manager's signature, second half (EIP-2098).
    function register(
        bytes32 org,
        bytes32 id,
        uint256 word,
        bytes32 key,
        uint256 terms,
        bytes32 r,
        bytes32 vs
    ) external {
        // A manager word that exists is never zero, so no signature can match an absent manager.
        uint256 manager = managers[org];
        if (manager == 0) {
            revert UnknownOrg();
        }
        if (terms >> 64 != ManagerWord.epoch(manager)) {
            revert WrongManagerEpoch(ManagerWord.epoch(manager));
        }
        unchecked {
            if (uint64(terms) - block.timestamp > SIGNATURE_LIFE_MAX) {
                _refuseVoucher(terms);
            }
        }
        if (DeviceWord.org(word) != 0) {
            revert BadWord();
        }
        word = DeviceWord.withOrg(word, ManagerWord.number(manager));
        if (DeviceWord.owner(word) == address(0)) {
            revert ZeroAddress();
        }
        if (DeviceWord.notAfter(word) <= block.timestamp) {
            revert NotAfterPassed();
        }
        if (!DeviceWord.isKey(word, key)) {
            _refuseKey(word);
        }
        Device storage device = devices[id];
        uint256 stored = device.word;
        if (stored != 0) {
            _checkVouchedAgain(stored, word);
        }
        if (!DeviceWord.isNextEpoch(stored, word)) {
            _refuseEpoch(stored, word);
        }
        uint256 room = _voucherDigest(org, id, word, key, terms);
        if (CompactSignature.recoverIn(room, r, vs) != uint160(manager)) {
            revert WrongSigner();
        }
        word = DeviceWord.nextEpoch(word);
        device.word = word;
        device.key = key;
        emit Registered(id, word, key);
    }

    /// @notice Replaces the key. Owner only. What was signed for the old epoch is void from now on.
    /// @param id Device.
    /// @param info keyType, flags and the stored epoch, each at its place in a device word.
    /// @param key The new key or its hash.
    function rotate(bytes32 id, uint256 info, bytes32 key) external {
        _rotate(id, info, key, msg.sender);
    }

    /// @notice The same, sent by anybody, signed by the owner: Rotate.
    /// @param id Device.
    /// @param info As in rotate.
    /// @param deadline Last second to submit it.
    /// @param key As in rotate.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function rotateFor(
        bytes32 id,
        uint256 info,
        uint64 deadline,
        bytes32 key,
        bytes32 r,
        bytes32 vs
    ) external {
        bytes32 body = keccak256(
            abi.encode(
                ROTATE_TYPEHASH,
                id,
                DeviceWord.keyType(info),
                DeviceWord.flags(info),
                key,
                DeviceWord.epoch(info),
                deadline
            )
        );
        _rotate(id, info, key, _relayed(body, deadline, r, vs));
    }

    /// @notice Revokes the record. Owner only, also after notAfter. Both words stay, so that neither
    /// the name nor an old voucher becomes free again, and absence always means never registered.
    /// @dev Works at the highest epoch too: a device can always be revoked.
    /// @param id Device.
    function revoke(bytes32 id) external {
        uint256 word = devices[id].word;
        uint256 epoch = DeviceWord.epochInPlace(DeviceWord.epoch(word));
        _checkWriter(word, msg.sender, epoch);
        _revoke(id, word);
    }

    /// @notice The same, sent by anybody, signed by the owner: Revoke.
    /// @param id Device.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    /// @param epoch The stored epoch of the device.
    /// @param deadline Last second to submit it.
    function revokeFor(bytes32 id, bytes32 r, bytes32 vs, uint32 epoch, uint64 deadline) external {
        address signer = _signer(REVOKE_TYPEHASH, 0, id, 0, 0, Terms.pack(deadline, epoch), r, vs);
        uint256 word = devices[id].word;
        _checkWriter(word, signer, DeviceWord.epochInPlace(epoch));
        _revoke(id, word);
    }

    /// @notice Revokes a record of an organisation. Its manager or admin only.
    /// @param id Device.
    /// @param epoch The stored epoch of the device.
    function revokeAsOrg(bytes32 id, uint32 epoch) external {
        uint256 word = devices[id].word;
        _checkEpoch(word, epoch);
        Organisation storage org = orgs[DeviceWord.org(word)];
        bool may = msg.sender == address(uint160(org.admin))
            || msg.sender == ManagerWord.manager(managers[org.id]);
        if (!may) {
            revert NotManager();
        }
        _revoke(id, word);
    }

    /// @notice Makes known the key behind a key word that is a hash (RSA-2048, P-256), in the log of
    /// the block that `announced` then names. Anybody may, before or after it is in a record: the
    /// hash says all that can be said about it. Once for each key; again changes nothing.
    /// @param spki SubjectPublicKeyInfo, DER.
    function announce(bytes calldata spki) external {
        bytes32 key = sha256(spki);
        if (announced[key] == 0) {
            announced[key] = block.number;
            emit Announced(key, spki);
        }
    }

    // ---- changes ----

    /// @param id Device. @param info As in rotate. @param key As in rotate. @param caller Who wants it.
    function _rotate(bytes32 id, uint256 info, bytes32 key, address caller) private {
        Device storage device = devices[id];
        uint256 word = device.word;
        if (!DeviceWord.isRotation(word, caller, info)) {
            _refuseRotation(word, caller, info);
        }
        word = DeviceWord.withKey(word, info);
        if (!DeviceWord.isKey(word, key)) {
            _refuseKey(word);
        }
        if (DeviceWord.isLastEpoch(word)) {
            revert EpochSaturated();
        }
        word = DeviceWord.nextEpoch(word);
        device.word = word;
        device.key = key;
        _log(Rotated.selector, id, word, uint256(key));
    }

    /// @param id Device. @param word Its word, not revoked.
    function _revoke(bytes32 id, uint256 word) private {
        word = DeviceWord.asRevoked(word);
        devices[id].word = word;
        emit Revoked(id, word);
    }

    /// @dev A record stays with its organisation for ever, and with its owner while it is live.
    /// @param stored Stored device word, not zero.
    /// @param word Device word as vouched for.
    function _checkVouchedAgain(uint256 stored, uint256 word) private view {
        if (DeviceWord.org(stored) != DeviceWord.org(word)) {
            revert WrongOrg(DeviceWord.org(stored));
        }
        bool live = !DeviceWord.isRevoked(stored) && DeviceWord.notAfter(stored) > block.timestamp;
        if (live && DeviceWord.owner(stored) != DeviceWord.owner(word)) {
            revert NameTaken();
        }
    }

    // ---- refusals: which rule was it? Each of these functions reverts. ----

    /// @param word Stored device word. @param caller Who wants to rotate. @param info As in rotate.
    function _refuseRotation(uint256 word, address caller, uint256 info) private pure {
        if (!DeviceWord.isInfo(info)) {
            revert BadWord();
        }
        _refuseWriter(word, caller);
    }

    /// @param word Device word with the type and flags of a key that is refused.
    function _refuseKey(uint256 word) private pure {
        uint8 keyType = DeviceWord.keyType(word);
        if (keyType < DeviceWord.RSA2048 || keyType > DeviceWord.P256) {
            revert BadKeyType();
        }
        uint8 allowed = keyType == DeviceWord.SECP256K1 ? DeviceWord.ODD : 0;
        if (DeviceWord.flags(word) & ~allowed != 0) {
            revert BadFlags();
        }
        revert BadKey();
    }

    /// @param stored Device word whose epoch is not that of `word`, or cannot rise.
    /// @param word Device word as vouched for.
    function _refuseEpoch(uint256 stored, uint256 word) private pure {
        if (DeviceWord.epoch(stored) != DeviceWord.epoch(word)) {
            revert WrongEpoch(DeviceWord.epoch(stored));
        }
        revert EpochSaturated();
    }

    /// @param terms Terms whose deadline is not within SIGNATURE_LIFE_MAX from now.
    function _refuseVoucher(uint256 terms) private view {
        if (uint64(terms) < block.timestamp) {
            revert VoucherExpired();
        }
        revert DeadlineTooFar();
    }
}
