// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Fixture, Voucher} from "./Fixture.sol";

/// @notice Three owners and a manager do anything to four devices, in any order, at any time, and
/// the test remembers what storage held before each step. In words:
///  1. A device word, once written, is never zero again, and its epoch never falls; it rises by one
///     with every change (but for a revocation at the last epoch).
///  2. A record never changes its organisation, and a live one never its owner.
///  3. The key word is zero if and only if the record was never registered.
///  4. An endpoint's sequence number never falls, and rises by at most 2^16 at a time.
///  5. Nobody but attestors makes validatedAt anything but zero, and none attest here.
///  6. A record that is not revoked changes its owner only by an offer of that owner, or of the
///     admin and then two days later, which the new owner claims at the epoch of the offer.
contract InvariantTest is Fixture {
    Handler private handler;

    function setUp() public override {
        super.setUp();
        handler = new Handler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_historyIsKept() public view {
        require(!handler.broken(), handler.reason());
    }

    /// The run is worth something: every kind of step succeeds at least once in a fixed sequence.
    function test_handlerReachesEveryOperation() public {
        handler.register(0, 0, 1, 100 days);
        handler.publish(0, 0, 0, 1, 1 days);
        handler.rotate(0, 0, 2);
        handler.revoke(0, 0);
        handler.register(0, 1, 3, 100 days);
        handler.transfer(0, 1, 2);
        handler.claim(0, 2);
        handler.recover(0, 1, true);
        handler.pass(10 days);
        handler.claim(0, 1);
        require(handler.done() == 9 && !handler.broken(), "a step did not happen");
    }
}

/// @notice Performs random steps and checks each against the storage before it.
contract Handler is Fixture {
    bool public broken;
    string public reason;
    uint256 public done;

    constructor() {
        deploy();
    }

    /// @dev Not a step: a call of the fuzzer must not replace the registry.
    function setUp() public pure override {}

    function fail(string memory what) private {
        broken = true;
        reason = what;
    }

    function device(uint256 n) private pure returns (bytes32) {
        return keccak256(abi.encode("device", n % 4));
    }

    function owner(uint256 n) private pure returns (address) {
        return address(uint160(0x1000 + (n % 3)));
    }

    function epochOf(uint256 word) private pure returns (uint32) {
        return uint32(word >> 216);
    }

    function revoked(uint256 word) private pure returns (bool) {
        return (word >> 168) & 0x80 != 0;
    }

    /// @dev Invariants 1 to 3 over one step on one device.
    function compare(bytes32 id, uint256 before, bytes32 keyBefore) private {
        uint256 word = at(deviceSlot(id));
        uint256 key = at(plus(deviceSlot(id), 1));
        if (word != before || bytes32(key) != keyBefore) {
            if (epochOf(word) != epochOf(before) + 1) {
                fail("1: a change without a new epoch");
            }
        }
        if (before != 0) {
            if (word == 0) {
                fail("1: a word became zero");
            }
            if (word >> 248 != before >> 248) {
                fail("2: another organisation");
            }
            bool live = !revoked(before) && uint40(before >> 176) > block.timestamp;
            if (live && address(uint160(word)) != address(uint160(before))) {
                fail("2: a live record has another owner");
            }
        }
        if ((key == 0) != (word == 0)) {
            fail("3: a record without a key");
        }
    }

    function register(uint256 n, uint256 who, uint256 key, uint256 life) external {
        bytes32 id = device(n);
        uint256 before = at(deviceSlot(id));
        bytes32 keyBefore = bytes32(at(plus(deviceSlot(id), 1)));
        Voucher memory v = voucher();
        v.id = id;
        v.owner = owner(who);
        v.key = bytes32(key % FIELD);
        v.notAfter = uint40(block.timestamp + life % 200 days);
        v.epoch = epochOf(before);
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        try registry.register(v.org, v.id, deviceWord(v, v.epoch), v.key, terms(v), r, vs) {
            ++done;
        } catch {}
        compare(id, before, keyBefore);
    }

    function rotate(uint256 n, uint256 who, uint256 key) external {
        bytes32 id = device(n);
        uint256 before = at(deviceSlot(id));
        bytes32 keyBefore = bytes32(at(plus(deviceSlot(id), 1)));
        vm.prank(owner(who));
        try registry.rotate(id, info(2, uint8(key & 1), epochOf(before)), bytes32(key % FIELD)) {
            ++done;
            if (owner(who) != address(uint160(before))) {
                fail("2: a stranger rotated");
            }
        } catch {}
        compare(id, before, keyBefore);
    }

    function revoke(uint256 n, uint256 who) external {
        bytes32 id = device(n);
        uint256 before = at(deviceSlot(id));
        bytes32 keyBefore = bytes32(at(plus(deviceSlot(id), 1)));
        vm.prank(owner(who));
        try registry.revoke(id) {
            ++done;
            if (owner(who) != address(uint160(before))) {
                fail("2: a stranger revoked");
            }
        } catch {}
        compare(id, before, keyBefore);
    }

    function publish(uint256 n, uint256 who, uint8 index, uint32 step, uint256 life) external {
        bytes32 id = device(n);
        index = index % 3;
        bytes32 slot = endpointSlot(id, SERVICE, index);
        uint256 before = at(slot);
        uint32 seq = uint32(before >> 160);
        uint32 next;
        unchecked {
            next = seq + step % 80_000;
        }
        uint40 expires = uint40(block.timestamp + life % 400 days);
        uint256 word = endpointWord(0, expires, next, 3, uint16(step), uint128(life));
        uint32 epoch = epochOf(at(deviceSlot(id)));
        vm.prank(owner(who));
        try registry.publish(id, SERVICE, index, epoch, word) {
            ++done;
        } catch {}
        uint256 stored = at(slot);
        if (stored != before) {
            if (uint32(stored >> 160) <= seq || uint32(stored >> 160) - seq > 65536) {
                fail("4: sequence number");
            }
            if (owner(who) != address(uint160(at(deviceSlot(id))))) {
                fail("2: a stranger published");
            }
        }
        if (stored >> 232 != 0) {
            fail("5: validatedAt without attestors");
        }
        if (index > 1 && stored != 0) {
            fail("4: a third endpoint");
        }
    }

    function offerOf(bytes32 id) private view returns (uint256) {
        return at(keccak256(abi.encode(id, uint256(8))));
    }

    function transfer(uint256 n, uint256 by, uint256 to) external {
        bytes32 id = device(n);
        uint256 before = at(deviceSlot(id));
        bytes32 keyBefore = bytes32(at(plus(deviceSlot(id), 1)));
        uint256 offer = offerOf(id);
        vm.prank(owner(by));
        try registry.transferOwner(id, owner(to), epochOf(before)) {
            ++done;
            if (owner(by) != address(uint160(before))) {
                fail("6: a stranger offers the record");
            }
        } catch {
            if (offerOf(id) != offer) {
                fail("6: a refused offer stands");
            }
        }
        compare(id, before, keyBefore);
    }

    function recover(uint256 n, uint256 to, bool asAdmin) external {
        bytes32 id = device(n);
        uint256 before = at(deviceSlot(id));
        vm.prank(asAdmin ? ADMIN : owner(to));
        try registry.recover(owner(to), id, epochOf(before)) {
            ++done;
            if (!asAdmin || uint40(offerOf(id) >> 160) != block.timestamp + 2 days) {
                fail("6: recovery without its admin or its delay");
            }
        } catch {}
        if (at(deviceSlot(id)) != before) {
            fail("6: a recovery that did not wait");
        }
    }

    function claim(uint256 n, uint256 by) external {
        bytes32 id = device(n);
        uint256 before = at(deviceSlot(id));
        bytes32 keyBefore = bytes32(at(plus(deviceSlot(id), 1)));
        uint256 offer = offerOf(id);
        vm.prank(owner(by));
        try registry.claimOwner(id, epochOf(before)) {
            ++done;
            uint256 word = at(deviceSlot(id));
            bool kept = (word ^ before) & ~((uint256(0xffffffff) << 216) | type(uint160).max) == 0;
            bool due = uint40(offer >> 160) <= block.timestamp;
            bool meant = address(uint160(offer)) == owner(by) && uint32(offer >> 200) == epochOf(before);
            if (!due || !meant || revoked(before) || !kept || epochOf(word) != epochOf(before) + 1) {
                fail("6: another owner without an offer");
            }
            if (bytes32(at(plus(deviceSlot(id), 1))) != keyBefore || offerOf(id) != 0) {
                fail("6: a claim changed the key, or left the offer");
            }
        } catch {
            if (at(deviceSlot(id)) != before) {
                fail("6: a refused claim changed the record");
            }
        }
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + time % 60 days);
    }
}
