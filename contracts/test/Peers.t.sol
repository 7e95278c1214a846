// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Fixture} from "./Fixture.sol";
import {Erc1056} from "./peers/Erc1056.sol";
import {PaperClients} from "./peers/PaperClients.sol";
import {PaperMappings} from "./peers/PaperMappings.sol";
import {PaperOracle} from "./peers/PaperOracle.sol";

/// @notice The papers' flow and ERC-1056, run again here, and their gas: whole transactions, as in
/// GasTest. contracts/gas.mjs makes the table and the figure of it.
/// forge-config: test.isolate = true
contract PeersTest is Fixture {
    address private constant SERVICE_OF_ORACLE = address(0x04AC1E);
    address private constant DEVICE = address(0xDE);
    string private constant IP = "203.0.113.70";
    string private constant PORT = "49152";

    PaperOracle private oracle;
    PaperMappings private paper;
    PaperClients private clients;
    Erc1056 private erc;

    function setUp() public override {
        super.setUp();
        oracle = new PaperOracle(SERVICE_OF_ORACLE);
        paper = new PaperMappings(oracle);
        clients = new PaperClients("key of the manager");
        erc = new Erc1056();
        vm.roll(1000);
    }

    /// @notice As long and as dense as what it stands for.
    function dense(uint256 length) private pure returns (bytes memory) {
        return filled(length, 0x61);
    }

    function filled(uint256 length, bytes1 with) private pure returns (bytes memory out) {
        out = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            out[i] = with;
        }
    }

    function text(uint256 length) private pure returns (string memory) {
        return string(dense(length));
    }

    function note(string memory name) private {
        vm.snapshotGasLastCall("Peers", name);
    }

    function digits(bytes32 value) private pure returns (string memory) {
        bytes memory out = new bytes(64);
        for (uint256 i = 0; i < 64; ++i) {
            out[i] = bytes("0123456789abcdef")[(uint256(value) >> (252 - 4 * i)) & 15];
        }
        return string(out);
    }

    function query(uint256 n) private view returns (bytes32) {
        return keccak256(abi.encode(address(paper), n));
    }

    function answer(uint256 n, string memory result) private {
        vm.prank(SERVICE_OF_ORACLE);
        paper.answered(query(n), result);
    }

    // ---- the flow for PCP mappings: |DevID| = 30, RSA-2048 modulus ----

    function test_paperMapping() public {
        string memory name = text(30);
        vm.prank(DEVICE);
        paper.addClient(name, dense(256));
        note("addClient");
        vm.prank(DEVICE);
        paper.addMapping(name, "http", "TCP", IP, PORT);
        note("addMapping");
        vm.expectEmit(address(paper));
        emit PaperMappings.N1Ready("4711");
        answer(0, "4711");
        note("callback with N1");
        same(keccak256(bytes(paper.getMapping(name, "http"))), keccak256(""));
        vm.prank(DEVICE);
        paper.validatePCPMapping(string.concat(name, "http"), "0815");
        note("validatePCPMapping");
        answer(1, digits(keccak256("47110815")));
        note("callback with the page");
        require(
            keccak256(bytes(paper.getMapping(name, "http")))
                == keccak256(bytes(string.concat(IP, ":", PORT))),
            "not validated"
        );
        vm.prank(DEVICE);
        paper.addMapping(name, "http", "TCP", IP, "49153");
        note("addMapping, again");
        vm.prank(DEVICE);
        paper.updatePublicKey(name, filled(256, 0x62));
        note("updatePublicKey");
    }

    /// A page that holds something else: the mapping is deleted.
    function test_paperDeletesOnFailure() public {
        string memory name = text(30);
        vm.prank(DEVICE);
        paper.addClient(name, dense(256));
        vm.prank(DEVICE);
        paper.addMapping(name, "http", "TCP", IP, PORT);
        answer(0, "4711");
        vm.prank(DEVICE);
        paper.validatePCPMapping(string.concat(name, "http"), "0815");
        answer(1, digits(keccak256("something else")));
        note("callback that deletes");
        same(bytes(paper.getMapping(name, "http")).length, 0);
        vm.expectRevert();
        paper.answered(query(2), "1");
    }

    function test_paperNameIsTakenOnce() public {
        vm.prank(DEVICE);
        paper.addClient("gw", dense(256));
        vm.expectRevert();
        paper.addClient("gw", dense(256));
        vm.expectRevert();
        paper.addMapping("gw", "http", "TCP", IP, PORT);
        vm.expectRevert();
        paper.updatePublicKey("gw", dense(256));
        same(paper.getPublicKey("gw").length, 256);
    }

    // ---- the flow for relays: key in PEM ----

    function test_paperRelays() public {
        vm.prank(DEVICE);
        clients.registerServer(IP);
        note("registerServer");
        require(!clientsAs(DEVICE), "a stranger approves");
        clients.approveServer(IP);
        note("approveServer");
        vm.prank(DEVICE);
        clients.addClient(text(30), "203.0.113.70:49152", text(451), text(36));
        note("addClient with token");
        clients.approveClient(text(36));
        note("approveClient");
        vm.prank(DEVICE);
        clients.updateAllocation("203.0.113.71:49153", text(36));
        note("updateAllocation");
        same(bytes(clients.getClientPuk(text(30))).length, 451);
        require(bytes(clients.getWMKey()).length != 0, "no key of the manager");
    }

    function clientsAs(address who) private returns (bool) {
        vm.prank(who);
        return clients.approveServer(IP);
    }

    // ---- ERC-1056 ----

    function test_erc1056() public {
        bytes32 key = "did/pub/Secp256k1/veriKey/hex";
        vm.prank(DEVICE);
        erc.setAttribute(DEVICE, key, dense(33), 365 days);
        note("ERC-1056 setAttribute key");
        vm.roll(1001);
        vm.prank(DEVICE);
        erc.setAttribute(DEVICE, "did/svc/wick", dense(22), 365 days);
        note("ERC-1056 setAttribute endpoint");
        vm.prank(DEVICE);
        erc.changeOwner(DEVICE, STRANGER);
        note("ERC-1056 changeOwner");
        require(erc.identityOwner(DEVICE) == STRANGER && erc.changed(DEVICE) == 1001, "erc");
        vm.expectRevert();
        vm.prank(DEVICE);
        erc.setAttribute(DEVICE, key, dense(33), 1);
        vm.prank(STRANGER);
        erc.addDelegate(DEVICE, "veriKey", OWNER, 1 days);
        note("ERC-1056 addDelegate");
    }

    function test_erc1056Signed() public {
        address who = vm.addr(0xE7C);
        bytes memory value = dense(22);
        for (uint256 n = 0; n < 2; ++n) {
            bytes32 hash = keccak256(
                abi.encodePacked(
                    hex"1900", address(erc), n, who, "setAttribute", SERVICE, value, uint256(1 days)
                )
            );
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(0xE7C, hash);
            erc.setAttributeSigned(who, v, r, s, SERVICE, value, 1 days);
            note(n == 0 ? "ERC-1056 signed, first" : "ERC-1056 signed, next");
        }
        vm.expectRevert();
        erc.setAttributeSigned(who, 27, 0, 0, SERVICE, value, 1 days);
    }

    // ---- gas against the length of the name: the papers' figure 12 ----

    function test_nameLengths() public {
        vm.prank(DEVICE);
        paper.addClient("warm", dense(256));
        vm.prank(DEVICE);
        paper.addMapping("warm", "http", "TCP", IP, PORT); // the oracle's counter is not zero
        for (uint256 n = 10; n <= 90; n += 10) {
            string memory name = text(n);
            string memory what = string.concat("name of ", two(n));
            vm.prank(DEVICE);
            paper.addClient(name, dense(256));
            note(string.concat(what, ": addClient"));
            vm.prank(DEVICE);
            paper.addMapping(name, "http", "TCP", IP, PORT);
            note(string.concat(what, ": addMapping"));
            vm.prank(DEVICE);
            paper.updatePublicKey(name, filled(256, 0x62));
            note(string.concat(what, ": updatePublicKey"));
            vm.prank(DEVICE);
            paper.validatePCPMapping(string.concat(name, "http"), "0815");
            note(string.concat(what, ": validatePCPMapping"));
        }
    }

    function two(uint256 n) private pure returns (string memory) {
        bytes memory out = new bytes(2);
        out[0] = bytes1(uint8(0x30 + n / 10));
        out[1] = bytes1(uint8(0x30 + n % 10));
        return string(out);
    }
}
