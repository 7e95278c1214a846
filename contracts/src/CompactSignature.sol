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
    /// @return signer Zero if there is none.
    function recover(bytes32 digest, bytes32 r, bytes32 vs) internal view returns (address signer) {
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        if (s > HALF_ORDER) {
            revert HighS();
        }
        assembly ("memory-safe") {
            let p := mload(0x40) // given back below: the precompile reads scratch, and no new memory
            mstore(0x00, digest)
            mstore(0x20, add(shr(255, vs), 27))
            mstore(0x40, r)
            mstore(0x60, s)
            let good := staticcall(gas(), 1, 0x00, 0x80, 0x00, 0x20)
            // Without a signer it succeeds and returns nothing.
            signer := mul(mload(0x00), and(good, eq(returndatasize(), 0x20)))
            mstore(0x40, p)
            mstore(0x60, 0)
        }
    }
}
