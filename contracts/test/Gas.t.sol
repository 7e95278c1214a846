// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Fixture} from "./Fixture.sol";

/// @notice Gas of whole transactions (intrinsic gas and calldata included: each call runs as a
/// transaction of its own, see `isolate` in foundry.toml) against the bars of the design.
/// forge-config: test.isolate = true
contract GasTest is Fixture {
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
}
