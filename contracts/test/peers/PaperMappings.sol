// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Asker, PaperOracle} from "./PaperOracle.sol";

/// @title The papers' contract for PCP mappings, written anew from its description
/// @notice Names and endpoints are strings; a mapping is stored under device and service, written one
/// behind the other. Its owner adds it, an oracle draws the number N1 (event N1Ready), the device
/// serves keccak256(N1 N2) over HTTPS, and the oracle fetches that: a mapping that is not confirmed is
/// deleted. Defects F1 and F2 of the design are in it on purpose: PaperDefects.t.sol uses them.
contract PaperMappings is Asker {
    struct Device {
        string name;
        bytes key;
        address owner;
    }

    struct Mapping {
        string service;
        string protocol;
        string ip;
        string port;
        bool validated;
    }

    enum Kind {
        NONE,
        RANDOM,
        FETCH
    }

    PaperOracle private immutable ORACLE;
    mapping(string => Device) private devices;
    mapping(string => Mapping) private mappings;
    mapping(bytes32 => Kind) private kindOf;
    mapping(bytes32 => string) private placeOf; // of a query for a random number: ip:port
    mapping(bytes32 => string) private indexOf; // of a query for a page: device and service
    mapping(bytes32 => string) private secondOf; // N2
    mapping(string => string) private firstOf; // N1, by ip:port

    event N1Ready(string number);

    constructor(PaperOracle oracle) {
        ORACLE = oracle;
    }

    function addClient(string memory device, bytes memory key) external payable {
        require(key.length > 0 && devices[device].key.length == 0);
        devices[device] = Device(device, key, msg.sender);
    }

    function updatePublicKey(string memory device, bytes memory key) external {
        require(devices[device].owner == msg.sender);
        devices[device].key = key;
    }

    function addMapping(
        string memory device,
        string memory service,
        string memory protocol,
        string memory ip,
        string memory port
    ) external {
        require(devices[device].owner == msg.sender);
        mappings[join(device, service, "")] = Mapping(service, protocol, ip, port, false);
        bytes32 query = ask("WolframAlpha", "random number between 1000 and 9999");
        placeOf[query] = join(ip, ":", port);
        kindOf[query] = Kind.RANDOM;
    }

    /// @dev Anybody may: that is F2.
    function validatePCPMapping(string memory index, string memory second) external payable {
        Mapping storage one = mappings[index];
        string memory host = join(one.ip, ":", one.port);
        string memory page = join("json(https://", host, "/.well-known/pki-validation/");
        bytes32 query = ask("URL", join(page, ".val", ")"));
        kindOf[query] = Kind.FETCH;
        indexOf[query] = index;
        secondOf[query] = second;
    }

    /// @notice The oracle's answer: N1, or what the device serves, 64 hexadecimal digits.
    function answered(bytes32 query, string calldata result) external {
        require(msg.sender == ORACLE.SERVICE());
        Kind kind = kindOf[query];
        delete kindOf[query];
        if (kind == Kind.RANDOM) {
            emit N1Ready(result);
            firstOf[placeOf[query]] = result;
            delete placeOf[query];
        } else if (kind == Kind.FETCH) {
            string memory index = indexOf[query];
            Mapping storage one = mappings[index];
            string memory place = join(one.ip, ":", one.port);
            if (keccak256(bytes(join(firstOf[place], secondOf[query], ""))) == digits(result)) {
                one.validated = true;
            } else {
                delete mappings[index];
            }
            delete firstOf[place];
            delete indexOf[query];
            delete secondOf[query];
        }
    }

    function getPublicKey(string memory device) external view returns (bytes memory) {
        return devices[device].key;
    }

    function getMapping(string memory device, string memory service)
        external
        view
        returns (string memory)
    {
        Mapping storage one = mappings[join(device, service, "")];
        return one.validated ? join(one.ip, ":", one.port) : "";
    }

    function ask(string memory source, string memory argument) private returns (bytes32) {
        return ORACLE.ask{value: ORACLE.price(source)}(source, argument);
    }

    /// @dev Byte by byte, as contracts of that time had to.
    function join(string memory a, string memory b, string memory c)
        private
        pure
        returns (string memory)
    {
        bytes memory whole = new bytes(bytes(a).length + bytes(b).length + bytes(c).length);
        uint256 n = append(whole, 0, bytes(a));
        n = append(whole, n, bytes(b));
        append(whole, n, bytes(c));
        return string(whole);
    }

    function append(bytes memory whole, uint256 n, bytes memory part)
        private
        pure
        returns (uint256)
    {
        for (uint256 i = 0; i < part.length; i++) {
            whole[n++] = part[i];
        }
        return n;
    }

    function digits(string calldata text) private pure returns (bytes32) {
        uint256 value = 0;
        require(bytes(text).length == 64);
        for (uint256 i = 0; i < 64; i++) {
            uint8 digit = uint8(bytes(text)[i]);
            value = (value << 4) | (digit >= 0x61 ? digit - 0x57 : digit - 0x30);
        }
        return bytes32(value);
    }
}
