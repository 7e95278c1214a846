// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceStorage} from "../src/DeviceStorage.sol";
import {Fixture, Voucher} from "./Fixture.sol";

/// @notice publish(): who may write an endpoint, and what a write may do to the word.
contract PublishTest is Fixture {
    uint128 private constant IP = 0xffffcb007107;

    function setUp() public override {
        super.setUp();
        submit(voucher());
    }

    function stored() private view returns (uint256) {
        return at(endpointSlot(ID, SERVICE, 0));
    }

    /// @notice As attestors will leave it: the stored word with a time of validation.
    function validate(uint24 hour) private {
        vm.store(
            address(registry),
            endpointSlot(ID, SERVICE, 0),
            bytes32(stored() | (uint256(hour) << 232))
        );
    }

    function test_writesTheWordAndRepeatsItInTheEvent() public {
        bytes32 entry = keccak256(abi.encode(ID, SERVICE, uint256(0)));
        vm.expectEmit(address(registry));
        emit DeviceStorage.Published(ID, entry, endpoint(1));
        publishAs(OWNER, endpoint(1));
        same(stored(), endpoint(1));
    }

    function test_primaryAndStandbyAreApart() public {
        publishAs(OWNER, endpoint(1));
        vm.prank(OWNER);
        registry.publish(ID, SERVICE, 1, 1, endpoint(7));
        same(stored(), endpoint(1));
        same(at(endpointSlot(ID, SERVICE, 1)), endpoint(7));
    }

    function test_refusesAnotherIndex() public {
        vm.expectRevert(DeviceStorage.BadIndex.selector);
        vm.prank(OWNER);
        registry.publish(ID, SERVICE, 2, 1, endpoint(1));
        vm.expectRevert(DeviceStorage.BadIndex.selector);
        vm.prank(OWNER);
        registry.publish(ID, SERVICE, 255, 1, endpoint(1));
    }

    // ---- who ----

    function test_isForTheOwner() public {
        bytes memory no = why(DeviceStorage.NotOwner.selector);
        publishRefused(STRANGER, 1, endpoint(1), no);
        publishRefused(manager, 1, endpoint(1), no);
    }

    /// An address whose bits are all among the owner's is not the owner, at no epoch; and an epoch
    /// wider than its type, which would reach into other fields, is not decoded.
    function test_refusesACallerMadeOfTheOwnersBits() public {
        address owner = address(0xff);
        address part = address(0x0f);
        Voucher memory v = voucher();
        v.owner = owner;
        vm.store(address(registry), deviceSlot(ID), bytes32(deviceWord(v, 1)));
        bytes memory no = why(DeviceStorage.NotOwner.selector);
        publishRefused(part, 1, endpoint(1), no);
        publishRefused(part, 0xff, endpoint(1), no);
        uint256 wide = 1 | (uint256(0xff) << 32);
        bytes memory call = abi.encodeWithSelector(
            registry.publish.selector, ID, SERVICE, uint256(0), wide, endpoint(1)
        );
        vm.prank(owner);
        (bool taken,) = address(registry).call(call);
        require(!taken, "took a wide epoch");
        same(stored(), 0);
        publishAs(owner, endpoint(1));
    }

    function test_needsTheEpoch() public {
        publishRefused(OWNER, 0, endpoint(1), why(DeviceStorage.WrongEpoch.selector, 1));
        publishRefused(OWNER, 2, endpoint(1), why(DeviceStorage.WrongEpoch.selector, 1));
    }

    /// What was sent before a rotation and comes after it is void.
    function test_must_29_rotationKillsWhatIsUnderWay() public {
        vm.prank(OWNER);
        registry.rotate(ID, info(2, 1, 1), KEY2);
        publishRefused(OWNER, 1, endpoint(1), why(DeviceStorage.WrongEpoch.selector, 2));
    }

    function test_revokedDeviceMayNotWrite() public {
        vm.prank(OWNER);
        registry.revoke(ID);
        publishRefused(OWNER, 2, endpoint(1), why(DeviceStorage.RecordRevoked.selector));
    }

    function test_unregisteredDeviceMayNotWrite() public {
        vm.expectRevert(DeviceStorage.NotRegistered.selector);
        vm.prank(OWNER);
        registry.publish(keccak256("nobody"), SERVICE, 0, 0, endpoint(1));
    }

    // ---- sequence ----

    function test_must_29_seqRises() public {
        publishRefused(OWNER, 1, endpoint(0), why(DeviceStorage.SeqNotRising.selector, 0));
        publishAs(OWNER, endpoint(5));
        publishRefused(OWNER, 1, endpoint(5), why(DeviceStorage.SeqNotRising.selector, 5));
        publishRefused(OWNER, 1, endpoint(4), why(DeviceStorage.SeqNotRising.selector, 5));
        publishAs(OWNER, endpoint(6));
    }

    function test_must_29_seqJumpIsBounded() public {
        publishRefused(OWNER, 1, endpoint(65537), why(DeviceStorage.SeqJump.selector, 0));
        publishAs(OWNER, endpoint(65536));
        publishRefused(OWNER, 1, endpoint(131073), why(DeviceStorage.SeqJump.selector, 65536));
        publishRefused(
            OWNER, 1, endpoint(type(uint32).max), why(DeviceStorage.SeqJump.selector, 65536)
        );
        publishAs(OWNER, endpoint(131072));
    }

    function test_seqReachesItsEndAndStays() public {
        publishAs(OWNER, endpoint(1));
        uint256 near = endpoint(type(uint32).max - 1);
        vm.store(address(registry), endpointSlot(ID, SERVICE, 0), bytes32(near));
        publishAs(OWNER, endpoint(type(uint32).max));
        bytes memory no = why(DeviceStorage.SeqNotRising.selector, type(uint32).max);
        publishRefused(OWNER, 1, endpoint(type(uint32).max), no);
        publishRefused(OWNER, 1, endpoint(1), no);
    }

    function test_must_29_seqSurvivesANewOwner() public {
        publishAs(OWNER, endpoint(9));
        vm.prank(OWNER);
        registry.revoke(ID);
        Voucher memory v = voucher();
        v.owner = STRANGER;
        v.epoch = 2;
        submit(v);
        publishRefused(STRANGER, 3, endpoint(9), why(DeviceStorage.SeqNotRising.selector, 9));
        vm.prank(STRANGER);
        registry.publish(ID, SERVICE, 0, 3, endpoint(10));
    }

    // ---- expiry ----

    function expiring(uint256 time, uint32 seq) private pure returns (uint256) {
        return endpointWord(0, uint40(time), seq, 3, 49152, IP);
    }

    function test_expiryIsAheadAndAtMostAYear() public {
        bytes memory passed = why(DeviceStorage.EndpointExpired.selector);
        publishRefused(OWNER, 1, expiring(0, 1), passed);
        publishRefused(OWNER, 1, expiring(NOW - 1, 1), passed);
        publishRefused(OWNER, 1, expiring(NOW, 1), passed);
        bytes memory far = why(DeviceStorage.ExpiryTooFar.selector);
        publishRefused(OWNER, 1, expiring(NOW + 365 days + 1, 1), far);
        publishRefused(OWNER, 1, expiring(type(uint40).max, 1), far);
        publishAs(OWNER, expiring(NOW + 1, 1));
        publishAs(OWNER, expiring(NOW + 365 days, 2));
    }

    // ---- validation ----

    function test_must_29_ownerCannotClaimAValidation() public {
        uint256 word = endpointWord(1, uint40(NOW + 1 days), 1, 3, 49152, IP);
        publishRefused(OWNER, 1, word, why(DeviceStorage.ValidationClaimed.selector));
        word |= uint256(0xffffff) << 232;
        publishRefused(OWNER, 1, word, why(DeviceStorage.ValidationClaimed.selector));
    }

    function test_must_29_pureRenewalKeepsTheValidation() public {
        publishAs(OWNER, endpoint(1));
        validate(500_000);
        vm.warp(NOW + 12 hours);
        publishAs(OWNER, endpoint(2));
        same(stored(), endpoint(2) | (uint256(500_000) << 232));
    }

    function test_must_29_newPlaceClearsTheValidation() public {
        uint40 expires = uint40(NOW + 1 days);
        uint32 seq = 1;
        publishAs(OWNER, endpoint(seq));
        uint256[4] memory places = [
            endpointWord(0, expires, 0, 3, 49152, IP + 1),
            endpointWord(0, expires, 0, 3, 49153, IP),
            endpointWord(0, expires, 0, 1, 49152, IP),
            endpointWord(0, expires, 0, 3, 49152, IP) ^ (uint256(17 ^ 6) << 144)
        ];
        for (uint256 i = 0; i < places.length; ++i) {
            publishAs(OWNER, endpoint(++seq));
            validate(500_000);
            uint256 word = places[i] | (uint256(++seq) << 160);
            publishAs(OWNER, word);
            same(stored(), word);
        }
    }

    function test_withdrawalIsAnEmptyPlace() public {
        publishAs(OWNER, endpoint(1));
        validate(500_000);
        uint256 none = (uint256(NOW + 1 days) << 192) | (uint256(2) << 160);
        publishAs(OWNER, none);
        same(stored(), none);
    }

    function testFuzz_storesTheWord(uint128 ip, uint16 port, uint8 kind, uint16 seq, uint32 life)
        public
    {
        uint40 expires = uint40(NOW + 1 + life % 365 days);
        uint256 word = endpointWord(0, expires, uint32(seq) + 1, kind, port, ip);
        publishAs(OWNER, word);
        same(stored(), word);
    }

    function testFuzz_onlyTheRulesDecide(uint32 before, uint32 seq, uint40 expires) public {
        uint256 old = endpointWord(0, uint40(NOW + 1), before, 3, 49152, IP);
        vm.store(address(registry), endpointSlot(ID, SERVICE, 0), bytes32(old));
        bool good = seq > before && seq - before <= 65536 && expires > NOW
            && expires <= NOW + 365 days;
        uint256 word = endpointWord(0, expires, seq, 3, 49152, IP);
        vm.prank(OWNER);
        (bool taken,) =
            address(registry).call(abi.encodeCall(registry.publish, (ID, SERVICE, 0, 1, word)));
        require(taken == good, "rule broken");
        same(stored(), good ? word : old);
    }
}
