// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {CompactSignature} from "./CompactSignature.sol";
import {DeviceSignatures} from "./DeviceSignatures.sol";
import {Organisations} from "./Organisations.sol";
import {AttestorWord, DeviceWord, EndpointWord, ManagerWord, OfferWord, Terms} from "./Words.sol";

/// @title Keys and endpoints of devices, readable by Merkle proof
/// @notice A device has a name, known here by `id = keccak256(name)`. Its organisation's manager
/// vouches for it once, off chain; whoever submits that voucher, the device owns the record from
/// then on and writes where it can be reached. It needs no Ether for that: each call of an owner has
/// a twin `...For` that anybody may send with the owner's signature, alone or in a batch.
/// @dev No proxy, no dependency, no call but to itself and to the precompiles ecrecover and sha256.
/// The dispatcher compares selectors in ascending order, 22 gas each: names and orders of arguments of
/// the rare calls are such that the frequent ones come first.
contract DeviceRegistry is DeviceSignatures, Organisations {
    /// @notice An endpoint expires at most so far ahead, seconds.
    uint256 internal constant EXPIRY_MAX = 365 days;
    /// @notice Largest step of an endpoint's sequence number.
    uint256 internal constant SEQ_JUMP_MAX = 1 << 16;
    /// @notice An attestation counts for so long, seconds.
    uint256 internal constant ATTESTATION_AGE_MAX = 600;
    /// @notice So long a recovery waits for the owner's objection, seconds.
    uint256 internal constant RECOVERY_DELAY = 2 days;
    /// @dev Bytes of one attestation.
    uint256 private constant ATTESTATION = 73;

    /// @notice Creates the registry with its first organisation, number 0.
    /// @param org keccak256 of the organisation's name.
    /// @param admin Sets the organisation's manager; a cold key.
    /// @param manager Signs vouchers; a key in service.
    constructor(bytes32 org, address admin, address manager) Organisations(org, admin, manager) {}

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
            if (uint64(terms) - block.timestamp > SIGNATURE_LIFE_MAX) {
                _refuseVoucher(terms);
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
        _rotate(id, info, key, msg.sender);
    }

    /// @notice The same, sent by anybody, signed by the owner: Rotate.
    /// @param id Device.
    /// @param info As in rotate.
    /// @param deadline Last second to submit it.
    /// @param key As in rotate.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function rotateFor(bytes32 id, uint256 info, uint64 deadline, bytes32 key, bytes32 r, bytes32 vs)
        external
    {
        bytes32 body = keccak256(
            abi.encode(
                ROTATE_TYPEHASH,
                id,
                DeviceWord.keyType(info),
                DeviceWord.flags(info),
                key,
                DeviceWord.epoch(info),
                deadline
            )
        );
        _rotate(id, info, key, _relayed(body, deadline, r, vs));
    }

    /// @notice Revokes the record. Owner only, also after notAfter. Both words stay, so that neither
    /// the name nor an old voucher becomes free again, and absence always means never registered.
    /// @dev Works at the highest epoch too: a device can always be revoked.
    /// @param id Device.
    function revoke(bytes32 id) external {
        uint256 word = devices[id].word;
        uint256 epoch = DeviceWord.epochInPlace(DeviceWord.epoch(word));
        _checkWriter(word, msg.sender, epoch);
        _revoke(id, word);
    }

    /// @notice The same, sent by anybody, signed by the owner: Revoke.
    /// @param id Device.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    /// @param epoch The stored epoch of the device.
    /// @param deadline Last second to submit it.
    function revokeFor(bytes32 id, bytes32 r, bytes32 vs, uint32 epoch, uint64 deadline) external {
        address signer = _signer(REVOKE_TYPEHASH, 0, id, 0, 0, Terms.pack(deadline, epoch), r, vs);
        uint256 word = devices[id].word;
        _checkWriter(word, signer, DeviceWord.epochInPlace(epoch));
        _revoke(id, word);
    }

    /// @notice Revokes a record of an organisation. Its manager or admin only.
    /// @param id Device.
    /// @param epoch The stored epoch of the device.
    function revokeAsOrg(bytes32 id, uint32 epoch) external {
        uint256 word = devices[id].word;
        _checkEpoch(word, epoch);
        Organisation storage org = orgs[DeviceWord.org(word)];
        bool may = msg.sender == address(uint160(org.admin))
            || msg.sender == ManagerWord.manager(managers[org.id]);
        if (!may) {
            revert NotManager();
        }
        _revoke(id, word);
    }

    /// @notice Offers the record to another owner, who must accept. Owner only.
    /// @dev Raises the epoch, so that no offer signed before can come again.
    /// @param id Device.
    /// @param owner Who may accept; zero takes an offer back.
    /// @param epoch The stored epoch of the device.
    function transferOwner(bytes32 id, address owner, uint32 epoch) external {
        _transfer(id, owner, msg.sender, epoch);
    }

    /// @notice The same, sent by anybody, signed by the owner: Transfer.
    /// @param id Device.
    /// @param terms deadline 64 | epoch 32.
    /// @param owner As in transferOwner.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function transferOwnerFor(bytes32 id, uint256 terms, address owner, bytes32 r, bytes32 vs)
        external
    {
        bytes32 whom = bytes32(uint256(uint160(owner)));
        address signer = _signer(TRANSFER_TYPEHASH, 1, id, whom, 0, terms, r, vs);
        _transfer(id, owner, signer, Terms.epoch(terms));
    }

    /// @notice Takes a record over that is offered to the caller. The key stays until it is rotated.
    /// @param id Device.
    /// @param epoch The stored epoch of the device, which the offer names.
    function claimOwner(bytes32 id, uint32 epoch) external {
        _claim(id, msg.sender, epoch);
    }

    /// @notice The same, sent by anybody, signed by the new owner: Claim.
    /// @param id Device.
    /// @param deadline Last second to submit it.
    /// @param epoch The stored epoch of the device, which the offer names.
    /// @param r New owner's signature, first half.
    /// @param vs New owner's signature, second half (EIP-2098).
    function claimOwnerFor(bytes32 id, uint64 deadline, uint32 epoch, bytes32 r, bytes32 vs)
        external
    {
        address signer = _signer(CLAIM_TYPEHASH, 0, id, 0, 0, Terms.pack(deadline, epoch), r, vs);
        _claim(id, signer, epoch);
    }

    /// @notice Offers a record, whose owner lost his key, to another one. Admin of its organisation
    /// only. It can be accepted after RECOVERY_DELAY; an owner who still has his key objects by
    /// whatever raises the epoch, for example by `transferOwner` to nobody.
    /// @param owner Who may accept; zero takes the offer back.
    /// @param id Device.
    /// @param epoch The stored epoch of the device.
    function recover(address owner, bytes32 id, uint32 epoch) external {
        uint256 word = devices[id].word;
        _checkEpoch(word, epoch);
        if (msg.sender != address(uint160(orgs[DeviceWord.org(word)].admin))) {
            revert NotAdmin();
        }
        _offer(id, owner, block.timestamp + RECOVERY_DELAY, word);
    }

    /// @notice Sets the TLS key of a service. Owner only. Raises the epoch.
    /// @param id Device.
    /// @param epoch The stored epoch of the device.
    /// @param service keccak256 of the service's name.
    /// @param key SHA-256 of the SPKI; zero withdraws it.
    function setTlsKey(bytes32 id, uint32 epoch, bytes32 service, bytes32 key) external {
        _setTlsKey(id, service, epoch, key, msg.sender);
    }

    /// @notice The same, sent by anybody, signed by the owner: TlsKey.
    /// @param id Device.
    /// @param service As in setTlsKey.
    /// @param terms deadline 64 | epoch 32.
    /// @param key As in setTlsKey.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function setTlsKeyFor(
        bytes32 id,
        bytes32 service,
        uint256 terms,
        bytes32 key,
        bytes32 r,
        bytes32 vs
    ) external {
        address signer = _signer(TLS_KEY_TYPEHASH, 2, id, service, key, terms, r, vs);
        _setTlsKey(id, service, Terms.epoch(terms), key, signer);
    }

    /// @notice Sets the Merkle root of the leaves behind the device. Owner only. Raises the epoch.
    /// @param id Device.
    /// @param epoch The stored epoch of the device.
    /// @param root See RECORDS.md; zero if it has none.
    function setLeafRoot(bytes32 id, uint32 epoch, bytes32 root) external {
        _setLeafRoot(id, epoch, root, msg.sender);
    }

    /// @notice The same, sent by anybody, signed by the owner: Children.
    /// @param id Device.
    /// @param terms deadline 64 | epoch 32.
    /// @param root As in setLeafRoot.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function setLeafRootFor(bytes32 id, uint256 terms, bytes32 root, bytes32 r, bytes32 vs) external {
        address signer = _signer(LEAF_ROOT_TYPEHASH, 1, id, root, 0, terms, r, vs);
        _setLeafRoot(id, Terms.epoch(terms), root, signer);
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
        _checkWriter(devices[id].word, msg.sender, DeviceWord.epochInPlace(epoch));
        _publish(id, service, index, word, 0);
    }

    /// @notice The same with attestations: validatedAt is the lowest time of them. Owner only.
    /// @param id Device.
    /// @param service keccak256 of the service's name.
    /// @param terms epoch and index as in publishFor; the deadline is zero.
    /// @param word As in publish.
    /// @param proof Attestors of the service (20 bytes each, as in setAttestors), then at least
    /// threshold attestations in ascending order: position in the list 1 | checkedAt 8 | r 32 | vs 32.
    function publishAttested(
        bytes32 id,
        bytes32 service,
        uint256 terms,
        uint256 word,
        bytes calldata proof
    ) external {
        if (Terms.deadline(terms) != 0) {
            revert BadWord();
        }
        _publishAttested(id, service, terms, word, proof, msg.sender);
    }

    /// @notice publish, sent by anybody, signed by the owner: Publish.
    /// @param id Device.
    /// @param service As in publish.
    /// @param terms deadline 64 | epoch 32 | index 8.
    /// @param word As in publish.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function publishFor(
        bytes32 id,
        bytes32 service,
        uint256 terms,
        uint256 word,
        bytes32 r,
        bytes32 vs
    ) external {
        bytes32 body = _publishBody(PUBLISH_TYPEHASH, id, service, terms, word);
        address signer = _relayed(body, Terms.deadline(terms), r, vs);
        _checkWriter(devices[id].word, signer, DeviceWord.epochInPlace(Terms.epoch(terms)));
        _publish(id, service, Terms.index(terms), word, 0);
    }

    /// @notice publishAttested, sent by anybody, signed by the owner: PublishAttested.
    /// @param terms As in publishFor.
    /// @param word As in publish.
    /// @param id Device.
    /// @param service As in publish.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    /// @param proof As in publishAttested.
    function publishAttestedFor(
        uint256 terms,
        uint256 word,
        bytes32 id,
        bytes32 service,
        bytes32 r,
        bytes32 vs,
        bytes calldata proof
    ) external {
        bytes32 body = _publishBody(PUBLISH_ATTESTED_TYPEHASH, id, service, terms, word);
        address signer = _relayed(body, Terms.deadline(terms), r, vs);
        _publishAttested(id, service, terms, word, proof, signer);
    }

    // ---- batches ----

    /// @notice Runs calls of this contract one after the other. They are independent: one that is
    /// refused changes nothing and says why in an event, the others stand.
    /// @dev Each runs as the caller's own, so that both relayed calls and his own can be batched. No
    /// call takes Ether, so none can count it twice.
    /// @param calls Calldata of each.
    function runBatch(bytes[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) {
            bytes calldata one = calls[i];
            bool good;
            assembly ("memory-safe") {
                let p := mload(0x40)
                calldatacopy(p, one.offset, one.length)
                good := delegatecall(gas(), address(), p, one.length, 0, 0)
            }
            if (!good) {
                emit Refused(i, _returned());
            }
        }
    }

    /// @notice runBatch with items packed: an array of bytes costs each of them 380 gas of zeros.
    /// @param items For each call its length, 2 bytes, and its calldata.
    function runList(bytes calldata items) external {
        uint256 index = 0;
        uint256 place = 0;
        while (place != items.length) {
            uint256 good; // 0 refused, 1 done, 2 the list ends within the item
            assembly ("memory-safe") {
                let head := add(items.offset, place)
                let length := shr(240, calldataload(head))
                place := add(place, add(length, 2))
                good := 2
                if iszero(gt(place, items.length)) {
                    let p := mload(0x40)
                    calldatacopy(p, add(head, 2), length)
                    good := delegatecall(gas(), address(), p, length, 0, 0)
                }
            }
            if (good != 1) {
                if (good == 2) {
                    revert BadWord();
                }
                emit Refused(index, _returned());
            }
            unchecked {
                ++index;
            }
        }
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

    // ---- changes ----

    /// @param id Device. @param info As in rotate. @param key As in rotate. @param caller Who wants it.
    function _rotate(bytes32 id, uint256 info, bytes32 key, address caller) private {
        Device storage device = devices[id];
        uint256 word = device.word;
        if (!DeviceWord.isRotation(word, caller, info)) {
            _refuseRotation(word, caller, info);
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
        _log(Rotated.selector, id, word, uint256(key));
    }

    /// @param id Device. @param word Its word, not revoked.
    function _revoke(bytes32 id, uint256 word) private {
        word = DeviceWord.asRevoked(word);
        devices[id].word = word;
        emit Revoked(id, word);
    }

    /// @param id Device. @param owner As in transferOwner. @param caller Who wants it. @param epoch Stored.
    function _transfer(bytes32 id, address owner, address caller, uint32 epoch) private {
        uint256 word = _raiseEpoch(id, epoch, caller);
        _offer(id, owner, block.timestamp, word);
    }

    /// @param id Device. @param owner Who may accept, or zero. @param from When. @param word Device word.
    function _offer(bytes32 id, address owner, uint256 from, uint256 word) private {
        uint256 offer = 0;
        if (owner != address(0)) {
            offer = OfferWord.pack(owner, uint40(from), DeviceWord.epoch(word));
        }
        offers[id] = offer;
        emit OwnerOffered(id, offer, word);
    }

    /// @param id Device. @param caller Who accepts, not zero. @param epoch The stored one.
    function _claim(bytes32 id, address caller, uint32 epoch) private {
        uint256 word = devices[id].word;
        _checkEpoch(word, epoch);
        uint256 offer = offers[id];
        if (OfferWord.owner(offer) != caller || OfferWord.epoch(offer) != epoch) {
            revert NotOffered();
        }
        if (OfferWord.from(offer) > block.timestamp) {
            revert RecoveryPending();
        }
        word = _nextEpoch(DeviceWord.withOwner(word, caller));
        devices[id].word = word;
        delete offers[id];
        emit OwnerChanged(id, word);
    }

    /// @param id Device. @param service Service. @param epoch The stored one. @param key New key word.
    /// @param caller Who wants it.
    function _setTlsKey(bytes32 id, bytes32 service, uint32 epoch, bytes32 key, address caller)
        private
    {
        uint256 word = _raiseEpoch(id, epoch, caller);
        bytes32 entry = _pair(id, service);
        tlsKeys[entry] = key;
        emit TlsKeySet(id, entry, key, word);
    }

    /// @param id Device. @param epoch The stored one. @param root New root. @param caller Who wants it.
    function _setLeafRoot(bytes32 id, uint32 epoch, bytes32 root, address caller) private {
        uint256 word = _raiseEpoch(id, epoch, caller);
        leafRoots[id] = root;
        emit LeafRootSet(id, root, word);
    }

    /// @dev Writes an endpoint of a record that the caller may write.
    /// @param id Device. @param service Service. @param index 0 or 1, or refused. @param word New word.
    /// @param validated Unix seconds when attestors reached it, 0 = they were not asked.
    function _publish(bytes32 id, bytes32 service, uint256 index, uint256 word, uint256 validated)
        private
    {
        if (index > 1) {
            revert BadIndex();
        }
        if (!EndpointWord.expiresWithin(word, block.timestamp, EXPIRY_MAX)) {
            _refuseExpiry(word);
        }
        bytes32 entry = _endpointKey(id, service, index);
        Endpoint storage endpoint = endpoints[entry];
        uint256 stored = endpoint.word;
        if (!EndpointWord.follows(word, stored, SEQ_JUMP_MAX)) {
            _refuseSeq(word, stored);
        }
        word = validated == 0
            ? EndpointWord.keepValidation(word, stored)
            : EndpointWord.withValidation(word, validated);
        endpoint.word = word;
        _log(Published.selector, id, uint256(entry), word);
    }

    /// @param id Device. @param service Service. @param terms Terms. @param word New word.
    /// @param proof As in publishAttested. @param caller Who wants it.
    function _publishAttested(
        bytes32 id,
        bytes32 service,
        uint256 terms,
        uint256 word,
        bytes calldata proof,
        address caller
    ) private {
        Device storage device = devices[id];
        uint256 record = device.word;
        _checkWriter(record, caller, DeviceWord.epochInPlace(Terms.epoch(terms)));
        uint256 set = _attestors(DeviceWord.org(record), service, proof);
        uint256 body = _attestBody(id, record, device.key, service, word);
        uint256 validated = _lowestTime(set, body, proof);
        _publish(id, service, Terms.index(terms), word, validated);
    }

    /// @return reason What the last call returned.
    function _returned() private pure returns (bytes memory reason) {
        assembly ("memory-safe") {
            reason := mload(0x40)
            mstore(reason, returndatasize())
            returndatacopy(add(reason, 0x20), 0, returndatasize())
            mstore(0x40, and(add(add(reason, 0x3f), returndatasize()), not(0x1f)))
        }
    }

    // ---- attestations ----

    /// @dev The attestors of now for a service, if the list that came with the call is theirs.
    /// @param org Number of the organisation. @param service Service. @param proof Begins with the list.
    /// @return set Attestor word.
    function _attestors(uint256 org, bytes32 service, bytes calldata proof)
        private
        view
        returns (uint256 set)
    {
        set = attestors[_pair(bytes32(org), service)];
        if (set == 0) {
            set = attestors[_pair(bytes32(org), 0)];
        }
        if (set == 0) {
            revert NoAttestors();
        }
        uint256 length = AttestorWord.count(set) * AttestorWord.MEMBER;
        if (proof.length < length || !AttestorWord.isList(set, _hash(proof, length))) {
            revert WrongAttestors();
        }
    }

    /// @dev Puts the struct Attest into memory, all but checkedAt.
    /// @param id Device. @param record Device word. @param key Its key word, of this epoch.
    /// @param service Service. @param word Endpoint word, validatedAt zero.
    /// @return body Where it is; the seventh word is for checkedAt.
    function _attestBody(bytes32 id, uint256 record, bytes32 key, bytes32 service, uint256 word)
        private
        pure
        returns (uint256 body)
    {
        bytes32 typeHash = ATTEST_TYPEHASH;
        uint256 epoch = DeviceWord.epoch(record);
        assembly ("memory-safe") {
            body := mload(0x40)
            mstore(0x40, add(body, 0xe0))
            mstore(body, typeHash)
            mstore(add(body, 0x20), id)
            mstore(add(body, 0x40), epoch)
            mstore(add(body, 0x60), key)
            mstore(add(body, 0x80), service)
            mstore(add(body, 0xa0), word)
        }
    }

    /// @dev Checks that enough attestors signed, each once, each lately.
    /// @param set Attestor word. @param body From _attestBody. @param proof List and attestations.
    /// @return lowest Lowest time among the attestations, unix seconds.
    function _lowestTime(uint256 set, uint256 body, bytes calldata proof)
        private
        view
        returns (uint256 lowest)
    {
        uint256 count = AttestorWord.count(set);
        uint256 next = 0; // lowest position that may sign now
        uint256 signed = 0;
        uint256 at = count * AttestorWord.MEMBER;
        lowest = type(uint256).max;
        unchecked {
            while (at != proof.length) {
                if (proof.length - at < ATTESTATION) {
                    revert BadAttestation();
                }
                (uint256 position, uint256 time, bytes32 r, bytes32 vs) = _attestation(proof, at);
                if (position < next || position >= count) {
                    revert BadAttestation();
                }
                if (block.timestamp - time > ATTESTATION_AGE_MAX) {
                    revert AttestationExpired();
                }
                address signer = CompactSignature.recover(_attestDigest(body, time), r, vs);
                // Members are not zero, so a signature of nobody matches none.
                if (uint160(signer) != _member(proof, position)) {
                    revert WrongSigner();
                }
                lowest = time < lowest ? time : lowest;
                next = position + 1;
                at += ATTESTATION;
                ++signed;
            }
        }
        if (signed < AttestorWord.threshold(set)) {
            revert BadAttestation();
        }
    }

    /// @param proof List and attestations. @param at Where an attestation begins, all of it there.
    /// @return position Of the attestor in the list.
    /// @return time checkedAt.
    /// @return r Signature, first half.
    /// @return vs Signature, second half.
    function _attestation(bytes calldata proof, uint256 at)
        private
        pure
        returns (uint256 position, uint256 time, bytes32 r, bytes32 vs)
    {
        assembly ("memory-safe") {
            let p := add(proof.offset, at)
            let first := calldataload(p)
            position := shr(248, first)
            time := and(shr(184, first), 0xffffffffffffffff)
            r := calldataload(add(p, 9))
            vs := calldataload(add(p, 41))
        }
    }

    /// @param proof Begins with the list. @param position Place in it. @return member Address there.
    function _member(bytes calldata proof, uint256 position) private pure returns (uint256 member) {
        assembly ("memory-safe") {
            member := shr(96, calldataload(add(proof.offset, mul(position, 20))))
        }
    }

    /// @param body From _attestBody. @param time checkedAt. @return What the attestor signed.
    function _attestDigest(uint256 body, uint256 time) private view returns (bytes32) {
        bytes32 hash;
        assembly ("memory-safe") {
            mstore(add(body, 0xc0), time)
            hash := keccak256(body, 0xe0)
        }
        return _digest(hash);
    }

    // ---- who may, and when ----

    /// @param word Stored device word. @param caller Who wants to write, not zero.
    /// @param epoch Epoch that he means, at its place in a device word.
    function _checkWriter(uint256 word, address caller, uint256 epoch) private pure {
        if (!DeviceWord.isWriter(word, caller, epoch)) {
            _refuseWriter(word, caller);
        }
    }

    /// @dev For those who are not the owner: is the record live, at this epoch?
    /// @param word Stored device word. @param epoch Epoch that is meant.
    function _checkEpoch(uint256 word, uint32 epoch) private pure {
        if (word == 0) {
            revert NotRegistered();
        }
        if (DeviceWord.isRevoked(word)) {
            revert RecordRevoked();
        }
        if (DeviceWord.epoch(word) != epoch) {
            revert WrongEpoch(DeviceWord.epoch(word));
        }
    }

    /// @param word Device word. @return It with the next epoch, or refused.
    function _nextEpoch(uint256 word) private pure returns (uint256) {
        if (DeviceWord.isLastEpoch(word)) {
            revert EpochSaturated();
        }
        return DeviceWord.nextEpoch(word);
    }

    /// @param id Device. @param epoch The stored one. @param caller Who wants to write.
    /// @return word New device word.
    function _raiseEpoch(bytes32 id, uint32 epoch, address caller) private returns (uint256 word) {
        word = devices[id].word;
        _checkWriter(word, caller, DeviceWord.epochInPlace(epoch));
        word = _nextEpoch(word);
        devices[id].word = word;
    }

    // ---- refusals: which rule was it? Each of these functions reverts. ----

    /// @param word Stored device word that the caller may not change. @param caller The caller.
    function _refuseWriter(uint256 word, address caller) private pure {
        if (word == 0) {
            revert NotRegistered();
        }
        if (DeviceWord.owner(word) != caller) {
            revert NotOwner();
        }
        if (DeviceWord.isRevoked(word)) {
            revert RecordRevoked();
        }
        revert WrongEpoch(DeviceWord.epoch(word));
    }

    /// @param word Stored device word. @param caller Who wants to rotate. @param info As in rotate.
    function _refuseRotation(uint256 word, address caller, uint256 info) private pure {
        if (!DeviceWord.isInfo(info)) {
            revert BadWord();
        }
        _refuseWriter(word, caller);
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

    /// @param terms Terms whose deadline is not within SIGNATURE_LIFE_MAX from now.
    function _refuseVoucher(uint256 terms) private view {
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
    function _endpointKey(bytes32 id, bytes32 service, uint256 index)
        private
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let p := mload(0x40) // given back below: three words of scratch, and no new memory
            mstore(0x00, id)
            mstore(0x20, service)
            mstore(0x40, index)
            hash := keccak256(0x00, 0x60)
            mstore(0x40, p)
        }
    }

    /// @dev An event with one topic and two words, through scratch memory.
    /// @param topic Its selector. @param id Device. @param a First word. @param b Second word.
    function _log(bytes32 topic, bytes32 id, uint256 a, uint256 b) private {
        assembly ("memory-safe") {
            mstore(0x00, a)
            mstore(0x20, b)
            log2(0x00, 0x40, topic, id)
        }
    }

    /// @dev keccak256(abi.encode(a, b)).
    /// @param a First word. @param b Second word. @return hash Its hash.
    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0x00, a)
            mstore(0x20, b)
            hash := keccak256(0x00, 0x40)
        }
    }

    /// @param data Bytes. @param length How many of them, all there. @return hash keccak256 of these.
    function _hash(bytes calldata data, uint256 length) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let p := mload(0x40)
            calldatacopy(p, data.offset, length)
            hash := keccak256(p, length)
        }
    }
}
