// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ReleaseWorld} from "./ReleaseWorld.sol";

/// @notice Publishers, approvers, roots and strangers do anything to one product, in any order, at any
/// time, and the test remembers what storage held before each step. In words:
///  1. What the head shows was approved by as many different approvers as its threshold says, each of
///     them an approver in the epoch in which it was proposed; it is a release of the history, word
///     for word.
///  2. The head's version rises with every other manifest, and its security counter never falls; the
///     least counter never falls and is never above the head's.
///  3. The history only grows; a release never changes but for approvals, which only rise, its time,
///     which is set once, and the flag of a revocation, which stays.
///  4. Whoever made a step held the role for it. Members change by the votes of two roots at least.
contract ReleaseInvariantTest is ReleaseWorld {
    ReleaseHandler private handler;

    function setUp() public override {
        super.setUp();
        handler = new ReleaseHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_onlyForward() public view {
        require(!handler.broken(), handler.reason());
    }

    /// The run is worth something: every kind of step succeeds at least once in a fixed sequence.
    function test_handlerReachesEveryOperation() public {
        handler.propose(0, 1, 0, true);
        handler.approve(1, 0, 0);
        handler.approve(2, 0, 0);
        handler.revoke(1, 0);
        handler.appoint(3, 1);
        handler.appoint(4, 1);
        handler.propose(0, 3, 1, false);
        handler.pass(100);
        require(handler.done() == 7 && !handler.broken(), "a step did not happen");
        require(handler.epoch() == 2, "nobody was appointed");
    }
}

/// @notice Performs random steps and checks each against the storage before it.
contract ReleaseHandler is ReleaseWorld {
    bool public broken;
    string public reason;
    uint256 public done;

    uint256 private constant REVOKED = 1 << 184;
    /// @dev Approvals, activeFrom, REVOKED and voters: all that may change in a release word.
    uint256 private constant CHANGING =
        (0xffffffffff << 96) | (0xff << 168) | REVOKED | (0xffffffff << 224);

    uint256[3] private head;
    uint256[2][] private history;

    constructor() {
        super.setUp();
        remember();
    }

    /// @dev Not a step: a call of the fuzzer must not replace the index.
    function setUp() public pure override {}

    function fail(string memory what) private {
        broken = true;
        reason = what;
    }

    function person(uint256 n) private view returns (address) {
        n %= 8;
        address[8] memory all = [
            PUBLISHER, approver(0), approver(1), root(0), root(1), root(2), signer, STRANGER
        ];
        return all[n];
    }

    function epoch() public view returns (uint32) {
        return uint32(headAt(PRODUCT, 2) >> 136);
    }

    function holds(address who, uint256 role) private view returns (bool) {
        bytes32 key = keccak256(abi.encode(PRODUCT, uint32(head[2] >> 136), who));
        return uint8(at(keccak256(abi.encode(key, uint256(2))))) == role;
    }

    function bits(uint256 word) private pure returns (uint256 n) {
        for (word >>= 224; word != 0; word &= word - 1) {
            ++n;
        }
    }

    function remember() private {
        for (uint256 i = 0; i < 3; ++i) {
            head[i] = headAt(PRODUCT, i);
        }
        uint32 count = uint32(head[2]);
        for (uint32 i = 0; i < count; ++i) {
            if (i == history.length) {
                history.push();
            }
            history[i] = [releaseAt(i, 0), releaseAt(i, 1)];
        }
    }

    /// @dev Invariants 1 to 3 over one step.
    function compare() private {
        uint256[3] memory now_ = [headAt(PRODUCT, 0), headAt(PRODUCT, 1), headAt(PRODUCT, 2)];
        uint32 count = uint32(now_[2]);
        if (count < history.length) {
            fail("3: the history shrinks");
        }
        for (uint32 i = 0; i < history.length; ++i) {
            uint256 was = history[i][1];
            uint256 is_ = releaseAt(i, 1);
            if (releaseAt(i, 0) != history[i][0] || (was ^ is_) & ~CHANGING != 0) {
                fail("3: a release was edited");
            }
            if (bits(is_) < bits(was) || (was & ~is_) >> 224 != 0 || was & ~is_ & REVOKED != 0) {
                fail("3: an approval or a revocation was taken back");
            }
            if (uint40(was >> 96) != 0 && uint40(was >> 96) != uint40(is_ >> 96)) {
                fail("3: another time");
            }
            if (bits(is_) != uint8(is_ >> 168)) {
                fail("1: an approval that nobody gave");
            }
        }
        uint32 newest = uint32(now_[2] >> 104);
        if (now_[1] != 0) {
            if (now_[0] != releaseAt(newest, 0) || now_[1] != releaseAt(newest, 1)) {
                fail("1: the head is no release of the history");
            }
            if (uint8(now_[1] >> 168) < 2 || uint40(now_[1] >> 96) == 0) {
                fail("1: too few approvals");
            }
        }
        if (now_[0] != head[0] && uint64(now_[1]) <= uint64(head[1])) {
            fail("2: version");
        }
        if (uint32(now_[1] >> 64) < uint32(head[1] >> 64)) {
            fail("2: security counter");
        }
        uint32 floor = uint32(now_[2] >> 32);
        if (floor < uint32(head[2] >> 32) || floor > uint32(now_[1] >> 64)) {
            fail("2: least counter");
        }
        remember();
    }

    function propose(uint256 who, uint64 version, uint32 counter, bool isFloor) external {
        bytes32 manifest = keccak256(abi.encode(version, counter, history.length));
        vm.prank(person(who));
        try releases.publish(PRODUCT, manifest, version % 64, counter % 8, uint32(SIZE), isFloor) {
            ++done;
            if (!holds(person(who), 1)) {
                fail("4: a stranger published");
            }
        } catch {}
        compare();
    }

    function approve(uint256 who, uint256 n, uint256 wrong) external {
        uint32 index = history.length == 0 ? 0 : uint32(n % history.length);
        bytes32 manifest = bytes32(releaseAt(index, 0) ^ (wrong % 16 == 1 ? 1 : 0));
        uint256 reviewed = claimed(index) ^ (wrong % 16 == 2 ? 1 << (wrong % 192) : 0);
        vm.prank(person(who));
        try releases.approve(PRODUCT, index, manifest, reviewed) {
            ++done;
            if (wrong % 16 == 1 || wrong % 16 == 2) {
                fail("1: approved what nobody reviewed");
            }
            if (!holds(person(who), 2) || uint32(history[index][1] >> 192) != epoch()) {
                fail("4: a stranger approved");
            }
        } catch {}
        compare();
    }

    function revoke(uint256 who, uint256 n) external {
        uint32 index = history.length == 0 ? 0 : uint32(n % history.length);
        vm.prank(person(who));
        try releases.revoke(PRODUCT, index) {
            ++done;
            if (!holds(person(who), 2)) {
                fail("4: a stranger revoked");
            }
        } catch {}
        compare();
    }

    /// One of two changes: the same members, or without the signer.
    function appoint(uint256 who, uint256 which) external {
        bytes memory members = list();
        if (which % 2 == 1) {
            assembly {
                mstore(members, sub(mload(members), 21))
            }
        }
        uint32 before = epoch();
        vm.prank(person(who));
        try releases.setRoles(PRODUCT, members, terms(DELAY, 2, 2, 0)) {
            ++done;
            if (!holds(person(who), 4)) {
                fail("4: a stranger appointed");
            }
            bytes32 change = keccak256(abi.encode(keccak256(members), terms(DELAY, 2, 2, 0)));
            bytes32 key = keccak256(abi.encode(PRODUCT, before, change));
            uint256 vote = at(keccak256(abi.encode(key, uint256(3))));
            if ((epoch() != before) != (vote >> 32 == 2) || bits(vote << 224) != vote >> 32) {
                fail("4: members without two votes");
            }
        } catch {}
        compare();
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + time % 60 days);
    }
}
