// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {ReleaseWorld} from "./ReleaseWorld.sol";

/// @notice Gas of whole transactions on ReleaseIndex (see GasTest).
/// forge-config: test.isolate = true
contract ReleaseGasTest is ReleaseWorld {
    function bar(string memory name, uint256 limit) private {
        uint256 used = vm.snapshotGasLastCall(name);
        require(used <= limit, string.concat(name, ": above its bar"));
    }

    function test_publish() public {
        publish(MANIFEST, 1, 1);
        bar("publish", 77_700);
    }

    function test_approveFirst() public {
        publish(MANIFEST, 1, 1);
        approve(0, 0, MANIFEST);
        bar("approve, not the last needed", 37_600);
    }

    function test_approveLastOfTheFirstRelease() public {
        publish(MANIFEST, 1, 1);
        approve(0, 0, MANIFEST);
        approve(1, 0, MANIFEST);
        bar("approve, activates the first release", 87_000);
    }

    function test_approveLast() public {
        released(MANIFEST, 1, 1);
        publish(MANIFEST2, 2, 1);
        approve(0, 1, MANIFEST2);
        approve(1, 1, MANIFEST2);
        bar("approve, activates", 52_900);
    }

    function test_approveFor() public {
        publish(MANIFEST, 1, 1);
        (bytes32 r, bytes32 vs) = signed(SIGNER_KEY, 0, MANIFEST, claimed(0), 1);
        uint256 reviewed = claimed(0);
        releases.approveFor(PRODUCT, 0, MANIFEST, reviewed, r, vs);
        bar("approve, relayed", 42_800);
    }

    function test_revoke() public {
        released(MANIFEST, 1, 1);
        vm.prank(approver(2));
        releases.revoke(PRODUCT, 0);
        bar("revoke the newest", 39_600);
    }

    function test_create() public {
        bytes memory members = list();
        uint256 thresholds = terms(DELAY, 2, 2, 0);
        vm.prank(REGISTRAR);
        releases.create(keccak256("another"), members, thresholds);
        bar("create a product with 7 members", 215_000);
    }
}
