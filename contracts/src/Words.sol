// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Packed words of the registries
/// @notice One storage word per concept, so that one Merkle proof shows it whole. Fields are listed
/// from the least significant bit, as in core/registry/RECORDS.md.
/// @dev Pure functions only; arguments are not range-checked where their type already bounds them.

/// @title Device word: owner 160 | keyType 8 | flags 8 | notAfter 40 | epoch 32 | org 8
library DeviceWord {
    /// @notice secp256k1: the y coordinate of the key is odd.
    uint8 internal constant ODD = 0x01;
    /// @notice Revoked: the record stays, its key is void.
    uint8 internal constant REVOKED = 0x80;

    /// @notice Key types.
    uint8 internal constant RSA2048 = 1;
    uint8 internal constant SECP256K1 = 2;
    uint8 internal constant P256 = 3;

    /// @dev Fields in place.
    uint256 private constant OWNER = (1 << 160) - 1;
    uint256 private constant KEY_INFO = 0xffff << 160;
    uint256 private constant EPOCH = 0xffffffff << 216;
    uint256 private constant ONE_EPOCH = 1 << 216;
    uint256 private constant WRITER = OWNER | (uint256(REVOKED) << 168) | EPOCH;

    /// @dev Field prime of secp256k1.
    uint256 private constant SECP256K1_P =
        0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;

    /// @param word Device word. @return Wallet that may write.
    function owner(uint256 word) internal pure returns (address) {
        return address(uint160(word));
    }

    /// @param word Device word. @return Type of the key.
    function keyType(uint256 word) internal pure returns (uint8) {
        return uint8(word >> 160);
    }

    /// @param word Device word. @return Flags.
    function flags(uint256 word) internal pure returns (uint8) {
        return uint8(word >> 168);
    }

    /// @param word Device word. @return Whether the record was revoked.
    function isRevoked(uint256 word) internal pure returns (bool) {
        return (word >> 168) & REVOKED != 0;
    }

    /// @param word Device word. @return End of validity, unix seconds.
    function notAfter(uint256 word) internal pure returns (uint40) {
        return uint40(word >> 176);
    }

    /// @param word Device word. @return Number of the last change, 0 = never registered.
    function epoch(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 216);
    }

    /// @param word Device word. @return Number of the organisation that vouched first.
    function org(uint256 word) internal pure returns (uint8) {
        return uint8(word >> 248);
    }

    /// @notice May `caller` write the record, and does he mean its present epoch?
    /// @param word Device word.
    /// @param caller Who wants to write.
    /// @param epoch_ Epoch that he means, at its place in a device word.
    /// Nothing else may be set in it: in the owner's place it would complete a caller who has only
    /// some of the owner's bits.
    /// @return True if he owns it, it is not revoked and the epoch is its own, in one comparison. A
    /// word never written has owner zero, which neither calls nor signs.
    function isWriter(uint256 word, address caller, uint256 epoch_) internal pure returns (bool) {
        uint256 meant = uint256(uint160(caller)) | epoch_;
        return (word ^ meant) & WRITER == 0;
    }

    /// @param info Argument of rotate. @return Whether it holds key type, flags and epoch only.
    function isInfo(uint256 info) internal pure returns (bool) {
        return info & ~(EPOCH | KEY_INFO) == 0;
    }

    /// @notice isWriter() and isInfo() in one comparison.
    /// @param word Device word.
    /// @param caller Who wants to rotate.
    /// @param info Argument of rotate.
    /// @return Whether both hold.
    function isRotation(uint256 word, address caller, uint256 info) internal pure returns (bool) {
        uint256 differs = (word ^ (uint256(uint160(caller)) | (info & EPOCH))) & WRITER;
        return differs | (info & ~(EPOCH | KEY_INFO)) == 0;
    }

    /// @param epoch_ Epoch. @return It, at its place in a device word.
    function epochInPlace(uint32 epoch_) internal pure returns (uint256) {
        return uint256(epoch_) << 216;
    }

    /// @param terms Terms of a relayed call. @return Epoch in them, at its place in a device word.
    function epochOfTerms(uint256 terms) internal pure returns (uint256) {
        return (terms << 152) & EPOCH;
    }

    /// @notice Do type, flags and key fit each other? Whether x lies on the curve is checked by
    /// readers, who must parse the point anyway.
    /// @param word Device word.
    /// @param key Key word.
    /// @return True for a known type, its own flags only, and a key in range.
    function isKey(uint256 word, bytes32 key) internal pure returns (bool) {
        uint256 info = (word >> 160) & 0xffff;
        unchecked {
            if (info & ~(uint256(ODD) << 8) == SECP256K1) {
                return uint256(key) - 1 < SECP256K1_P - 1;
            }
        }
        return (info == RSA2048 || info == P256) && key != 0;
    }

    /// @notice Has `word` the epoch of `stored`, and can that rise?
    /// @param stored Stored device word.
    /// @param word Device word as vouched for.
    /// @return True if so.
    function isNextEpoch(uint256 stored, uint256 word) internal pure returns (bool) {
        return (stored ^ word) & EPOCH == 0 && !isLastEpoch(word);
    }

    /// @param word Device word without an organisation.
    /// @param org_ Number of the organisation.
    /// @return The new word.
    function withOrg(uint256 word, uint8 org_) internal pure returns (uint256) {
        return word | (uint256(org_) << 248);
    }

    /// @param word Device word. @return Whether its epoch cannot rise.
    function isLastEpoch(uint256 word) internal pure returns (bool) {
        return word & EPOCH == EPOCH;
    }

    /// @notice Takes key type and flags over.
    /// @param word Device word.
    /// @param info Device word with the new key type and flags.
    /// @return The new word.
    function withKey(uint256 word, uint256 info) internal pure returns (uint256) {
        return (word & ~KEY_INFO) | (info & KEY_INFO);
    }

    /// @param word Device word.
    /// @param owner_ Another wallet.
    /// @return The word with it.
    function withOwner(uint256 word, address owner_) internal pure returns (uint256) {
        return (word & ~OWNER) | uint256(uint160(owner_));
    }

    /// @notice Raises the epoch.
    /// @param word Device word, epoch not saturated.
    /// @return The new word.
    function nextEpoch(uint256 word) internal pure returns (uint256) {
        unchecked {
            return word + ONE_EPOCH;
        }
    }

    /// @notice The word after a revocation: REVOKED set, next epoch unless saturated.
    /// @param word Device word.
    /// @return The new word.
    function asRevoked(uint256 word) internal pure returns (uint256) {
        word |= uint256(REVOKED) << 168;
        unchecked {
            return isLastEpoch(word) ? word : word + ONE_EPOCH;
        }
    }
}

