// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {DeviceStorage} from "./DeviceStorage.sol";
import {AttestorWord, ManagerWord} from "./Words.sol";

/// @title Organisations of DeviceRegistry: admins, managers, attestors
/// @notice An organisation vouches for its devices through a manager, a key in service. Its admin is
/// a cold key: it appoints manager and attestors, and recovers records whose owner lost his key. The
/// admin of organisation 0 admits further organisations, up to 256.
abstract contract Organisations is DeviceStorage {
    /// @notice Most attestors of one class.
    uint256 internal constant ATTESTORS_MAX = 32;

    /// @param org keccak256 of the first organisation's name.
    /// @param admin Its admin.
    /// @param manager Its manager.
    constructor(bytes32 org, address admin, address manager) {
        _admit(org, admin, manager, 0);
    }

    /// @notice Admits an organisation. Admin of organisation 0 only. It stays for ever.
    /// @param org keccak256 of its name, not used before.
    /// @param admin Its admin.
    /// @param manager Its manager.
    /// @param number Its number, not used before.
    function admit(bytes32 org, address admin, address manager, uint8 number) external {
        if (msg.sender != address(uint160(orgs[0].admin))) {
            revert NotAdmin();
        }
        _admit(org, admin, manager, number);
    }

    /// @notice Sets an organisation's manager. Admin only. Unused vouchers of the former one are void,
    /// also if he comes back, because the manager epoch never repeats.
    /// @param org Organisation.
    /// @param manager The new manager.
    function setManager(bytes32 org, address manager) external {
        uint256 word = _checkAdmin(org);
        if (manager == address(0)) {
            revert ZeroAddress();
        }
        uint32 epoch = ManagerWord.epoch(word);
        if (epoch == type(uint32).max) {
            revert EpochSaturated();
        }
        unchecked {
            word = ManagerWord.pack(manager, epoch + 1, ManagerWord.number(word));
        }
        managers[org] = word;
        emit ManagerSet(org, word);
    }

    /// @notice Offers the administration to another address, which must accept. Admin only.
    /// @param org Organisation.
    /// @param admin Who may accept; zero takes an offer back.
    function offerAdmin(bytes32 org, address admin) external {
        _checkAdmin(org);
        adminOffers[org] = uint160(admin);
        emit AdminOffered(org, admin);
    }

    /// @notice Takes the administration over. Only who it is offered to.
    /// @param org Organisation.
    function takeAdmin(bytes32 org) external {
        if (adminOffers[org] != uint160(msg.sender)) {
            revert NotOffered();
        }
        delete adminOffers[org];
        orgs[ManagerWord.number(managers[org])].admin = uint160(msg.sender);
        emit AdminSet(org, msg.sender);
    }

    /// @notice Sets who may attest that an endpoint of the organisation's devices was reached, and how
    /// many must. Admin only. Only a commitment to the list is stored; the list is in the event.
    /// @param members Their addresses, 20 bytes each, strictly ascending; empty to have none.
    /// @param threshold How many must sign, at least one; zero for an empty list.
    /// @param org Organisation.
    /// @param class Service, or zero for every service that has no attestors of its own.
    function setAttestors(bytes calldata members, uint8 threshold, bytes32 org, bytes32 class)
        external
    {
        uint256 number = ManagerWord.number(_checkAdmin(org));
        uint256 count = members.length / AttestorWord.MEMBER;
        bool fits = members.length % AttestorWord.MEMBER == 0 && count <= ATTESTORS_MAX
            && threshold <= count && (threshold == 0) == (count == 0);
        uint256 last = 0;
        for (uint256 i = 0; fits && i < count; ++i) {
            uint256 start = i * AttestorWord.MEMBER;
            uint256 member = uint160(bytes20(members[start:]));
            fits = member > last;
            last = member;
        }
        if (!fits) {
            revert BadAttestors();
        }
        uint256 word = 0;
        if (count != 0) {
            word = AttestorWord.pack(threshold, uint8(count), keccak256(members));
        }
        attestors[keccak256(abi.encode(number, class))] = word;
        emit AttestorsSet(org, class, word, members);
    }

    /// @dev Admits an organisation.
    /// @param org Its id. @param admin Its admin. @param manager Its manager. @param number Its number.
    function _admit(bytes32 org, address admin, address manager, uint8 number) private {
        if (org == 0) {
            revert ZeroOrg();
        }
        if (admin == address(0) || manager == address(0)) {
            revert ZeroAddress();
        }
        if (orgs[number].id != 0 || managers[org] != 0) {
            revert OrgTaken();
        }
        orgs[number] = Organisation(org, uint160(admin));
        uint256 word = ManagerWord.pack(manager, 1, number);
        managers[org] = word;
        emit Admitted(org, number);
        emit ManagerSet(org, word);
        emit AdminSet(org, admin);
    }

    /// @dev Refuses everybody but the organisation's admin.
    /// @param org Organisation. @return word Its manager word.
    function _checkAdmin(bytes32 org) internal view returns (uint256 word) {
        word = managers[org];
        if (word == 0) {
            revert UnknownOrg();
        }
        if (msg.sender != address(uint160(orgs[ManagerWord.number(word)].admin))) {
            revert NotAdmin();
        }
    }
}
