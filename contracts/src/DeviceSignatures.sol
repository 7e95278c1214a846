// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {CompactSignature} from "./CompactSignature.sol";
import {DeviceStorage} from "./DeviceStorage.sol";
import {Terms} from "./Words.sol";

/// @title What people sign for DeviceRegistry (EIP-712)
/// @notice One typed struct for each relayed call. All of them but the endpoints' name the stored
/// epoch and raise it, so that each works once; an endpoint has its sequence number. The domain holds
/// chain and contract, and the chain id is read at run time.
abstract contract DeviceSignatures is DeviceStorage {
    /// @notice Longest life of a voucher or a relayed call, seconds.
    uint256 internal constant SIGNATURE_LIFE_MAX = 7 days;

    /// @notice What a manager signs: every word that will be stored, and when.
    /// org: organisation of the manager. id: device. owner, keyType, flags, notAfter: fields of the
    /// device word. key: key word. epoch: the stored one, 0 if never registered, which makes the
    /// voucher single use. managerEpoch: the manager's. deadline: last second to submit it.
    bytes32 internal constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 org,bytes32 id,address owner,uint8 keyType,uint8 flags,bytes32 key,uint40 notAfter,uint32 epoch,uint32 managerEpoch,uint64 deadline)"
    );
    /// @notice What an attestor signs: the key of this epoch answered at this endpoint.
    /// endpoint: the endpoint word with validatedAt zero. checkedAt: unix seconds.
    bytes32 internal constant ATTEST_TYPEHASH = keccak256(
        "Attest(bytes32 id,uint32 epoch,bytes32 key,bytes32 service,uint256 endpoint,uint64 checkedAt)"
    );
    /// @notice publishFor. word: endpoint word with validatedAt zero.
    bytes32 internal constant PUBLISH_TYPEHASH = keccak256(
        "Publish(bytes32 id,bytes32 service,uint8 index,uint32 epoch,uint256 word,uint64 deadline)"
    );
    /// @notice publishAttestedFor: its own type, so that nobody takes the attestations off.
    bytes32 internal constant PUBLISH_ATTESTED_TYPEHASH = keccak256(
        "PublishAttested(bytes32 id,bytes32 service,uint8 index,uint32 epoch,uint256 word,uint64 deadline)"
    );
    /// @notice rotateFor.
    bytes32 internal constant ROTATE_TYPEHASH = keccak256(
        "Rotate(bytes32 id,uint8 keyType,uint8 flags,bytes32 key,uint32 epoch,uint64 deadline)"
    );
    /// @notice revokeFor.
    bytes32 internal constant REVOKE_TYPEHASH =
        keccak256("Revoke(bytes32 id,uint32 epoch,uint64 deadline)");
    /// @notice transferOwnerFor. owner: who may accept, zero to take an offer back.
    bytes32 internal constant TRANSFER_TYPEHASH =
        keccak256("Transfer(bytes32 id,address owner,uint32 epoch,uint64 deadline)");
    /// @notice claimOwnerFor: signed by the new owner.
    bytes32 internal constant CLAIM_TYPEHASH =
        keccak256("Claim(bytes32 id,uint32 epoch,uint64 deadline)");
    /// @notice setTlsKeyFor.
    bytes32 internal constant TLS_KEY_TYPEHASH =
        keccak256("TlsKey(bytes32 id,bytes32 service,bytes32 key,uint32 epoch,uint64 deadline)");
    /// @notice setLeafRootFor.
    bytes32 internal constant LEAF_ROOT_TYPEHASH =
        keccak256("LeafRoot(bytes32 id,bytes32 root,uint32 epoch,uint64 deadline)");

    /// @dev EIP-712 type of the domain.
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    /// @dev Chain at deployment, and the domain separator there; another chain computes its own.
    uint256 private immutable CHAIN_ID;
    bytes32 private immutable SEPARATOR;

    constructor() {
        CHAIN_ID = block.chainid;
        SEPARATOR = _separator();
    }

    /// @notice EIP-712 domain separator on this chain.
    /// @return The separator.
    function domainSeparator() external view returns (bytes32) {
        return _domain();
    }

    // ---- digests ----

    /// @dev Digest of a voucher, unpacked into one word per field.
    /// @param org As in register. @param id As in register. @param word As in register.
    /// @param key As in register. @param terms As in register.
    /// @return room Memory for CompactSignature, with what the manager signed.
    function _voucherDigest(bytes32 org, bytes32 id, uint256 word, bytes32 key, uint256 terms)
        internal
        view
        returns (uint256 room)
    {
        bytes32 typeHash = VOUCHER_TYPEHASH;
        bytes32 domain = _domain();
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, typeHash)
            mstore(add(p, 0x20), org)
            mstore(add(p, 0x40), id)
            mstore(add(p, 0x60), and(word, 0xffffffffffffffffffffffffffffffffffffffff)) // owner
            mstore(add(p, 0x80), and(shr(160, word), 0xff)) // keyType
            mstore(add(p, 0xa0), and(shr(168, word), 0xff)) // flags
            mstore(add(p, 0xc0), key)
            mstore(add(p, 0xe0), and(shr(176, word), 0xffffffffff)) // notAfter
            mstore(add(p, 0x100), and(shr(216, word), 0xffffffff)) // epoch
            mstore(add(p, 0x120), shr(64, terms)) // managerEpoch, compared with the stored one
            mstore(add(p, 0x140), and(terms, 0xffffffffffffffff)) // deadline
            let body := keccak256(p, 0x160)
            mstore(p, hex"1901")
            mstore(add(p, 0x02), domain)
            mstore(add(p, 0x22), body)
            mstore(p, keccak256(p, 0x42))
            room := p
        }
    }

    /// @dev Who signed a relayed call? Refuses deadlines that have passed or are too far.
    /// @param body Struct hash. @param deadline Deadline in it.
    /// @param r Signature, first half. @param vs Signature, second half (EIP-2098).
    /// @return signer Never zero: an address that nobody holds could pass for an absent owner.
    function _relayed(bytes32 body, uint256 deadline, bytes32 r, bytes32 vs)
        internal
        view
        returns (address signer)
    {
        unchecked {
            if (deadline - block.timestamp > SIGNATURE_LIFE_MAX) {
                _refuseDeadline(deadline);
            }
        }
        uint256 room;
        bytes32 domain = _domain();
        assembly ("memory-safe") {
            room := mload(0x40)
            mstore(room, hex"1901")
            mstore(add(room, 0x02), domain)
            mstore(add(room, 0x22), body)
            mstore(room, keccak256(room, 0x42))
        }
        uint256 found = CompactSignature.recoverIn(room, r, vs);
        if (found == 0) {
            revert WrongSigner();
        }
        signer = address(uint160(found));
    }

    /// @param deadline Deadline that is not within SIGNATURE_LIFE_MAX from now.
    function _refuseDeadline(uint256 deadline) private view {
        if (deadline < block.timestamp) {
            revert SignatureExpired();
        }
        revert DeadlineTooFar();
    }

    /// @dev Struct hash of the two calls that write an endpoint.
    /// @param typeHash Which of them. @param id Device. @param service Service.
    /// @param terms Terms with an index. @param word Endpoint word.
    /// @return body Struct hash.
    function _publishBody(
        bytes32 typeHash,
        bytes32 id,
        bytes32 service,
        uint256 terms,
        uint256 word
    ) internal pure returns (bytes32 body) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, typeHash)
            mstore(add(p, 0x20), id)
            mstore(add(p, 0x40), service)
            mstore(add(p, 0x60), shr(96, terms)) // index
            mstore(add(p, 0x80), and(shr(64, terms), 0xffffffff)) // epoch
            mstore(add(p, 0xa0), word)
            mstore(add(p, 0xc0), and(terms, 0xffffffffffffffff)) // deadline
            body := keccak256(p, 0xe0)
        }
    }

    /// @dev Signer of a struct (bytes32 id, [bytes32 a, [bytes32 b,]] uint32 epoch, uint64 deadline).
    /// @param typeHash Its type. @param count Members between id and epoch, 0 to 2.
    /// @param id Device. @param a First of them. @param b Second of them.
    /// @param terms Terms without an index. @param r Signature. @param vs Signature.
    /// @return Who signed it.
    function _signer(
        bytes32 typeHash,
        uint256 count,
        bytes32 id,
        bytes32 a,
        bytes32 b,
        uint256 terms,
        bytes32 r,
        bytes32 vs
    ) internal view returns (address) {
        if (Terms.index(terms) != 0) {
            revert BadWord();
        }
        bytes32 body;
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, typeHash)
            mstore(add(p, 0x20), id)
            mstore(add(p, 0x40), a)
            mstore(add(p, 0x60), b)
            let q := add(p, add(0x40, shl(5, count)))
            mstore(q, and(shr(64, terms), 0xffffffff)) // epoch
            mstore(add(q, 0x20), and(terms, 0xffffffffffffffff)) // deadline
            body := keccak256(p, sub(add(q, 0x40), p))
        }
        return _relayed(body, Terms.deadline(terms), r, vs);
    }

    /// @dev Domain separator: the cached one, unless the chain forked away under another id.
    /// @return The separator.
    function _domain() internal view returns (bytes32) {
        return block.chainid == CHAIN_ID ? SEPARATOR : _separator();
    }

    /// @dev Domain separator of the present chain. @return The separator.
    function _separator() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256("wick DeviceRegistry"),
                keccak256("1"),
                block.chainid,
                address(this)
            )
        );
    }
}
