// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ReleaseIndex} from "../src/ReleaseIndex.sol";
import {CompactSignature} from "../src/CompactSignature.sol";
import {ReleaseWorld} from "./ReleaseWorld.sol";

/// @notice ReleaseIndex: life of a release, and each rule that refuses.
contract ReleaseTest is ReleaseWorld {
    uint256 private constant TERMS = 0x020200000000;

    // ---- life ----

    function test_proposeApproveActivate() public {
        vm.expectEmit(address(releases));
        emit ReleaseIndex.Proposed(PRODUCT, 0, MANIFEST, releaseWord(7, 3, 0, 0, 0, 1, 0));
        same(publish(MANIFEST, 7, 3), 0);
        same(releaseAt(0, 0), uint256(MANIFEST));
        same(releaseAt(0, 1), releaseWord(7, 3, 0, 0, 0, 1, 0));
        same(headAt(PRODUCT, 0), 0); // a proposal shows no device anything
        same(headAt(PRODUCT, 1), 0);
        same(headAt(PRODUCT, 2), productWord(1, 0, 0, 0, 1, TERMS));

        // The approvers stand at 1, 2 and 6 of the list.
        uint256 word = releaseWord(7, 3, 0, 1, 0, 1, 1 << 2);
        vm.expectEmit(address(releases));
        emit ReleaseIndex.Approved(PRODUCT, 0, approver(1), word);
        approve(1, 0, MANIFEST);
        same(releaseAt(0, 1), word);
        same(headAt(PRODUCT, 1), 0); // one approval is not enough

        vm.warp(NOW + 60);
        word = releaseWord(7, 3, uint40(NOW + 60), 2, 0, 1, (1 << 2) | (1 << 1));
        vm.expectEmit(address(releases));
        emit ReleaseIndex.Approved(PRODUCT, 0, approver(0), word);
        vm.expectEmit(address(releases));
        emit ReleaseIndex.Activated(PRODUCT, 0, MANIFEST, word);
        approve(0, 0, MANIFEST);
        same(releaseAt(0, 1), word);
        same(headAt(PRODUCT, 0), uint256(MANIFEST));
        same(headAt(PRODUCT, 1), word);
        same(headAt(PRODUCT, 2), productWord(1, 0, uint40(NOW + 60), 0, 1, TERMS));
    }

    function test_nextReleaseTakesTheHead() public {
        released(MANIFEST, 1, 1);
        vm.warp(NOW + 1 days);
        same(released(MANIFEST2, 2, 1), 1);
        same(headAt(PRODUCT, 0), uint256(MANIFEST2));
        same(headAt(PRODUCT, 1), releaseWord(2, 1, uint40(NOW + 1 days), 2, 0, 1, 6));
        same(headAt(PRODUCT, 2), productWord(2, 0, uint40(NOW + 1 days), 1, 1, TERMS));
        same(releaseAt(0, 0), uint256(MANIFEST)); // history stays
        same(releaseAt(0, 1), releaseWord(1, 1, uint40(NOW), 2, 0, 1, 6));
    }

    function test_delay() public {
        bytes32 product = keccak256("slow");
        vm.prank(REGISTRAR);
        releases.create(product, list(), terms(2 days, 1, 2, 0));
        vm.prank(PUBLISHER);
        releases.publish(product, MANIFEST, 1, 0, 1, false);
        vm.prank(approver(0));
        releases.approve(product, 0, MANIFEST, claims(1, 0, 1, false));
        same(uint40(headAt(product, 1) >> 96), NOW + 2 days);
    }

    function test_floorRaisesTheLeastCounter() public {
        vm.prank(PUBLISHER);
        releases.publish(PRODUCT, MANIFEST, 1, 5, uint32(SIZE), true);
        approve(0, 0, MANIFEST);
        same(headAt(PRODUCT, 2), productWord(1, 0, 0, 0, 1, TERMS)); // not before it is approved
        approve(1, 0, MANIFEST);
        same(headAt(PRODUCT, 1), releaseWord(1, 5, uint40(NOW), 2, 2, 1, 6));
        same(headAt(PRODUCT, 2), productWord(1, 5, uint40(NOW), 0, 1, TERMS));
        released(MANIFEST2, 2, 6); // no floor: it stays
        same(headAt(PRODUCT, 2), productWord(2, 5, uint40(NOW), 1, 1, TERMS));
    }

    /// More approvals than the index asks for count for devices that ask for more.
    function test_thirdApproval() public {
        released(MANIFEST, 1, 1);
        vm.warp(NOW + 60);
        approve(2, 0, MANIFEST);
        uint256 word = releaseWord(1, 1, uint40(NOW), 3, 0, 1, 6 | (1 << 6));
        same(releaseAt(0, 1), word);
        same(headAt(PRODUCT, 1), word);
        same(headAt(PRODUCT, 2), productWord(1, 0, uint40(NOW + 60), 0, 1, TERMS));
    }

    /// An older release takes approvals, too, and the head stays as it is.
    function test_thirdApprovalOfAnOlderOne() public {
        released(MANIFEST, 1, 1);
        released(MANIFEST2, 2, 1);
        uint256 word = headAt(PRODUCT, 1);
        approve(2, 0, MANIFEST);
        same(headAt(PRODUCT, 1), word);
        same(releaseAt(0, 1), releaseWord(1, 1, uint40(NOW), 3, 0, 1, 6 | (1 << 6)));
    }

    // ---- revocation ----

    function test_anyApproverRevokesTheHead() public {
        released(MANIFEST, 1, 1);
        vm.warp(NOW + 60);
        uint256 word = releaseWord(1, 1, uint40(NOW), 2, 1, 1, 6);
        vm.expectEmit(address(releases));
        emit ReleaseIndex.Revoked(PRODUCT, 0, signer, word);
        vm.prank(signer);
        releases.revoke(PRODUCT, 0);
        same(headAt(PRODUCT, 1), word);
        same(releaseAt(0, 1), word);
        same(headAt(PRODUCT, 2), productWord(1, 0, uint40(NOW + 60), 0, 1, TERMS));

        refusal(ReleaseIndex.ReleaseRevoked.selector); // for ever
        vm.prank(signer);
        releases.revoke(PRODUCT, 0);
        refusal(ReleaseIndex.ReleaseRevoked.selector);
        approve(2, 0, MANIFEST);
        refusal(ReleaseIndex.VersionNotRising.selector); // its version is used up
        publish(MANIFEST2, 1, 1);
        released(MANIFEST2, 2, 1); // the way out is forward
        same(headAt(PRODUCT, 0), uint256(MANIFEST2));
    }

    function test_revokedProposal() public {
        publish(MANIFEST, 1, 1);
        approve(0, 0, MANIFEST);
        vm.prank(approver(1));
        releases.revoke(PRODUCT, 0);
        same(headAt(PRODUCT, 1), 0);
        same(headAt(PRODUCT, 2), productWord(1, 0, 0, 0, 1, TERMS));
        refusal(ReleaseIndex.ReleaseRevoked.selector);
        approve(1, 0, MANIFEST);
    }

    function test_revokedOlderOneLeavesTheHead() public {
        released(MANIFEST, 1, 1);
        released(MANIFEST2, 2, 1);
        uint256 head = headAt(PRODUCT, 1);
        vm.prank(approver(0));
        releases.revoke(PRODUCT, 0);
        same(headAt(PRODUCT, 1), head);
        same((releaseAt(0, 1) >> 184) & 0xff, 1);
    }

    function test_whoMayRevoke() public {
        publish(MANIFEST, 1, 1);
        address[3] memory others = [PUBLISHER, root(0), STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            refusal(ReleaseIndex.NotApprover.selector);
            vm.prank(others[i]);
            releases.revoke(PRODUCT, 0);
        }
        refusal(ReleaseIndex.UnknownRelease.selector);
        vm.prank(approver(0));
        releases.revoke(PRODUCT, 1);
    }

    // ---- what a breached key can do (F10) ----

    /// The paper's repository had one key, and that key decided. Here each key alone, whoever's it is,
    /// is refused everything that a device would see.
    function test_F10_oneBreachedKeyReleasesNothing() public {
        released(MANIFEST, 1, 1);
        bytes32 evil = keccak256("evil");
        uint256[3] memory head = [headAt(PRODUCT, 0), headAt(PRODUCT, 1), headAt(PRODUCT, 2)];

        // the publisher: proposes, and gets no further
        publish(evil, type(uint64).max, type(uint32).max);
        refusal(ReleaseIndex.NotApprover.selector);
        vm.prank(PUBLISHER);
        releases.approve(PRODUCT, 1, evil, claimed(1));
        refusal(ReleaseIndex.NotRoot.selector);
        vm.prank(PUBLISHER);
        releases.setRoles(PRODUCT, list(), TERMS);

        // one approver: cannot propose, cannot approve twice, not for others
        refusal(ReleaseIndex.NotPublisher.selector);
        vm.prank(approver(0));
        releases.publish(PRODUCT, evil, 2, 1, 1, false);
        approve(0, 1, evil);
        refusal(ReleaseIndex.AlreadyVoted.selector);
        approve(0, 1, evil);
        (bytes32 r, bytes32 vs) = signed(0xBAD, 1, evil, claimed(1), 1);
        refusal(ReleaseIndex.NotApprover.selector);
        releases.approveFor(PRODUCT, 1, evil, claimed(1), r, vs);

        // one root: agrees with himself alone
        bytes memory own = bytes.concat(
            one(address(1), 1), one(address(2), 2), one(address(3), 4), one(address(4), 4)
        );
        vm.prank(root(0));
        releases.setRoles(PRODUCT, own, terms(0, 1, 2, 0));
        refusal(ReleaseIndex.AlreadyVoted.selector);
        vm.prank(root(0));
        releases.setRoles(PRODUCT, own, terms(0, 1, 2, 0));

        // the registrar: created it, and has no further say
        refusal(ReleaseIndex.ProductTaken.selector);
        vm.prank(REGISTRAR);
        releases.create(PRODUCT, own, terms(0, 1, 2, 0));

        same(headAt(PRODUCT, 0), head[0]);
        same(headAt(PRODUCT, 1), head[1]);
        same(headAt(PRODUCT, 2), head[2] + 1); // one proposal more

        // it has used up no version: the maker's next release goes out, and the proposal dies
        released(MANIFEST2, 2, 1);
        same(headAt(PRODUCT, 0), uint256(MANIFEST2));
        vm.prank(approver(1));
        releases.revoke(PRODUCT, 1);
        refusal(ReleaseIndex.ReleaseRevoked.selector);
        approve(1, 1, evil);
    }

    /// What an approver reviewed is what he approves: another manifest under the index does not count.
    function test_approvalNamesTheManifest() public {
        publish(MANIFEST, 1, 1);
        refusal(ReleaseIndex.WrongManifest.selector);
        approve(0, 0, MANIFEST2);
    }

    /// A publisher proposes the manifest that was reviewed with numbers that are not in it. As a head
    /// it would be refused by every device, and no release could ever rise above it.
    function test_approvalNamesTheClaims() public {
        uint256 reviewed = claims(7, 3, uint32(SIZE), false);
        vm.prank(PUBLISHER);
        releases.publish(
            PRODUCT, MANIFEST, type(uint64).max, type(uint32).max, uint32(SIZE), true
        );
        for (uint256 i = 0; i < 2; ++i) {
            refusal(ReleaseIndex.WrongManifest.selector);
            vm.prank(approver(i));
            releases.approve(PRODUCT, 0, MANIFEST, reviewed);
        }
        (bytes32 r, bytes32 vs) = signed(SIGNER_KEY, 0, MANIFEST, reviewed, 1);
        refusal(ReleaseIndex.WrongManifest.selector);
        releases.approveFor(PRODUCT, 0, MANIFEST, reviewed, r, vs);
        same(releaseAt(0, 1) >> 224, 0);
        same(headAt(PRODUCT, 1), 0);

        // any one of them is enough
        publish(MANIFEST, 7, 3);
        for (uint256 bit = 0; bit < 256; ++bit) {
            refusal(ReleaseIndex.WrongManifest.selector);
            vm.prank(approver(0));
            releases.approve(PRODUCT, 1, MANIFEST, reviewed ^ (1 << bit));
        }

        // the genuine one goes out, and the next one after it
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(approver(i));
            releases.approve(PRODUCT, 1, MANIFEST, reviewed);
        }
        same(headAt(PRODUCT, 2), productWord(2, 0, uint40(NOW), 1, 1, TERMS));
        released(MANIFEST2, 8, 3);
        same(headAt(PRODUCT, 0), uint256(MANIFEST2));
    }

    // ---- approvals that are refused ----

    function test_whoMayApprove() public {
        publish(MANIFEST, 1, 1);
        address[3] memory others = [PUBLISHER, root(0), STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            refusal(ReleaseIndex.NotApprover.selector);
            vm.prank(others[i]);
            releases.approve(PRODUCT, 0, MANIFEST, claimed(0));
        }
        refusal(ReleaseIndex.UnknownRelease.selector);
        approve(0, 1, MANIFEST);
        refusal(ReleaseIndex.NotApprover.selector);
        vm.prank(approver(0));
        releases.approve(keccak256("no product"), 0, MANIFEST, claimed(0));
    }

    /// Two proposals of one version: the second to be approved comes too late, from its first vote on.
    function test_overtakenProposal() public {
        publish(MANIFEST, 5, 1);
        publish(MANIFEST2, 5, 2);
        publish(MANIFEST2, 6, 1);
        approve(0, 0, MANIFEST);
        approve(0, 1, MANIFEST2);
        approve(1, 1, MANIFEST2);
        refusal(ReleaseIndex.VersionNotRising.selector);
        approve(1, 0, MANIFEST);
        refusal(ReleaseIndex.CounterFalls.selector, 2);
        approve(0, 2, MANIFEST2);
    }

    function test_approveFor() public {
        publish(MANIFEST, 1, 1);
        approve(0, 0, MANIFEST);
        (bytes32 r, bytes32 vs) = signed(SIGNER_KEY, 0, MANIFEST, claimed(0), 1);
        vm.prank(STRANGER);
        releases.approveFor(PRODUCT, 0, MANIFEST, claimed(0), r, vs);
        same(headAt(PRODUCT, 1), releaseWord(1, 1, uint40(NOW), 2, 0, 1, 2 | (1 << 6)));
        refusal(ReleaseIndex.AlreadyVoted.selector); // a signature works once
        releases.approveFor(PRODUCT, 0, MANIFEST, claimed(0), r, vs);
    }

    function test_approveForIsForWhatWasSigned() public {
        publish(MANIFEST, 1, 1);
        publish(MANIFEST, 2, 1);
        (bytes32 r, bytes32 vs) = signed(SIGNER_KEY, 0, MANIFEST, claimed(0), 1);
        refusal(ReleaseIndex.NotApprover.selector); // another release
        releases.approveFor(PRODUCT, 1, MANIFEST, claimed(0), r, vs);
        refusal(ReleaseIndex.NotApprover.selector); // another manifest
        releases.approveFor(PRODUCT, 0, MANIFEST2, claimed(0), r, vs);
        refusal(ReleaseIndex.NotApprover.selector); // other claims
        releases.approveFor(PRODUCT, 0, MANIFEST, claimed(1), r, vs);
        refusal(ReleaseIndex.NotApprover.selector); // no signature: nobody is address zero
        releases.approveFor(PRODUCT, 0, MANIFEST, claimed(0), 0, vs);
        refusal(CompactSignature.HighS.selector);
        releases.approveFor(PRODUCT, 0, MANIFEST, claimed(0), r, bytes32(type(uint256).max));
        (r, vs) = signed(SIGNER_KEY, 0, MANIFEST, claimed(0), 2); // another epoch
        refusal(ReleaseIndex.NotApprover.selector);
        releases.approveFor(PRODUCT, 0, MANIFEST, claimed(0), r, vs);
        vm.chainId(2); // another chain
        (r, vs) = signed(SIGNER_KEY, 0, MANIFEST, claimed(0), 1);
        vm.chainId(31337);
        refusal(ReleaseIndex.NotApprover.selector);
        releases.approveFor(PRODUCT, 0, MANIFEST, claimed(0), r, vs);
    }

    // ---- proposals that are refused ----

    function propose(bytes32 manifest, uint64 version, uint32 counter, uint32 size, bytes4 why)
        private
    {
        refusal(why);
        vm.prank(PUBLISHER);
        releases.publish(PRODUCT, manifest, version, counter, size, false);
    }

    function test_badReleases() public {
        propose(0, 1, 1, 1, ReleaseIndex.BadRelease.selector);
        propose(MANIFEST, 0, 1, 1, ReleaseIndex.BadRelease.selector);
        propose(MANIFEST, 1, 1, 0, ReleaseIndex.BadRelease.selector);
        address[3] memory others = [approver(0), root(0), STRANGER];
        for (uint256 i = 0; i < others.length; ++i) {
            refusal(ReleaseIndex.NotPublisher.selector);
            vm.prank(others[i]);
            releases.publish(PRODUCT, MANIFEST, 1, 1, 1, false);
        }
    }

    function test_rollback() public {
        released(MANIFEST, 5, 3);
        propose(MANIFEST2, 5, 3, 1, ReleaseIndex.VersionNotRising.selector);
        propose(MANIFEST2, 4, 3, 1, ReleaseIndex.VersionNotRising.selector);
        refusal(ReleaseIndex.CounterFalls.selector, 3);
        publish(MANIFEST2, 6, 2);
        same(publish(MANIFEST2, 6, 3), 1);
    }

    // ---- members ----

    function agree(uint256 n, bytes memory members, uint256 terms_) private {
        vm.prank(root(n));
        releases.setRoles(PRODUCT, members, terms_);
    }

    function test_rootsAppoint() public {
        publish(MANIFEST, 1, 1);
        approve(0, 0, MANIFEST);
        bytes memory others = bytes.concat(
            one(address(0x101), 1),
            one(approver(0), 2),
            one(approver(1), 2),
            one(root(1), 4),
            one(root(2), 4)
        );
        uint256 next = terms(1 hours, 1, 2, 1);
        bytes32 change = keccak256(abi.encode(keccak256(others), next));
        vm.expectEmit(address(releases));
        emit ReleaseIndex.RolesVoted(PRODUCT, root(0), change, 1);
        agree(0, others, next);
        same(headAt(PRODUCT, 2), productWord(1, 0, 0, 0, 1, TERMS)); // one root changes nothing
        agree(1, others, terms(1 hours, 2, 2, 1)); // nor two that want different things
        same(headAt(PRODUCT, 2), productWord(1, 0, 0, 0, 1, TERMS));

        uint256 word = productWord(1, 0, 0, 0, 2, next);
        vm.expectEmit(address(releases));
        emit ReleaseIndex.RolesVoted(PRODUCT, root(2), change, 2);
        vm.expectEmit(address(releases));
        emit ReleaseIndex.RolesSet(PRODUCT, word, others);
        agree(2, others, next);
        same(headAt(PRODUCT, 2), word);

        // who was removed is nobody, and what waited for approvals is void
        refusal(ReleaseIndex.NotPublisher.selector);
        publish(MANIFEST2, 1, 1);
        refusal(ReleaseIndex.NotApprover.selector);
        approve(2, 0, MANIFEST);
        refusal(ReleaseIndex.NotRoot.selector);
        agree(0, others, next);
        refusal(ReleaseIndex.RolesChanged.selector, 2);
        approve(1, 0, MANIFEST);
        vm.prank(address(0x101));
        same(releases.publish(PRODUCT, MANIFEST2, 1, 1, uint32(SIZE), false), 1);
        approve(1, 1, MANIFEST2); // one is enough now
        same(headAt(PRODUCT, 0), uint256(MANIFEST2));
        same(uint40(headAt(PRODUCT, 1) >> 96), NOW + 1 hours);
    }

    /// A vote for members that was not carried is void once others are appointed.
    function test_votesDieWithTheirEpoch() public {
        bytes memory others = bytes.concat(list(), one(address(type(uint160).max), 4));
        agree(0, others, TERMS);
        agree(0, list(), TERMS); // the same members, a new epoch
        agree(1, list(), TERMS);
        same(uint32(headAt(PRODUCT, 2) >> 136), 2);
        agree(1, others, TERMS);
        same(uint32(headAt(PRODUCT, 2) >> 136), 2);
        agree(0, others, TERMS);
        same(uint32(headAt(PRODUCT, 2) >> 136), 3);
    }

    function test_memberWords() public view {
        bytes32 key = keccak256(abi.encode(PRODUCT, uint32(1), signer));
        same(at(keccak256(abi.encode(key, uint256(2)))), 2 | (6 << 8));
    }

    function refusedRoles(bytes memory members, uint256 terms_) private {
        refusal(ReleaseIndex.BadRoles.selector);
        vm.prank(REGISTRAR);
        releases.create(keccak256("another"), members, terms_);
        refusal(ReleaseIndex.BadRoles.selector);
        agree(0, members, terms_);
    }

    /// No single key may decide, and somebody must be able to.
    function test_badRoles() public {
        bytes memory good = list();
        refusedRoles(good, terms(0, 0, 2, 0)); // nobody need approve
        refusedRoles(good, terms(0, 4, 2, 0)); // more than there are
        refusedRoles(good, terms(0, 2, 1, 0)); // one root would decide
        refusedRoles(good, terms(0, 2, 4, 0));
        refusedRoles(good, terms(90 days + 1, 2, 2, 0));
        refusedRoles(good, terms(0, 2, 2, 2)); // a flag that is none
        refusedRoles(good, TERMS | (1 << 56));
        refusedRoles("", TERMS);
        refusedRoles(bytes.concat(good, hex"ff"), TERMS); // half a member
        refusedRoles(bytes.concat(good, one(signer, 4)), TERMS); // one key with two roles
        refusedRoles(bytes.concat(one(address(0), 1), good), TERMS);
        refusedRoles(bytes.concat(good, one(PUBLISHER, 1)), TERMS); // not ascending
        refusedRoles(bytes.concat(good, one(address(type(uint160).max), 3)), TERMS); // two roles
        refusedRoles(bytes.concat(good, one(address(type(uint160).max), 0)), TERMS);
        bytes memory some = bytes.concat(
            one(approver(0), 2), one(approver(1), 2), one(root(0), 4), one(root(1), 4)
        );
        refusedRoles(some, TERMS); // no publisher
        vm.prank(REGISTRAR);
        releases.create(keccak256("another"), bytes.concat(one(PUBLISHER, 1), some), TERMS);
    }

    function test_thirtyTwoMembers() public {
        bytes memory many = one(PUBLISHER, 1);
        for (uint256 i = 0; i < 31; ++i) {
            many = bytes.concat(many, one(address(uint160(0x1000 + i)), i < 29 ? 2 : 4));
        }
        bytes32 product = keccak256("many");
        vm.prank(REGISTRAR);
        releases.create(product, many, terms(90 days, 29, 2, 1));
        vm.prank(PUBLISHER);
        releases.publish(product, MANIFEST, 1, 1, 1, false);
        for (uint256 i = 0; i < 29; ++i) {
            same(headAt(product, 1), 0);
            vm.prank(address(uint160(0x1000 + i)));
            releases.approve(product, 0, MANIFEST, claims(1, 1, 1, false));
        }
        same(headAt(product, 1) >> 224, 0x3ffffffe);
        refusal(ReleaseIndex.BadRoles.selector);
        vm.prank(REGISTRAR);
        releases.create(
            keccak256("more"), bytes.concat(many, one(address(type(uint160).max), 4)), TERMS
        );
    }

    // ---- products ----

    function test_whoCreates() public {
        refusal(ReleaseIndex.NotRegistrar.selector);
        vm.prank(STRANGER);
        releases.create(keccak256("another"), list(), TERMS);
        refusal(ReleaseIndex.ProductTaken.selector);
        vm.prank(REGISTRAR);
        releases.create(0, list(), TERMS);
        require(releases.REGISTRAR() == REGISTRAR, "registrar");
        ReleaseIndex open = ReleaseIndex(construct(address(0)));
        vm.prank(STRANGER);
        open.create(PRODUCT, list(), TERMS);
    }

    function test_allowList() public {
        bytes32 device = keccak256("gw-1");
        bytes32 slot = keccak256(abi.encode(keccak256(abi.encode(PRODUCT, device)), uint256(4)));
        vm.expectEmit(address(releases));
        emit ReleaseIndex.Allowed(PRODUCT, device, true);
        vm.prank(PUBLISHER);
        releases.setAllowed(PRODUCT, device, true);
        same(at(slot), 1);
        refusal(ReleaseIndex.SameEntry.selector);
        vm.prank(PUBLISHER);
        releases.setAllowed(PRODUCT, device, true);
        vm.prank(PUBLISHER);
        releases.setAllowed(PRODUCT, device, false);
        same(at(slot), 2);
        refusal(ReleaseIndex.SameEntry.selector);
        vm.prank(PUBLISHER);
        releases.setAllowed(PRODUCT, device, false);
        refusal(ReleaseIndex.NotPublisher.selector);
        vm.prank(approver(0));
        releases.setAllowed(PRODUCT, device, true);
    }

    function test_views() public {
        publish(MANIFEST, 1, 1);
        bytes32 entry = keccak256(abi.encode(PRODUCT, uint32(0)));
        same(uint256(releases.storedWord(keccak256(abi.encode(entry, uint256(1))))), uint256(MANIFEST));
        bytes32 domain = releases.domainSeparator();
        vm.chainId(2);
        require(domain != releases.domainSeparator(), "chain id is read at run time");
    }

    // ---- every value of every field ----

    function testFuzz_wordsKeepTheirFields(
        bytes32 manifest,
        uint64 version,
        uint32 counter,
        uint32 size,
        bool isFloor,
        uint32 time
    ) public {
        vm.assume(manifest != 0 && version != 0 && size != 0);
        vm.warp(NOW + time);
        vm.prank(PUBLISHER);
        releases.publish(PRODUCT, manifest, version, counter, size, isFloor);
        approve(0, 0, manifest);
        approve(1, 0, manifest);
        uint256 word = headAt(PRODUCT, 1);
        same(headAt(PRODUCT, 0), uint256(manifest));
        same(uint64(word), version);
        same(uint32(word >> 64), counter);
        same(uint40(word >> 96), NOW + time);
        same(uint32(word >> 136), size);
        same(uint8(word >> 168), 2);
        same(uint8(word >> 176), 2);
        same(uint8(word >> 184), isFloor ? 2 : 0);
        same(uint32(word >> 192), 1);
        same(word >> 224, 6);
        same(uint32(headAt(PRODUCT, 2) >> 32), isFloor ? counter : 0);
    }

    function testFuzz_goesOnlyForward(uint64 a, uint64 b, uint32 c, uint32 d) public {
        vm.assume(a != 0 && b != 0);
        released(MANIFEST, a, c);
        if (b <= a) {
            refusal(ReleaseIndex.VersionNotRising.selector);
        } else if (d < c) {
            refusal(ReleaseIndex.CounterFalls.selector, c);
        }
        publish(MANIFEST2, b, d);
    }
}
