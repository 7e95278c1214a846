// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title TURN relays that managers have tested, readable by Merkle proof
/// @notice An invited operator registers a relay, a manager tests it (one allocation, one datagram
/// each way) and approves exactly the registration that he tested. Readers take `count` and two words
/// per index by proof and use approved relays only. Words are never zeroed; an endpoint does not
/// change while its relay is in use: a relay that moves is registered anew. The list has LIST_MAX
/// places and no more, so nobody can make readers walk through garbage, and nobody can keep others
/// out: the place of a relay that is not in use can be vacated, and the next one takes it.
/// @dev No proxy, no dependency, no loop over entries. Slots and words are an interface; they never change.
contract RelayRegistry {
    /// @notice Two words per relay.
    /// @param endpoint ip 128 | port 16 | protocol 8 | kind 8 = 3; nothing above.
    /// @param info operator 160 | status 8 | checkedAt 24 (hours since 1970 of the last approval, or of
    /// the suspension that followed).
    /// | transports 8 (1 UDP, 2 TCP, 4 TLS, 8 DTLS; 0 = not told) | region 16 (two letters of ISO 3166-1,
    /// 0 = not told). The upper 40 bits are free.
    struct Relay {
        uint256 endpoint;
        uint256 info;
    }

    /// @notice Slot 0: number of entries.
    uint256 internal count;
    /// @notice Slot 1: index => relay.
    mapping(uint256 => Relay) internal relays;
    /// @notice Slot 2: address => 1 if it may invite, approve and suspend.
    mapping(address => uint256) internal managers;
    /// @notice Slot 3: operator => relays that he may still register.
    mapping(address => uint256) internal invitations;

    /// @notice Slot 4: index => realm of the TURN server, text from the first byte on, zeros behind.
    mapping(uint256 => bytes32) internal realms;
    /// @notice Slot 5: index => stake: amount 128 | unix seconds of the registration 40.
    mapping(uint256 => uint256) internal stakes;
    /// @notice Slot 6: stake that stands for an invitation, wei; 0 = by invitation only.
    uint256 internal stakeRequired;

    /// @notice Slot 7: operator => stakes of relays whose places were vacated: amount 128 | unix
    /// seconds from which he may collect it 40.
    mapping(address => uint256) internal owed;
    /// @notice Slot 8: a bit for each index whose place was vacated, from the first on.
    uint256 internal vacant;

    /// @notice A stake stays for so long at least, seconds.
    uint256 internal constant STAKE_LOCK = 30 days;

    /// @notice Waiting for a manager's test.
    uint8 internal constant PENDING = 1;
    /// @notice Tested and in use.
    uint8 internal constant APPROVED = 2;
    /// @notice Not to be used.
    uint8 internal constant SUSPENDED = 3;
    /// @dev Status and checkedAt in place.
    uint256 private constant STATE = 0xffffffff << 160;
    /// @dev Kind of an endpoint word.
    uint8 private constant KIND_RELAY = 3;
    /// @dev Largest number of places: what readers walk through.
    uint256 private constant LIST_MAX = 255;

    /// @notice Sets managers.
    address public immutable ADMIN;

    /// @notice A relay was registered. @param index Its index. @param endpoint Endpoint word.
    /// @param info Info word.
    event RelayRegistered(uint256 indexed index, uint256 endpoint, uint256 info);
    /// @notice A relay's status changed. @param index Its index. @param info New info word.
    event RelayChanged(uint256 indexed index, uint256 info);
    /// @notice A manager was set. @param manager Address. @param allowed Whether he is one now.
    event ManagerSet(address indexed manager, bool allowed);
    /// @notice An operator was invited. @param operator Address. @param left Relays that he may
    /// register now.
    event Invited(address indexed operator, uint256 left);

    /// @notice The stake of later registrations was set. @param amount Wei, 0 = none is taken.
    event StakeSet(uint256 amount);
    /// @notice An operator has his stake back. @param index His relay. @param amount Wei.
    event StakeReturned(uint256 indexed index, uint256 amount);
    /// @notice The place of a relay is free. @param index Its index.
    event Vacated(uint256 indexed index);
    /// @notice An operator collected what vacated places left him. @param operator Address.
    /// @param amount Wei.
    event StakesCollected(address indexed operator, uint256 amount);

    /// @notice An address that must be set is zero.
    error ZeroAddress();
    /// @notice Not the stake that is asked for, or one that is not needed.
    error WrongStake();
    /// @notice The stake is not due: none there, its relay in use, or not for 30 days.
    error StakeHeld();
    /// @notice The relay is approved: suspend it first.
    error RelayInUse();
    /// @notice The operator does not take his stake.
    error StakeNotTaken();
    /// @notice Region or transports out of range.
    error BadDetails();
    /// @notice The caller is not the admin.
    error NotAdmin();
    /// @notice The caller is not a manager.
    error NotManager();
    /// @notice The caller is neither a manager nor the relay's operator.
    error NotOperator();
    /// @notice The caller has no invitation left.
    error NotInvited();
    /// @notice No relay has this index.
    error UnknownRelay();
    /// @notice The relay is another one than was tested, or its status has changed since.
    error WrongRelay();
    /// @notice Address, port or protocol missing, kind not relay, or bits above.
    error BadEndpoint();
    /// @notice The relay has this status already.
    error SameStatus();
    /// @notice The list is full.
    error TooManyRelays();

    /// @notice Creates an empty list with one manager.
    /// @param admin Sets managers; a cold key.
    /// @param manager Invites, approves and suspends; a key in service.
    constructor(address admin, address manager) {
        if (admin == address(0) || manager == address(0)) {
            revert ZeroAddress();
        }
        ADMIN = admin;
        managers[manager] = 1;
        emit ManagerSet(manager, true);
    }

    /// @notice Adds a relay, which waits for approval. Managers, and operators with an invitation.
    /// @param endpoint Endpoint word of the TURN server.
    /// @return index Its index.
    function register(uint256 endpoint) external returns (uint256 index) {
        index = _register(endpoint, 0, 0);
    }

    /// @notice Adds a relay and tells more about it. Managers, operators with an invitation, and
    /// whoever pays the stake, if there is one.
    /// @param endpoint Endpoint word of the TURN server.
    /// @param transports 1 UDP, 2 TCP, 4 TLS, 8 DTLS, added up; 0 = not told.
    /// @param region Two upper-case letters of ISO 3166-1; 0 = not told.
    /// @param realm Realm of the TURN server: text, zeros behind; 0 = not told.
    /// @return index Its index.
    function register(uint256 endpoint, uint8 transports, bytes2 region, bytes32 realm)
        external
        payable
        returns (uint256 index)
    {
        bool letters =
            region[0] >= "A" && region[0] <= "Z" && region[1] >= "A" && region[1] <= "Z";
        if (transports > 15 || !(letters || region == 0)) {
            revert BadDetails();
        }
        uint256 details = (uint256(transports) << 192) | (uint256(uint16(region)) << 200);
        index = _register(endpoint, details, realm);
        if (msg.value != 0) {
            stakes[index] = msg.value | (block.timestamp << 128);
        }
    }

    /// @dev Uses up an invitation, or takes the stake.
    /// @param endpoint Endpoint word. @param details Region and transports at their place.
    /// @param realm Realm, or 0. @return index Its index.
    function _register(uint256 endpoint, uint256 details, bytes32 realm)
        private
        returns (uint256 index)
    {
        _admit();
        bool complete = uint128(endpoint) != 0 && uint16(endpoint >> 128) != 0
            && uint8(endpoint >> 144) != 0 && endpoint >> 152 == KIND_RELAY;
        if (!complete) {
            revert BadEndpoint();
        }
        index = _place();
        uint256 info = uint256(uint160(msg.sender)) | (uint256(PENDING) << 160) | details;
        relays[index] = Relay(endpoint, info);
        if (realms[index] != realm) {
            realms[index] = realm; // or what the relay before it left there
        }
        emit RelayRegistered(index, endpoint, info);
    }

    /// @notice Approves a relay after a test, or notes that it was tested again. Managers only. What was
    /// tested is named in full, so that nobody puts another registration in its place meanwhile.
    /// @param index Its index.
    /// @param endpoint Its endpoint word, which was tested.
    /// @param info Its info word, as it stood then: operator, status, checkedAt, transports and region.
    /// @param realm Its realm, as it stood then.
    function approve(uint256 index, uint256 endpoint, uint256 info, bytes32 realm) external {
        _onlyManager();
        Relay storage relay = relays[index];
        uint256 stored = relay.info;
        if (stored == 0 || vacant >> index & 1 != 0) {
            revert UnknownRelay();
        }
        if (stored != info || relay.endpoint != endpoint || realms[index] != realm) {
            revert WrongRelay();
        }
        info = _withState(info, APPROVED);
        relay.info = info;
        emit RelayChanged(index, info);
    }

    /// @notice Takes a relay out of use. Managers, and its operator.
    /// @param index Its index.
    function suspend(uint256 index) external {
        uint256 info = relays[index].info;
        if (info == 0) {
            revert UnknownRelay();
        }
        if (address(uint160(info)) != msg.sender && managers[msg.sender] == 0) {
            revert NotOperator();
        }
        if (uint8(info >> 160) == SUSPENDED) {
            revert SameStatus();
        }
        info = _withState(info, SUSPENDED);
        relays[index].info = info;
        emit RelayChanged(index, info);
    }

    /// @notice Returns the stake of a relay that is suspended, 30 days after its registration at the
    /// earliest, and vacates its place. Operator only.
    /// @param index Its index.
    function withdraw(uint256 index) external {
        uint256 info = relays[index].info;
        if (info == 0) {
            revert UnknownRelay();
        }
        if (address(uint160(info)) != msg.sender) {
            revert NotOperator();
        }
        uint256 stake = stakes[index];
        if (stake == 0 || uint8(info >> 160) != SUSPENDED || block.timestamp < _due(stake)) {
            revert StakeHeld();
        }
        delete stakes[index];
        vacant |= 1 << index;
        uint256 amount = uint128(stake);
        emit Vacated(index);
        emit StakeReturned(index, amount);
        _pay(amount);
    }

    /// @notice Frees the place of a relay that is not approved: the next one that is registered takes
    /// it. Managers and its operator at any time, anybody once its stake is due and 30 days after it was
    /// suspended, if it was. The operator may collect the stake when it would have been due.
    /// @param index Its index.
    function vacate(uint256 index) external {
        uint256 info = relays[index].info;
        if (info == 0) {
            revert UnknownRelay();
        }
        address operator = address(uint160(info));
        uint256 stake = stakes[index];
        bool late = stake != 0 && block.timestamp >= _due(stake)
            && block.timestamp >= uint256(uint24(info >> 168)) * 1 hours + STAKE_LOCK;
        if (operator != msg.sender && managers[msg.sender] == 0 && !late) {
            revert NotOperator();
        }
        if (uint8(info >> 160) == APPROVED) {
            revert RelayInUse();
        }
        uint256 bit = 1 << index;
        if (vacant & bit != 0) {
            revert SameStatus();
        }
        vacant |= bit;
        info = (info & ~(uint256(0xff) << 160)) | (uint256(SUSPENDED) << 160);
        relays[index].info = info;
        if (stake != 0) {
            delete stakes[index];
            uint256 before = owed[operator];
            uint256 due = _due(stake);
            due = due > before >> 128 ? due : before >> 128;
            owed[operator] = (uint128(before) + uint128(stake)) | (due << 128);
        }
        emit Vacated(index);
        emit RelayChanged(index, info);
    }

    /// @notice Pays out what vacated places left the caller, once the last of it is due.
    function collect() external {
        uint256 word = owed[msg.sender];
        if (word == 0 || block.timestamp < word >> 128) {
            revert StakeHeld();
        }
        delete owed[msg.sender];
        uint256 amount = uint128(word);
        emit StakesCollected(msg.sender, amount);
        _pay(amount);
    }

    /// @notice Sets the stake of registrations from now on. Admin only.
    /// @param amount Wei, below 2^128; 0 = by invitation only.
    function setStake(uint128 amount) external {
        if (msg.sender != ADMIN) {
            revert NotAdmin();
        }
        stakeRequired = amount;
        emit StakeSet(amount);
    }

    /// @notice Lets an operator register relays. Managers only.
    /// @param operator Address.
    /// @param left How many he may register from now on; 0 withdraws the invitation.
    function invite(address operator, uint32 left) external {
        _onlyManager();
        if (operator == address(0)) {
            revert ZeroAddress();
        }
        invitations[operator] = left;
        emit Invited(operator, left);
    }

    /// @notice Appoints or dismisses a manager. Admin only.
    /// @param manager Address.
    /// @param allowed Whether he is one.
    function setManager(address manager, bool allowed) external {
        if (msg.sender != ADMIN) {
            revert NotAdmin();
        }
        if (manager == address(0)) {
            revert ZeroAddress();
        }
        managers[manager] = allowed ? 1 : 0;
        emit ManagerSet(manager, allowed);
    }

    /// @notice Any word of this contract's storage, by slot: what eth_getStorageAt gives.
    /// @param slot Slot, computed as RECORDS.md says.
    /// @return value The word.
    function storedWord(bytes32 slot) external view returns (bytes32 value) {
        assembly ("memory-safe") {
            value := sload(slot)
        }
    }

    /// @param info Info word. @param status New status. @return It with that, and checkedAt of now.
    function _withState(uint256 info, uint8 status) private view returns (uint256) {
        uint24 hour = uint24(block.timestamp / 1 hours);
        return (info & ~STATE) | (uint256(status) << 160) | (uint256(hour) << 168);
    }

    /// @param stake Stake word, not zero. @return Unix seconds from which it may be returned.
    function _due(uint256 stake) private pure returns (uint256) {
        return (stake >> 128) + STAKE_LOCK;
    }

    /// @dev Last of all: nothing is left to be changed when the caller gets control.
    /// @param amount Wei for the caller.
    function _pay(uint256 amount) private {
        (bool taken,) = msg.sender.call{value: amount}("");
        if (!taken) {
            revert StakeNotTaken();
        }
    }

    /// @dev The lowest vacated place, or else a new one at the end.
    /// @return index Where the next relay goes.
    function _place() private returns (uint256 index) {
        uint256 bits = vacant;
        if (bits == 0) {
            index = count;
            if (index == LIST_MAX) {
                revert TooManyRelays();
            }
            unchecked {
                count = index + 1;
            }
        } else {
            vacant = bits & (bits - 1);
            uint256 low = bits & ~(bits - 1);
            // Eight questions tell which bit it is.
            for (uint256 half = 128; half != 0; half >>= 1) {
                if (low >> half != 0) {
                    low >>= half;
                    index += half;
                }
            }
        }
    }

    /// @dev May the caller register? A manager, one who is invited, or one who pays the stake.
    function _admit() private {
        if (msg.value != 0) {
            if (msg.value != stakeRequired) {
                revert WrongStake();
            }
        } else if (managers[msg.sender] == 0) {
            uint256 left = invitations[msg.sender];
            if (left == 0) {
                revert NotInvited();
            }
            unchecked {
                invitations[msg.sender] = left - 1;
            }
        }
    }

    /// @dev Refuses everybody but managers.
    function _onlyManager() private view {
        if (managers[msg.sender] == 0) {
            revert NotManager();
        }
    }
}
