// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Attestations} from "./Attestations.sol";
import {DeviceWord, EndpointWord, Terms} from "./Words.sol";

/// @title Where the services of a device are reached
/// @notice One word for each endpoint. Its sequence number rises with each write, and it expires.
abstract contract Endpoints is Attestations {
    /// @notice An endpoint expires at most so far ahead, seconds.
    uint256 internal constant EXPIRY_MAX = 365 days;
    /// @notice Largest step of an endpoint's sequence number.
    uint256 internal constant SEQ_JUMP_MAX = 1 << 16;

    /// @notice Writes where a service of the device is reached. Owner only.
    /// @dev validatedAt is the attestors' field: the caller leaves it zero, a pure renewal keeps what
    /// is stored, any other place starts at zero.
    /// @param id Device.
    /// @param service keccak256 of the service's name.
    /// @param index 0 primary, 1 standby.
    /// @param epoch The stored epoch of the device.
    /// @param word See EndpointWord; an all-zero place withdraws the endpoint.
    function publish(bytes32 id, bytes32 service, uint8 index, uint32 epoch, uint256 word)
        external
    {
        uint256 record = devices[id].word;
        if (!DeviceWord.isWriter(record, msg.sender, DeviceWord.epochInPlace(epoch))) {
            _refuseWriter(record, msg.sender);
        }
        _publish(id, service, index, word, 0);
    }

    /// @notice The same with attestations: validatedAt is the lowest time of them. Owner only.
    /// @dev The attestations follow the arguments as they are, see Attestations.
    /// @param terms epoch and index as in publishFor; the deadline is zero.
    /// @param word As in publish.
    /// @param id Device.
    /// @param service keccak256 of the service's name.
    function publishAttested(uint256 terms, uint256 word, bytes32 id, bytes32 service) external {
        if (Terms.deadline(terms) != 0) {
            revert BadWord();
        }
        _publishAttested(id, service, terms, word, 4 + 4 * 32, msg.sender);
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
        uint256 record = devices[id].word;
        if (!DeviceWord.isWriter(record, signer, DeviceWord.epochOfTerms(terms))) {
            _refuseWriter(record, signer);
        }
        _publish(id, service, Terms.index(terms), word, 0);
    }

    /// @notice publishAttested, sent by anybody, signed by the owner: PublishAttested.
    /// @dev The attestations follow as in publishAttested; the signature does not cover them.
    /// @param terms As in publishFor.
    /// @param word As in publish.
    /// @param id Device.
    /// @param service As in publish.
    /// @param r Owner's signature, first half.
    /// @param vs Owner's signature, second half (EIP-2098).
    function publishAttestedFor(
        uint256 terms,
        uint256 word,
        bytes32 id,
        bytes32 service,
        bytes32 r,
        bytes32 vs
    ) external {
        bytes32 body = _publishBody(PUBLISH_ATTESTED_TYPEHASH, id, service, terms, word);
        address signer = _relayed(body, Terms.deadline(terms), r, vs);
        _publishAttested(id, service, terms, word, 4 + 6 * 32, signer);
    }

    // ---- changes ----

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
    /// @param place Where in the calldata the attestations begin. @param caller Who wants it.
    function _publishAttested(
        bytes32 id,
        bytes32 service,
        uint256 terms,
        uint256 word,
        uint256 place,
        address caller
    ) private {
        Device storage device = devices[id];
        uint256 record = device.word;
        if (!DeviceWord.isWriter(record, caller, DeviceWord.epochOfTerms(terms))) {
            _refuseWriter(record, caller);
        }
        uint256 validated = _lowestTime(
            _attestors(DeviceWord.org(record), service),
            _attestBody(id, record, device.key, service, word),
            place
        );
        _publish(id, service, Terms.index(terms), word, validated);
    }

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

    // ---- refusals: which rule was it? Each of these functions reverts. ----

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
}
