// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title The papers' contract for clients and TURN relays, written anew from its description
/// @notice A client is stored under a token that its wallet manager gave it, waits until the manager
/// approves that token, and is found by walking through all approved ones, the latest first. Defects
/// F3 and F4 of the design are in it on purpose: PaperDefects.t.sol uses them.
contract PaperClients {
    struct Client {
        string name;
        string relayed;
        string key;
        address wallet;
        bool approved;
    }

    struct Server {
        string place;
        bool approved;
    }

    address public immutable OWNER;
    string private managerKey;
    uint256 private servers;
    uint256 private approved;
    mapping(string => Client) private clients;
    mapping(uint256 => string) private tokenAt;
    mapping(string => Server) private serverAt;

    constructor(string memory key) {
        OWNER = msg.sender;
        managerKey = key;
    }

    function registerServer(string memory place) external returns (bool) {
        serverAt[place] = Server(place, false);
        return true;
    }

    function approveServer(string memory place) external returns (bool) {
        if (msg.sender != OWNER) {
            return false;
        }
        serverAt[place].approved = true;
        servers += 1;
        return true;
    }

    /// @dev Whoever knows the token may, as often as he likes, and it stands in his call: that is F3.
    function addClient(
        string memory name,
        string memory relayed,
        string memory key,
        string memory token
    ) external returns (bool) {
        clients[token] = Client(name, relayed, key, msg.sender, false);
        return true;
    }

    function approveClient(string memory token) external returns (bool) {
        if (msg.sender != OWNER) {
            return false;
        }
        clients[token].approved = true;
        tokenAt[approved] = token;
        approved += 1;
        return true;
    }

    function updateAllocation(string memory relayed, string memory token) external returns (bool) {
        if (msg.sender == clients[token].wallet) {
            clients[token].relayed = relayed;
        }
        return true;
    }

    /// @dev An index that is not signed is never below zero: that is F4.
    function getClientPuk(string memory name) external view returns (string memory) {
        unchecked {
            for (uint256 i = approved - 1; i >= 0; i--) {
                Client storage one = clients[tokenAt[i]];
                if (keccak256(bytes(one.name)) == keccak256(bytes(name))) {
                    return one.key;
                }
            }
        }
        return "";
    }

    function getWMKey() external view returns (string memory) {
        return managerKey;
    }
}
