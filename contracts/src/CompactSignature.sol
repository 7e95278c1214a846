// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Compact secp256k1 signatures (EIP-2098)
/// @notice vs is s with the recovery bit on top. One message has one valid signature by one key and
/// nonce: the half of s above n/2 is refused (EIP-2), so nobody can turn a signature into another.
library CompactSignature {
    /// @notice s lies in the upper half of the group order.
    error HighS();

    /// @dev (group order of secp256k1) / 2
    uint256 private constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Recovers the signer.
    /// @param digest Message digest.
    /// @param r Signature, first half.
    /// @param vs Signature, second half with the recovery bit on top.
    /// @return His address, zero if there is none.
    function recover(bytes32 digest, bytes32 r, bytes32 vs) internal view returns (address) {
        uint256 room;
        assembly ("memory-safe") {
            room := mload(0x40)
            mstore(room, digest)
        }
        return address(uint160(recoverIn(room, r, vs)));
    }

    /// @notice The same in memory of the caller's, which is cheaper where the digest is made there.
    /// @param room Four words of the caller's memory, the first one the message digest.
    /// @param r Signature, first half.
    /// @param vs Signature, second half with the recovery bit on top.
    /// @return signer His address, zero if there is none.
    function recoverIn(uint256 room, bytes32 r, bytes32 vs) internal view returns (uint256 signer) {
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        if (s > HALF_ORDER) {
            revert HighS();
        }
        assembly ("memory-safe") {
            mstore(add(room, 0x20), add(shr(255, vs), 27))
            mstore(add(room, 0x40), r)
            mstore(add(room, 0x60), s)
            // Without a signer it succeeds and returns nothing, so its success says nothing.
            pop(staticcall(gas(), 1, room, 0x80, 0x00, 0x20))
            signer := mul(mload(0x00), eq(returndatasize(), 0x20))
        }
    }
}
