// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceStorage} from "../src/DeviceStorage.sol";
import {Fixture, Voucher} from "./Fixture.sol";

/// @notice The attacks that the papers' contracts allow, tried on these. F1 to F4 are the
/// numbers in SECURITY.md.
contract DefectsTest is Fixture {
    address private constant MALLORY = STRANGER;

    function enrol(string memory name, address owner) private returns (bytes32 id) {
        Voucher memory v = voucher();
        id = keccak256(bytes(name));
        v.id = id;
        v.owner = owner;
        submit(v);
    }

    /// F1: keys were made by concatenation, so device `RPi` with service `Ahttp` wrote the record of
    /// device `RPiA` with service `http`.
    function test_F1_concatenatedKeys() public {
        bytes32 victim = enrol("RPiA", OWNER);
        bytes32 attacker = enrol("RPi", MALLORY);
        same(keccak256("RPiAhttp"), keccak256(abi.encodePacked("RPi", "Ahttp")));

        vm.prank(OWNER);
        registry.publish(victim, keccak256("http"), 0, 1, endpoint(1));
        vm.prank(MALLORY);
        registry.publish(attacker, keccak256("Ahttp"), 0, 1, endpoint(2));

        bytes32 a = endpointSlot(victim, keccak256("http"), 0);
        bytes32 b = endpointSlot(attacker, keccak256("Ahttp"), 0);
        require(a != b, "one slot for two devices");
        same(at(a), endpoint(1));
        same(at(b), endpoint(2));
    }

    /// F2: anybody could start or answer the validation of a mapping, the address that was fetched came
    /// from the caller, and a mapping that failed stayed. Here a stranger validates nothing, attestors
    /// sign the very word that is stored, and without enough of them nothing is written at all.
    function test_F2_unownedValidation() public {
        bytes32 victim = enrol("camera", OWNER);
        uint256 key = 0xA77E57;
        bytes memory list = abi.encodePacked(vm.addr(key));
        vm.prank(ADMIN);
        registry.setAttestors(list, 1, ORG, SERVICE);
        uint256 epoch1 = uint256(1) << 64;

        vm.expectRevert(DeviceStorage.NotOwner.selector);
        bytes memory none = bytes.concat(bytes4(0), list);
        publishWith(MALLORY, victim, SERVICE, epoch1, endpoint(1), none);

        // an attestation of one address does not validate another
        uint64 time = uint64(block.timestamp);
        bytes32 body = keccak256(
            abi.encode(
                keccak256(
                    "Attest(bytes32 id,uint32 epoch,bytes32 key,bytes32 service,uint256 endpoint,uint64 checkedAt)"
                ),
                victim,
                1,
                KEY,
                SERVICE,
                endpoint(1),
                time
            )
        );
        bytes32 hash =
            keccak256(abi.encodePacked(hex"1901", separator(block.chainid, address(registry)), body));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, hash);
        bytes memory proof = abi.encodePacked(uint32(1), uint40(time), r, compact(v, s));
        vm.expectRevert(DeviceStorage.WrongAttestors.selector);
        publishWith(OWNER, victim, SERVICE, epoch1, endpoint(1) ^ 1, proof);

        // a validation that fails leaves nothing behind
        vm.expectRevert(DeviceStorage.BadAttestation.selector);
        publishWith(OWNER, victim, SERVICE, epoch1, endpoint(1), none);
        same(at(endpointSlot(victim, SERVICE, 0)), 0);
        publishWith(OWNER, victim, SERVICE, epoch1, endpoint(1), proof);
        same(at(endpointSlot(victim, SERVICE, 0)) >> 232, block.timestamp / 3600);
    }

    /// F3: the token stood in the mempool in clear, and whoever called first with it decided key and
    /// wallet. Here a front-runner can only do the device's work.
    function test_F3_frontRunToken() public {
        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);

        Voucher memory stolen = voucher();
        stolen.owner = MALLORY;
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        vm.prank(MALLORY);
        submitWith(stolen, r, vs);
        stolen = voucher();
        stolen.key = KEY2;
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        vm.prank(MALLORY);
        submitWith(stolen, r, vs);

        // The honest content, sent by the attacker: the record is the device's.
        vm.prank(MALLORY);
        submitWith(v, r, vs);
        same(at(deviceSlot(ID)), deviceWord(v, 1));

        // The device's own transaction comes too late and changes nothing.
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 1));
        vm.prank(OWNER);
        submitWith(v, r, vs);
        same(at(deviceSlot(ID)), deviceWord(v, 1));
    }

    /// F4, first half: looking up an absent id ran for ever. Here it is one word at a constant slot,
    /// zero if absent, whatever the number of devices.
    function test_F4_endlessScan() public {
        for (uint256 i = 0; i < 20; ++i) {
            enrol(string(abi.encodePacked("gw-", bytes1(uint8(0x61 + i)))), OWNER);
        }
        uint256 before = gasleft();
        bytes32 word = registry.storedWord(deviceSlot(keccak256("absent")));
        require(before - gasleft() < 10_000, "cost of a look-up grows");
        same(word, 0);
    }

    /// F4, second half: the latest approved entry won, so any token holder shadowed an identity.
    function test_F4_latestWins() public {
        submit(voucher());
        Voucher memory v = voucher();
        v.owner = MALLORY;
        v.key = KEY2;
        v.epoch = 1; // even with a voucher of the same manager for the next epoch
        refused(v, why(DeviceStorage.NameTaken.selector));
        same(at(deviceSlot(ID)), deviceWord(voucher(), 1));
        same(bytes32(at(plus(deviceSlot(ID), 1))), KEY);
    }
}
