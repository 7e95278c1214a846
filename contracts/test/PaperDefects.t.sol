// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceStorage} from "../src/DeviceStorage.sol";
import {Fixture, Voucher} from "./Fixture.sol";
import {PaperClients} from "./peers/PaperClients.sol";
import {PaperMappings} from "./peers/PaperMappings.sol";
import {PaperOracle} from "./peers/PaperOracle.sol";

/// @notice The four defects as attacks: each succeeds against the papers' contracts and fails against
/// the registry. Defects.t.sol looks at the registry's side more closely.
contract PaperDefectsTest is Fixture {
    address private constant MALLORY = address(0x66);
    address private constant ORACLE = address(0x04AC1E);

    PaperMappings private paper;
    PaperClients private clients;

    function setUp() public override {
        super.setUp();
        paper = new PaperMappings(new PaperOracle(ORACLE));
        clients = new PaperClients("key");
    }

    function is_(string memory got, string memory want) private pure returns (bool) {
        return keccak256(bytes(got)) == keccak256(bytes(want));
    }

    function query(uint256 n) private view returns (bytes32) {
        return keccak256(abi.encode(address(paper), n));
    }

    function answer(uint256 n, string memory result) private {
        vm.prank(ORACLE);
        paper.answered(query(n), result);
    }

    function confirm(string memory index, uint256 next) private {
        answer(next, "1");
        paper.validatePCPMapping(index, "");
        answer(next + 1, "c89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");
    }

    function deviceOf(string memory name, address owner) private {
        Voucher memory v = voucher();
        v.id = keccak256(bytes(name));
        v.owner = owner;
        submit(v);
    }

    /// F1: the owner of RPi writes the record of RPiA, because RPi+Ahttp is RPiA+http.
    function test_F1_concatenatedNames() public {
        vm.prank(OWNER);
        paper.addClient("RPiA", "key");
        vm.prank(OWNER);
        paper.addMapping("RPiA", "http", "TCP", "203.0.113.7", "443");
        confirm("RPiAhttp", 0);
        require(is_(paper.getMapping("RPiA", "http"), "203.0.113.7:443"), "set-up");
        vm.startPrank(MALLORY);
        paper.addClient("RPi", "key");
        paper.addMapping("RPi", "Ahttp", "TCP", "198.51.100.66", "443");
        vm.stopPrank();
        confirm("RPiAhttp", 2);
        require(is_(paper.getMapping("RPiA", "http"), "198.51.100.66:443"), "the attack failed");

        deviceOf("RPiA", OWNER);
        deviceOf("RPi", MALLORY);
        vm.prank(OWNER);
        registry.publish(keccak256("RPiA"), keccak256("http"), 0, 1, endpoint(1));
        vm.prank(MALLORY);
        registry.publish(keccak256("RPi"), keccak256("Ahttp"), 0, 1, endpoint(2));
        same(at(endpointSlot(keccak256("RPiA"), keccak256("http"), 0)), endpoint(1));
    }

    /// F2: a stranger starts a validation of what is another's, and has it fail: the mapping is gone.
    function test_F2_validationByAnybody() public {
        vm.prank(OWNER);
        paper.addClient("gw", "key");
        vm.prank(OWNER);
        paper.addMapping("gw", "http", "TCP", "203.0.113.7", "443");
        confirm("gwhttp", 0);
        vm.prank(MALLORY);
        paper.validatePCPMapping("gwhttp", "not what the device serves");
        answer(2, "c89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");
        require(is_(paper.getMapping("gw", "http"), ""), "the attack failed");

        deviceOf("gw", OWNER);
        vm.prank(OWNER);
        registry.publish(keccak256("gw"), SERVICE, 0, 1, endpoint(1));
        bytes memory none = hex"00000000";
        vm.expectRevert(DeviceStorage.NotOwner.selector);
        publishWith(MALLORY, keccak256("gw"), SERVICE, 1 << 64, endpoint(2), none);
        same(at(endpointSlot(keccak256("gw"), SERVICE, 0)), endpoint(1));
    }

    /// F3: the token is read in the mempool, and who calls last before the approval has the name.
    function test_F3_frontRunToken() public {
        vm.prank(OWNER);
        clients.addClient("gw", "203.0.113.7:1", "the device's key", "token");
        vm.prank(MALLORY);
        clients.addClient("gw", "198.51.100.66:1", "Mallory's key", "token");
        clients.approveClient("token");
        require(is_(clients.getClientPuk("gw"), "Mallory's key"), "the attack failed");

        Voucher memory v = voucher();
        (bytes32 r, bytes32 vs) = sign(MANAGER_KEY, v);
        Voucher memory stolen = voucher();
        stolen.owner = MALLORY;
        vm.expectRevert(DeviceStorage.WrongSigner.selector);
        submitWith(stolen, r, vs);
        vm.prank(MALLORY); // all that he can do is the device's work
        submitWith(v, r, vs);
        same(uint160(at(deviceSlot(ID))), uint160(OWNER));
    }

    /// F4: who asks for a name that is not there is never answered; and a name with a token of its own
    /// shadows an older one.
    function test_F4_endlessScan() public {
        clients.addClient("gw", "203.0.113.7:1", "the device's key", "one");
        clients.approveClient("one");
        (bool answered,) = address(clients).staticcall{gas: 3_000_000}(
            abi.encodeCall(clients.getClientPuk, ("nobody"))
        );
        require(!answered, "the attack failed");
        vm.prank(MALLORY);
        clients.addClient("gw", "198.51.100.66:1", "Mallory's key", "two");
        clients.approveClient("two");
        require(is_(clients.getClientPuk("gw"), "Mallory's key"), "the attack failed");

        same(uint256(registry.storedWord(deviceSlot(keccak256("nobody")))), 0);
        deviceOf("gw", OWNER);
        Voucher memory v = voucher();
        v.id = keccak256("gw");
        v.owner = MALLORY;
        v.epoch = 1;
        refused(v, why(DeviceStorage.NameTaken.selector));
    }
}
