// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Fixture, Voucher} from "./Fixture.sol";

/// @notice An owner and others with keys, what they sign for `...For` calls, and attestors. Typed
/// structs are written out here a second time.
abstract contract People is Fixture {
    uint256 internal constant OWNER_KEY = 0x0DE5;
    uint256 internal constant HEIR_KEY = 0x4E14;
    uint64 internal constant DUE = uint64(NOW + 1 hours);
    bytes32 internal constant PUBLISH = keccak256(
        "Publish(bytes32 id,bytes32 service,uint8 index,uint32 epoch,uint256 word,uint64 deadline)"
    );
    bytes32 internal constant PUBLISH_ATTESTED = keccak256(
        "PublishAttested(bytes32 id,bytes32 service,uint8 index,uint32 epoch,uint256 word,uint64 deadline)"
    );

    address internal owner;
    address internal heir;
    /// @dev Who signs.
    uint256 internal who;

    /// @notice Registers the device for an owner whose key is known here.
    function enrol() internal {
        who = OWNER_KEY;
        owner = vm.addr(OWNER_KEY);
        heir = vm.addr(HEIR_KEY);
        Voucher memory v = voucher();
        v.owner = owner;
        submit(v);
    }

    function signed(bytes32 body) internal view returns (bytes32 r, bytes32 vs) {
        bytes32 hash =
            keccak256(abi.encodePacked(hex"1901", separator(block.chainid, address(registry)), body));
        uint8 v;
        bytes32 s;
        (v, r, s) = vm.sign(who, hash);
        vs = compact(v, s);
    }

    function terms(uint8 index, uint32 epoch, uint64 deadline) internal pure returns (uint256) {
        return (uint256(index) << 96) | (uint256(epoch) << 64) | deadline;
    }

    function publishBody(bytes32 kind, uint256 index, uint32 epoch, uint256 endpoint_, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(kind, ID, SERVICE, index, epoch, endpoint_, deadline));
    }

    function leafRootBody(bytes32 root, uint32 epoch, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes32 kind = keccak256("LeafRoot(bytes32 id,bytes32 root,uint32 epoch,uint64 deadline)");
        return keccak256(abi.encode(kind, ID, root, epoch, deadline));
    }

    // ---- calls, signed and sent; external so that a refusal can be expected of the whole ----

    function publishFor(uint8 index, uint32 epoch, uint256 endpoint_, uint64 deadline) public {
        (bytes32 r, bytes32 vs) = signed(publishBody(PUBLISH, index, epoch, endpoint_, deadline));
        registry.publishFor(ID, SERVICE, terms(index, epoch, deadline), endpoint_, r, vs);
    }

    function publishCall(uint32 seq) internal view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = signed(publishBody(PUBLISH, 0, 1, endpoint(seq), DUE));
        return abi.encodeCall(
            registry.publishFor, (ID, SERVICE, terms(0, 1, DUE), endpoint(seq), r, vs)
        );
    }

    function rotateFor(uint256 info_, bytes32 key, uint64 deadline) public {
        bytes32 kind = keccak256(
            "Rotate(bytes32 id,uint8 keyType,uint8 flags,bytes32 key,uint32 epoch,uint64 deadline)"
        );
        bytes32 body = keccak256(
            abi.encode(
                kind, ID, uint8(info_ >> 160), uint8(info_ >> 168), key, uint32(info_ >> 216), deadline
            )
        );
        (bytes32 r, bytes32 vs) = signed(body);
        registry.rotateFor(ID, info_, deadline, key, r, vs);
    }

    function revokeFor(uint32 epoch, uint64 deadline) public {
        bytes32 kind = keccak256("Revoke(bytes32 id,uint32 epoch,uint64 deadline)");
        (bytes32 r, bytes32 vs) = signed(keccak256(abi.encode(kind, ID, epoch, deadline)));
        registry.revokeFor(ID, r, vs, epoch, deadline);
    }

    function tlsKeyFor(bytes32 service, bytes32 key, uint32 epoch, uint64 deadline) public {
        bytes32 kind = keccak256(
            "TlsKey(bytes32 id,bytes32 service,bytes32 key,uint32 epoch,uint64 deadline)"
        );
        (bytes32 r, bytes32 vs) = signed(keccak256(abi.encode(kind, ID, service, key, epoch, deadline)));
        registry.setTlsKeyFor(ID, service, terms(0, epoch, deadline), key, r, vs);
    }

    function leafRootFor(bytes32 root, uint32 epoch, uint64 deadline) public {
        (bytes32 r, bytes32 vs) = signed(leafRootBody(root, epoch, deadline));
        registry.setLeafRootFor(ID, terms(0, epoch, deadline), root, r, vs);
    }

    function transferFor(address to, uint32 epoch, uint64 deadline) public {
        bytes32 kind =
            keccak256("Transfer(bytes32 id,address owner,uint32 epoch,uint64 deadline)");
        (bytes32 r, bytes32 vs) = signed(keccak256(abi.encode(kind, ID, to, epoch, deadline)));
        registry.transferOwnerFor(ID, terms(0, epoch, deadline), to, r, vs);
    }

    function claimFor(uint256 signer, uint32 epoch, uint64 deadline) public {
        bytes32 kind = keccak256("Claim(bytes32 id,uint32 epoch,uint64 deadline)");
        uint256 before = who;
        who = signer;
        (bytes32 r, bytes32 vs) = signed(keccak256(abi.encode(kind, ID, epoch, deadline)));
        who = before;
        registry.claimOwnerFor(ID, deadline, epoch, r, vs);
    }

    /// @notice Items of a batch.
    function packed(bytes[] memory calls) internal pure returns (bytes memory items) {
        for (uint256 i = 0; i < calls.length; ++i) {
            items = bytes.concat(items, bytes2(uint16(calls[i].length)), calls[i]);
        }
    }

    // ---- storage ----

    function word() internal view returns (uint256) {
        return at(deviceSlot(ID));
    }

    function revokedWord() internal view returns (uint256) {
        return (word() | (0x80 << 168)) + (1 << 216);
    }

    function entryOf(bytes32 service, uint256 index) internal pure returns (bytes32) {
        return keccak256(abi.encode(ID, service, index));
    }

    function mapped(bytes32 key, uint256 slot) internal pure returns (bytes32) {
        return keccak256(abi.encode(key, slot));
    }

    function tlsSlot(bytes32 service) internal pure returns (bytes32) {
        return mapped(keccak256(abi.encode(ID, service)), 2);
    }

    // ---- attestors ----

    uint256[] internal attestorKeys;

    /// @notice n attestors, ascending by address, of whom k must sign.
    function appoint(uint256 n, uint8 k, bytes32 class) internal {
        delete attestorKeys;
        for (uint256 i = 0; i < n; ++i) {
            attestorKeys.push(0xA77E5700 + i);
        }
        for (uint256 i = 0; i < n; ++i) {
            for (uint256 j = i + 1; j < n; ++j) {
                if (vm.addr(attestorKeys[j]) < vm.addr(attestorKeys[i])) {
                    (attestorKeys[i], attestorKeys[j]) = (attestorKeys[j], attestorKeys[i]);
                }
            }
        }
        vm.prank(ADMIN);
        registry.setAttestors(members(), k, ORG, class);
    }

    function members() internal view returns (bytes memory list) {
        for (uint256 i = 0; i < attestorKeys.length; ++i) {
            list = bytes.concat(list, bytes20(vm.addr(attestorKeys[i])));
        }
    }

    /// @notice What comes with a call: a bit for each who signed; then for each member in the order
    /// of the list his attestation, or his address if he did not sign.
    /// @param attestations Ascending, as `attest` makes them.
    function bundle(bytes memory attestations) internal view returns (bytes memory with) {
        uint32 bits = 0;
        uint256 next = 0;
        for (uint256 i = 0; i < attestorKeys.length; ++i) {
            if (next < attestations.length && uint8(attestations[next]) == i) {
                bits |= uint32(1 << i);
                bytes memory one = new bytes(69);
                for (uint256 j = 0; j < 69; ++j) {
                    one[j] = attestations[next + 4 + j];
                }
                with = bytes.concat(with, one);
                next += 73;
            } else {
                with = bytes.concat(with, bytes20(vm.addr(attestorKeys[i])));
            }
        }
        return bytes.concat(bytes4(bits), with);
    }

    /// @notice One attestation: position in the list, time, compact signature.
    function attest(uint256 position, uint64 time, uint32 epoch, bytes32 key, uint256 endpoint_)
        internal
        view
        returns (bytes memory)
    {
        return attestAs(attestorKeys[position], position, time, epoch, key, endpoint_);
    }

    function attestAs(
        uint256 signer,
        uint256 position,
        uint64 time,
        uint32 epoch,
        bytes32 key,
        uint256 endpoint_
    ) internal view returns (bytes memory) {
        bytes32 kind = keccak256(
            "Attest(bytes32 id,uint32 epoch,bytes32 key,bytes32 service,uint256 endpoint,uint64 checkedAt)"
        );
        bytes32 body = keccak256(abi.encode(kind, ID, epoch, key, SERVICE, endpoint_, time));
        bytes32 hash =
            keccak256(abi.encodePacked(hex"1901", separator(block.chainid, address(registry)), body));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signer, hash);
        return abi.encodePacked(uint8(position), time, r, compact(v, s));
    }
}
