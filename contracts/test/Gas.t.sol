// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Voucher} from "./Fixture.sol";
import {People} from "./People.sol";

/// @notice Gas of whole transactions (intrinsic gas and calldata included: each call runs as a
/// transaction of its own, see `isolate` in foundry.toml) against the bars of the design.
/// forge-config: test.isolate = true
contract GasTest is People {
    function bar(string memory name, uint256 limit) private {
        uint256 used = vm.snapshotGasLastCall(name);
        require(used <= limit, string.concat(name, ": above its bar"));
    }

    function registered() private {
        submit(voucher());
    }

    function test_register() public {
        submit(voucher());
        bar("register with voucher", 77_000);
    }

    function test_publishFresh() public {
        registered();
        publishAs(OWNER, endpoint(1));
        bar("endpoint fresh", 49_500);
    }

    function test_publishRenew() public {
        registered();
        publishAs(OWNER, endpoint(1));
        vm.warp(NOW + 12 hours);
        publishAs(OWNER, endpoint(2));
        bar("endpoint renew", 32_300);
    }

    function test_publishFreshIpv6() public {
        registered();
        uint256 word = endpointWord(
            0, uint40(NOW + 1 days), 1, 3, 49152, 0x20010db8112233445566778899aabbcc
        );
        publishAs(OWNER, word);
        bar("endpoint fresh, IPv6", 49_700);
    }

    function test_rotate() public {
        registered();
        vm.prank(OWNER);
        registry.rotate(ID, info(2, 1, 1), KEY2);
        bar("rotate", 34_600);
    }

    function test_revoke() public {
        registered();
        vm.prank(OWNER);
        registry.revoke(ID);
        bar("revoke", 32_000);
    }

    /// @notice As long and as dense as one.
    function spki() private pure returns (bytes memory out) {
        out = new bytes(294);
        for (uint256 i = 0; i < out.length; i++) {
            out[i] = 0xa5;
        }
    }

    function test_announce() public {
        registry.announce(spki());
        bar("announce RSA-2048 key", 54_000);
    }

    // ---- validated by attestors ----

    /// @notice k of n sign the word; the key word that they saw is one more cold slot than the bar
    /// counts, which allows 2,100 for each.
    function attested(uint256 n, uint8 k, uint32 seq) private {
        uint64 time = uint64(block.timestamp - 60);
        bytes memory proof;
        for (uint256 i = n - k; i < n; ++i) {
            proof = bytes.concat(proof, attest(i, time, 1, KEY, endpoint(seq)));
        }
        proof = bundle(proof);
        uint256 meant = terms(0, 1, 0);
        uint256 word_ = endpoint(seq);
        publishWith(owner, ID, SERVICE, meant, word_, proof);
    }

    function test_publishValidated() public {
        enrol();
        appoint(1, 1, SERVICE);
        attested(1, 1, 1);
        bar("endpoint fresh, validated by 1 of 1", 56_800 + 2_100);
    }

    function test_publishValidatedByTwo() public {
        enrol();
        appoint(3, 2, SERVICE);
        attested(3, 2, 1);
        bar("endpoint fresh, validated by 2 of 3", 63_600 + 2_100);
    }

    function test_renewValidated() public {
        enrol();
        appoint(1, 1, SERVICE);
        attested(1, 1, 1);
        vm.warp(NOW + 12 hours);
        attested(1, 1, 2);
        bar("endpoint renew, validated by 1 of 1", 39_600 + 2_100);
    }

    // ---- sent by others ----

    function test_registerByASponsor() public {
        vm.prank(STRANGER);
        submit(voucher());
        bar("register, relayed", 82_000);
    }

    function test_publishForFresh() public {
        enrol();
        publishFor(0, 1, endpoint(1), DUE);
        bar("endpoint fresh, relayed", 55_000);
    }

    function test_publishForRenew() public {
        enrol();
        publishFor(0, 1, endpoint(1), DUE);
        publishFor(0, 1, endpoint(2), DUE);
        bar("endpoint renew, relayed", 38_000);
    }

    function test_rotateFor() public {
        enrol();
        rotateFor(info(2, 1, 1), KEY2, DUE);
        bar("rotate, relayed", 40_500);
    }

    function test_batchOfFiftyRenewals() public {
        bytes[] memory calls = new bytes[](50);
        for (uint32 seq = 1; seq <= 2; ++seq) {
            for (uint256 i = 0; i < 50; ++i) {
                uint256 key = 0x5EED00 + i;
                bytes32 id = keccak256(abi.encode("device", i));
                if (seq == 1) {
                    Voucher memory v = voucher();
                    v.id = id;
                    v.owner = vm.addr(key);
                    submit(v);
                }
                who = key;
                bytes32 body =
                    keccak256(abi.encode(PUBLISH, id, SERVICE, uint256(0), 1, endpoint(seq), DUE));
                (bytes32 r, bytes32 vs) = signed(body);
                calls[i] = abi.encodeCall(
                    registry.publishFor, (id, SERVICE, terms(0, 1, DUE), endpoint(seq), r, vs)
                );
            }
            bytes memory items = packed(calls);
            registry.runList(items);
        }
        bar("batch of 50 renewals", 50 * 16_600);
    }
}
