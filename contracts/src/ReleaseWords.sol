// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Packed words of ReleaseIndex
/// @notice Fields are listed from the least significant bit, as in core/registry/RECORDS.md.

/// @title Release word: version 64 | counter 32 | activeFrom 40 | size 32 | approvals 8 | threshold 8
/// | flags 8 | epoch 32 | voters 32
library ReleaseWord {
    /// @notice An approver has revoked the release.
    uint8 internal constant REVOKED = 0x01;
    /// @notice With this release everything below its security counter is not to run any more.
    uint8 internal constant FLOOR = 0x02;

    /// @dev One approval more, in place.
    uint256 private constant ONE_APPROVAL = 1 << 168;
    /// @dev Version, counter, size and FLOOR: what the publisher says, and not the index.
    uint256 private constant CLAIMS =
        ((1 << 96) - 1) | (0xffffffff << 136) | (uint256(FLOOR) << 184);
    /// @dev Bit of the first approver.
    uint256 private constant VOTERS_AT = 224;

    /// @param version_ Version. @param counter_ Security counter. @param size_ Bytes of the manifest.
    /// @param threshold_ Approvals needed. @param floor_ Whether it raises the least counter.
    /// @param epoch_ Epoch of the roles under which it is proposed.
    /// @return The word of a release that nobody has approved.
    function pack(
        uint64 version_,
        uint32 counter_,
        uint32 size_,
        uint8 threshold_,
        bool floor_,
        uint32 epoch_
    ) internal pure returns (uint256) {
        return uint256(version_) | (uint256(counter_) << 64) | (uint256(size_) << 136)
            | (uint256(threshold_) << 176) | (floor_ ? uint256(FLOOR) << 184 : 0)
            | (uint256(epoch_) << 192);
    }

    /// @param word Release word. @return Its version, 0 = there is none.
    function version(uint256 word) internal pure returns (uint64) {
        return uint64(word);
    }

    /// @param word Release word. @return Its security counter.
    function counter(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 64);
    }

    /// @param word Release word. @return Version, counter, size and FLOOR in their places, the rest
    /// zero: what a reviewer compares with the manifest.
    function claims(uint256 word) internal pure returns (uint256) {
        return word & CLAIMS;
    }

    /// @param word Release word. @return Unix seconds from which it may be installed, 0 = its
    /// threshold was not reached.
    function activeFrom(uint256 word) internal pure returns (uint40) {
        return uint40(word >> 96);
    }

    /// @param word Release word. @return Whether it was revoked.
    function isRevoked(uint256 word) internal pure returns (bool) {
        return (word >> 184) & REVOKED != 0;
    }

    /// @param word Release word. @return Whether it raises the least counter.
    function isFloor(uint256 word) internal pure returns (bool) {
        return (word >> 184) & FLOOR != 0;
    }

    /// @param word Release word. @return Epoch of the roles under which it was proposed.
    function proposedIn(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 192);
    }

    /// @param word Release word. @param position Position of a member. @return Has he approved it?
    function hasVoted(uint256 word, uint256 position) internal pure returns (bool) {
        return (word >> (VOTERS_AT + position)) & 1 != 0;
    }

    /// @param word Release word. @return Whether as many have approved as must.
    function isApproved(uint256 word) internal pure returns (bool) {
        return uint8(word >> 168) >= uint8(word >> 176);
    }

    /// @param word Release word. @param position Who approves; he has not before. @return New word.
    function withVote(uint256 word, uint256 position) internal pure returns (uint256) {
        unchecked {
            return (word + ONE_APPROVAL) | (1 << (VOTERS_AT + position));
        }
    }

    /// @param word Release word, not active. @param time Unix seconds. @return Active from then.
    function withActiveFrom(uint256 word, uint256 time) internal pure returns (uint256) {
        return word | (time << 96);
    }

    /// @param word Release word. @return The word of a revoked one.
    function asRevoked(uint256 word) internal pure returns (uint256) {
        return word | (uint256(REVOKED) << 184);
    }
}

/// @title Product word: count 32 | minCounter 32 | updatedAt 40 | index 32 | epoch 32 | delay 32
/// | approvals 8 | roots 8 | flags 8
library ProductWord {
    /// @notice Only devices of the allow-list may install releases.
    uint8 internal constant RESTRICTED = 0x01;
    /// @dev Where delay, approvals, roots and flags begin, which are set together: the terms.
    uint256 private constant TERMS_AT = 168;
    /// @dev Fields in place.
    uint256 private constant MIN_COUNTER = 0xffffffff << 32;
    uint256 private constant UPDATED_AT = 0xffffffffff << 64;
    uint256 private constant INDEX = 0xffffffff << 104;
    uint256 private constant COUNTS = (1 << 136) - 1;

    /// @param word Product word. @return How many releases were proposed.
    function count(uint256 word) internal pure returns (uint32) {
        return uint32(word);
    }

    /// @param word Product word. @return Which of them the head is, if there is a head.
    function index(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 104);
    }

    /// @param word Product word. @return Whether a release of it was approved.
    function hasHead(uint256 word) internal pure returns (bool) {
        return word & UPDATED_AT != 0;
    }

    /// @param word Product word. @return Epoch of its roles, 0 = there is no such product.
    function epoch(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 136);
    }

    /// @param word Product word. @return Seconds from the last approval needed to the installation.
    function delay(uint256 word) internal pure returns (uint32) {
        return uint32(word >> 168);
    }

    /// @param word Product word. @return Approvals needed.
    function approvals(uint256 word) internal pure returns (uint8) {
        return uint8(word >> 200);
    }

    /// @param word Product word. @return How many roots must agree.
    function roots(uint256 word) internal pure returns (uint8) {
        return uint8(word >> 208);
    }

    /// @param word Product word. @return One more release.
    function withNext(uint256 word) internal pure returns (uint256) {
        unchecked {
            return word + 1;
        }
    }

    /// @param word Product word. @param time Now. @return The head was changed now.
    function touched(uint256 word, uint256 time) internal pure returns (uint256) {
        return (word & ~UPDATED_AT) | (time << 64);
    }

    /// @param word Product word. @param index_ Index of the new head.
    /// @param release Its release word. @return New word.
    function withHead(uint256 word, uint32 index_, uint256 release) internal pure returns (uint256) {
        word = (word & ~INDEX) | (uint256(index_) << 104);
        if (ReleaseWord.isFloor(release)) {
            word = (word & ~MIN_COUNTER) | (uint256(ReleaseWord.counter(release)) << 32);
        }
        return word;
    }

    /// @param word Product word. @param epoch_ New epoch. @param terms delay 32 | approvals 8
    /// | roots 8 | flags 8. @return New word.
    function withTerms(uint256 word, uint32 epoch_, uint256 terms) internal pure returns (uint256) {
        return (word & COUNTS) | (uint256(epoch_) << 136) | (terms << TERMS_AT);
    }
}
