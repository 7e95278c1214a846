// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title ERC-1056, written anew from the EIP, as far as a device would use it
/// @notice An identity is an address. What is said about it stands in events, chained by the block of
/// the one before; storage holds only its owner, that block, and a nonce for signed calls.
contract Erc1056 {
    mapping(address => address) private owners;
    mapping(address => uint256) public changed;
    mapping(address => uint256) public nonce;
    mapping(address => mapping(bytes32 => mapping(address => uint256))) private delegates;

    event DIDOwnerChanged(address indexed identity, address owner, uint256 previousChange);
    event DIDDelegateChanged(
        address indexed identity,
        bytes32 delegateType,
        address delegate,
        uint256 validTo,
        uint256 previousChange
    );
    event DIDAttributeChanged(
        address indexed identity, bytes32 name, bytes value, uint256 validTo, uint256 previousChange
    );

    function identityOwner(address identity) public view returns (address) {
        address owner = owners[identity];
        return owner == address(0) ? identity : owner;
    }

    function changeOwner(address identity, address owner) external {
        require(msg.sender == identityOwner(identity), "bad_actor");
        owners[identity] = owner;
        emit DIDOwnerChanged(identity, owner, changed[identity]);
        changed[identity] = block.number;
    }

    function addDelegate(address identity, bytes32 kind, address delegate, uint256 validity) external {
        require(msg.sender == identityOwner(identity), "bad_actor");
        delegates[identity][keccak256(abi.encode(kind))][delegate] = block.timestamp + validity;
        emit DIDDelegateChanged(
            identity, kind, delegate, block.timestamp + validity, changed[identity]
        );
        changed[identity] = block.number;
    }

    function setAttribute(address identity, bytes32 name, bytes memory value, uint256 validity)
        external
    {
        set(identity, msg.sender, name, value, validity);
    }

    function setAttributeSigned(
        address identity,
        uint8 v,
        bytes32 r,
        bytes32 s,
        bytes32 name,
        bytes memory value,
        uint256 validity
    ) external {
        address owner = identityOwner(identity);
        bytes32 hash = keccak256(
            abi.encodePacked(
                bytes1(0x19),
                bytes1(0),
                address(this),
                nonce[owner],
                identity,
                "setAttribute",
                name,
                value,
                validity
            )
        );
        address signer = ecrecover(hash, v, r, s);
        require(signer == owner, "bad_signature");
        nonce[signer] += 1;
        set(identity, signer, name, value, validity);
    }

    function set(address identity, address actor, bytes32 name, bytes memory value, uint256 validity)
        private
    {
        require(actor == identityOwner(identity), "bad_actor");
        emit DIDAttributeChanged(
            identity, name, value, block.timestamp + validity, changed[identity]
        );
        changed[identity] = block.number;
    }
}
