// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {CompactSignature} from "./CompactSignature.sol";
import {AttestorWord, DeviceWord} from "./Words.sol";
import {Writers} from "./Writers.sol";

/// @title k of n attestors say that an endpoint was reached
/// @notice Attestations come with the call that writes the endpoint, and follow its arguments as they
/// are, to the end of the calldata: an ABI `bytes` would cost 430 gas more. From the first byte on: a
/// bit for each member of the list who signed, 4 bytes, the first one lowest; then for each member, in
/// the order of the list, checkedAt 5 | r 32 | vs 32 if he signed, else his address, 20 bytes.
abstract contract Attestations is Writers {
    /// @notice An attestation counts for so long, seconds.
    uint256 internal constant ATTESTATION_AGE_MAX = 600;
    /// @dev Bytes of one attestation.
    uint256 private constant ATTESTATION = 69;

    /// @dev The attestors of now for a service.
    /// @param org Number of the organisation. @param service Service. @return set Attestor word.
    function _attestors(uint256 org, bytes32 service) internal view returns (uint256 set) {
        set = attestors[_pair(bytes32(org), service)];
        if (set == 0) {
            set = attestors[_pair(bytes32(org), 0)];
            if (set == 0) {
                revert NoAttestors();
            }
        }
    }

    /// @dev Puts what an attestor signs into memory, all but the time.
    /// @param id Device. @param record Device word. @param key Its key word, of this epoch.
    /// @param service Service. @param word Endpoint word, validatedAt zero.
    /// @return body The struct Attest with checkedAt at 0xc0; at 0xe0 the 66 octets of the digest, the
    /// struct's hash at 0x102; at 0x140 room for ecrecover, 0x80; at 0x1c0 room for a list of members.
    function _attestBody(bytes32 id, uint256 record, bytes32 key, bytes32 service, uint256 word)
        internal
        view
        returns (uint256 body)
    {
        bytes32 typeHash = ATTEST_TYPEHASH;
        bytes32 domain = _domain();
        uint256 epoch = DeviceWord.epoch(record);
        assembly ("memory-safe") {
            body := mload(0x40)
            mstore(0x40, add(body, 0x460)) // 32 members, and what the last one's word is longer
            mstore(body, typeHash)
            mstore(add(body, 0x20), id)
            mstore(add(body, 0x40), epoch)
            mstore(add(body, 0x60), key)
            mstore(add(body, 0x80), service)
            mstore(add(body, 0xa0), word)
            mstore(add(body, 0xe0), hex"1901")
            mstore(add(body, 0xe2), domain)
        }
    }

    /// @dev Checks that enough attestors signed, each once, each lately. The list behind the attestor
    /// word is made anew from who signed, as recovered, and the others, as told: if it has the hash
    /// that is stored, each of them is the member at his place, and no member is zero.
    /// @param set Attestor word. @param body From _attestBody.
    /// @param place Where the attestations begin; see publishAttested. Calldata beyond the end is zero.
    /// @return lowest Lowest time among the attestations, unix seconds.
    function _lowestTime(uint256 set, uint256 body, uint256 place)
        internal
        view
        returns (uint256 lowest)
    {
        uint256 signed; // a bit for each member, from the first on
        assembly ("memory-safe") {
            signed := shr(224, calldataload(place))
            place := add(place, 4)
        }
        uint256 missing = AttestorWord.threshold(set);
        uint256 list = body + 0x1c0;
        lowest = block.timestamp;
        unchecked {
            uint256 last = list + AttestorWord.count(set) * AttestorWord.MEMBER;
            for (; list != last; list += AttestorWord.MEMBER) {
                uint256 member;
                if (signed & 1 != 0) {
                    uint256 time;
                    bytes32 r;
                    bytes32 vs;
                    assembly ("memory-safe") {
                        time := shr(216, calldataload(place))
                        r := calldataload(add(place, 5))
                        vs := calldataload(add(place, 37))
                        mstore(add(body, 0xc0), time)
                        mstore(add(body, 0x102), keccak256(body, 0xe0))
                        mstore(add(body, 0x140), keccak256(add(body, 0xe0), 0x42))
                    }
                    if (block.timestamp - time > ATTESTATION_AGE_MAX) {
                        revert AttestationExpired();
                    }
                    if (time < lowest) {
                        lowest = time;
                    }
                    member = CompactSignature.recoverIn(body + 0x140, r, vs) << 96;
                    place += ATTESTATION;
                    --missing;
                } else {
                    assembly ("memory-safe") {
                        member := calldataload(place)
                    }
                    place += AttestorWord.MEMBER;
                }
                assembly ("memory-safe") {
                    mstore(list, member)
                }
                signed >>= 1;
            }
        }
        bool good;
        assembly ("memory-safe") {
            let count := and(shr(8, set), 0xff)
            let hash := keccak256(add(body, 0x1c0), mul(count, 20))
            good := iszero(or(or(signed, xor(place, calldatasize())), shr(16, xor(set, hash))))
        }
        if (!good) {
            revert WrongAttestors();
        }
        if (int256(missing) > 0) {
            revert BadAttestation();
        }
    }
}