/// @title Endpoint word: ip 128 | port 16 | protocol 8 | kind 8 | seq 32 | expires 40 | validatedAt 24
library EndpointWord {
    /// @notice Bits of address, port, protocol and kind: what a validation is about.
    uint256 internal constant PLACE = (1 << 160) - 1;

    /// @notice Is the expiry ahead, and not too far, and is no validation claimed? One comparison:
    /// validatedAt lies above expires and makes it huge.
    /// @param word New endpoint word.
    /// @param time Now.
    /// @param span Furthest expiry from now.
    /// @return True if validatedAt is zero and time < expires <= time + span.
    function expiresWithin(uint256 word, uint256 time, uint256 span) internal pure returns (bool) {
        unchecked {
            return (word >> 192) - time - 1 < span;
        }
    }

    /// @notice Does the sequence number rise, and not too far? One comparison.
    /// @param word New endpoint word.
    /// @param stored Stored endpoint word.
    /// @param jump Largest step.
    /// @return True if stored seq < new seq <= stored seq + jump.
    function follows(uint256 word, uint256 stored, uint256 jump) internal pure returns (bool) {
        unchecked {
            return uint256(seq(word)) - uint256(seq(stored)) - 1 < jump;
        }
    }

    /// @notice Carries the stored validation over if the place is the same; else it stays zero.
    /// @param word New endpoint word, validatedAt zero.
    /// @param stored Stored endpoint word.
    /// @return The word to store.
    function keepValidation(uint256 word, uint256 stored) internal pure returns (uint256) {
        if ((word ^ stored) & PLACE == 0) {
            word |= (stored >> 232) << 232;
        }
        return word;
    }

    /// @notice Sets the time at which attestors reached the place.
    /// @param word New endpoint word, validatedAt zero.
    /// @param time Unix seconds, below 2^24 hours.
    /// @return The word to store.
    function withValidation(uint256 word, uint256 time) internal pure returns (uint256) {
        return word | ((time / 1 hours) << 232);
    }

    /// @param word Endpoint word. @return Sequence number, 0 = never written.
    function seq(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 160);
    }

    /// @param word Endpoint word. @return End of validity, unix seconds.
    function expires(uint256 word) internal pure returns (uint40) {
        return uint40(word >> 192);
    }

    /// @param word Endpoint word. @return Hours since 1970 when attestors reached it, 0 = never.
    function validatedAt(uint256 word) internal pure returns (uint24) {
        return uint24(word >> 232);
    }
}

