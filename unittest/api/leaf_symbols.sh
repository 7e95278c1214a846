#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A leaf owns no public-key crypto: no function of it is in the linked example, which is at most 150
# lines. Its size is printed.
# usage: leaf_symbols.sh <wick-leaf>
leaf=$1
. "$(dirname "$0")/lib.sh"

# Curves, RSA, big numbers, certificates, key parsing; the words that their libraries use for them.
asymmetric='ecdh|ecdsa|ecjpake|_ecp_|secp256|x25519|curve25519|ed25519|rsa|_dhm_|_mpi_|bignum|_pk_|pkcs1|x509|hpke|wick_nsl|ticket_make|ticket_open'

symbols() { # symbols PROGRAM: fails if there is one that a leaf must not have
    nm "$1" | sed 's/.* //' | sort -u >"$scratch/symbols"
    # A file whose symbols were stripped would show nothing.
    grep -q 'wick_coap_client_begin' "$scratch/symbols" || { echo "no symbols to look at"; return 1; }
    ! grep -inE "$asymmetric" "$scratch/symbols"
}
lines() {
    n=$(wc -l <"$1")
    [ "$n" -le 150 ] || { echo "$1 has $n lines"; return 1; }
}

passes "api.leaf_symbols.leaf" symbols "$leaf"
passes "api.leaf_symbols.lines" lines "$WICK_SOURCE_DIR/examples/leaf/leaf.c"
cat >"$scratch/seed.c" <<'C'
int mbedtls_ecdh_seed(void);
int wick_coap_client_begin(void);
int mbedtls_ecdh_seed(void) { return 1; }
int wick_coap_client_begin(void) { return mbedtls_ecdh_seed(); }
int main(void) { return wick_coap_client_begin(); }
C
"$CC" -O0 -o "$scratch/seed" "$scratch/seed.c"
refuses "api.leaf_symbols.seed_is_refused" "ecdh" symbols "$scratch/seed"
strip -o "$scratch/bare" "$scratch/seed"
refuses "api.leaf_symbols.stripped_is_refused" "no symbols" symbols "$scratch/bare"
size "$leaf" | awk 'NR == 2 { print "# leaf: " $1 " bytes of text, " $2 + $3 " of data and bss" }'
finish
