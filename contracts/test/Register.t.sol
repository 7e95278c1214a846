// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {CompactSignature} from "../src/CompactSignature.sol";
import {DeviceRegistry} from "../src/DeviceRegistry.sol";
import {DeviceStorage} from "../src/DeviceStorage.sol";
import {Fixture, Voucher} from "./Fixture.sol";

/// @notice register(): what a voucher writes, and each rule that refuses one.
contract RegisterTest is Fixture {
    function test_writesBothWordsAndRepeatsThemInTheEvent() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.expectEmit(address(registry));
        emit DeviceStorage.Registered(ID, deviceWord(v, 1), KEY);
        submitWith(v, r, vs);
        same(at(deviceSlot(ID)), deviceWord(v, 1));
        same(bytes32(at(plus(deviceSlot(ID), 1))), KEY);
    }

    function test_must_28_anybodyMaySubmit() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.prank(STRANGER);
        submitWith(v, r, vs);
        same(address(uint160(at(deviceSlot(ID)))), OWNER);
    }

    function test_domainSeparatorIsThatOfEip712() public view {
        same(registry.domainSeparator(), separator(block.chainid, address(registry)));
    }

    // ---- the manager ----

    function test_refusesUnknownOrg() public {
        Voucher memory v = voucher();
        v.org = keccak256("nobody");
        refused(v, why(DeviceStorage.UnknownOrg.selector));
    }

    /// An absent manager has epoch 0 and address 0, which is also what ecrecover answers to garbage.
    function test_refusesGarbageSignatureForAnAbsentManager() public {
        Voucher memory v = voucher();
        v.org = keccak256("nobody");
        v.managerEpoch = 0;
        vm.expectRevert(DeviceStorage.UnknownOrg.selector);
        submitWith(v, bytes32(0), bytes32(0));
    }

    function test_refusesGarbageSignature() public {
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        submitWith(voucher(), bytes32(0), bytes32(0));
    }

    function test_refusesAnotherSigner() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(OTHER_KEY, v);
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        submitWith(v, r, vs);
    }

    function test_refusesWrongManagerEpoch() public {
        Voucher memory v = voucher();
        v.managerEpoch = 2;
        refused(v, why(DeviceStorage.WrongManagerEpoch.selector, 1));
        v.managerEpoch = 0;
        refused(v, why(DeviceStorage.WrongManagerEpoch.selector, 1));
    }

    function test_refusesBitsAboveTheTerms() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.expectRevert(why(DeviceStorage.WrongManagerEpoch.selector, 1));
        registry.register(
            v.org, v.id, deviceWord(v, 0), v.key, terms(v) | (uint256(1) << 96), r, vs
        );
    }

    /// A change of manager voids unused vouchers; his return does not revive them.
    function test_must_28_managerChangeKillsVouchersForEver() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.prank(ADMIN);
        registry.setManager(ORG, vm.addr(OTHER_KEY));
        vm.expectRevert(why(DeviceStorage.WrongManagerEpoch.selector, 2));
        submitWith(v, r, vs);
        vm.prank(ADMIN);
        registry.setManager(ORG, manager);
        vm.expectRevert(why(DeviceStorage.WrongManagerEpoch.selector, 3));
        submitWith(v, r, vs);
        v.managerEpoch = 3;
        submit(v);
    }

    function test_must_28_formerManagerIsRefused() public {
        vm.prank(ADMIN);
        registry.setManager(ORG, vm.addr(OTHER_KEY));
        Voucher memory v = voucher();
        v.managerEpoch = 2;
        refused(v, why(DeviceStorage.WrongSigner.selector));
    }

    // ---- time ----

    function test_must_28_deadlineIsTheLastSecond() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.warp(uint256(v.deadline) + 1);
        vm.expectRevert(DeviceStorage.VoucherExpired.selector);
        submitWith(v, r, vs);
        vm.warp(v.deadline);
        submitWith(v, r, vs);
    }

    function test_refusesDeadlineBeyondAWeek() public {
        Voucher memory v = voucher();
        v.deadline = uint64(NOW + 7 days + 1);
        refused(v, why(DeviceStorage.DeadlineTooFar.selector));
        v.deadline = type(uint64).max;
        refused(v, why(DeviceStorage.DeadlineTooFar.selector));
        v.deadline = uint64(NOW + 7 days);
        submit(v);
    }

    function test_refusesNotAfterInThePast() public {
        Voucher memory v = voucher();
        v.notAfter = uint40(NOW);
        refused(v, why(DeviceStorage.NotAfterPassed.selector));
        v.notAfter = 0;
        refused(v, why(DeviceStorage.NotAfterPassed.selector));
        v.notAfter = uint40(NOW + 1);
        submit(v);
    }

    // ---- content ----

    function test_refusesOwnerZero() public {
        Voucher memory v = voucher();
        v.owner = address(0);
        refused(v, why(DeviceStorage.ZeroAddress.selector));
    }

    function test_refusesUnknownKeyTypes() public {
        Voucher memory v = voucher();
        v.keyType = 0;
        refused(v, why(DeviceStorage.BadKeyType.selector));
        v.keyType = 4;
        refused(v, why(DeviceStorage.BadKeyType.selector));
        v.keyType = 255;
        refused(v, why(DeviceStorage.BadKeyType.selector));
    }

    function test_refusesFlagsThatTheTypeHasNot() public {
        Voucher memory v = voucher();
        v.flags = 2;
        refused(v, why(DeviceStorage.BadFlags.selector));
        v.flags = 0x80; // nobody is born revoked
        refused(v, why(DeviceStorage.BadFlags.selector));
        v.keyType = 1;
        v.flags = 1; // RSA has no parity
        refused(v, why(DeviceStorage.BadFlags.selector));
        v.keyType = 3;
        refused(v, why(DeviceStorage.BadFlags.selector));
    }

    function test_secp256k1KeyIsBelowTheFieldPrime() public {
        Voucher memory v = voucher();
        v.key = 0;
        refused(v, why(DeviceStorage.BadKey.selector));
        v.key = bytes32(FIELD);
        refused(v, why(DeviceStorage.BadKey.selector));
        v.key = bytes32(type(uint256).max);
        refused(v, why(DeviceStorage.BadKey.selector));
        v.key = bytes32(FIELD - 1);
        v.flags = 1;
        submit(v);
    }

    function test_hashedKeysAreNotZero() public {
        Voucher memory v = voucher();
        v.keyType = 1;
        v.key = 0;
        refused(v, why(DeviceStorage.BadKey.selector));
        v.keyType = 3;
        refused(v, why(DeviceStorage.BadKey.selector));
        v.key = bytes32(type(uint256).max);
        submit(v);
    }

    /// The number of the organisation is the contract's to write.
    function test_refusesANumberInTheWord() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.expectRevert(DeviceStorage.BadWord.selector);
        registry.register(
            v.org, v.id, deviceWord(v, 0) | (uint256(1) << 248), v.key, terms(v), r, vs
        );
    }

    // ---- every field is under the signature ----

    function test_must_28_eachAlteredFieldIsRefused() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        bytes memory no = why(DeviceStorage.WrongSigner.selector);
        Voucher memory w = voucher();
        w.id = keccak256("gw-2");
        altered(w, r, vs, no);
        w = voucher();
        w.owner = STRANGER;
        altered(w, r, vs, no);
        w = voucher();
        w.keyType = 1;
        altered(w, r, vs, no);
        w = voucher();
        w.flags = 1; // the parity bit
        altered(w, r, vs, no);
        w = voucher();
        w.key = KEY2;
        altered(w, r, vs, no);
        w = voucher();
        w.notAfter += 1;
        altered(w, r, vs, no);
        w = voucher();
        w.deadline += 1;
        altered(w, r, vs, no);
        w = voucher();
        w.epoch = 1;
        altered(w, r, vs, why(DeviceStorage.WrongEpoch.selector, 0));
        w = voucher();
        w.managerEpoch = 2;
        altered(w, r, vs, why(DeviceStorage.WrongManagerEpoch.selector, 1));
        w = voucher();
        w.org = keccak256("other");
        altered(w, r, vs, why(DeviceStorage.UnknownOrg.selector));
        submitWith(voucher(), r, vs);
    }

    function altered(Voucher memory w, bytes32 r, bytes32 vs, bytes memory reason) private {
        vm.expectRevert(reason);
        submitWith(w, r, vs);
    }

    function testFuzz_flippedCalldataIsRefused(uint256 bit) public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        bytes memory call = abi.encodeCall(
            registry.register, (v.org, v.id, deviceWord(v, 0), v.key, terms(v), r, vs)
        );
        bit %= (call.length - 4) * 8;
        uint256 i = 4 + bit / 8;
        call[i] = bytes1(uint8(call[i]) ^ uint8(1 << (bit % 8)));
        (bool taken,) = address(registry).call(call);
        require(!taken, "a flipped bit was accepted");
        same(at(deviceSlot(ID)), 0);
    }

    // ---- replays ----

    function test_must_28_voucherWorksOnce() public {
        Voucher memory v = voucher();
        submit(v);
        refused(v, why(DeviceStorage.WrongEpoch.selector, 1));
    }

    function test_must_28_voucherDoesNotReviveARevokedRecord() public {
        Voucher memory v = voucher();
        submit(v);
        vm.prank(OWNER);
        registry.revoke(ID);
        refused(v, why(DeviceStorage.WrongEpoch.selector, 2));
        v.epoch = 1; // signed before the revocation, never used
        refused(v, why(DeviceStorage.WrongEpoch.selector, 2));
    }

    function test_must_28_voucherDoesNotSurviveARotation() public {
        submit(voucher());
        Voucher memory v = voucher();
        v.epoch = 1;
        vm.prank(OWNER);
        registry.rotate(ID, info(2, 1, 1), KEY2);
        refused(v, why(DeviceStorage.WrongEpoch.selector, 2));
    }

    function test_must_28_voucherDoesNotSurviveATransfer() public {
        Voucher memory v = voucher();
        submit(v);
        vm.warp(NOW + 365 days); // expired: the name may go to somebody else
        v.notAfter += 730 days;
        v.deadline = uint64(block.timestamp + 1 days);
        Voucher memory given = voucher();
        given.owner = STRANGER;
        given.epoch = 1;
        given.notAfter = v.notAfter;
        given.deadline = v.deadline;
        submit(given);
        refused(v, why(DeviceStorage.NameTaken.selector));
        v.epoch = 1; // signed for the former owner, never used
        refused(v, why(DeviceStorage.NameTaken.selector));
        same(at(deviceSlot(ID)), deviceWord(given, 2));
        vm.prank(STRANGER);
        registry.revoke(ID); // free again, but not for a voucher from before
        refused(v, why(DeviceStorage.WrongEpoch.selector, 3));
    }

    function test_must_28_voucherOfAnotherChainIsRefused() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) =
            signFor(MANAGER_KEY, v, block.chainid + 1, address(registry));
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        submitWith(v, r, vs);
    }

    /// The chain forks away under a new id: what was signed for the old one is void there.
    function test_must_28_chainIdIsReadAtRunTime() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.chainId(31338);
        same(registry.domainSeparator(), separator(31338, address(registry)));
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        submitWith(v, r, vs);
        submit(v);
    }

    function test_must_28_voucherOfAnotherContractIsRefused() public {
        Voucher memory v = voucher();
        DeviceRegistry twin = DeviceRegistry(construct(ORG, ADMIN, manager));
        (bytes32 r, bytes32 vs) = signFor(MANAGER_KEY, v, block.chainid, address(twin));
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        submitWith(v, r, vs);
    }

    // ---- malleability ----

    /// (r, n - s) with the other recovery bit is valid ECDSA of the same signer. The compact form has
    /// no room for such an s, but for a sliver below 2^255; squeezed in or in the sliver, it fails.
    function test_must_28_refusesTheHighTwinOfASignature() public {
        Voucher memory v = voucher();
        bytes32 body = digest(v, block.chainid, address(registry));
        (uint8 recovery, bytes32 r, bytes32 s) = vm.sign(MANAGER_KEY, body);
        bytes32 twin = bytes32(ORDER - uint256(s));
        uint8 other = recovery == 27 ? 28 : 27;
        same(ecrecover(body, other, r, twin), manager);
        for (uint256 bit = 0; bit < 2; ++bit) {
            uint256 squeezed = (uint256(twin) & (type(uint256).max >> 1)) | (bit << 255);
            vm.expectRevert(DeviceStorage.WrongSigner.selector);
            submitWith(v, r, bytes32(squeezed));
        }
        submitWith(v, r, compact(recovery, s));
    }

    function testFuzz_refusesHighS(uint256 s) public {
        uint256 half = ORDER / 2;
        s = half + 1 + s % ((uint256(1) << 255) - half - 1);
        vm.expectRevert(CompactSignature.HighS.selector);
        submitWith(voucher(), bytes32(uint256(1)), bytes32(s));
        vm.expectRevert(CompactSignature.HighS.selector);
        submitWith(voucher(), bytes32(uint256(1)), bytes32(s | (uint256(1) << 255)));
    }

    function test_otherRecoveryBitIsAnotherSigner() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        submitWith(v, r, bytes32(uint256(vs) ^ (uint256(1) << 255)));
    }

    // ---- names that are taken, records that are restored ----

    function test_liveNameIsTaken() public {
        submit(voucher());
        Voucher memory v = voucher();
        v.owner = STRANGER;
        refused(v, why(DeviceStorage.NameTaken.selector));
        v.epoch = 1;
        refused(v, why(DeviceStorage.NameTaken.selector));
    }

    function test_ownerRenewsByVoucher() public {
        submit(voucher());
        Voucher memory v = voucher();
        v.epoch = 1;
        v.key = KEY2;
        v.notAfter += 30 days;
        submit(v);
        same(at(deviceSlot(ID)), deviceWord(v, 2));
        same(bytes32(at(plus(deviceSlot(ID), 1))), KEY2);
    }

    function test_expiredNameMayGetAnotherOwner() public {
        submit(voucher());
        vm.warp(NOW + 365 days);
        Voucher memory v = voucher();
        v.owner = STRANGER;
        v.epoch = 1;
        submit(v);
        same(at(deviceSlot(ID)), deviceWord(v, 2));
    }

    function test_revokedNameMayGetAnotherOwner() public {
        submit(voucher());
        vm.prank(OWNER);
        registry.revoke(ID);
        Voucher memory v = voucher();
        v.owner = STRANGER;
        v.epoch = 2;
        submit(v);
        same(at(deviceSlot(ID)), deviceWord(v, 3));
    }

    /// Not live, not by force of a manager: another organisation never gets the record.
    function test_recordStaysWithItsOrg() public {
        submit(voucher());
        vm.prank(OWNER);
        registry.revoke(ID);
        // A second organisation, number 1, written where its creation will write it.
        bytes32 other = keccak256("other");
        bytes32 slot = keccak256(abi.encode(other, uint256(3)));
        uint256 word = uint256(uint160(manager)) | (uint256(1) << 160) | (uint256(1) << 192);
        vm.store(address(registry), slot, bytes32(word));
        Voucher memory v = voucher();
        v.org = other;
        v.epoch = 2;
        refused(v, why(DeviceStorage.WrongOrg.selector, 0));
        // A name of its own it may have, and the number is in the word.
        v.id = keccak256("gw-other");
        v.epoch = 0;
        submit(v);
        same(at(deviceSlot(v.id)), deviceWord(v, 1) | (uint256(1) << 248));
    }

    function test_saturatedEpochIsRefused() public {
        Voucher memory v = voucher();
        vm.store(address(registry), deviceSlot(ID), bytes32(deviceWord(v, type(uint32).max)));
        v.epoch = type(uint32).max;
        refused(v, why(DeviceStorage.EpochSaturated.selector));
        v.epoch = 0;
        refused(v, why(DeviceStorage.WrongEpoch.selector, type(uint32).max));
    }

    function testFuzz_storesWhatWasVouched(
        bytes32 id,
        address owner,
        uint8 flags,
        bytes32 key,
        uint40 notAfter
    ) public {
        Voucher memory v = voucher();
        v.id = id;
        v.owner = owner;
        v.flags = flags & 1;
        v.key = key;
        v.notAfter = notAfter;
        vm.assume(owner != address(0) && notAfter > NOW);
        vm.assume(uint256(key) != 0 && uint256(key) < FIELD);
        submit(v);
        same(at(deviceSlot(id)), deviceWord(v, 1));
        same(bytes32(at(plus(deviceSlot(id), 1))), key);
    }
}
