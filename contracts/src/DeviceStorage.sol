// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Slots, events and refusals of DeviceRegistry
/// @notice Readers do not call the registry: they ask any node for `eth_getProof` of constant storage
/// keys and check the proof. So the slots below are an interface; they never change.
abstract contract DeviceStorage {
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
    /// @notice Slot 2: keccak256(abi.encode(id, service)) => SHA-256 of the TLS key's SPKI.
    mapping(bytes32 => bytes32) internal tlsKeys;
    /// @notice Slot 3: organisation id => manager word.
    mapping(bytes32 => uint256) internal managers;
    /// @notice Slot 4: organisation number => organisation.
    mapping(uint256 => Organisation) internal orgs;
    /// @notice Slot 5: keccak256(abi.encode(organisation number, class)) => attestor word. The class
    /// is a service, or zero for every service that has no attestors of its own.
    mapping(bytes32 => uint256) internal attestors;
    /// @notice Slot 6: SHA-256 of a public key (SPKI, DER) => block whose log holds it.
    mapping(bytes32 => uint256) internal announced;
    /// @notice Slot 7: id => Merkle root of the device's leaves behind it; zero if it has none.
    mapping(bytes32 => bytes32) internal leafRoots;
    /// @notice Slot 8: id => offer word: who may take the record over.
    mapping(bytes32 => uint256) internal offers;
    /// @notice Slot 9: organisation id => address that may become its admin.
    mapping(bytes32 => uint256) internal adminOffers;

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
    /// @notice A service has another TLS key.
    /// @param id Device. @param entry Its key in `tlsKeys`: hash of id and service.
    /// @param key SHA-256 of the SPKI, zero if withdrawn. @param word New device word.
    event TlsKeySet(bytes32 indexed id, bytes32 entry, bytes32 key, uint256 word);
    /// @notice A device has other leaves.
    /// @param id Device. @param root New root, zero if it has none. @param word New device word.
    event LeafRootSet(bytes32 indexed id, bytes32 root, uint256 word);
    /// @notice A record is offered to another owner, or an offer was taken back.
    /// @param id Device. @param offer New offer word, zero if taken back.
    /// @param word Device word.
    event OwnerOffered(bytes32 indexed id, uint256 offer, uint256 word);
    /// @notice A record has another owner.
    /// @param id Device. @param word New device word.
    event OwnerChanged(bytes32 indexed id, uint256 word);
    /// @notice An organisation was admitted. @param org Organisation. @param number Its number.
    event Admitted(bytes32 indexed org, uint256 number);
    /// @notice An organisation has another manager.
    /// @param org Organisation. @param word New manager word.
    event ManagerSet(bytes32 indexed org, uint256 word);
    /// @notice An organisation's administration is offered. @param org Organisation.
    /// @param admin Who may accept, zero if taken back.
    event AdminOffered(bytes32 indexed org, address admin);
    /// @notice An organisation has another admin. @param org Organisation. @param admin The new one.
    event AdminSet(bytes32 indexed org, address admin);
    /// @notice An organisation has other attestors for a class.
    /// @param org Organisation. @param class Service, or zero for those that have none of their own.
    /// @param word New attestor word. @param members Their addresses, 20 bytes each, ascending.
    event AttestorsSet(bytes32 indexed org, bytes32 indexed class, uint256 word, bytes members);
    /// @notice An item of a batch was refused; it alone.
    /// @param index Its index. @param reason Its custom error.
    event Refused(uint256 indexed index, bytes reason);

    /// @notice An address that must be set is zero.
    error ZeroAddress();
    /// @notice An organisation id that must be set is zero.
    error ZeroOrg();
    /// @notice No such organisation.
    error UnknownOrg();
    /// @notice The organisation or its number is there already.
    error OrgTaken();
    /// @notice The caller is not the organisation's admin.
    error NotAdmin();
    /// @notice The caller is neither manager nor admin of the record's organisation.
    error NotManager();
    /// @notice The caller, or who signed for him, does not own the record.
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
    /// @notice The deadline is more than SIGNATURE_LIFE_MAX ahead.
    error DeadlineTooFar();
    /// @notice The deadline of a relayed call has passed.
    error SignatureExpired();
    /// @notice The voucher's notAfter has passed.
    error NotAfterPassed();
    /// @notice Not signed by who had to.
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
    /// @notice The record is not offered to this address at this epoch.
    error NotOffered();
    /// @notice A recovery is not due yet: the owner may still object.
    error RecoveryPending();
    /// @notice The organisation has no attestors for this service.
    error NoAttestors();
    /// @notice Attestors of a set: none or too many, not ascending, or a threshold beyond them.
    error BadAttestors();
    /// @notice The list that came with an attestation is not that of the attestors of now.
    error WrongAttestors();
    /// @notice Attestations are fewer than the threshold, malformed, or not in ascending order.
    error BadAttestation();
    /// @notice An attestation is older than ATTESTATION_AGE_MAX, or of the future.
    error AttestationExpired();
}
