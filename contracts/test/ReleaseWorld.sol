// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ReleaseIndex} from "../src/ReleaseIndex.sol";
import {Shipped} from "./Shipped.sol";

/// @notice A release index with one product: a publisher, three approvers of whom two must approve,
/// three roots of whom two must agree. Words are packed here a second time.
abstract contract ReleaseWorld is Shipped {
    uint256 internal constant NOW = 1_800_000_000;
    bytes32 internal constant PRODUCT = keccak256("thermostat");
    /// @dev Any hash: the index does not look at manifests.
    bytes32 internal constant MANIFEST = keccak256("manifest 1");
    bytes32 internal constant MANIFEST2 = keccak256("manifest 2");
    uint256 internal constant SIZE = 700;
    uint32 internal constant DELAY = 0;

    address internal constant PUBLISHER = address(0x180);
    address internal constant STRANGER = address(0x57);
    address internal constant REGISTRAR = address(0x77);
    /// @dev The third approver signs off line.
    uint256 internal constant SIGNER_KEY = 0x5165;

    ReleaseIndex internal releases;
    address internal signer;

    function setUp() public virtual {
        vm.warp(NOW);
        signer = vm.addr(SIGNER_KEY);
        releases = ReleaseIndex(construct(REGISTRAR));
        vm.prank(REGISTRAR);
        releases.create(PRODUCT, list(), terms(DELAY, 2, 2, 0));
    }

    function construct(address registrar) internal returns (address) {
        return create(shipped("ReleaseIndex"), abi.encode(registrar));
    }

    function approver(uint256 n) internal view returns (address) {
        return n == 2 ? signer : address(uint160(0x200 + n));
    }

    function root(uint256 n) internal pure returns (address) {
        return address(uint160(0x300 + n));
    }

    function one(address who, uint8 role) internal pure returns (bytes memory) {
        return abi.encodePacked(who, role);
    }

    /// @notice Ascending; the signer's address is a long one.
    function list() internal view returns (bytes memory) {
        return bytes.concat(
            one(PUBLISHER, 1),
            one(approver(0), 2),
            one(approver(1), 2),
            one(root(0), 4),
            one(root(1), 4),
            one(root(2), 4),
            one(signer, 2)
        );
    }

    function terms(uint32 delay, uint8 approvals, uint8 roots, uint8 flags)
        internal
        pure
        returns (uint256)
    {
        return uint256(bytes32(abi.encodePacked(bytes25(0), flags, roots, approvals, delay)));
    }

    // ---- storage, as a reader of proofs sees it ----

    function at(bytes32 slot) internal view returns (uint256) {
        return uint256(vm.load(address(releases), slot));
    }

    function headAt(bytes32 product, uint256 word) internal view returns (uint256) {
        return at(bytes32(uint256(keccak256(abi.encode(product, uint256(0)))) + word));
    }

    function releaseAt(uint32 index, uint256 word) internal view returns (uint256) {
        bytes32 entry = keccak256(abi.encode(PRODUCT, index));
        return at(bytes32(uint256(keccak256(abi.encode(entry, uint256(1)))) + word));
    }

    function releaseWord(
        uint64 version,
        uint32 counter,
        uint40 activeFrom,
        uint8 approvals,
        uint8 flags,
        uint32 epoch,
        uint32 voters
    ) internal pure returns (uint256) {
        return uint256(
            bytes32(
                abi.encodePacked(
                    voters, epoch, flags, uint8(2), approvals, uint32(SIZE), activeFrom, counter, version
                )
            )
        );
    }

    /// @notice What an approver reviews with a manifest.
    function claims(uint64 version, uint32 counter, uint32 size, bool isFloor)
        internal
        pure
        returns (uint256)
    {
        return uint256(version) | (uint256(counter) << 64) | (uint256(size) << 136)
            | (isFloor ? 1 << 185 : 0);
    }

    /// @notice What a release says of itself: an approver who trusts the publisher.
    function claimed(uint32 index) internal view returns (uint256) {
        uint256 word = releaseAt(index, 1);
        return claims(
            uint64(word), uint32(word >> 64), uint32(word >> 136), (word >> 185) & 1 != 0
        );
    }

    function productWord(
        uint32 count,
        uint32 minCounter,
        uint40 updatedAt,
        uint32 index,
        uint32 epoch,
        uint256 terms_
    ) internal pure returns (uint256) {
        return uint256(count) | (uint256(minCounter) << 32) | (uint256(updatedAt) << 64)
            | (uint256(index) << 104) | (uint256(epoch) << 136) | (terms_ << 168);
    }

    // ---- steps ----

    function publish(bytes32 manifest, uint64 version, uint32 counter) internal returns (uint32) {
        vm.prank(PUBLISHER);
        return releases.publish(PRODUCT, manifest, version, counter, uint32(SIZE), false);
    }

    function approve(uint256 who, uint32 index, bytes32 manifest) internal {
        uint256 reviewed = claimed(index);
        vm.prank(approver(who));
        releases.approve(PRODUCT, index, manifest, reviewed);
    }

    /// @notice A release that two have approved.
    function released(bytes32 manifest, uint64 version, uint32 counter) internal returns (uint32 index) {
        index = publish(manifest, version, counter);
        approve(0, index, manifest);
        approve(1, index, manifest);
    }

    /// @notice What an approver signs, written out.
    function signed(uint256 key, uint32 index, bytes32 manifest, uint256 reviewed, uint32 epoch)
        internal
        view
        returns (bytes32 r, bytes32 vs)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("wick ReleaseIndex"),
                keccak256("1"),
                block.chainid,
                address(releases)
            )
        );
        bytes32 body = keccak256(
            abi.encode(
                keccak256(
                    "Approve(bytes32 product,uint32 index,bytes32 manifest,uint256 claims,uint32 epoch)"
                ),
                PRODUCT,
                index,
                manifest,
                reviewed,
                epoch
            )
        );
        (uint8 v, bytes32 r_, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, body)));
        return (r_, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    // ---- checks ----

    function same(uint256 got, uint256 want) internal pure {
        require(got == want, "values differ");
    }

    function refusal(bytes4 selector) internal {
        vm.expectRevert(abi.encodePacked(selector));
    }

    function refusal(bytes4 selector, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }
}
