// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceRegistry} from "../src/DeviceRegistry.sol";
import {RelayRegistry} from "../src/RelayRegistry.sol";
import {ReleaseIndex} from "../src/ReleaseIndex.sol";
import {Vm} from "./Vm.sol";

/// @notice Puts on chain what contracts/artifacts ships: the tests are of these bytes, whatever the
/// tests themselves are compiled with. That the sources give the same bytes is build.sh's check.
abstract contract Shipped {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// @return code what creates the contract, without its arguments
    /// @dev WICK_COVERAGE: what the sources give instead, for only that can be counted.
    function shipped(string memory name) internal view returns (bytes memory code) {
        if (vm.envOr("WICK_COVERAGE", false)) {
            bytes32 which = keccak256(bytes(name));
            if (which == keccak256("DeviceRegistry")) {
                return type(DeviceRegistry).creationCode;
            }
            return which == keccak256("RelayRegistry")
                ? type(RelayRegistry).creationCode
                : type(ReleaseIndex).creationCode;
        }
        string memory path = string.concat("artifacts/", name, ".json");
        code = vm.parseJsonBytes(vm.readFile(path), ".bytecode");
        require(code.length > 1000, "artifact");
    }

    /// @notice Creates a contract; a refusal of its constructor goes on to the caller.
    function create(bytes memory code, bytes memory arguments) internal returns (address made) {
        bytes memory whole = bytes.concat(code, arguments);
        assembly {
            made := create(0, add(whole, 32), mload(whole))
            if iszero(made) {
                let data := mload(0x40)
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
        }
    }
}
