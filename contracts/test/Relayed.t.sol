// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {CompactSignature} from "../src/CompactSignature.sol";
import {DeviceStorage} from "../src/DeviceStorage.sol";
import {People} from "./People.sol";

/// @notice The `...For` twins: an owner without Ether signs, a sponsor sends.
contract RelayedTest is People {
    function setUp() public override {
        super.setUp();
        enrol();
    }

    // ---- each call does what its direct twin does ----

    function test_publishFor() public {
        vm.expectEmit(address(registry));
        emit DeviceStorage.Published(ID, entryOf(SERVICE, 0), endpoint(1));
        publishFor(0, 1, endpoint(1), DUE);
        same(at(endpointSlot(ID, SERVICE, 0)), endpoint(1));
        publishFor(1, 1, endpoint(9), DUE);
        same(at(endpointSlot(ID, SERVICE, 1)), endpoint(9));
    }

    function test_rotateFor() public {
        rotateFor(info(2, 1, 1), KEY2, DUE);
        same(word() >> 216, 2);
        same(bytes32(at(plus(deviceSlot(ID), 1))), KEY2);
        same((word() >> 160) & 0xffff, 0x0102);
    }

    function test_revokeFor() public {
        uint256 want = revokedWord();
        vm.expectEmit(address(registry));
        emit DeviceStorage.Revoked(ID, want);
        revokeFor(1, DUE);
        same(word(), want);
    }

    function test_setTlsKeyFor() public {
        tlsKeyFor(SERVICE, KEY2, 1, DUE);
        same(at(tlsSlot(SERVICE)), uint256(KEY2));
        same(word() >> 216, 2);
    }

    function test_setLeafRootFor() public {
        leafRootFor(KEY2, 1, DUE);
        same(at(mapped(ID, 7)), uint256(KEY2));
        same(word() >> 216, 2);
    }

    function test_transferAndClaimFor() public {
        transferFor(heir, 1, DUE);
        same(at(mapped(ID, 8)), uint256(uint160(heir)) | (NOW << 160) | (uint256(2) << 200));
        claimFor(HEIR_KEY, 2, DUE);
        same(address(uint160(word())), heir);
        same(word() >> 216, 3);
        same(at(mapped(ID, 8)), 0);
    }

    // ---- signatures ----

    /// Nobody's signature: an absent record has owner zero, which must match nothing.
    function test_signatureOfNobodyOwnsNothing() public {
        bytes32 nobody = keccak256("nobody");
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        registry.publishFor(nobody, SERVICE, terms(0, 0, DUE), endpoint(1), 0, 0);
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        registry.setLeafRootFor(nobody, terms(0, 0, DUE), KEY, 0, 0);
    }

    function test_anothersSignatureIsRefused() public {
        who = HEIR_KEY;
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        this.publishFor(0, 1, endpoint(1), DUE);
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        this.rotateFor(info(2, 1, 1), KEY2, DUE);
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        this.revokeFor(1, DUE);
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        this.tlsKeyFor(SERVICE, KEY2, 1, DUE);
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        this.leafRootFor(KEY2, 1, DUE);
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        this.transferFor(heir, 1, DUE);
    }

    function test_deadlines() public {
        vm.expectRevert(DeviceStorage.SignatureExpired.selector);
        this.publishFor(0, 1, endpoint(1), uint64(NOW - 1));
        vm.expectRevert(DeviceStorage.DeadlineTooFar.selector);
        this.publishFor(0, 1, endpoint(1), uint64(NOW + 7 days + 1));
        vm.expectRevert(DeviceStorage.DeadlineTooFar.selector);
        this.revokeFor(1, type(uint64).max);
        publishFor(0, 1, endpoint(1), uint64(NOW));
        publishFor(0, 1, endpoint(2), uint64(NOW + 7 days));
    }

    function test_highSIsRefused() public {
        bytes32 high = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1;
        vm.expectRevert(CompactSignature.HighS.selector);
        registry.publishFor(ID, SERVICE, terms(0, 1, DUE), endpoint(1), KEY, high);
        // the same signature with the other s, its recovery bit lost
        (bytes32 r, bytes32 vs) = signed(publishBody(PUBLISH, 0, 1, endpoint(1), DUE));
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        vm.expectRevert();
        registry.publishFor(ID, SERVICE, terms(0, 1, DUE), endpoint(1), r, bytes32(ORDER - s));
        same(at(endpointSlot(ID, SERVICE, 0)), 0);
    }

    /// What was signed for one chain or contract is nothing on another.
    function test_replayOnAnotherChainOrContract() public {
        (bytes32 r, bytes32 vs) = signed(publishBody(PUBLISH, 0, 1, endpoint(1), DUE));
        vm.chainId(5);
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        registry.publishFor(ID, SERVICE, terms(0, 1, DUE), endpoint(1), r, vs);
        vm.chainId(31337);
        address first = address(registry);
        deploy();
        enrol();
        require(first != address(registry), "one contract");
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        registry.publishFor(ID, SERVICE, terms(0, 1, DUE), endpoint(1), r, vs);
    }

    /// Every signed call but publish raises the epoch it names: the second time it is void.
    function test_replayOfTheSameCall() public {
        this.leafRootFor(KEY2, 1, DUE);
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 2));
        this.leafRootFor(KEY2, 1, DUE);
        this.tlsKeyFor(SERVICE, KEY2, 2, DUE);
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 3));
        this.tlsKeyFor(SERVICE, KEY2, 2, DUE);
        this.rotateFor(info(2, 1, 3), KEY2, DUE);
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 4));
        this.rotateFor(info(2, 1, 3), KEY2, DUE);
        this.transferFor(heir, 4, DUE);
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 5));
        this.transferFor(heir, 4, DUE);
        this.publishFor(0, 5, endpoint(1), DUE);
        vm.expectRevert(why(DeviceStorage.SeqNotRising.selector, 1));
        this.publishFor(0, 5, endpoint(1), DUE);
        this.revokeFor(5, DUE);
        vm.expectRevert(DeviceStorage.RecordRevoked.selector);
        this.revokeFor(5, DUE);
    }

    /// must 29: an older update that comes after a newer one, and one of before a rotation.
    function test_must_29_olderRelayedUpdate() public {
        (bytes32 r, bytes32 vs) = signed(publishBody(PUBLISH, 0, 1, endpoint(1), DUE));
        publishFor(0, 1, endpoint(2), DUE);
        vm.expectRevert(why(DeviceStorage.SeqNotRising.selector, 2));
        registry.publishFor(ID, SERVICE, terms(0, 1, DUE), endpoint(1), r, vs);
        (r, vs) = signed(publishBody(PUBLISH, 0, 1, endpoint(3), DUE));
        rotateFor(info(2, 1, 1), KEY2, DUE);
        vm.expectRevert(why(DeviceStorage.WrongEpoch.selector, 2));
        registry.publishFor(ID, SERVICE, terms(0, 1, DUE), endpoint(3), r, vs);
    }

    /// Bits above the index make another index; where there is none they are refused.
    function test_termsHaveNoOtherBits() public {
        uint256 wide = terms(0, 1, DUE) | (1 << 104);
        (bytes32 r, bytes32 vs) = signed(publishBody(PUBLISH, 256, 1, endpoint(1), DUE));
        vm.expectRevert(DeviceStorage.BadIndex.selector);
        registry.publishFor(ID, SERVICE, wide, endpoint(1), r, vs);
        (r, vs) = signed(leafRootBody(KEY2, 1, DUE));
        vm.expectRevert(DeviceStorage.BadWord.selector);
        registry.setLeafRootFor(ID, wide, KEY2, r, vs);
    }

    // ---- batches ----

    /// One item that is refused reverts alone and says why.
    function test_batchItemsAreIndependent() public {
        bytes[] memory calls = new bytes[](4);
        calls[0] = publishCall(1);
        calls[1] = publishCall(1); // the same again
        calls[2] = hex"deadbeef";
        calls[3] = publishCall(2);
        vm.expectEmit(address(registry));
        emit DeviceStorage.Published(ID, entryOf(SERVICE, 0), endpoint(1));
        vm.expectEmit(address(registry));
        emit DeviceStorage.Refused(1, why(DeviceStorage.SeqNotRising.selector, 1));
        vm.expectEmit(address(registry));
        emit DeviceStorage.Refused(2, "");
        vm.expectEmit(address(registry));
        emit DeviceStorage.Published(ID, entryOf(SERVICE, 0), endpoint(2));
        registry.runList(packed(calls));
        same(at(endpointSlot(ID, SERVICE, 0)), endpoint(2));
    }

    /// A list that ends within an item is no list: nothing of it stands.
    function test_batchMustBeWhole() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = publishCall(1);
        vm.expectRevert(DeviceStorage.BadWord.selector);
        registry.runList(bytes.concat(packed(calls), hex"00"));
        vm.expectRevert(DeviceStorage.BadWord.selector);
        registry.runList(bytes.concat(packed(calls), hex"0002ff"));
        same(at(endpointSlot(ID, SERVICE, 0)), 0);
    }

    /// The same rules for an array as for the packed list.
    function test_arrayOfCalls() public {
        bytes[] memory calls = new bytes[](3);
        calls[0] = publishCall(1);
        calls[1] = publishCall(1);
        calls[2] = publishCall(2);
        vm.expectEmit(address(registry));
        emit DeviceStorage.Published(ID, entryOf(SERVICE, 0), endpoint(1));
        vm.expectEmit(address(registry));
        emit DeviceStorage.Refused(1, why(DeviceStorage.SeqNotRising.selector, 1));
        vm.expectEmit(address(registry));
        emit DeviceStorage.Published(ID, entryOf(SERVICE, 0), endpoint(2));
        registry.runBatch(calls);
        same(at(endpointSlot(ID, SERVICE, 0)), endpoint(2));
        registry.runBatch(new bytes[](0));
    }

    /// An owner batches his own calls; a stranger's batch has only the stranger's rights.
    function test_batchRunsAsItsCaller() public {
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(registry.publish, (ID, SERVICE, 0, 1, endpoint(1)));
        vm.expectEmit(address(registry));
        emit DeviceStorage.Refused(0, why(DeviceStorage.NotOwner.selector));
        vm.prank(STRANGER);
        registry.runList(packed(calls));
        same(at(endpointSlot(ID, SERVICE, 0)), 0);
        vm.prank(owner);
        registry.runList(packed(calls));
        same(at(endpointSlot(ID, SERVICE, 0)), endpoint(1));
        registry.runList("");
    }
}
