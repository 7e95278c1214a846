// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceRegistry} from "../src/DeviceRegistry.sol";
import {Shipped} from "./Shipped.sol";

/// @notice What a manager signs, field by field.
struct Voucher {
    bytes32 org;
    bytes32 id;
    address owner;
    uint8 keyType;
    uint8 flags;
    bytes32 key;
    uint40 notAfter;
    uint32 epoch;
    uint32 managerEpoch;
    uint64 deadline;
}

/// @notice A registry, its people, and what they sign.
abstract contract Fixture is Shipped {
    uint256 internal constant NOW = 1_800_000_000;
    uint256 internal constant MANAGER_KEY = 0xA11CE;
    uint256 internal constant OTHER_KEY = 0xBAD;
    uint256 internal constant ORDER =
        0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 internal constant FIELD =
        0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f;
    /// @dev x coordinate of the generator: a real key.
    bytes32 internal constant KEY =
        0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;
    bytes32 internal constant KEY2 =
        0xc6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5;

    bytes32 internal constant ORG = keccak256("capillary");
    bytes32 internal constant ID = keccak256("gw-1");
    bytes32 internal constant SERVICE = keccak256("default");

    address internal constant ADMIN = address(0xAD);
    address internal constant OWNER = 0x71C7656EC7ab88b098defB751B7401B5f6d8976F;
    address internal constant STRANGER = 0x90F79bf6EB2c4f870365E785982E1f101E93b906;

    DeviceRegistry internal registry;
    address internal manager;

    function setUp() public virtual {
        deploy();
    }

    function deploy() internal {
        vm.warp(NOW);
        manager = vm.addr(MANAGER_KEY);
        registry = DeviceRegistry(construct(ORG, ADMIN, manager));
    }

    function construct(bytes32 org, address admin, address signer) internal returns (address) {
        return create(shipped("DeviceRegistry"), abi.encode(org, admin, signer));
    }

    // ---- vouchers ----

    /// @notice A voucher that the contract takes for a name never registered.
    function voucher() internal view returns (Voucher memory v) {
        v = Voucher({
            org: ORG,
            id: ID,
            owner: OWNER,
            keyType: 2,
            flags: 0,
            key: KEY,
            notAfter: uint40(block.timestamp + 365 days),
            epoch: 0,
            managerEpoch: 1,
            deadline: uint64(block.timestamp + 1 hours)
        });
    }

    /// @notice Separator written out, so that the contract's own is checked against it.
    function separator(uint256 chain, address at) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("wick DeviceRegistry"),
                keccak256("1"),
                chain,
                at
            )
        );
    }

    function digest(Voucher memory v, uint256 chain, address at)
        internal
        pure
        returns (bytes32)
    {
        bytes32 body = keccak256(
            abi.encode(
                keccak256(
                    "Voucher(bytes32 org,bytes32 id,address owner,uint8 keyType,uint8 flags,bytes32 key,uint40 notAfter,uint32 epoch,uint32 managerEpoch,uint64 deadline)"
                ),
                v.org,
                v.id,
                v.owner,
                v.keyType,
                v.flags,
                v.key,
                v.notAfter,
                v.epoch,
                v.managerEpoch,
                v.deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", separator(chain, at), body));
    }

    function compact(uint8 v, bytes32 s) internal pure returns (bytes32) {
        return bytes32(uint256(s) | (uint256(v - 27) << 255));
    }

    function sign(uint256 key, Voucher memory v)
        internal
        view
        returns (bytes32 r, bytes32 vs)
    {
        return signFor(key, v, block.chainid, address(registry));
    }

    function signFor(uint256 key, Voucher memory v, uint256 chain, address at)
        internal
        pure
        returns (bytes32 r, bytes32 vs)
    {
        uint8 recovery;
        bytes32 s;
        (recovery, r, s) = vm.sign(key, digest(v, chain, at));
        vs = compact(recovery, s);
    }

    function terms(Voucher memory v) internal pure returns (uint256) {
        return (uint256(v.managerEpoch) << 64) | v.deadline;
    }

    function submitWith(Voucher memory v, bytes32 r, bytes32 vs) internal {
        registry.register(v.org, v.id, deviceWord(v, v.epoch), v.key, terms(v), r, vs);
    }

    /// @notice Signs as the manager and submits.
    function submit(Voucher memory v) internal {
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        submitWith(v, r, vs);
    }

    /// @notice Signs as the manager, submits, and wants this refusal.
    function refused(Voucher memory v, bytes memory reason) internal {
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.expectRevert(reason);
        submitWith(v, r, vs);
    }

    // ---- words, packed here a second time ----

    function deviceWord(Voucher memory v, uint32 epoch)
        internal
        pure
        returns (uint256)
    {
        return uint256(bytes32(abi.encodePacked(uint8(0), epoch, v.notAfter, v.flags, v.keyType, v.owner)));
    }

    /// @notice Argument of rotate.
    function info(uint8 keyType, uint8 flags, uint32 epoch) internal pure returns (uint256) {
        return (uint256(epoch) << 216) | (uint256(flags) << 168) | (uint256(keyType) << 160);
    }

    function endpointWord(uint24 validatedAt, uint40 expires, uint32 seq, uint8 kind, uint16 port, uint128 ip)
        internal
        pure
        returns (uint256)
    {
        return uint256(
            bytes32(abi.encodePacked(validatedAt, expires, seq, kind, uint8(17), port, ip))
        );
    }

    /// @notice Relayed IPv4 endpoint 203.0.113.7:49152 for one day.
    function endpoint(uint32 seq) internal view returns (uint256) {
        return endpointWord(0, uint40(block.timestamp + 1 days), seq, 3, 49152, 0xffffcb007107);
    }

    function publishAs(address sender, uint256 word) internal {
        vm.prank(sender);
        registry.publish(ID, SERVICE, 0, 1, word);
    }

    function publishRefused(address sender, uint32 epoch, uint256 word, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(sender);
        registry.publish(ID, SERVICE, 0, epoch, word);
    }

    /// @notice A call with bytes behind its arguments; a refusal goes on to the caller.
    function sendRaw(address sender, bytes memory data) internal {
        address to = address(registry);
        vm.prank(sender);
        assembly {
            if iszero(call(gas(), to, 0, add(data, 32), mload(data), 0, 0)) {
                let p := mload(0x40)
                returndatacopy(p, 0, returndatasize())
                revert(p, returndatasize())
            }
        }
    }

    function publishWith(
        address sender,
        bytes32 id,
        bytes32 service,
        uint256 terms_,
        uint256 word_,
        bytes memory with
    ) internal {
        bytes memory call = abi.encodeCall(registry.publishAttested, (terms_, word_, id, service));
        sendRaw(sender, bytes.concat(call, with));
    }

    // ---- storage, as a reader of proofs sees it ----

    function deviceSlot(bytes32 id) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, uint256(0)));
    }

    function endpointSlot(bytes32 id, bytes32 service, uint256 index)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(keccak256(abi.encode(id, service, index)), uint256(1)));
    }

    function plus(bytes32 slot, uint256 n) internal pure returns (bytes32) {
        return bytes32(uint256(slot) + n);
    }

    function at(bytes32 slot) internal view returns (uint256) {
        return uint256(vm.load(address(registry), slot));
    }

    // ---- checks ----

    function same(uint256 got, uint256 want) internal pure {
        require(got == want, "values differ");
    }

    function same(bytes32 got, bytes32 want) internal pure {
        require(got == want, "words differ");
    }

    function same(address got, address want) internal pure {
        require(got == want, "addresses differ");
    }

    function why(bytes4 selector) internal pure returns (bytes memory) {
        return abi.encodePacked(selector);
    }

    function why(bytes4 selector, uint256 value) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, value);
    }
}
