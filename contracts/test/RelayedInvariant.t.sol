// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Voucher} from "./Fixture.sol";
import {People} from "./People.sol";

/// @notice Signed calls, alone and in batches, and what organisations may do, in any order. In words:
///  1. A record changes only by a call that its owner, the one it is offered to, or its organisation
///     made for its epoch; each such change raises the epoch by one.
///  2. An item of a batch does what it does alone: if it is refused it changes nothing.
///  3. The organisation's number never changes; the manager epoch rises by one with each manager.
///  4. validatedAt is never of the future, and only attested calls raise it.
contract RelayedInvariantTest is People {
    RelayedHandler private handler;

    function setUp() public override {
        handler = new RelayedHandler();
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev The steps alone: what the handler inherits is for the steps.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[7] memory steps = [
            handler.relayed.selector,
            handler.publishAttestedBy.selector,
            handler.manage.selector,
            handler.recoverTo.selector,
            handler.revokeByOrg.selector,
            handler.restore.selector,
            handler.pass.selector
        ];
        targets = new FuzzSelector[](1);
        targets[0].addr = address(handler);
        targets[0].selectors = new bytes4[](8);
        for (uint256 i = 0; i < 8; ++i) {
            targets[0].selectors[i] = steps[i % 7]; // relayed twice as often
        }
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_onlyWhoMay() public view {
        require(!handler.broken(), handler.reason());
    }

    /// The run is worth something: every kind of step succeeds at least once in a fixed sequence.
    function test_handlerReachesEveryOperation() public {
        for (uint8 kind = 0; kind < 4; ++kind) {
            handler.relayed(0, kind, 7, kind % 2 == 0);
        }
        handler.publishAttestedBy(0, 1, false);
        handler.relayed(0, 4, 1, true); // offered to the second
        handler.relayed(1, 5, 0, false);
        handler.manage(0);
        handler.recoverTo(2);
        handler.revokeByOrg(0);
        require(handler.done() == 10 && !handler.broken(), "a step did not happen");
    }
}

/// @notice One device, three people with keys, a manager and an admin.
contract RelayedHandler is People {
    bool public broken;
    string public reason;
    uint256 public done;

    constructor() {
        deploy();
        who = key(0);
        Voucher memory v = voucher();
        v.owner = vm.addr(key(0));
        submit(v);
        appoint(3, 2, SERVICE);
    }

    /// @dev Not a step: a call of the fuzzer must not replace the registry.
    function setUp() public pure override {}

    function key(uint256 n) private pure returns (uint256) {
        return 0xFACE + n % 3;
    }

    function fail(string memory what) private {
        broken = true;
        reason = what;
    }

    function epoch() private view returns (uint32) {
        return uint32(word() >> 216);
    }

    function offer() private view returns (uint256) {
        return at(mapped(ID, 8));
    }

    function soon() private view returns (uint64) {
        return uint64(block.timestamp + 1 hours);
    }

    /// @dev Sends one call as it is, or as the only item of a batch. @return whether it was taken
    function sent(bytes memory data, bool inBatch) private returns (bool) {
        uint256 before = word();
        uint256 offered = offer();
        bool good;
        if (inBatch) {
            bytes[] memory one = new bytes[](1);
            one[0] = data;
            registry.runList(packed(one));
            good = word() != before;
            if (!good && offer() != offered) {
                fail("2: a refused item changed something");
            }
        } else {
            (good,) = address(registry).call(data);
        }
        return good;
    }

    function checkStep(uint256 before, uint256 offered, address by, bool taken, bool claim) private {
        if (!taken) {
            if (word() != before) {
                fail("1: a refused call changed the record");
            }
            return;
        }
        ++done;
        if (epoch() != uint32(before >> 216) + 1 || word() >> 248 != before >> 248) {
            fail("1: a change without a new epoch, or another organisation");
        }
        address meant = claim ? address(uint160(offered)) : address(uint160(before));
        if (by != meant || (before >> 168) & 0x80 != 0) {
            fail("1: by somebody else, or of a revoked record");
        }
    }

    function rotation(bytes32 with, uint32 now_, uint64 due) private view returns (bytes memory) {
        bytes32 t = keccak256(
            "Rotate(bytes32 id,uint8 keyType,uint8 flags,bytes32 key,uint32 epoch,uint64 deadline)"
        );
        (bytes32 r, bytes32 vs) = signed(keccak256(abi.encode(t, ID, 2, 0, with, now_, due)));
        return abi.encodeCall(registry.rotateFor, (ID, info(2, 0, now_), due, with, r, vs));
    }

    function tlsKey(bytes32 with, uint32 now_, uint64 due) private view returns (bytes memory) {
        bytes32 t = keccak256(
            "TlsKey(bytes32 id,bytes32 service,bytes32 key,uint32 epoch,uint64 deadline)"
        );
        (bytes32 r, bytes32 vs) = signed(keccak256(abi.encode(t, ID, SERVICE, with, now_, due)));
        return abi.encodeCall(registry.setTlsKeyFor, (ID, SERVICE, terms(0, now_, due), with, r, vs));
    }

    function transfer(address to, uint32 now_, uint64 due) private view returns (bytes memory) {
        bytes32 t = keccak256("Transfer(bytes32 id,address owner,uint32 epoch,uint64 deadline)");
        (bytes32 r, bytes32 vs) = signed(keccak256(abi.encode(t, ID, to, now_, due)));
        return abi.encodeCall(registry.transferOwnerFor, (ID, terms(0, now_, due), to, r, vs));
    }

    function claimOrRevoke(bool claim, uint32 now_, uint64 due) private view returns (bytes memory) {
        bytes32 t = claim
            ? keccak256("Claim(bytes32 id,uint32 epoch,uint64 deadline)")
            : keccak256("Revoke(bytes32 id,uint32 epoch,uint64 deadline)");
        (bytes32 r, bytes32 vs) = signed(keccak256(abi.encode(t, ID, now_, due)));
        return claim
            ? abi.encodeCall(registry.claimOwnerFor, (ID, due, now_, r, vs))
            : abi.encodeCall(registry.revokeFor, (ID, r, vs, now_, due));
    }

    function leafRoot(bytes32 with, uint32 now_, uint64 due) private view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = signed(leafRootBody(with, now_, due));
        return abi.encodeCall(registry.setLeafRootFor, (ID, terms(0, now_, due), with, r, vs));
    }

    function made(uint8 kind, uint256 value) private view returns (bytes memory) {
        uint32 now_ = epoch();
        uint64 due = soon();
        bytes32 with = bytes32(value % (FIELD - 1) + 1);
        if (kind == 1) {
            return tlsKey(with, now_, due);
        }
        if (kind == 2) {
            return leafRoot(with, now_, due);
        }
        if (kind == 4) {
            return transfer(vm.addr(key(value)), now_, due);
        }
        return kind > 4 ? claimOrRevoke(kind == 5, now_, due) : rotation(with, now_, due);
    }

    /// @notice rotate, TLS key, leaf root, rotate, transfer, claim, revoke.
    function relayed(uint256 by, uint8 kind, uint256 value, bool inBatch) external {
        who = key(by);
        kind = kind % 7;
        uint256 before = word();
        uint256 offered = offer();
        bool taken = sent(made(kind, value), inBatch);
        checkStep(before, offered, vm.addr(who), taken, kind == 5);
    }

    function publishAttestedBy(uint256 by, uint32 step, bool stale) external {
        bytes32 slot = endpointSlot(ID, SERVICE, 0);
        uint256 before = at(slot);
        uint32 next;
        unchecked {
            next = uint32(before >> 160) + step % 70_000;
        }
        uint64 time = uint64(block.timestamp - (stale ? 601 : 60));
        bytes32 held = bytes32(at(plus(deviceSlot(ID), 1)));
        bytes memory with = bundle(
            bytes.concat(
                attest(0, time, epoch(), held, endpoint(next)),
                attest(2, time, epoch(), held, endpoint(next))
            )
        );
        bytes memory call = abi.encodeCall(
            registry.publishAttested, (terms(0, epoch(), 0), endpoint(next), ID, SERVICE)
        );
        vm.prank(vm.addr(key(by)));
        (bool taken,) = address(registry).call(bytes.concat(call, with));
        uint256 now_ = at(slot);
        if (taken) {
            ++done;
            if (stale || vm.addr(key(by)) != address(uint160(word()))) {
                fail("4: validated by whom?");
            }
        } else if (now_ != before) {
            fail("4: a refused call wrote an endpoint");
        }
        if (now_ >> 232 > block.timestamp / 3600) {
            fail("4: of the future");
        }
    }

    function manage(uint256 by) external {
        uint256 before = at(mapped(ORG, 3));
        vm.prank(by % 3 == 0 ? ADMIN : vm.addr(key(by)));
        try registry.setManager(ORG, manager) {
            ++done;
            if (by % 3 != 0 || uint32(at(mapped(ORG, 3)) >> 160) != uint32(before >> 160) + 1) {
                fail("3: manager");
            }
        } catch {}
    }

    function recoverTo(uint256 to) external {
        uint256 before = word();
        vm.prank(ADMIN);
        try registry.recover(vm.addr(key(to)), ID, epoch()) {
            ++done;
            if (uint40(offer() >> 160) != block.timestamp + 2 days || word() != before) {
                fail("1: a recovery that did not wait");
            }
        } catch {}
    }

    function revokeByOrg(uint256 by) external {
        uint256 before = word();
        address caller = by % 3 == 0 ? ADMIN : by % 3 == 1 ? manager : STRANGER;
        vm.prank(caller);
        try registry.revokeAsOrg(ID, epoch()) {
            ++done;
            if (caller == STRANGER || epoch() != uint32(before >> 216) + 1) {
                fail("1: revoked by a stranger");
            }
        } catch {}
    }

    /// @notice The organisation vouches again for what was revoked, or has run out.
    function restore(uint256 to) external {
        Voucher memory v = voucher();
        v.owner = vm.addr(key(to));
        v.epoch = epoch();
        v.managerEpoch = uint32(at(mapped(ORG, 3)) >> 160);
        uint256 before = word();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        try registry.register(v.org, v.id, deviceWord(v, v.epoch), v.key, terms(v), r, vs) {
            bool live = (before >> 168) & 0x80 == 0 && uint40(before >> 176) > block.timestamp;
            if (live && address(uint160(before)) != v.owner) {
                fail("1: a live record has another owner");
            }
        } catch {}
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + time % 3 days);
    }
}
