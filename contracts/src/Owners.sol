// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceWord, OfferWord, Terms} from "./Words.sol";
import {Writers} from "./Writers.sol";

/// @title Change of a record's owner: in two steps, or as a recovery by the organisation
/// @notice A record is taken from an owner in two ways only: his own offer, or a recovery that he did
/// not object to for RECOVERY_DELAY.
abstract contract Owners is Writers {
    /// @notice So long a recovery waits for the owner's objection, seconds.
    uint256 internal constant RECOVERY_DELAY = 2 days;

    /// @notice Offers the record to another owner, who must accept. Owner only.
    /// @dev Raises the epoch, so that no offer signed before can come again.
    /// @param id Device.
    /// @param owner Who may accept; zero takes an offer back.
    /// @param epoch The stored epoch of the device.
    function transferOwner(bytes32 id, address owner, uint32 epoch) external {
        _transfer(id, owner, msg.sender, epoch);
    }

    /// @notice The same, sent by anybody, signed by the owner: Transfer.
    /// @param id Device.
    /// @param terms deadline 64 | epoch 32.
    /// @param owner As in transferOwner.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function transferOwnerFor(bytes32 id, uint256 terms, address owner, bytes32 r, bytes32 vs)
        external
    {
        bytes32 whom = bytes32(uint256(uint160(owner)));
        address signer = _signer(TRANSFER_TYPEHASH, 1, id, whom, 0, terms, r, vs);
        _transfer(id, owner, signer, Terms.epoch(terms));
    }

    /// @notice Takes a record over that is offered to the caller. The key stays until it is rotated.
    /// @param id Device.
    /// @param epoch The stored epoch of the device, which the offer names.
    function claimOwner(bytes32 id, uint32 epoch) external {
        _claim(id, msg.sender, epoch);
    }

    /// @notice The same, sent by anybody, signed by the new owner: Claim.
    /// @param id Device.
    /// @param deadline Last second to submit it.
    /// @param epoch The stored epoch of the device, which the offer names.
    /// @param r New owner's signature, first half.
    /// @param vs New owner's signature, second half (EIP-2098).
    function claimOwnerFor(bytes32 id, uint64 deadline, uint32 epoch, bytes32 r, bytes32 vs)
        external
    {
        address signer = _signer(CLAIM_TYPEHASH, 0, id, 0, 0, Terms.pack(deadline, epoch), r, vs);
        _claim(id, signer, epoch);
    }

    /// @notice Offers a record, whose owner lost his key, to another one. Admin of its organisation
    /// only. It can be accepted after RECOVERY_DELAY; an owner who still has his key objects by
    /// whatever raises the epoch, for example by `transferOwner` to nobody.
    /// @param owner Who may accept; zero takes the offer back.
    /// @param id Device.
    /// @param epoch The stored epoch of the device.
    function recover(address owner, bytes32 id, uint32 epoch) external {
        uint256 word = devices[id].word;
        _checkEpoch(word, epoch);
        if (msg.sender != address(uint160(orgs[DeviceWord.org(word)].admin))) {
            revert NotAdmin();
        }
        _offer(id, owner, block.timestamp + RECOVERY_DELAY, word);
    }

    // ---- changes ----

    /// @param id Device. @param owner As in transferOwner. @param caller Who wants it. @param epoch Stored.
    function _transfer(bytes32 id, address owner, address caller, uint32 epoch) private {
        uint256 word = _raiseEpoch(id, epoch, caller);
        _offer(id, owner, block.timestamp, word);
    }

    /// @param id Device. @param owner Who may accept, or zero. @param from When. @param word Device word.
    function _offer(bytes32 id, address owner, uint256 from, uint256 word) private {
        uint256 offer = 0;
        if (owner != address(0)) {
            offer = OfferWord.pack(owner, uint40(from), DeviceWord.epoch(word));
        }
        offers[id] = offer;
        emit OwnerOffered(id, offer, word);
    }

    /// @param id Device. @param caller Who accepts, not zero. @param epoch The stored one.
    function _claim(bytes32 id, address caller, uint32 epoch) private {
        uint256 word = devices[id].word;
        _checkEpoch(word, epoch);
        uint256 offer = offers[id];
        if (OfferWord.owner(offer) != caller || OfferWord.epoch(offer) != epoch) {
            revert NotOffered();
        }
        if (OfferWord.from(offer) > block.timestamp) {
            revert RecoveryPending();
        }
        word = _nextEpoch(DeviceWord.withOwner(word, caller));
        devices[id].word = word;
        delete offers[id];
        emit OwnerChanged(id, word);
    }
}
