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
        registry.approve(0, ENDPOINT);
        same(relayAt(0, 1), infoWord(OPERATOR, 2, HOUR));

        vm.prank(MANAGER);
        registry.suspend(0);
        same(relayAt(0, 1), infoWord(OPERATOR, 3, HOUR));

        vm.warp(NOW + 3 hours);
        vm.prank(MANAGER);
        registry.approve(0, ENDPOINT);
        same(relayAt(0, 1), infoWord(OPERATOR, 2, HOUR + 3));

        vm.prank(OPERATOR);
        same(registry.register(ENDPOINT + 1), 1);
        same(at(0), 2);
        same(relayAt(1, 0), ENDPOINT + 1);
    }

    function test_retestMovesCheckedAt() public {
        registered();
        vm.prank(MANAGER);
        registry.approve(0, ENDPOINT);
        vm.warp(NOW + 1 hours);
        vm.prank(MANAGER);
        registry.approve(0, ENDPOINT);
        same(relayAt(0, 1), infoWord(OPERATOR, 2, HOUR + 1));
    }

    function test_operatorMaySuspendHisOwn() public {
        registered();
        vm.prank(OPERATOR);
        registry.suspend(0);
        same(relayAt(0, 1), infoWord(OPERATOR, 3, 0));
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
        registry.approve(0, ENDPOINT);
        vm.expectRevert(RelayRegistry.NotManager.selector);
        vm.prank(ADMIN);
        registry.approve(0, ENDPOINT);
    }

    function test_approveMeansTheTestedEndpoint() public {
        registered();
        vm.expectRevert(RelayRegistry.WrongEndpoint.selector);
        vm.prank(MANAGER);
        registry.approve(0, ENDPOINT + 1);
    }

    function test_unknownRelayIsRefused() public {
        vm.expectRevert(RelayRegistry.UnknownRelay.selector);
        vm.prank(MANAGER);
        registry.approve(0, 0);
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
        registry.approve(0, ENDPOINT);
    }

    function test_listIsBounded() public {
        vm.store(address(registry), 0, bytes32(uint256(type(uint32).max)));
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
        registry.approve(0, word);
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
        registry.approve(0, ENDPOINT);
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
