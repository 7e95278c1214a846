// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceStorage} from "../src/DeviceStorage.sol";
import {Voucher} from "./Fixture.sol";
import {People} from "./People.sol";

/// @notice Change of owner, recovery, organisations, TLS keys, leaves.
contract OwnersTest is People {
    bytes32 private constant ORG2 = keccak256("works");
    address private constant ADMIN2 = address(0xAD2);
    address private constant MANAGER2 = address(0x3A2);

    function setUp() public override {
        super.setUp();
        enrol();
    }

    function offered() private view returns (uint256) {
        return at(mapped(ID, 8));
    }

    function transfer(address to, uint32 epoch) private {
        vm.prank(owner);
        registry.transferOwner(ID, to, epoch);
    }

    function claim(address by, uint32 epoch, bytes memory reason) private {
        if (reason.length != 0) {
            vm.expectRevert(reason);
        }
        vm.prank(by);
        registry.claimOwner(ID, epoch);
    }

    // ---- two steps ----

    function test_transferTakesTwoSteps() public {
        uint256 before = word();
        uint256 offer = uint256(uint160(heir)) | (NOW << 160) | (uint256(2) << 200);
        vm.expectEmit(address(registry));
        emit DeviceStorage.OwnerOffered(ID, offer, before + (1 << 216));
        transfer(heir, 1);
        same(offered(), offer);
        same(word(), before + (1 << 216)); // still the old owner's
        claim(STRANGER, 2, why(DeviceStorage.NotOffered.selector));
        claim(heir, 1, why(DeviceStorage.WrongEpoch.selector, 2));
        claim(heir, 2, "");
        same(address(uint160(word())), heir);
        same(word() >> 216, 3);
        same(word() >> 160 & ((1 << 56) - 1), before >> 160 & ((1 << 56) - 1)); // key, notAfter
        same(offered(), 0);
        publishRefused(owner, 3, endpoint(1), why(DeviceStorage.NotOwner.selector));
        vm.prank(heir);
        registry.publish(ID, SERVICE, 0, 3, endpoint(1));
        claim(heir, 3, why(DeviceStorage.NotOffered.selector));
    }

    function test_offerTakenBack() public {
        transfer(heir, 1);
        transfer(address(0), 2);
        same(offered(), 0);
        claim(heir, 3, why(DeviceStorage.NotOffered.selector));
    }

    /// An offer is about one epoch: rotation and revocation end it, and so a new registration.
    function test_offerDiesWithTheEpoch() public {
        transfer(heir, 1);
        vm.prank(owner);
        registry.rotate(ID, info(2, 0, 2), KEY2);
        claim(heir, 3, why(DeviceStorage.NotOffered.selector));
        transfer(heir, 3);
        vm.prank(owner);
        registry.revoke(ID);
        claim(heir, 5, why(DeviceStorage.RecordRevoked.selector));
        Voucher memory v = voucher();
        v.owner = owner;
        v.epoch = 5;
        submit(v);
        claim(heir, 6, why(DeviceStorage.NotOffered.selector));
    }

    function test_transferIsForTheOwner() public {
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        registry.transferOwner(ID, heir, 1);
        vm.expectRevert(DeviceStorage.NotRegistered.selector);
        registry.claimOwner(keccak256("nobody"), 0);
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 1));
        vm.prank(owner);
        registry.transferOwner(ID, heir, 2);
    }

    function test_lastEpochRaisesNoMore() public {
        uint256 last = word() | (uint256(0xffffffff) << 216);
        vm.store(address(registry), deviceSlot(ID), bytes32(last));
        bytes memory no = why(DeviceStorage.EpochSaturated.selector);
        vm.startPrank(owner);
        vm.expectRevert(no);
        registry.transferOwner(ID, heir, type(uint32).max);
        vm.expectRevert(no);
        registry.setTlsKey(ID, type(uint32).max, SERVICE, KEY);
        vm.expectRevert(no);
        registry.setLeafRoot(ID, type(uint32).max, KEY);
        vm.stopPrank();
        vm.store(
            address(registry),
            mapped(ID, 8),
            bytes32(uint256(uint160(heir)) | (uint256(type(uint32).max) << 200))
        );
        claim(heir, type(uint32).max, no);
    }

    // ---- recovery ----

    function recover(address by, address to, uint32 epoch, bytes memory reason) private {
        if (reason.length != 0) {
            vm.expectRevert(reason);
        }
        vm.prank(by);
        registry.recover(to, ID, epoch);
    }

    function test_recoveryWaitsForObjection() public {
        uint256 before = word();
        recover(ADMIN, heir, 1, "");
        same(word(), before);
        same(offered(), uint256(uint160(heir)) | ((NOW + 2 days) << 160) | (uint256(1) << 200));
        claim(heir, 1, why(DeviceStorage.RecoveryPending.selector));
        vm.warp(NOW + 2 days - 1);
        claim(heir, 1, why(DeviceStorage.RecoveryPending.selector));
        vm.warp(NOW + 2 days);
        claim(heir, 1, "");
        same(address(uint160(word())), heir);
    }

    function test_ownerObjectsToRecovery() public {
        recover(ADMIN, heir, 1, "");
        transfer(address(0), 1);
        vm.warp(NOW + 3 days);
        claim(heir, 2, why(DeviceStorage.NotOffered.selector));
        recover(ADMIN, heir, 2, "");
        vm.prank(owner);
        registry.setLeafRoot(ID, 2, KEY);
        vm.warp(NOW + 6 days);
        claim(heir, 3, why(DeviceStorage.NotOffered.selector));
    }

    function test_recoveryIsForTheAdminOfTheOrganisation() public {
        admit();
        recover(manager, heir, 1, why(DeviceStorage.NotAdmin.selector));
        recover(ADMIN2, heir, 1, why(DeviceStorage.NotAdmin.selector));
        recover(ADMIN, heir, 2, why(DeviceStorage.WrongEpoch.selector, 1));
        recover(ADMIN, heir, 1, "");
        recover(ADMIN, address(0), 1, "");
        same(offered(), 0);
        vm.prank(owner);
        registry.revoke(ID);
        recover(ADMIN, heir, 2, why(DeviceStorage.RecordRevoked.selector));
    }

    // ---- organisations ----

    function admit() private {
        vm.prank(ADMIN);
        registry.admit(ORG2, ADMIN2, MANAGER2, 7);
    }

    function test_admit() public {
        vm.expectEmit(address(registry));
        emit DeviceStorage.Admitted(ORG2, 7);
        admit();
        same(at(mapped(ORG2, 3)), uint256(uint160(MANAGER2)) | (1 << 160) | (7 << 192));
        bytes32 slot = keccak256(abi.encode(uint256(7), uint256(4)));
        same(bytes32(at(slot)), ORG2);
        same(at(plus(slot, 1)), uint256(uint160(ADMIN2)));
    }

    function test_admitRefuses() public {
        vm.expectRevert(DeviceStorage.NotAdmin.selector);
        registry.admit(ORG2, ADMIN2, MANAGER2, 7);
        vm.startPrank(ADMIN);
        vm.expectRevert(DeviceStorage.ZeroOrg.selector);
        registry.admit(0, ADMIN2, MANAGER2, 7);
        vm.expectRevert(DeviceStorage.ZeroAddress.selector);
        registry.admit(ORG2, address(0), MANAGER2, 7);
        vm.expectRevert(DeviceStorage.ZeroAddress.selector);
        registry.admit(ORG2, ADMIN2, address(0), 7);
        vm.expectRevert(DeviceStorage.OrgTaken.selector);
        registry.admit(ORG2, ADMIN2, MANAGER2, 0);
        vm.expectRevert(DeviceStorage.OrgTaken.selector);
        registry.admit(ORG, ADMIN2, MANAGER2, 7);
        vm.stopPrank();
        admit();
        vm.expectRevert(DeviceStorage.OrgTaken.selector);
        admit();
        vm.expectRevert(DeviceStorage.NotAdmin.selector);
        vm.prank(ADMIN2); // of organisation 7, not of the first
        registry.admit(keccak256("third"), ADMIN2, MANAGER2, 8);
    }

    /// A device of one organisation is none of another's business.
    function test_organisationsAreApart() public {
        vm.prank(ADMIN);
        registry.admit(ORG2, ADMIN2, vm.addr(OTHER_KEY), 7);
        Voucher memory v = voucher();
        v.org = ORG2;
        v.epoch = 1;
        v.owner = owner;
        (bytes32 r, bytes32 vs) = sign(OTHER_KEY, v);
        vm.expectRevert(why(DeviceStorage.WrongOrg.selector, 0));
        submitWith(v, r, vs);
        vm.expectRevert(DeviceStorage.NotManager.selector);
        vm.prank(ADMIN2);
        registry.revokeAsOrg(ID, 1);
        vm.expectRevert(DeviceStorage.NotManager.selector);
        vm.prank(vm.addr(OTHER_KEY));
        registry.revokeAsOrg(ID, 1);
        vm.expectRevert(DeviceStorage.NotAdmin.selector);
        vm.prank(ADMIN2);
        registry.setManager(ORG, MANAGER2);
        vm.expectRevert(DeviceStorage.NotAdmin.selector);
        vm.prank(ADMIN2);
        registry.setAttestors("", 0, ORG, SERVICE);

        v.id = keccak256("of-org-2");
        v.epoch = 0;
        (r, vs) = sign(OTHER_KEY, v);
        submitWith(v, r, vs);
        same(at(deviceSlot(v.id)) >> 248, 7);
        // its attestors are looked up under its number
        appoint(1, 1, SERVICE);
        vm.expectRevert(DeviceStorage.NoAttestors.selector);
        publishWith(owner, v.id, SERVICE, terms(0, 1, 0), endpoint(1), bundle(""));
    }

    function test_revokeAsOrg() public {
        uint256 want = revokedWord();
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 1));
        vm.prank(manager);
        registry.revokeAsOrg(ID, 2);
        vm.expectRevert(DeviceStorage.NotManager.selector);
        vm.prank(owner);
        registry.revokeAsOrg(ID, 1);
        vm.expectEmit(address(registry));
        emit DeviceStorage.Revoked(ID, want);
        vm.prank(manager);
        registry.revokeAsOrg(ID, 1);
        same(word(), want);
        vm.expectRevert(DeviceStorage.RecordRevoked.selector);
        vm.prank(ADMIN);
        registry.revokeAsOrg(ID, 2);
        vm.expectRevert(DeviceStorage.NotRegistered.selector);
        vm.prank(ADMIN);
        registry.revokeAsOrg(keccak256("nobody"), 0);
    }

    function test_revokeAsOrgByTheAdmin() public {
        vm.prank(ADMIN);
        registry.revokeAsOrg(ID, 1);
        same((word() >> 168) & 0x80, 0x80);
    }

    /// must 28: a manager who left, or came back, vouches and revokes nothing with what he had.
    function test_must_28_formerManager() public {
        Voucher memory v = voucher();
        v.id = keccak256("gw-2");
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.startPrank(ADMIN);
        registry.setManager(ORG, MANAGER2);
        vm.stopPrank();
        vm.expectRevert(DeviceStorage.NotManager.selector);
        vm.prank(manager);
        registry.revokeAsOrg(ID, 1);
        vm.prank(ADMIN);
        registry.setManager(ORG, manager);
        vm.expectRevert(why(DeviceStorage.WrongManagerEpoch.selector, 3));
        submitWith(v, r, vs);
    }

    function test_administrationTakesTwoSteps() public {
        vm.expectRevert(DeviceStorage.NotAdmin.selector);
        registry.offerAdmin(ORG, ADMIN2);
        vm.expectEmit(address(registry));
        emit DeviceStorage.AdminOffered(ORG, ADMIN2);
        vm.prank(ADMIN);
        registry.offerAdmin(ORG, ADMIN2);
        same(at(mapped(ORG, 9)), uint256(uint160(ADMIN2)));
        vm.expectRevert(DeviceStorage.NotOffered.selector);
        vm.prank(STRANGER);
        registry.takeAdmin(ORG);
        vm.expectEmit(address(registry));
        emit DeviceStorage.AdminSet(ORG, ADMIN2);
        vm.prank(ADMIN2);
        registry.takeAdmin(ORG);
        same(at(mapped(ORG, 9)), 0);
        vm.expectRevert(DeviceStorage.NotAdmin.selector);
        vm.prank(ADMIN);
        registry.setManager(ORG, MANAGER2);
        vm.prank(ADMIN2);
        registry.setManager(ORG, MANAGER2);
        vm.expectRevert(DeviceStorage.NotOffered.selector);
        vm.prank(ADMIN2);
        registry.takeAdmin(ORG);
    }

    function test_administrationOfferTakenBack() public {
        vm.startPrank(ADMIN);
        registry.offerAdmin(ORG, ADMIN2);
        registry.offerAdmin(ORG, address(0));
        vm.stopPrank();
        vm.expectRevert(DeviceStorage.NotOffered.selector);
        vm.prank(ADMIN2);
        registry.takeAdmin(ORG);
        // zero, which is what no offer is, can call nothing; and unknown organisations have none
        vm.expectRevert(DeviceStorage.NotOffered.selector);
        vm.prank(ADMIN2);
        registry.takeAdmin(keccak256("none"));
    }

    // ---- TLS keys and leaves ----

    function test_tlsKeysAreApart() public {
        bytes32 http = keccak256("http");
        vm.expectEmit(address(registry));
        emit DeviceStorage.TlsKeySet(
            ID, keccak256(abi.encode(ID, http)), KEY2, word() + (1 << 216)
        );
        vm.prank(owner);
        registry.setTlsKey(ID, 1, http, KEY2);
        same(at(tlsSlot(http)), uint256(KEY2));
        same(at(tlsSlot(SERVICE)), 0);
        vm.prank(owner);
        registry.setTlsKey(ID, 2, http, 0);
        same(at(tlsSlot(http)), 0);
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        registry.setTlsKey(ID, 3, http, KEY);
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 3));
        vm.prank(owner);
        registry.setTlsKey(ID, 2, http, KEY);
    }

    function test_leafRoot() public {
        vm.expectEmit(address(registry));
        emit DeviceStorage.LeafRootSet(ID, KEY2, word() + (1 << 216));
        vm.prank(owner);
        registry.setLeafRoot(ID, 1, KEY2);
        same(at(mapped(ID, 7)), uint256(KEY2));
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        registry.setLeafRoot(ID, 2, KEY);
    }
}