/// @title Manager word: manager 160 | epoch 32 | org number 8
library ManagerWord {
    /// @param manager_ Address that signs vouchers.
    /// @param epoch_ Rises at every change.
    /// @param number_ Number of the organisation.
    /// @return The word.
    function pack(address manager_, uint32 epoch_, uint8 number_) internal pure returns (uint256) {
        return uint256(uint160(manager_)) | (uint256(epoch_) << 160) | (uint256(number_) << 192);
    }

    /// @param word Manager word. @return Address that signs vouchers.
    function manager(uint256 word) internal pure returns (address) {
        return address(uint160(word));
    }

    /// @param word Manager word. @return Manager epoch.
    function epoch(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 160);
    }

    /// @param word Manager word. @return Number of the organisation.
    function number(uint256 word) internal pure returns (uint8) {
        return uint8(word >> 192);
    }
}

/// @title Offer of a record to another owner: owner 160 | from 40 | epoch 32
library OfferWord {
    /// @param owner_ Wallet that may accept.
    /// @param from_ Unix seconds from which it may.
    /// @param epoch_ Epoch of the record; any other makes the offer void.
    /// @return The word.
    function pack(address owner_, uint40 from_, uint32 epoch_) internal pure returns (uint256) {
        return uint256(uint160(owner_)) | (uint256(from_) << 160) | (uint256(epoch_) << 200);
    }

    /// @param word Offer word. @return Wallet that may accept.
    function owner(uint256 word) internal pure returns (address) {
        return address(uint160(word));
    }

    /// @param word Offer word. @return Unix seconds from which it may be accepted.
    function from(uint256 word) internal pure returns (uint40) {
        return uint40(word >> 160);
    }

    /// @param word Offer word. @return Epoch of the record that it is about.
    function epoch(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 200);
    }
}

/// @title Attestor word: threshold 8 | count 8 | members 240
/// @dev members: the first 30 bytes of keccak256 of the members' addresses, 20 bytes each, ascending.
/// So one word tells who may attest, however many they are; the list itself comes with the call.
library AttestorWord {
    /// @notice Bytes of one member in the list.
    uint256 internal constant MEMBER = 20;

    /// @param threshold_ How many must sign.
    /// @param count_ How many there are.
    /// @param list keccak256 of the members' addresses.
    /// @return The word.
    function pack(uint8 threshold_, uint8 count_, bytes32 list) internal pure returns (uint256) {
        return (uint256(list) & ~uint256(0xffff)) | (uint256(count_) << 8) | threshold_;
    }

    /// @param word Attestor word. @return How many must sign.
    function threshold(uint256 word) internal pure returns (uint256) {
        return word & 0xff;
    }

    /// @param word Attestor word. @return How many there are.
    function count(uint256 word) internal pure returns (uint256) {
        return (word >> 8) & 0xff;
    }
}

/// @title Terms of a relayed call: deadline 64 | epoch 32 | index 8
library Terms {
    /// @param deadline_ Deadline. @param epoch_ Epoch. @return Terms of both.
    function pack(uint64 deadline_, uint32 epoch_) internal pure returns (uint256) {
        return deadline_ | (uint256(epoch_) << 64);
    }

    /// @param terms Terms. @return Last second to submit the call.
    function deadline(uint256 terms) internal pure returns (uint256) {
        return uint64(terms);
    }

    /// @param terms Terms. @return Epoch of the record that the signer means.
    function epoch(uint256 terms) internal pure returns (uint32) {
        return uint32(terms >> 64);
    }

    /// @param terms Terms. @return Index of the endpoint; more than 8 bits where it is none.
    function index(uint256 terms) internal pure returns (uint256) {
        return terms >> 96;
    }
}
