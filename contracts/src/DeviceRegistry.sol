// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {CompactSignature} from "./CompactSignature.sol";
import {DeviceWord, EndpointWord, ManagerWord} from "./Words.sol";

/// @title Keys and endpoints of devices, readable by Merkle proof
/// @notice A device has a name, known here by `id = keccak256(name)`. Its organisation's manager
/// vouches for it once, off chain; whoever submits that voucher, the device owns the record from
/// then on and writes where it can be reached. Readers do not call this contract: they ask any node
/// for `eth_getProof` of constant storage keys and check the proof. So the slots and words below are
/// an interface; they never change.
/// @dev No proxy, no dependency, no loop, no call but to the precompiles ecrecover and sha256.
contract DeviceRegistry {
    /// @notice Two words per device.
    /// @param word See DeviceWord. Once written it is never zero again.
    /// @param key Public key or its hash; never zero again either, and void once revoked.
    struct Device {
        uint256 word;
        bytes32 key;
    }

    /// @notice Two words per organisation.
    /// @param id keccak256 of its name.
    /// @param admin Address that sets the manager; upper 96 bits free.
    struct Organisation {
        bytes32 id;
        uint256 admin;
    }

    /// @notice One word, behind a storage pointer.
    /// @param word See EndpointWord.
    struct Endpoint {
        uint256 word;
    }

    /// @notice Slot 0: id => device.
    mapping(bytes32 => Device) internal devices;
    /// @notice Slot 1: keccak256(abi.encode(id, service, index)) => endpoint word.
    mapping(bytes32 => Endpoint) internal endpoints;
    /// @notice Slot 2: keccak256(abi.encode(id, service)) => SHA-256 of the TLS key's SPKI. Reserved.
    mapping(bytes32 => bytes32) internal tlsKeys;
    /// @notice Slot 3: organisation id => manager word.
    mapping(bytes32 => uint256) internal managers;
    /// @notice Slot 4: organisation number => organisation.
    mapping(uint256 => Organisation) internal orgs;
    /// @notice Slot 5: who may attest that an endpoint was reached. Reserved.
    mapping(bytes32 => uint256) internal attestors;
    /// @notice Slot 6: SHA-256 of a public key (SPKI, DER) => block whose log holds it.
    mapping(bytes32 => uint256) internal announced;

    /// @notice Longest life of a voucher, seconds.
    uint256 internal constant VOUCHER_LIFE_MAX = 7 days;
    /// @notice An endpoint expires at most so far ahead, seconds.
    uint256 internal constant EXPIRY_MAX = 365 days;
    /// @notice Largest step of an endpoint's sequence number.
    uint256 internal constant SEQ_JUMP_MAX = 1 << 16;

    /// @notice What a manager signs (EIP-712): every word that will be stored, and when.
    /// org: organisation of the manager. id: device. owner, keyType, flags, notAfter: fields of the
    /// device word. key: key word. epoch: the stored one, 0 if never registered, which makes the
    /// voucher single use. managerEpoch: the manager's. deadline: last second to submit it.
    bytes32 internal constant VOUCHER_TYPEHASH = keccak256(
        "Voucher(bytes32 org,bytes32 id,address owner,uint8 keyType,uint8 flags,bytes32 key,uint40 notAfter,uint32 epoch,uint32 managerEpoch,uint64 deadline)"
    );
    /// @dev EIP-712 type of the domain.
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    /// @dev Chain at deployment, and the domain separator there; another chain computes its own.
    uint256 private immutable CHAIN_ID;
    bytes32 private immutable SEPARATOR;

    /// @notice A device was registered or restored.
    /// @param id Device. @param word New device word. @param key New key word.
    event Registered(bytes32 indexed id, uint256 word, bytes32 key);
    /// @notice A device has another key.
    /// @param id Device. @param word New device word. @param key New key word.
    event Rotated(bytes32 indexed id, uint256 word, bytes32 key);
    /// @notice A device was revoked; its key is void.
    /// @param id Device. @param word New device word.
    event Revoked(bytes32 indexed id, uint256 word);
    /// @notice An endpoint was written.
    /// @param id Device. @param entry Its key in `endpoints`: hash of id, service and index.
    /// @param word New endpoint word.
    event Published(bytes32 indexed id, bytes32 entry, uint256 word);
    /// @notice The public key behind a key word that holds a hash.
    /// @param key Key word: SHA-256 of the SPKI. @param spki SubjectPublicKeyInfo, DER.
    event Announced(bytes32 indexed key, bytes spki);
    /// @notice An organisation has another manager.
    /// @param org Organisation. @param word New manager word.
    event ManagerSet(bytes32 indexed org, uint256 word);

    /// @notice An address that must be set is zero.
    error ZeroAddress();
    /// @notice An organisation id that must be set is zero.
    error ZeroOrg();
    /// @notice No such organisation.
    error UnknownOrg();
    /// @notice The caller is not the organisation's admin.
    error NotAdmin();
    /// @notice The caller does not own the record.
    error NotOwner();
    /// @notice There is no such record.
    error NotRegistered();
    /// @notice The record was revoked.
    error RecordRevoked();
    /// @notice The name belongs to another owner, whose record is live.
    error NameTaken();
    /// @notice The record belongs to another organisation.
    /// @param org Number of that organisation.
    error WrongOrg(uint8 org);
    /// @notice The record has another epoch.
    /// @param stored Its epoch.
    error WrongEpoch(uint32 stored);
    /// @notice The organisation's manager has another epoch.
    /// @param stored Its epoch.
    error WrongManagerEpoch(uint32 stored);
    /// @notice The epoch cannot rise any more.
    error EpochSaturated();
    /// @notice The voucher's deadline has passed.
    error VoucherExpired();
    /// @notice The voucher's deadline is more than VOUCHER_LIFE_MAX ahead.
    error DeadlineTooFar();
    /// @notice The voucher's notAfter has passed.
    error NotAfterPassed();
    /// @notice The voucher is not signed by the organisation's manager.
    error WrongSigner();
    /// @notice A packed argument has bits outside its fields.
    error BadWord();
    /// @notice Key type unknown.
    error BadKeyType();
    /// @notice A flag is set that this key type does not have.
    error BadFlags();
    /// @notice Key out of range.
    error BadKey();
    /// @notice Endpoint index is neither 0 nor 1.
    error BadIndex();
    /// @notice validatedAt is not the owner's to write.
    error ValidationClaimed();
    /// @notice The sequence number does not rise.
    /// @param stored The present one.
    error SeqNotRising(uint32 stored);
    /// @notice The sequence number rises by more than SEQ_JUMP_MAX.
    /// @param stored The present one.
    error SeqJump(uint32 stored);
    /// @notice The endpoint's expiry has passed.
    error EndpointExpired();
    /// @notice The endpoint's expiry is more than EXPIRY_MAX ahead.
    error ExpiryTooFar();

    /// @notice Creates the registry with its first organisation, number 0.
    /// @param org keccak256 of the organisation's name.
    /// @param admin Sets the organisation's manager; a cold key.
    /// @param manager Signs vouchers; a key in service.
    constructor(bytes32 org, address admin, address manager) {
        if (org == 0) {
            revert ZeroOrg();
        }
        if (admin == address(0) || manager == address(0)) {
            revert ZeroAddress();
        }
        CHAIN_ID = block.chainid;
        SEPARATOR = _separator();
        orgs[0] = Organisation(org, uint256(uint160(admin)));
        uint256 word = ManagerWord.pack(manager, 1, 0);
        managers[org] = word;
        emit ManagerSet(org, word);
    }

    // ---- devices ----

    /// @notice Writes what a voucher says. Anybody may send it: nothing in it can be changed, and it
    /// works once, because success raises the epoch that it names.
    /// @dev A live record keeps its owner; a revoked or expired one may get another by a voucher of
    /// the same organisation. Sequence numbers of endpoints are never reset. Fields come packed as
    /// they will be stored: that is cheaper than a struct, and they are range-checked by their place.
    /// @param org Organisation of the manager who vouches.
    /// @param id Device: keccak256 of its name.
    /// @param word Device word: the voucher's owner, keyType, flags, notAfter and epoch. It is stored
    /// with the next epoch and the number of the organisation.
    /// @param key Key word.
    /// @param terms deadline 64 | managerEpoch 32 of the voucher.
    /// @param r Manager's signature, first half.
    /// @param vs Manager's signature, second half (EIP-2098).
    function register(
        bytes32 org,
        bytes32 id,
        uint256 word,
        bytes32 key,
        uint256 terms,
        bytes32 r,
        bytes32 vs
    ) external {
        // A manager word that exists is never zero, so no signature can match an absent manager.
        uint256 manager = managers[org];
        if (manager == 0) {
            revert UnknownOrg();
        }
        if (terms >> 64 != ManagerWord.epoch(manager)) {
            revert WrongManagerEpoch(ManagerWord.epoch(manager));
        }
        unchecked {
            if (uint64(terms) - block.timestamp > VOUCHER_LIFE_MAX) {
                _refuseDeadline(terms);
            }
        }
        if (DeviceWord.org(word) != 0) {
            revert BadWord();
        }
        word = DeviceWord.withOrg(word, ManagerWord.number(manager));
        if (DeviceWord.owner(word) == address(0)) {
            revert ZeroAddress();
        }
        if (DeviceWord.notAfter(word) <= block.timestamp) {
            revert NotAfterPassed();
        }
        if (!DeviceWord.isKey(word, key)) {
            _refuseKey(word);
        }
        Device storage device = devices[id];
        uint256 stored = device.word;
        if (stored != 0) {
            _checkVouchedAgain(stored, word);
        }
        if (!DeviceWord.isNextEpoch(stored, word)) {
            _refuseEpoch(stored, word);
        }
        bytes32 digest = _voucherDigest(org, id, word, key, terms);
        if (CompactSignature.recover(digest, r, vs) != ManagerWord.manager(manager)) {
            revert WrongSigner();
        }
        word = DeviceWord.nextEpoch(word);
        device.word = word;
        device.key = key;
        emit Registered(id, word, key);
    }

    /// @notice Replaces the key. Owner only. What was signed for the old epoch is void from now on.
    /// @param id Device.
    /// @param info keyType, flags and the stored epoch, each at its place in a device word.
    /// @param key The new key or its hash.
    function rotate(bytes32 id, uint256 info, bytes32 key) external {
        Device storage device = devices[id];
        uint256 word = device.word;
        if (!DeviceWord.isWriter(word, msg.sender, DeviceWord.withoutKey(info))) {
            _refuseWriter(word, DeviceWord.withoutKey(info));
        }
        word = DeviceWord.withKey(word, info);
        if (!DeviceWord.isKey(word, key)) {
            _refuseKey(word);
        }
        if (DeviceWord.isLastEpoch(word)) {
            revert EpochSaturated();
        }
        word = DeviceWord.nextEpoch(word);
        device.word = word;
        device.key = key;
        emit Rotated(id, word, key);
    }

    /// @notice Revokes the record. Owner only, also after notAfter. Both words stay, so that neither
    /// the name nor an old voucher becomes free again, and absence always means never registered.
    /// @dev Works at the highest epoch too: a device can always be revoked.
    /// @param id Device.
    function revoke(bytes32 id) external {
        Device storage device = devices[id];
        uint256 word = device.word;
        uint256 epoch = DeviceWord.epochInPlace(DeviceWord.epoch(word));
        if (!DeviceWord.isWriter(word, msg.sender, epoch)) {
            _refuseWriter(word, epoch);
        }
        word = DeviceWord.asRevoked(word);
        device.word = word;
        emit Revoked(id, word);
    }

    /// @notice Makes known the key behind a key word that is a hash (RSA-2048, P-256), in the log of
    /// the block that `announced` then names. Anybody may, before or after it is in a record: the
    /// hash says all that can be said about it. Once for each key; again changes nothing.
    /// @param spki SubjectPublicKeyInfo, DER.
    function announce(bytes calldata spki) external {
        bytes32 key = sha256(spki);
        if (announced[key] == 0) {
            announced[key] = block.number;
            emit Announced(key, spki);
        }
    }

    // ---- endpoints ----

    /// @notice Writes where a service of the device is reached. Owner only.
    /// @dev validatedAt is the attestors' field: the caller leaves it zero, a pure renewal keeps what
    /// is stored, any other place starts at zero.
    /// @param id Device.
    /// @param service keccak256 of the service's name.
    /// @param index 0 primary, 1 standby.
    /// @param epoch The stored epoch of the device.
    /// @param word See EndpointWord; an all-zero place withdraws the endpoint.
    function publish(bytes32 id, bytes32 service, uint8 index, uint32 epoch, uint256 word) external {
        uint256 record = devices[id].word;
        if (!DeviceWord.isWriter(record, msg.sender, DeviceWord.epochInPlace(epoch))) {
            _refuseWriter(record, DeviceWord.epochInPlace(epoch));
        }
        if (index > 1) {
            revert BadIndex();
        }
        if (!EndpointWord.expiresWithin(word, block.timestamp, EXPIRY_MAX)) {
            _refuseExpiry(word);
        }
        bytes32 entry = _endpointKey(id, service, index);
        Endpoint storage at = endpoints[entry];
        uint256 stored = at.word;
        if (!EndpointWord.follows(word, stored, SEQ_JUMP_MAX)) {
            _refuseSeq(word, stored);
        }
        word = EndpointWord.keepValidation(word, stored);
        at.word = word;
        emit Published(id, entry, word);
    }

    // ---- organisations ----

    /// @notice Sets an organisation's manager. Admin only. Unused vouchers of the former one are void,
    /// also if he comes back, because the manager epoch never repeats.
    /// @param org Organisation.
    /// @param manager The new manager.
    function setManager(bytes32 org, address manager) external {
        uint256 word = managers[org];
        if (word == 0) {
            revert UnknownOrg();
        }
        uint8 number = ManagerWord.number(word);
        if (msg.sender != address(uint160(orgs[number].admin))) {
            revert NotAdmin();
        }
        if (manager == address(0)) {
            revert ZeroAddress();
        }
        uint32 epoch = ManagerWord.epoch(word);
        if (epoch == type(uint32).max) {
            revert EpochSaturated();
        }
        unchecked {
            word = ManagerWord.pack(manager, epoch + 1, number);
        }
        managers[org] = word;
        emit ManagerSet(org, word);
    }

    // ---- views, for tools; devices read by proof ----

    /// @notice Any word of this contract's storage, by slot: what eth_getStorageAt gives.
    /// @param slot Slot, computed as RECORDS.md says.
    /// @return value The word.
    function storedWord(bytes32 slot) external view returns (bytes32 value) {
        assembly ("memory-safe") {
            value := sload(slot)
        }
    }

    /// @notice EIP-712 domain separator on this chain.
    /// @return The separator.
    function domainSeparator() external view returns (bytes32) {
        return _domain();
    }

    // ---- refusals: which rule was it? Each of these functions reverts. ----

    /// @param word Stored device word that the caller may not change.
    /// @param epoch Epoch that he means, at its place in a device word.
    function _refuseWriter(uint256 word, uint256 epoch) private view {
        if (word == 0) {
            revert NotRegistered();
        }
        if (!DeviceWord.isEpoch(epoch)) {
            revert BadWord();
        }
        if (DeviceWord.owner(word) != msg.sender) {
            revert NotOwner();
        }
        if (DeviceWord.isRevoked(word)) {
            revert RecordRevoked();
        }
        revert WrongEpoch(DeviceWord.epoch(word));
    }

    /// @param word Device word with the type and flags of a key that is refused.
    function _refuseKey(uint256 word) private pure {
        uint8 keyType = DeviceWord.keyType(word);
        if (keyType < DeviceWord.RSA2048 || keyType > DeviceWord.P256) {
            revert BadKeyType();
        }
        uint8 allowed = keyType == DeviceWord.SECP256K1 ? DeviceWord.ODD : 0;
        if (DeviceWord.flags(word) & ~allowed != 0) {
            revert BadFlags();
        }
        revert BadKey();
    }

    /// @param stored Device word whose epoch is not that of `word`, or cannot rise.
    /// @param word Device word as vouched for.
    function _refuseEpoch(uint256 stored, uint256 word) private pure {
        if (DeviceWord.epoch(stored) != DeviceWord.epoch(word)) {
            revert WrongEpoch(DeviceWord.epoch(stored));
        }
        revert EpochSaturated();
    }

    /// @param terms Terms whose deadline is not within VOUCHER_LIFE_MAX from now.
    function _refuseDeadline(uint256 terms) private view {
        if (uint64(terms) < block.timestamp) {
            revert VoucherExpired();
        }
        revert DeadlineTooFar();
    }

    /// @param word Endpoint word whose expiry is refused.
    function _refuseExpiry(uint256 word) private view {
        if (EndpointWord.validatedAt(word) != 0) {
            revert ValidationClaimed();
        }
        if (EndpointWord.expires(word) <= block.timestamp) {
            revert EndpointExpired();
        }
        revert ExpiryTooFar();
    }

    /// @param word New endpoint word. @param stored Endpoint word that it may not replace.
    function _refuseSeq(uint256 word, uint256 stored) private pure {
        uint32 before = EndpointWord.seq(stored);
        if (EndpointWord.seq(word) <= before) {
            revert SeqNotRising(before);
        }
        revert SeqJump(before);
    }

    /// @dev A record stays with its organisation for ever, and with its owner while it is live.
    /// @param stored Stored device word, not zero.
    /// @param word Device word as vouched for.
    function _checkVouchedAgain(uint256 stored, uint256 word) private view {
        if (DeviceWord.org(stored) != DeviceWord.org(word)) {
            revert WrongOrg(DeviceWord.org(stored));
        }
        bool live = !DeviceWord.isRevoked(stored) && DeviceWord.notAfter(stored) > block.timestamp;
        if (live && DeviceWord.owner(stored) != DeviceWord.owner(word)) {
            revert NameTaken();
        }
    }

    // ---- hashes ----

    /// @dev keccak256(abi.encode(id, service, uint256(index))): all parts have one length, so no
    /// triple can look like another.
    /// @param id Device. @param service Service. @param index 0 or 1.
    /// @return hash Key in `endpoints`.
    function _endpointKey(bytes32 id, bytes32 service, uint8 index)
        private
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, id)
            mstore(add(p, 0x20), service)
            mstore(add(p, 0x40), index)
            hash := keccak256(p, 0x60)
        }
    }

    /// @dev EIP-712 digest of the voucher, unpacked into one word per field.
    /// @param org As in register. @param id As in register. @param word As in register.
    /// @param key As in register. @param terms As in register.
    /// @return digest What the manager signed.
    function _voucherDigest(bytes32 org, bytes32 id, uint256 word, bytes32 key, uint256 terms)
        private
        view
        returns (bytes32 digest)
    {
        bytes32 typeHash = VOUCHER_TYPEHASH;
        bytes32 domain = _domain();
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore(p, typeHash)
            mstore(add(p, 0x20), org)
            mstore(add(p, 0x40), id)
            mstore(add(p, 0x60), and(word, 0xffffffffffffffffffffffffffffffffffffffff)) // owner
            mstore(add(p, 0x80), and(shr(160, word), 0xff)) // keyType
            mstore(add(p, 0xa0), and(shr(168, word), 0xff)) // flags
            mstore(add(p, 0xc0), key)
            mstore(add(p, 0xe0), and(shr(176, word), 0xffffffffff)) // notAfter
            mstore(add(p, 0x100), and(shr(216, word), 0xffffffff)) // epoch
            mstore(add(p, 0x120), shr(64, terms)) // managerEpoch, compared with the stored one
            mstore(add(p, 0x140), and(terms, 0xffffffffffffffff)) // deadline
            let body := keccak256(p, 0x160)
            mstore(p, hex"1901")
            mstore(add(p, 0x02), domain)
            mstore(add(p, 0x22), body)
            digest := keccak256(p, 0x42)
        }
    }

    /// @dev Domain separator: the cached one, unless the chain forked away under another id.
    /// @return The separator.
    function _domain() private view returns (bytes32) {
        return block.chainid == CHAIN_ID ? SEPARATOR : _separator();
    }

    /// @dev Domain separator of the present chain. @return The separator.
    function _separator() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPEHASH,
                keccak256("wick DeviceRegistry"),
                keccak256("1"),
                block.chainid,
                address(this)
            )
        );
    }
}
