// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {RelayRegistry} from "../src/RelayRegistry.sol";
import {Shipped} from "./Shipped.sol";

/// @notice RelayRegistry: life of a relay, and each rule that refuses.
contract RelayTest is Shipped {
    uint256 private constant NOW = 1_800_000_000;
    uint256 private constant HOUR = NOW / 3600;
    address private constant ADMIN = address(0xAD);
    address private constant MANAGER = address(0x3A);
    address private constant OPERATOR = address(0x09);
    address private constant STRANGER = address(0x57);

    /// @dev UDP 203.0.113.5:3478.
    uint256 private constant ENDPOINT =
        (3 << 152) | (17 << 144) | (3478 << 128) | 0xffffcb007105;

    RelayRegistry private registry;

    function setUp() public {
        vm.warp(NOW);
        registry = RelayRegistry(construct(ADMIN, MANAGER));
    }

    function construct(address admin, address manager) public returns (address) {
        return create(shipped("RelayRegistry"), abi.encode(admin, manager));
    }

    function refused(address admin, address manager) private {
        try this.construct(admin, manager) {
            revert("made");
        } catch (bytes memory reason) {
            require(bytes4(reason) == RelayRegistry.ZeroAddress.selector, "another reason");
        }
    }

    function at(bytes32 slot) private view returns (uint256) {
        return uint256(vm.load(address(registry), slot));
    }

    function relayAt(uint256 index, uint256 word) private view returns (uint256) {
        return at(bytes32(uint256(keccak256(abi.encode(index, uint256(1)))) + word));
    }

    function infoWord(address operator, uint256 status, uint256 checkedAt)
        private
        pure
        returns (uint256)
    {
        return uint256(uint160(operator)) | (status << 160) | (checkedAt << 168);
    }

    function realmAt(uint256 index) private view returns (bytes32) {
        return bytes32(at(keccak256(abi.encode(index, uint256(4)))));
    }

    /// @dev As it stands there now, but for the endpoint.
    function approve(uint256 index, uint256 endpoint) private {
        registry.approve(index, endpoint, relayAt(index, 1), realmAt(index));
    }

    function same(uint256 got, uint256 want) private pure {
        require(got == want, "values differ");
    }

    function registered() private returns (uint256 index) {
        vm.prank(MANAGER);
        registry.invite(OPERATOR, 1);
        vm.prank(OPERATOR);
        index = registry.register(ENDPOINT);
    }

    // ---- life ----

    function test_registerApproveSuspendApprove() public {
        vm.prank(MANAGER);
        registry.invite(OPERATOR, 2);
        vm.expectEmit(address(registry));
        emit RelayRegistry.RelayRegistered(0, ENDPOINT, infoWord(OPERATOR, 1, 0));
        vm.prank(OPERATOR);
        same(registry.register(ENDPOINT), 0);
        same(at(0), 1);
        same(relayAt(0, 0), ENDPOINT);
        same(relayAt(0, 1), infoWord(OPERATOR, 1, 0));

        vm.expectEmit(address(registry));
        emit RelayRegistry.RelayChanged(0, infoWord(OPERATOR, 2, HOUR));
        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        same(relayAt(0, 1), infoWord(OPERATOR, 2, HOUR));

        vm.prank(MANAGER);
        registry.suspend(0);
        same(relayAt(0, 1), infoWord(OPERATOR, 3, HOUR));

        vm.warp(NOW + 3 hours);
        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        same(relayAt(0, 1), infoWord(OPERATOR, 2, HOUR + 3));

        vm.prank(OPERATOR);
        same(registry.register(ENDPOINT + 1), 1);
        same(at(0), 2);
        same(relayAt(1, 0), ENDPOINT + 1);
    }

    function test_retestMovesCheckedAt() public {
        registered();
        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        vm.warp(NOW + 1 hours);
        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        same(relayAt(0, 1), infoWord(OPERATOR, 2, HOUR + 1));
    }

    function test_operatorMaySuspendHisOwn() public {
        registered();
        vm.prank(OPERATOR);
        registry.suspend(0);
        same(relayAt(0, 1), infoWord(OPERATOR, 3, HOUR));
    }

    function test_managerRegistersWithoutInvitation() public {
        vm.prank(MANAGER);
        registry.register(ENDPOINT);
        same(relayAt(0, 1), infoWord(MANAGER, 1, 0));
    }

    // ---- refusals ----

    function test_registerNeedsAnInvitation() public {
        vm.expectRevert(RelayRegistry.NotInvited.selector);
        vm.prank(STRANGER);
        registry.register(ENDPOINT);
        registered();
        vm.expectRevert(RelayRegistry.NotInvited.selector);
        vm.prank(OPERATOR);
        registry.register(ENDPOINT);
    }

    function test_withdrawnInvitationIsNone() public {
        vm.prank(MANAGER);
        registry.invite(OPERATOR, 5);
        vm.prank(MANAGER);
        registry.invite(OPERATOR, 0);
        vm.expectRevert(RelayRegistry.NotInvited.selector);
        vm.prank(OPERATOR);
        registry.register(ENDPOINT);
    }

    function badEndpoint(uint256 word) private {
        vm.expectRevert(RelayRegistry.BadEndpoint.selector);
        vm.prank(MANAGER);
        registry.register(word);
    }

    function test_endpointIsComplete() public {
        badEndpoint(0);
        badEndpoint(ENDPOINT & ~uint256(type(uint128).max));
        badEndpoint(ENDPOINT & ~(uint256(0xffff) << 128));
        badEndpoint(ENDPOINT & ~(uint256(0xff) << 144));
        badEndpoint(ENDPOINT & ~(uint256(0xff) << 152));
        badEndpoint(ENDPOINT ^ (uint256(2) << 152));
        for (uint256 bit = 160; bit < 256; ++bit) {
            badEndpoint(ENDPOINT | (uint256(1) << bit));
        }
        same(at(0), 0);
    }

    function test_approveIsForManagers() public {
        registered();
        vm.expectRevert(RelayRegistry.NotManager.selector);
        vm.prank(OPERATOR);
        approve(0, ENDPOINT);
        vm.expectRevert(RelayRegistry.NotManager.selector);
        vm.prank(ADMIN);
        approve(0, ENDPOINT);
    }

    function test_approveMeansTheTestedEndpoint() public {
        registered();
        vm.expectRevert(RelayRegistry.WrongRelay.selector);
        vm.prank(MANAGER);
        approve(0, ENDPOINT + 1);
    }

    /// The attack: what is tested is exchanged for the same endpoint with other details before the
    /// approval is mined. It names all of them.
    function test_approveMeansTheTestedRegistration() public {
        bytes memory wrong = abi.encodePacked(RelayRegistry.WrongRelay.selector);
        vm.prank(MANAGER);
        registry.invite(OPERATOR, 9);
        vm.prank(OPERATOR);
        registry.register(ENDPOINT, 1, "DE", "relay.example");
        uint256 tested = relayAt(0, 1);
        bytes2[3] memory region = [bytes2("FR"), "DE", "DE"];
        uint8[3] memory transports = [1, 5, 1];
        bytes32[3] memory realm = [bytes32("relay.example"), "relay.example", "another.example"];
        for (uint256 i = 0; i < 3; ++i) {
            vm.startPrank(OPERATOR);
            registry.vacate(0);
            same(registry.register(ENDPOINT, transports[i], region[i], realm[i]), 0);
            vm.stopPrank();
            vm.expectRevert(wrong);
            vm.prank(MANAGER);
            registry.approve(0, ENDPOINT, tested, "relay.example");
        }
        vm.startPrank(MANAGER);
        registry.vacate(0);
        registry.register(ENDPOINT, 1, "DE", "relay.example"); // another operator's
        vm.expectRevert(wrong);
        registry.approve(0, ENDPOINT, tested, "relay.example");
        registry.approve(0, ENDPOINT, relayAt(0, 1), "relay.example");
        tested = relayAt(0, 1);
        registry.suspend(0); // and what was taken out of use meanwhile stays so
        vm.expectRevert(wrong);
        registry.approve(0, ENDPOINT, tested, "relay.example");
        vm.stopPrank();
    }

    function test_unknownRelayIsRefused() public {
        vm.expectRevert(RelayRegistry.UnknownRelay.selector);
        vm.prank(MANAGER);
        approve(0, 0);
        vm.expectRevert(RelayRegistry.UnknownRelay.selector);
        vm.prank(MANAGER);
        registry.suspend(0);
    }

    function test_suspendIsForManagersAndTheOperator() public {
        registered();
        vm.expectRevert(RelayRegistry.NotOperator.selector);
        vm.prank(STRANGER);
        registry.suspend(0);
    }

    function test_suspendTwiceIsRefused() public {
        registered();
        vm.prank(MANAGER);
        registry.suspend(0);
        vm.expectRevert(RelayRegistry.SameStatus.selector);
        vm.prank(MANAGER);
        registry.suspend(0);
    }

    function test_inviteIsForManagers() public {
        vm.expectRevert(RelayRegistry.NotManager.selector);
        vm.prank(STRANGER);
        registry.invite(STRANGER, 1);
        vm.expectRevert(RelayRegistry.ZeroAddress.selector);
        vm.prank(MANAGER);
        registry.invite(address(0), 1);
    }

    function test_managersAreSetByTheAdmin() public {
        vm.expectRevert(RelayRegistry.NotAdmin.selector);
        vm.prank(MANAGER);
        registry.setManager(STRANGER, true);
        vm.expectRevert(RelayRegistry.ZeroAddress.selector);
        vm.prank(ADMIN);
        registry.setManager(address(0), true);

        vm.expectEmit(address(registry));
        emit RelayRegistry.ManagerSet(STRANGER, true);
        vm.prank(ADMIN);
        registry.setManager(STRANGER, true);
        vm.prank(STRANGER);
        registry.register(ENDPOINT);
        vm.prank(ADMIN);
        registry.setManager(STRANGER, false);
        vm.expectRevert(RelayRegistry.NotManager.selector);
        vm.prank(STRANGER);
        approve(0, ENDPOINT);
    }

    function test_listIsBounded() public {
        vm.store(address(registry), 0, bytes32(uint256(254)));
        vm.prank(MANAGER);
        same(registry.register(ENDPOINT), 254);
        vm.expectRevert(RelayRegistry.TooManyRelays.selector);
        vm.prank(MANAGER);
        registry.register(ENDPOINT);
    }

    function test_constructorRefusesZeros() public {
        refused(address(0), MANAGER);
        refused(ADMIN, address(0));
        require(registry.ADMIN() == ADMIN, "admin");
    }

    function test_storedWordIsTheStorage() public {
        registered();
        same(uint256(registry.storedWord(0)), 1);
    }

    function testFuzz_endpointIsKeptAsGiven(uint128 ip, uint16 port, uint8 protocol) public {
        vm.assume(ip != 0 && port != 0 && protocol != 0);
        uint256 word =
            (3 << 152) | (uint256(protocol) << 144) | (uint256(port) << 128) | uint256(ip);
        vm.prank(MANAGER);
        registry.register(word);
        vm.prank(MANAGER);
        approve(0, word);
        same(relayAt(0, 0), word);
    }

    // ---- details and stakes ----

    receive() external payable {}

    function detailed(uint8 transports, bytes2 region, uint256 value) private returns (uint256) {
        return registry.register{value: value}(ENDPOINT, transports, region, "relay.example");
    }

    function test_details() public {
        vm.prank(MANAGER);
        same(registry.register(ENDPOINT, 5, "DE", "relay.example"), 0);
        uint256 details = (uint256(5) << 192) | (uint256(0x4445) << 200);
        same(relayAt(0, 1), infoWord(MANAGER, 1, 0) | details);
        same(at(keccak256(abi.encode(uint256(0), uint256(4)))), uint256(bytes32("relay.example")));
        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        same(relayAt(0, 1), infoWord(MANAGER, 2, HOUR) | details);
        vm.prank(MANAGER);
        registry.suspend(0);
        same(relayAt(0, 1), infoWord(MANAGER, 3, HOUR) | details);
    }

    function test_badDetails() public {
        bytes2[5] memory bad = [bytes2("de"), "D0", "0D", "[A", "A["];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(RelayRegistry.BadDetails.selector);
            vm.prank(MANAGER);
            registry.register(ENDPOINT, 1, bad[i], 0);
        }
        vm.expectRevert(RelayRegistry.BadDetails.selector);
        vm.prank(MANAGER);
        registry.register(ENDPOINT, 16, "DE", 0);
        vm.prank(MANAGER);
        registry.register(ENDPOINT, 0, 0, 0);
    }

    /// A stake stands for an invitation, and for nothing else.
    function test_stake() public {
        vm.deal(address(this), 10 ether);
        vm.expectRevert(RelayRegistry.NotAdmin.selector);
        registry.setStake(1 ether);
        vm.expectRevert(RelayRegistry.WrongStake.selector);
        detailed(1, "DE", 1 ether); // none is asked for
        vm.prank(ADMIN);
        registry.setStake(1 ether);
        same(at(bytes32(uint256(6))), 1 ether);
        vm.expectRevert(RelayRegistry.NotInvited.selector);
        detailed(1, "DE", 0);
        vm.expectRevert(RelayRegistry.WrongStake.selector);
        detailed(1, "DE", 1 ether - 1);
        same(detailed(1, "DE", 1 ether), 0);
        same(at(keccak256(abi.encode(uint256(0), uint256(5)))), 1 ether | (NOW << 128));

        bytes memory held = abi.encodePacked(RelayRegistry.StakeHeld.selector);
        vm.warp(NOW + 31 days);
        vm.expectRevert(held); // in use
        registry.withdraw(0);
        registry.suspend(0);
        vm.expectRevert(RelayRegistry.NotOperator.selector);
        vm.prank(STRANGER);
        registry.withdraw(0);
        vm.warp(NOW + 30 days - 1);
        vm.expectRevert(held);
        registry.withdraw(0);
        vm.warp(NOW + 30 days);
        registry.withdraw(0);
        same(address(this).balance, 10 ether);
        vm.expectRevert(held); // once
        registry.withdraw(0);
        vm.expectRevert(RelayRegistry.UnknownRelay.selector);
        registry.withdraw(1);
    }

    // ---- places ----

    function vacantBits() private view returns (uint256) {
        return at(bytes32(uint256(8)));
    }

    function owedWord(address operator) private view returns (uint256) {
        return at(keccak256(abi.encode(operator, uint256(7))));
    }

    function stakedBy(address operator, uint256 times) private {
        vm.prank(ADMIN);
        registry.setStake(1 ether);
        vm.deal(operator, times * 1 ether);
        vm.startPrank(operator);
        for (uint256 i = 0; i < times; ++i) {
            detailed(1, "DE", 1 ether);
        }
        vm.stopPrank();
    }

    /// The attack: whoever pays 255 stakes has the whole list, and honest operators are kept out. The
    /// managers take the places back at once, and his stakes stay for their 30 days all the same.
    function test_fullListIsTakenBack() public {
        stakedBy(STRANGER, 255);
        vm.prank(MANAGER);
        registry.invite(OPERATOR, 3);
        vm.expectRevert(RelayRegistry.TooManyRelays.selector);
        vm.prank(OPERATOR);
        registry.register(ENDPOINT + 7);

        vm.startPrank(MANAGER);
        registry.vacate(254);
        registry.vacate(9);
        vm.stopPrank();
        same(vacantBits(), (1 << 254) | (1 << 9));
        same(owedWord(STRANGER), 2 ether | ((NOW + 30 days) << 128));
        vm.startPrank(OPERATOR);
        same(registry.register(ENDPOINT + 7), 9);
        same(registry.register(ENDPOINT + 8), 254);
        same(vacantBits(), 0);
        vm.expectRevert(RelayRegistry.TooManyRelays.selector);
        registry.register(ENDPOINT + 9);
        vm.stopPrank();
        same(at(0), 255);
        same(relayAt(9, 0), ENDPOINT + 7);
        same(relayAt(9, 1), infoWord(OPERATOR, 1, 0));
        vm.prank(MANAGER);
        approve(9, ENDPOINT + 7);

        vm.warp(NOW + 30 days - 1);
        vm.expectRevert(RelayRegistry.StakeHeld.selector);
        vm.prank(STRANGER);
        registry.collect();
        vm.warp(NOW + 30 days);
        vm.expectEmit(address(registry));
        emit RelayRegistry.StakesCollected(STRANGER, 2 ether);
        vm.prank(STRANGER);
        registry.collect();
        same(STRANGER.balance, 2 ether);
        vm.expectRevert(RelayRegistry.StakeHeld.selector);
        vm.prank(STRANGER);
        registry.collect();
        // and who did not even do that: anybody frees the place when the stake is due
        vm.prank(address(0xB0B));
        registry.vacate(0);
        same(vacantBits(), 1);
    }

    function test_everyPlaceCanBeTakenAgain() public {
        vm.startPrank(MANAGER);
        for (uint256 i = 0; i < 255; ++i) {
            registry.register(ENDPOINT);
        }
        for (uint256 i = 0; i < 255; i += 3) {
            registry.vacate(i);
        }
        for (uint256 i = 0; i < 255; i += 3) {
            same(registry.register(ENDPOINT + 1), i);
        }
        vm.expectRevert(RelayRegistry.TooManyRelays.selector);
        registry.register(ENDPOINT);
        vm.stopPrank();
    }

    function test_vacateRefuses() public {
        stakedBy(STRANGER, 1);
        vm.expectRevert(RelayRegistry.UnknownRelay.selector);
        vm.prank(MANAGER);
        registry.vacate(1);
        vm.expectRevert(RelayRegistry.NotOperator.selector);
        vm.prank(OPERATOR);
        registry.vacate(0);
        vm.warp(NOW + 30 days - 1);
        vm.expectRevert(RelayRegistry.NotOperator.selector);
        vm.prank(OPERATOR);
        registry.vacate(0);

        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        vm.warp(NOW + 30 days);
        vm.expectRevert(RelayRegistry.NotOperator.selector); // it was approved a second ago
        vm.prank(OPERATOR);
        registry.vacate(0);
        vm.warp(NOW + 60 days);
        bytes memory used = abi.encodePacked(RelayRegistry.RelayInUse.selector);
        vm.expectRevert(used);
        vm.prank(OPERATOR);
        registry.vacate(0);
        vm.expectRevert(used);
        vm.prank(MANAGER);
        registry.vacate(0);
        vm.expectRevert(used);
        vm.prank(STRANGER);
        registry.vacate(0);

        vm.startPrank(STRANGER);
        registry.suspend(0);
        vm.expectEmit(address(registry));
        emit RelayRegistry.Vacated(0);
        registry.vacate(0);
        vm.expectRevert(RelayRegistry.SameStatus.selector);
        registry.vacate(0);
        vm.expectRevert(RelayRegistry.StakeHeld.selector);
        registry.withdraw(0);
        vm.stopPrank();
        vm.expectRevert(RelayRegistry.UnknownRelay.selector);
        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        vm.expectRevert(RelayRegistry.SameStatus.selector);
        vm.prank(MANAGER);
        registry.suspend(0);
    }

    /// Nobody loses his place because he takes his relay out of use for a while.
    function test_suspendedKeepsItsPlaceFor30Days() public {
        stakedBy(OPERATOR, 1);
        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        vm.warp(NOW + 365 days);
        vm.prank(OPERATOR);
        registry.suspend(0);
        vm.expectRevert(RelayRegistry.NotOperator.selector);
        vm.prank(STRANGER);
        registry.vacate(0);
        vm.warp(NOW + 395 days - 1);
        vm.expectRevert(RelayRegistry.NotOperator.selector);
        vm.prank(STRANGER);
        registry.vacate(0);
        vm.warp(NOW + 395 days);
        vm.prank(STRANGER);
        registry.vacate(0);
        same(vacantBits(), 1);
    }

    /// A relay of the invited, without a stake, leaves nothing to collect; not even when it is late.
    function test_vacateWithoutStake() public {
        registered();
        vm.warp(NOW + 90 days);
        vm.expectRevert(RelayRegistry.NotOperator.selector);
        vm.prank(STRANGER);
        registry.vacate(0);
        vm.prank(OPERATOR);
        registry.vacate(0);
        same(owedWord(OPERATOR), 0);
        same(relayAt(0, 1), infoWord(OPERATOR, 3, 0));
        vm.expectRevert(RelayRegistry.StakeHeld.selector);
        vm.prank(OPERATOR);
        registry.collect();
    }

    /// Several stakes of one operator wait for the last of them.
    function test_owedWaitsForTheLast() public {
        stakedBy(STRANGER, 1);
        vm.warp(NOW + 10 days);
        stakedBy(STRANGER, 1);
        vm.prank(MANAGER);
        registry.vacate(1);
        vm.prank(MANAGER);
        registry.vacate(0);
        same(owedWord(STRANGER), 2 ether | ((NOW + 40 days) << 128));
    }

    function test_withdrawFreesThePlace() public {
        stakedBy(STRANGER, 1);
        vm.warp(NOW + 30 days);
        vm.startPrank(STRANGER);
        registry.suspend(0);
        registry.withdraw(0);
        vm.stopPrank();
        same(vacantBits(), 1);
        vm.expectRevert(RelayRegistry.UnknownRelay.selector);
        vm.prank(MANAGER);
        approve(0, ENDPOINT);
        vm.prank(MANAGER);
        same(registry.register(ENDPOINT, 0, 0, 0), 0);
        same(at(keccak256(abi.encode(uint256(0), uint256(4)))), 0); // no realm of the one before
    }

    /// The plain form leaves no realm of the relay that had the place either.
    function test_placeHasNoOldRealm() public {
        stakedBy(STRANGER, 1);
        vm.startPrank(MANAGER);
        registry.vacate(0);
        same(registry.register(ENDPOINT), 0);
        vm.stopPrank();
        same(at(keccak256(abi.encode(uint256(0), uint256(4)))), 0);
    }

    /// Nobody gets the stake twice by calling back.
    function test_collectIsNotReentered() public {
        Reenterer operator = new Reenterer(registry);
        stakedBy(address(operator), 1);
        vm.deal(address(registry), 5 ether);
        vm.prank(MANAGER);
        registry.vacate(0);
        vm.warp(NOW + 30 days);
        vm.expectRevert(RelayRegistry.StakeNotTaken.selector);
        operator.collect();
        same(address(registry).balance, 5 ether);
    }

    function test_stakeThatNobodyTakes() public {
        Refuser operator = new Refuser();
        vm.deal(address(operator), 1 ether);
        vm.prank(ADMIN);
        registry.setStake(1 ether);
        operator.register(registry, ENDPOINT);
        vm.prank(MANAGER);
        registry.suspend(0);
        vm.warp(NOW + 30 days);
        vm.expectRevert(RelayRegistry.StakeNotTaken.selector);
        operator.withdraw(registry);
    }
}

/// @notice An operator whose account takes no Ether.
contract Refuser {
    function register(RelayRegistry registry, uint256 endpoint) external {
        registry.register{value: 1 ether}(endpoint, 1, "DE", 0);
    }

    function withdraw(RelayRegistry registry) external {
        registry.withdraw(0);
    }
}

/// @notice An operator who collects again while he is being paid.
contract Reenterer {
    RelayRegistry private immutable REGISTRY;

    constructor(RelayRegistry registry) {
        REGISTRY = registry;
    }

    function collect() external {
        REGISTRY.collect();
    }

    receive() external payable {
        REGISTRY.collect();
    }
}
