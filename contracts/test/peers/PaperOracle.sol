// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @notice What asks an oracle.
interface Asker {
    function answered(bytes32 query, string calldata result) external;
}

/// @title An oracle as the papers' contract uses one
/// @notice A contract asks for a web page or a random number; a service that watches the event sends
/// the answer in a transaction of its own, which the asker has paid for.
contract PaperOracle {
    /// @notice The service that answers.
    address public immutable SERVICE;
    uint256 private asked;

    event Asked(
        bytes32 indexed query, address indexed asker, string source, string argument, uint256 gasLimit
    );

    constructor(address service) {
        SERVICE = service;
    }

    function price(string calldata) external pure returns (uint256) {
        return 0;
    }

    function ask(string calldata source, string calldata argument)
        external
        payable
        returns (bytes32 query)
    {
        query = keccak256(abi.encode(msg.sender, asked));
        asked += 1;
        emit Asked(query, msg.sender, source, argument, 200_000);
    }
}
