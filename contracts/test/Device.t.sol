// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceStorage} from "../src/DeviceStorage.sol";
import {Fixture, Voucher} from "./Fixture.sol";

/// @notice Rotation, revocation, managers, construction.
contract DeviceTest is Fixture {
    function setUp() public override {
        super.setUp();
        submit(voucher());
    }

    function word() private view returns (uint256) {
        return at(deviceSlot(ID));
    }

    function key() private view returns (bytes32) {
        return bytes32(at(plus(deviceSlot(ID), 1)));
    }

    function rotateRefused(address sender, uint256 info_, bytes32 key_, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(sender);
        registry.rotate(ID, info_, key_);
    }

    /// @notice Gives the record to an owner whose address has all bits of another one.
    function submask() private returns (address owner, address part) {
        owner = address(0xff);
        part = address(0x0f);
        Voucher memory v = voucher();
        v.owner = owner;
        vm.store(address(registry), deviceSlot(ID), bytes32(deviceWord(v, 1)));
    }

    // ---- rotate ----

    function test_rotateReplacesKeyAndRaisesEpoch() public {
        Voucher memory v = voucher();
        v.flags = 1;
        v.key = KEY2;
        vm.expectEmit(address(registry));
        emit DeviceStorage.Rotated(ID, deviceWord(v, 2), KEY2);
        vm.prank(OWNER);
        registry.rotate(ID, info(2, 1, 1), KEY2);
        same(word(), deviceWord(v, 2));
        same(key(), KEY2);
    }

    function test_rotateMayChangeTheType() public {
        vm.prank(OWNER);
        registry.rotate(ID, info(1, 0, 1), keccak256("spki"));
        Voucher memory v = voucher();
        v.keyType = 1;
        same(word(), deviceWord(v, 2));
    }

    function test_rotateIsForTheOwner() public {
        bytes memory no = why(DeviceStorage.NotOwner.selector);
        rotateRefused(STRANGER, info(2, 1, 1), KEY2, no);
        rotateRefused(manager, info(2, 1, 1), KEY2, no);
        rotateRefused(ADMIN, info(2, 1, 1), KEY2, no);
    }

    function test_rotateNeedsTheEpoch() public {
        bytes memory no = why(DeviceStorage.WrongEpoch.selector, 1);
        rotateRefused(OWNER, info(2, 1, 0), KEY2, no);
        rotateRefused(OWNER, info(2, 1, 2), KEY2, no);
        rotateRefused(OWNER, info(2, 1, type(uint32).max), KEY2, no);
    }

    function test_rotateOfARevokedRecordIsRefused() public {
        vm.prank(OWNER);
        registry.revoke(ID);
        rotateRefused(OWNER, info(2, 1, 2), KEY2, why(DeviceStorage.RecordRevoked.selector));
    }

    function test_rotateOfNothingIsRefused() public {
        vm.expectRevert(DeviceStorage.NotRegistered.selector);
        vm.prank(OWNER);
        registry.rotate(keccak256("nobody"), info(2, 1, 0), KEY2);
    }

    function test_rotateChecksTheKey() public {
        rotateRefused(OWNER, info(0, 0, 1), KEY2, why(DeviceStorage.BadKeyType.selector));
        rotateRefused(OWNER, info(4, 0, 1), KEY2, why(DeviceStorage.BadKeyType.selector));
        rotateRefused(OWNER, info(2, 2, 1), KEY2, why(DeviceStorage.BadFlags.selector));
        rotateRefused(OWNER, info(2, 0x80, 1), KEY2, why(DeviceStorage.BadFlags.selector));
        rotateRefused(OWNER, info(3, 1, 1), KEY2, why(DeviceStorage.BadFlags.selector));
        rotateRefused(OWNER, info(2, 0, 1), 0, why(DeviceStorage.BadKey.selector));
        rotateRefused(OWNER, info(2, 0, 1), bytes32(FIELD), why(DeviceStorage.BadKey.selector));
        rotateRefused(OWNER, info(1, 0, 1), 0, why(DeviceStorage.BadKey.selector));
    }

    function testFuzz_rotateRefusesBitsOutsideItsFields(uint256 stray) public {
        stray &= ~((uint256(0xffff) << 160) | (uint256(0xffffffff) << 216));
        vm.assume(stray != 0);
        bytes memory no = why(DeviceStorage.BadWord.selector);
        rotateRefused(OWNER, info(2, 1, 1) | stray, KEY2, no);
        rotateRefused(STRANGER, info(2, 1, 1) | stray, KEY2, no);
    }

    /// Bits in the place of the owner neither complete a caller to him nor pass as his own.
    function testFuzz_rotateRefusesBitsInTheOwnersPlace(address sender, uint160 stray) public {
        vm.assume(stray != 0);
        bytes memory no = why(DeviceStorage.BadWord.selector);
        rotateRefused(sender, info(2, 1, 1) | stray, KEY2, no);
        rotateRefused(OWNER, info(2, 1, 1) | (stray & uint160(OWNER)) | 1, KEY2, no);
        rotateRefused(sender, info(2, 1, 1) | uint160(OWNER), KEY2, no);
        rotateRefused(sender, info(2, 1, 1) | (uint160(OWNER) ^ uint160(sender) | 1), KEY2, no);
    }

    /// An address whose bits are all among the owner's, with the rest of the owner's in `info`: a
    /// comparison with `caller | info` would take it for him.
    function test_rotateRefusesACallerMadeOfTheOwnersBits() public {
        (address owner, address part) = submask();
        bytes32 old = key();
        uint256 before = word();
        bytes memory no = why(DeviceStorage.BadWord.selector);
        rotateRefused(part, info(2, 1, 1) | uint160(owner), KEY2, no);
        rotateRefused(part, info(2, 1, 1) | (uint160(owner) ^ uint160(part)), KEY2, no);
        rotateRefused(owner, info(2, 1, 1) | uint160(owner), KEY2, no);
        rotateRefused(owner, info(2, 1, 1) | uint160(part), KEY2, no);
        rotateRefused(part, info(2, 1, 1), KEY2, why(DeviceStorage.NotOwner.selector));
        same(word(), before);
        same(key(), old);
    }

    function test_rotateAtTheLastEpochIsRefused() public {
        vm.store(address(registry), deviceSlot(ID), bytes32(deviceWord(voucher(), type(uint32).max)));
        rotateRefused(
            OWNER,
            info(2, 1, type(uint32).max),
            KEY2,
            why(DeviceStorage.EpochSaturated.selector)
        );
    }

    function testFuzz_rotateKeepsTheOtherFields(bytes32 key_, uint8 flags, uint32 epoch) public {
        vm.assume(uint256(key_) != 0 && uint256(key_) < FIELD);
        vm.assume(epoch != 0 && epoch != type(uint32).max);
        Voucher memory v = voucher();
        vm.store(address(registry), deviceSlot(ID), bytes32(deviceWord(v, epoch)));
        vm.prank(OWNER);
        registry.rotate(ID, info(2, flags & 1, epoch), key_);
        v.flags = flags & 1;
        same(word(), deviceWord(v, epoch + 1));
        same(key(), key_);
    }

    // ---- revoke ----

    function test_revokeKeepsBothWords() public {
        Voucher memory v = voucher();
        v.flags = 0x80;
        vm.expectEmit(address(registry));
        emit DeviceStorage.Revoked(ID, deviceWord(v, 2));
        vm.prank(OWNER);
        registry.revoke(ID);
        same(word(), deviceWord(v, 2));
        same(key(), KEY);
    }

    function test_revokeIsForTheOwner() public {
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        vm.prank(STRANGER);
        registry.revoke(ID);
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        vm.prank(manager);
        registry.revoke(ID);
    }

    function test_revokeRefusesACallerMadeOfTheOwnersBits() public {
        (address owner, address part) = submask();
        uint256 before = word();
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        vm.prank(part);
        registry.revoke(ID);
        same(word(), before);
        vm.prank(owner);
        registry.revoke(ID);
    }

    function test_revokeTwiceIsRefused() public {
        vm.prank(OWNER);
        registry.revoke(ID);
        vm.expectRevert(DeviceStorage.RecordRevoked.selector);
        vm.prank(OWNER);
        registry.revoke(ID);
    }

    function test_revokeOfNothingIsRefused() public {
        vm.expectRevert(DeviceStorage.NotRegistered.selector);
        vm.prank(OWNER);
        registry.revoke(keccak256("nobody"));
    }

    function test_revokeKeepsTheParity() public {
        vm.prank(OWNER);
        registry.rotate(ID, info(2, 1, 1), KEY2);
        vm.prank(OWNER);
        registry.revoke(ID);
        Voucher memory v = voucher();
        v.flags = 0x81;
        same(word(), deviceWord(v, 3));
        same(key(), KEY2);
    }

    function test_revokeWorksAfterNotAfter() public {
        vm.warp(NOW + 400 days);
        vm.prank(OWNER);
        registry.revoke(ID);
        Voucher memory v = voucher();
        v.flags = 0x80;
        v.notAfter = uint40(NOW + 365 days);
        same(word(), deviceWord(v, 2));
    }

    /// The epoch cannot rise any more, yet a stolen device must be revocable.
    function test_revokeWorksAtTheLastEpoch() public {
        Voucher memory v = voucher();
        vm.store(address(registry), deviceSlot(ID), bytes32(deviceWord(v, type(uint32).max)));
        vm.prank(OWNER);
        registry.revoke(ID);
        v.flags = 0x80;
        same(word(), deviceWord(v, type(uint32).max));
    }

    // ---- managers ----

    function test_setManagerRaisesItsEpoch() public {
        uint256 want = uint256(uint160(STRANGER)) | (uint256(2) << 160);
        vm.expectEmit(address(registry));
        emit DeviceStorage.ManagerSet(ORG, want);
        vm.prank(ADMIN);
        registry.setManager(ORG, STRANGER);
        same(at(keccak256(abi.encode(ORG, uint256(3)))), want);
    }

    function test_setManagerIsForTheAdmin() public {
        vm.expectRevert(DeviceStorage.NotAdmin.selector);
        vm.prank(manager);
        registry.setManager(ORG, STRANGER);
    }

    function test_setManagerRefusesZeroAndUnknown() public {
        vm.expectRevert(DeviceStorage.ZeroAddress.selector);
        vm.prank(ADMIN);
        registry.setManager(ORG, address(0));
        vm.expectRevert(DeviceStorage.UnknownOrg.selector);
        vm.prank(ADMIN);
        registry.setManager(keccak256("nobody"), STRANGER);
    }

    function test_managerEpochSaturates() public {
        uint256 last = uint256(uint160(manager)) | (uint256(type(uint32).max) << 160);
        vm.store(address(registry), keccak256(abi.encode(ORG, uint256(3))), bytes32(last));
        vm.expectRevert(DeviceStorage.EpochSaturated.selector);
        vm.prank(ADMIN);
        registry.setManager(ORG, STRANGER);
    }

    // ---- construction and views ----

    function test_constructorRefusesZeros() public {
        refused(0, ADMIN, manager, DeviceStorage.ZeroOrg.selector);
        refused(ORG, address(0), manager, DeviceStorage.ZeroAddress.selector);
        refused(ORG, ADMIN, address(0), DeviceStorage.ZeroAddress.selector);
    }

    function refused(bytes32 org, address admin, address signer, bytes4 why) private {
        try this.constructFor(org, admin, signer) {
            revert("made");
        } catch (bytes memory reason) {
            require(bytes4(reason) == why, "another reason");
        }
    }

    function constructFor(bytes32 org, address admin, address signer) external {
        construct(org, admin, signer);
    }

    function test_firstOrgIsNumberZero() public view {
        same(
            at(keccak256(abi.encode(ORG, uint256(3)))),
            uint256(uint160(manager)) | (uint256(1) << 160)
        );
        bytes32 org = keccak256(abi.encode(uint256(0), uint256(4)));
        same(bytes32(at(org)), ORG);
        same(at(plus(org, 1)), uint160(ADMIN));
    }

    function test_storedWordIsTheStorage() public view {
        same(uint256(registry.storedWord(deviceSlot(ID))), word());
        same(registry.storedWord(bytes32(uint256(12345))), 0);
    }

    // ---- announce ----

    function announcedAt(bytes32 key_) private view returns (uint256) {
        return at(keccak256(abi.encode(key_, uint256(6))));
    }

    function test_announceLogsTheKeyUnderItsHash() public {
        bytes memory spki = hex"30820122aabbcc";
        bytes32 hash = sha256(spki);
        vm.roll(77);
        vm.expectEmit(address(registry));
        emit DeviceStorage.Announced(hash, spki);
        vm.prank(STRANGER);
        registry.announce(spki);
        same(announcedAt(hash), 77);
    }

    /// @notice Else anybody could point readers to a later block, or fill the log.
    function test_announceAgainChangesNothing() public {
        bytes memory spki = hex"30820122aabbcc";
        vm.roll(77);
        registry.announce(spki);
        vm.roll(78);
        uint256 before = gasleft();
        registry.announce(spki);
        require(before - gasleft() < 15_000, "something was written");
        same(announcedAt(sha256(spki)), 77);
    }

    function test_announceTouchesNothingElse() public {
        uint256 before = word();
        registry.announce(abi.encode(KEY));
        same(word(), before);
        same(key(), KEY);
        same(announcedAt(KEY), 0);
    }

    function test_takesNoEther() public {
        (bool taken,) = address(registry).call{value: 1}(
            abi.encodeCall(registry.storedWord, (bytes32(0)))
        );
        require(!taken, "took Ether");
        (taken,) = address(registry).call{value: 1}("");
        require(!taken, "took Ether");
    }
}
