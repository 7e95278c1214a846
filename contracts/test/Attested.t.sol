// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceStorage} from "../src/DeviceStorage.sol";
import {People} from "./People.sol";

/// @notice Endpoints that k of n attestors reached: the rules of the list, of the signatures and of
/// the time, one by one.
contract AttestedTest is People {
    uint64 private constant T = uint64(NOW - 60);
    bytes private constant NO = abi.encodePacked(DeviceStorage.BadAttestation.selector);
    bytes private constant LIST = abi.encodePacked(DeviceStorage.WrongAttestors.selector);

    function setUp() public override {
        super.setUp();
        enrol();
        appoint(3, 2, SERVICE);
    }

    function proof(bytes memory a, bytes memory b) private view returns (bytes memory) {
        return bundle(bytes.concat(a, b));
    }

    /// @notice Attestation of what is published here: first endpoint, first key, first epoch.
    function good(uint256 position, uint64 time) private view returns (bytes memory) {
        return attest(position, time, 1, KEY, endpoint(1));
    }

    function publish(bytes memory with) private {
        publishWith(owner, ID, SERVICE, terms(0, 1, 0), endpoint(1), with);
    }

    function refuse(bytes memory with, bytes memory reason) private {
        vm.expectRevert(reason);
        publish(with);
        same(at(endpointSlot(ID, SERVICE, 0)), 0);
    }

    function validated() private view returns (uint256) {
        return at(endpointSlot(ID, SERVICE, 0)) >> 232;
    }

    function test_twoOfThree() public {
        vm.expectEmit(address(registry));
        emit DeviceStorage.Published(
            ID, entryOf(SERVICE, 0), endpoint(1) | (uint256(T / 3600) << 232)
        );
        publish(proof(good(0, T), good(2, T)));
        same(at(endpointSlot(ID, SERVICE, 0)), endpoint(1) | (uint256(T / 3600) << 232));
    }

    function test_allThreeMaySign() public {
        publish(bundle(bytes.concat(good(0, T), good(1, T), good(2, T))));
        same(validated(), T / 3600);
    }

    /// validatedAt is the lowest time, whichever attestor has it.
    function test_lowestTimeCounts() public {
        uint64 hour = uint64(NOW / 3600 * 3600);
        vm.warp(hour + 120);
        publish(proof(good(0, hour + 60), good(1, hour - 60)));
        same(validated(), hour / 3600 - 1);
        publishWith(
            owner,
            ID,
            SERVICE,
            terms(0, 1, 0),
            endpoint(2),
            proof(
                attest(0, hour + 60, 1, KEY, endpoint(2)), attest(1, hour + 90, 1, KEY, endpoint(2))
            )
        );
        same(validated(), hour / 3600);
    }

    /// The place tells who signed: one attestor at two places is none of the members at one of them.
    function test_must_29_duplicatedAttestor() public {
        bytes memory twice = bundle(bytes.concat(good(1, T), attestAs(attestorKeys[1], 2, T, 1, KEY, endpoint(1))));
        refuse(twice, LIST);
    }

    function test_must_29_unsortedAttestors() public {
        bytes memory first = attestAs(attestorKeys[2], 0, T, 1, KEY, endpoint(1));
        bytes memory last = attestAs(attestorKeys[0], 2, T, 1, KEY, endpoint(1));
        refuse(proof(first, last), LIST);
    }

    function test_fewerThanTheThreshold() public {
        refuse(proof(good(1, T), ""), NO);
        refuse(proof("", ""), NO);
    }

    /// A bit of nobody's, with or without an attestation behind it.
    function test_positionBeyondTheList() public {
        bytes memory both = proof(good(0, T), good(1, T));
        for (uint256 bit = 3; bit < 32; ++bit) {
            bytes memory more = bytes.concat(both);
            more[3 - bit / 8] |= bytes1(uint8(1 << (bit % 8)));
            refuse(more, LIST);
            refuse(bytes.concat(more, members()), LIST);
        }
    }

    function test_truncatedAttestation() public {
        bytes memory whole = proof(good(0, T), good(2, T));
        for (uint256 cut = 1; cut < whole.length; cut += 8) {
            bytes memory part = new bytes(whole.length - cut);
            for (uint256 i = 0; i < part.length; ++i) {
                part[i] = whole[i];
            }
            vm.expectRevert();
            publish(part);
            same(at(endpointSlot(ID, SERVICE, 0)), 0);
        }
        refuse(bytes.concat(whole, hex"00"), LIST);
        publish(whole);
    }

    function test_nothingBehindTheArguments() public {
        refuse("", LIST);
    }

    function test_must_29_removedAttestor() public {
        bytes memory before = proof(good(0, T), good(1, T));
        appoint(2, 1, SERVICE);
        refuse(before, LIST);
        vm.prank(ADMIN);
        registry.setAttestors("", 0, ORG, SERVICE);
        refuse(before, why(DeviceStorage.NoAttestors.selector));
    }

    function test_listMustBeTheWholeList() public {
        bytes memory whole = proof(good(0, T), good(1, T));
        whole[whole.length - 15] ^= 0x01; // in the address of the third
        refuse(whole, LIST);
    }

    function test_must_29_staleAttestation() public {
        bytes memory no = why(DeviceStorage.AttestationExpired.selector);
        refuse(proof(good(0, T), good(1, uint64(NOW - 601))), no);
        refuse(proof(good(0, T), good(1, uint64(NOW + 1))), no);
        refuse(proof(good(0, type(uint40).max), good(1, T)), no);
        publish(proof(good(0, uint64(NOW - 600)), good(1, uint64(NOW))));
    }

    /// Signed by somebody else, or for another key, epoch, word, service, chain or contract.
    function test_must_29_whatWasSigned() public {
        bytes memory no = LIST;
        refuse(proof(good(0, T), attestAs(OWNER_KEY, 1, T, 1, KEY, endpoint(1))), no);
        refuse(proof(good(0, T), attest(1, T, 1, KEY2, endpoint(1))), no);
        refuse(proof(good(0, T), attest(1, T, 2, KEY, endpoint(1))), no);
        refuse(proof(good(0, T), attest(1, T, 1, KEY, endpoint(2))), no);
        bytes memory both = proof(good(0, T), good(1, T));
        appoint(3, 2, keccak256("http"));
        vm.expectRevert(no);
        publishWith(owner, ID, keccak256("http"), terms(0, 1, 0), endpoint(1), both);
        vm.chainId(5);
        refuse(both, no);
        vm.chainId(31337);
        publish(both);
    }

    /// The attestors saw the key of the epoch: a rotation between look and write voids it, whoever
    /// brings the new epoch.
    function test_attestationDiesWithTheKey() public {
        bytes memory both = proof(good(0, T), good(1, T));
        vm.prank(owner);
        registry.rotate(ID, info(2, 0, 1), KEY2);
        refuse(both, why(DeviceStorage.WrongEpoch.selector, 2));
        vm.expectRevert(LIST);
        publishWith(owner, ID, SERVICE, terms(0, 2, 0), endpoint(1), both);
    }

    /// A word that claims a validation itself is refused even if attestors sign it.
    function test_validationCannotBeClaimed() public {
        uint256 claimed = endpoint(1) | (1 << 232);
        bytes memory both = proof(attest(0, T, 1, KEY, claimed), attest(1, T, 1, KEY, claimed));
        vm.expectRevert(DeviceStorage.ValidationClaimed.selector);
        publishWith(owner, ID, SERVICE, terms(0, 1, 0), claimed, both);
    }

    function test_isForTheOwner() public {
        bytes memory both = proof(good(0, T), good(1, T));
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        publishWith(STRANGER, ID, SERVICE, terms(0, 1, 0), endpoint(1), both);
        vm.expectRevert(DeviceStorage.BadWord.selector);
        publishWith(owner, ID, SERVICE, terms(0, 1, DUE), endpoint(1), both);
        vm.expectRevert(DeviceStorage.BadIndex.selector);
        publishWith(owner, ID, SERVICE, terms(2, 1, 0), endpoint(1), both);
    }

    // ---- classes ----

    /// Attestors of class zero serve every service without its own, and no other.
    function test_classZero() public {
        appoint(1, 1, 0);
        refuse(bundle(good(0, T)), LIST);
        vm.prank(ADMIN);
        registry.setAttestors("", 0, ORG, SERVICE);
        publish(bundle(good(0, T)));
        same(validated(), T / 3600);
    }

    function test_renewalKeepsAndMoveClears() public {
        publish(proof(good(0, T), good(1, T)));
        vm.prank(owner);
        registry.publish(ID, SERVICE, 0, 1, endpoint(2));
        same(validated(), T / 3600);
        vm.prank(owner);
        registry.publish(ID, SERVICE, 0, 1, endpointWord(0, uint40(NOW + 1 days), 3, 3, 1, 1));
        same(validated(), 0);
    }

    // ---- relayed ----

    function forOwner(bytes32 kind, bytes memory with) private {
        (bytes32 r, bytes32 vs) = signed(publishBody(kind, 0, 1, endpoint(1), DUE));
        bytes memory call = abi.encodeCall(
            registry.publishAttestedFor, (terms(0, 1, DUE), endpoint(1), ID, SERVICE, r, vs)
        );
        sendRaw(STRANGER, bytes.concat(call, with));
    }

    function asAttested(bytes32 kind, bytes memory with) external {
        forOwner(kind, with);
    }

    function test_publishAttestedFor() public {
        forOwner(PUBLISH_ATTESTED, proof(good(0, T), good(1, T)));
        same(validated(), T / 3600);
    }

    /// Nobody takes the attestations off, or puts some on, what was signed without.
    function test_kindsAreApart() public {
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        this.asAttested(PUBLISH, proof(good(0, T), good(1, T)));
        (bytes32 r, bytes32 vs) = signed(publishBody(PUBLISH_ATTESTED, 0, 1, endpoint(1), DUE));
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        registry.publishFor(ID, SERVICE, terms(0, 1, DUE), endpoint(1), r, vs);
    }

    // ---- setAttestors ----

    function test_attestorWord() public {
        bytes memory list = members();
        bytes32 slot = mapped(keccak256(abi.encode(uint256(0), SERVICE)), 5);
        same(at(slot), (uint256(keccak256(list)) & ~uint256(0xffff)) | 0x0302);
        uint256 want = (uint256(keccak256(list)) & ~uint256(0xffff)) | 0x0301;
        vm.expectEmit(address(registry));
        emit DeviceStorage.AttestorsSet(ORG, SERVICE, want, list);
        vm.prank(ADMIN);
        registry.setAttestors(list, 1, ORG, SERVICE);
        same(at(slot), want);
        vm.prank(ADMIN);
        registry.setAttestors("", 0, ORG, SERVICE);
        same(at(slot), 0);
    }

    function setRefused(bytes memory list, uint8 k) private {
        vm.expectRevert(DeviceStorage.BadAttestors.selector);
        vm.prank(ADMIN);
        registry.setAttestors(list, k, ORG, SERVICE);
    }

    function test_setAttestorsRefuses() public {
        bytes memory list = members();
        setRefused(list, 0);
        setRefused(list, 4);
        setRefused("", 1);
        setRefused(bytes.concat(list, hex"00"), 2);
        setRefused(bytes.concat(list, bytes20(vm.addr(attestorKeys[0]))), 2); // not ascending
        setRefused(bytes.concat(list, bytes20(vm.addr(attestorKeys[2]))), 2); // twice
        setRefused(bytes.concat(bytes20(0), list), 2); // zero
        bytes memory many;
        for (uint256 i = 1; i <= 33; ++i) {
            many = bytes.concat(many, bytes20(uint160(i)));
        }
        setRefused(many, 2);
        bytes memory no = why(DeviceStorage.NotAdmin.selector);
        vm.expectRevert(no);
        vm.prank(manager);
        registry.setAttestors(list, 2, ORG, SERVICE);
        vm.expectRevert(DeviceStorage.UnknownOrg.selector);
        registry.setAttestors(list, 2, keccak256("none"), SERVICE);
    }

    function test_thirtyTwoAttestors() public {
        appoint(32, 32, SERVICE);
        bytes memory with;
        for (uint256 i = 0; i < 32; ++i) {
            with = bytes.concat(with, good(i, T));
        }
        publish(bundle(with));
        same(validated(), T / 3600);
    }
}
