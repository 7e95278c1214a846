/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What parse_header() of core/eth/rlp.c does on spans shorter than 256 bytes, without the loop over
 * length bytes that makes seventeen items of a branch too much for a solver. cbmc_rlp_model.c proves
 * that it is the same function; the walker's harness is compiled with calls going here.
 */
static wick_status model_header(struct item *it, const uint8_t *ptr, size_t len)
{
    unsigned first = len != 0 ? ptr[0] : 0;
    bool is_list = first >= 0xc0;
    unsigned n = first - (is_list ? 0xc0u : 0x80u);
    it->header = 0;
    it->payload = 1;
    it->is_list = false;
    if (len == 0) {
        return WICK_E_TRUNCATED;
    }
    if (first < 0x80) {
        return WICK_OK;
    }
    it->is_list = is_list;
    if (n <= 55) {
        it->header = 1;
        it->payload = n;
        if (len < 1 + (size_t)n) {
            return WICK_E_TRUNCATED;
        }
        return !is_list && n == 1 && ptr[1] < 0x80 ? WICK_E_NON_CANONICAL : WICK_OK;
    }
    if (len < 1 + (size_t)(n - 55)) {
        return WICK_E_TRUNCATED;
    }
    if (ptr[1] == 0) {
        return WICK_E_NON_CANONICAL;
    }
    if (n > 56) {
        return WICK_E_TRUNCATED; /* 256 bytes and more */
    }
    if (ptr[1] <= 55) {
        return WICK_E_NON_CANONICAL;
    }
    if (ptr[1] > len - 2) {
        return WICK_E_TRUNCATED;
    }
    it->header = 2;
    it->payload = ptr[1];
    return WICK_OK;
}
