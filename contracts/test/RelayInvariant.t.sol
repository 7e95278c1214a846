// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {RelayRegistry} from "../src/RelayRegistry.sol";
import {Shipped} from "./Shipped.sol";

/// @notice Three operators, a manager and an admin do anything to the list of relays, in any order, at
/// any time. In words:
///  1. There are never more than 255 places, and none goes away.
///  2. The Ether that is there is the sum of the stakes and of what is owed.
///  3. A vacated place is one of the list, its relay is suspended and has no stake.
///  4. A relay in use keeps its endpoint and its operator until it is suspended.
///  5. Nobody gets back more than he staked, and nothing before 30 days.
contract RelayInvariantTest is Shipped {
    RelayHandler private handler;

    function setUp() public {
        handler = new RelayHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_placesAndStakes() public view {
        require(!handler.broken(), handler.reason());
        handler.check();
    }

    /// The run is worth something: every kind of step succeeds at least once in a fixed sequence.
    function test_handlerReachesEveryOperation() public {
        handler.stake(1 ether);
        handler.register(0, true);
        handler.approve(0, 0);
        handler.suspend(0, 3);
        handler.vacate(0, 3);
        handler.pass(30 days);
        handler.collect(0);
        handler.invite(1, 2);
        handler.register(1, false);
        handler.register(2, true);
        handler.pass(31 days);
        handler.suspend(1, 2);
        handler.withdraw(1, 2);
        handler.check();
        require(handler.done() == 11 && !handler.broken(), "a step did not happen");
    }
}

/// @notice Performs random steps and checks each against the storage before it.
contract RelayHandler is Shipped {
    uint256 private constant ENDPOINT =
        (3 << 152) | (17 << 144) | (3478 << 128) | 0xffffcb007105;
    address private constant ADMIN = address(0xAD);
    address private constant MANAGER = address(0x3A);

    RelayRegistry private registry;
    bool public broken;
    string public reason;
    uint256 public done;
    mapping(address => uint256) private staked;
    mapping(address => uint256) private returned;

    constructor() {
        vm.warp(1_800_000_000);
        registry = RelayRegistry(create(shipped("RelayRegistry"), abi.encode(ADMIN, MANAGER)));
        for (uint256 i = 0; i < 3; ++i) {
            vm.deal(operator(i), 1000 ether);
        }
    }

    function operator(uint256 n) private pure returns (address) {
        return address(uint160(0x1000 + n % 3));
    }

    /// @dev 3 is the manager.
    function person(uint256 n) private pure returns (address) {
        return n % 4 == 3 ? MANAGER : operator(n % 4);
    }

    function fail(string memory what) private {
        broken = true;
        reason = what;
    }

    function at(bytes32 slot) private view returns (uint256) {
        return uint256(vm.load(address(registry), slot));
    }

    function count() private view returns (uint256) {
        return at(0);
    }

    function vacant(uint256 index) private view returns (bool) {
        return at(bytes32(uint256(8))) >> index & 1 != 0;
    }

    function relayAt(uint256 index, uint256 n) private view returns (uint256) {
        return at(bytes32(uint256(keccak256(abi.encode(index, uint256(1)))) + n));
    }

    function stakeAt(uint256 index) private view returns (uint256) {
        return at(keccak256(abi.encode(index, uint256(5))));
    }

    function owedTo(uint256 n) private view returns (uint256) {
        return uint128(at(keccak256(abi.encode(operator(n), uint256(7)))));
    }

    function pick(uint256 n) private view returns (uint256) {
        return count() == 0 ? 0 : n % count();
    }

    /// @notice Invariants 1 to 3, of the whole list.
    function check() external view {
        uint256 sum = owedTo(0) + owedTo(1) + owedTo(2);
        uint256 places = count();
        require(places <= 255, "1: too many places");
        for (uint256 i = 0; i < places; ++i) {
            sum += uint128(stakeAt(i));
            uint256 status = uint8(relayAt(i, 1) >> 160);
            require(status >= 1 && status <= 3, "4: status");
            require(!vacant(i) || (status == 3 && stakeAt(i) == 0), "3: a vacant place in use");
        }
        require(at(bytes32(uint256(8))) >> places == 0, "3: a vacant place beyond the list");
        require(address(registry).balance == sum, "2: Ether");
        for (uint256 i = 0; i < 3; ++i) {
            require(returned[operator(i)] <= staked[operator(i)], "5: more than was staked");
        }
    }

    function register(uint256 who, bool pays) external {
        uint256 amount = pays ? at(bytes32(uint256(6))) : 0;
        uint256 before = count();
        vm.prank(operator(who));
        try registry.register{value: amount}(ENDPOINT, 1, "DE", 0) returns (uint256 index) {
            ++done;
            staked[operator(who)] += amount;
            if (index > before || count() < before || vacant(index)) {
                fail("1: a place");
            }
        } catch {}
    }

    function approve(uint256 n, uint256 jump) external {
        uint256 index = pick(n);
        bool was = vacant(index);
        vm.prank(MANAGER);
        bytes32 realm = bytes32(at(keccak256(abi.encode(index, uint256(4)))));
        try registry.approve(index, ENDPOINT + jump % 2, relayAt(index, 1), realm) {
            ++done;
            if (was || jump % 2 != 0) {
                fail("3: a vacant place was approved");
            }
        } catch {}
    }

    function suspend(uint256 n, uint256 by) external {
        uint256 index = pick(n);
        address owner = address(uint160(relayAt(index, 1)));
        vm.prank(person(by));
        try registry.suspend(index) {
            ++done;
            if (person(by) != MANAGER && person(by) != owner) {
                fail("4: a stranger suspends");
            }
        } catch {}
    }

    function vacate(uint256 n, uint256 by) external {
        uint256 index = pick(n);
        uint256 info = relayAt(index, 1);
        uint256 stake_ = stakeAt(index);
        vm.prank(person(by));
        try registry.vacate(index) {
            ++done;
            bool late = stake_ != 0 && block.timestamp >= (stake_ >> 128) + 30 days
                && block.timestamp >= uint256(uint24(info >> 168)) * 1 hours + 30 days;
            if (person(by) != MANAGER && person(by) != address(uint160(info)) && !late) {
                fail("3: a stranger vacates");
            }
            if (uint8(info >> 160) == 2) {
                fail("4: the place of a relay in use");
            }
        } catch {}
    }

    function withdraw(uint256 n, uint256 by) external {
        uint256 index = pick(n);
        uint256 stake_ = stakeAt(index);
        uint256 before = person(by).balance;
        vm.prank(person(by));
        try registry.withdraw(index) {
            ++done;
            returned[person(by)] += person(by).balance - before;
            if (stake_ == 0 || block.timestamp < (stake_ >> 128) + 30 days) {
                fail("5: too early");
            }
        } catch {}
    }

    function collect(uint256 who) external {
        uint256 before = operator(who).balance;
        uint256 due = at(keccak256(abi.encode(operator(who), uint256(7)))) >> 128;
        vm.prank(operator(who));
        try registry.collect() {
            ++done;
            returned[operator(who)] += operator(who).balance - before;
            if (block.timestamp < due) {
                fail("5: too early");
            }
        } catch {}
    }

    function stake(uint128 amount) external {
        vm.prank(ADMIN);
        registry.setStake(uint128(amount % 2 ether));
        ++done;
    }

    function invite(uint256 who, uint32 left) external {
        vm.prank(MANAGER);
        registry.invite(operator(who), left % 3);
        ++done;
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + time % 60 days);
    }
}
