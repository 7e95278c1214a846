# SPDX-License-Identifier: Apache-2.0
# The harnesses of run.sh, each followed by its seeded bugs; two of them are tried without --full.

# ---- RLP reader ----

harness rlp ci "core/eth/rlp.c core/base/base.c" "--unwind 34 -DBOUND=72" \
    "any operation on any cursor over <= 72 bytes"
bug core/eth/rlp.c 's/if (n > len - 1) {/if (n > len) {/' "a string may be one byte longer than the span"
bug core/eth/rlp.c 's/if (payload > len - 1 - width) {/if (1 + width + payload > len + 1) {/' \
    "a long list may end one byte behind the span"
bug core/eth/rlp.c 's/if (payload <= SHORT_MAX) {/if (payload < SHORT_MAX) {/' "55 bytes in the long form"
bug core/eth/rlp.c 's/if (n == 1 \&\& !it->is_list \&\& ptr\[1\] < STRING) {/if (n > SHORT_MAX) {/' \
    "a single byte with a header"
bug core/eth/rlp.c 's/if (ptr\[1\] == 0) {/if (width > 8) {/' "length with leading zero"
bug core/eth/rlp.c 's/if (width > len - 1) {/if (width > len) {/' "length bytes behind the span"

# ---- proof walker ----

harness mpt ci core/eth/mpt.c \
    "-DKEY_BYTES=2 -DINLINED=1 --unwind 33 --unwindset walk.0:2,key_follows.0:5" \
    "one step from any state, any node, keys <= 2 bytes, inlined <= 1 deep"
bug core/eth/mpt.c 's/if (memcmp(hash, w->want, sizeof hash) != 0) {/if (node.len == 0) {/' \
    "nodes are not compared with the hash wanted"
bug core/eth/mpt.c 's/        return WICK_MPT_ABSENT; \/\* proves: the key.s slot is empty \*\//        return WICK_MPT_FOUND;/' \
    "an empty slot is a value"
bug core/eth/mpt.c 's/    w->at++;/    w->at = (uint16_t)(w->at + 0);/' "a branch does not use up its nibble"
bug core/eth/mpt.c 's/return follows \&\& w->at + p.count == w->nibbles ? take_value/return follows ? take_value/' \
    "a leaf of a shorter key is taken"
bug core/eth/mpt.c 's/        return WICK_MPT_ABSENT; \/\* proves: all keys below.*/        ;/' \
    "an extension that leaves the key is followed"
bug core/eth/mpt.c 's/        memcpy(w->want, raw.ptr + 1, HASH_BYTES);/        memcpy(w->want, raw.ptr, HASH_BYTES);/' \
    "the wrong bytes are taken as the next hash"
bug core/eth/mpt.c 's/        result = WICK_MPT_BAD_HASH; \/\* nothing names a node.*/        ;/' \
    "nodes after the end are ignored"
bug core/eth/mpt.c 's/if (i == want) {/if (i == (want ^ 1u)) {/' "the neighbour of the slot is taken"
bug core/eth/mpt.c 's/raw.len < HASH_BYTES) ? CHILD_INLINE : CHILD_BAD/raw.len < HASH_BYTES) ? CHILD_EMPTY : CHILD_BAD/' \
    "an inlined node is taken for an empty slot"
bug core/eth/mpt.c 's/if (p->count > (size_t)w->nibbles - w->at) {/if (p->count > (size_t)w->nibbles) {/' \
    "a path longer than the rest of the key is compared"

harness mpt-deep full core/eth/mpt.c \
    "-DKEY_BYTES=4 -DINLINED=2 --unwind 33 --unwindset walk.0:3,key_follows.0:9" \
    "the same, keys <= 4 bytes, inlined <= 2 deep"

# ---- other decoders ----

harness push full "core/eth/rlp_push.c core/base/base.c" "-DBOUND=8 --unwind 9" \
    "one token from any state, pieces <= 8 bytes"
bug core/eth/rlp_push.c 's/size_t n = piece->len < p->string ? piece->len : p->string;/size_t n = p->string;/' \
    "a string may be longer than the piece"
bug core/eth/rlp_push.c 's/if (p->depth == DEPTH_MAX) {/if (p->depth > DEPTH_MAX) {/' "one list too deep"

harness channeldata full "core/nat/channeldata.c core/base/base.c" "--unwind 4" "datagrams <= 32 bytes"
bug core/nat/channeldata.c 's/WICK_CHANNELDATA_HEADER_BYTES, len);/WICK_CHANNELDATA_HEADER_BYTES, rest);/' \
    "padding is data"

harness natpmp full "core/nat/natpmp.c core/base/base.c" "--unwind 24" "datagrams <= 20 bytes"
bug core/nat/natpmp.c 's/if (in.len < whole \&\& !error) {/if (in.len + 1 < whole \&\& !error) {/' "a byte may be missing"

harness stream full "core/nat/turn_stream.c core/nat/channeldata.c core/base/base.c" "--unwind 34" \
    "rooms <= 32 bytes"
bug core/nat/turn_stream.c 's/    if (bytes > have) {/    if (bytes > have + 4) {/' "a message that has not come yet"
bug core/nat/turn_stream.c 's/    if (bytes > s->cap) {/    if (bytes > s->cap + 4) {/' "a message that has no room"

harness pcp full "core/nat/pcp.c core/base/base.c" "--unwind 17 --object-bits 11" "datagrams <= 64 bytes"
bug core/nat/pcp.c 's/    if (whole > rest->len) {/    if (len > rest->len) {/' "an option may overrun the datagram"
bug core/nat/pcp.c 's/    if (in.len < fixed) {/    if (in.len + 4 < fixed) {/' "the opcode part may be cut short"
bug core/nat/pcp.c 's/        return o->data.len == 0 \&\& opcode == WICK_PCP_MAP \&\& !again;/        return o->data.len == 0;/' \
    "PREFER_FAILURE in any opcode"

harness stun full "core/nat/stun.c core/base/base.c" "--unwind 18" \
    "datagrams <= 36 bytes, four attributes"
bug core/nat/stun.c 's/        if (len > total - at || open == 0) {/        if (len > total || open == 0) {/' \
    "an attribute may leave the message"
bug core/nat/stun.c 's/        pos = at + ((len + 3u) \& ~3u);/        pos = at + len;/' "padding is not skipped"

harness nsl full "core/psk/nsl_wire.c core/base/base.c" "--unwind 16" "datagrams <= 24 bytes"
bug core/psk/nsl_wire.c 's/if (bytes.len < WICK_NSL_HEADER_BYTES ||/if (bytes.len < 8 ||/' "header cut short"
bug core/psk/nsl_wire.c 's/h->cid_i == 0 || h->cid_i == NSL_STUN_COOKIE/h->cid_i == 0/' "STUN passes for a handshake"

harness record full "core/registry/device.c core/registry/endpoint.c core/base/base.c" "--unwind 70" \
    "every word"
bug core/registry/endpoint.c 's/out->seq = wick_load_be32(word + AT_SEQ);/out->seq = wick_load_be32(word + AT_SEQ + 1);/' \
    "a field from another place"

harness header full "core/eth/header.c core/base/base.c" "--unwind 35" \
    "strings <= 33 bytes and of 256, <= 23 items"
bug core/eth/header.c 's/    {INTEGER, 8, "timestamp"},/    {INTEGER, 9, "timestamp"},/' "a time of nine bytes"
bug core/eth/header.c 's/return check_unknown(h->unknown);/return WICK_OK;/' "what follows is not looked at"
bug core/eth/header.c '/^wick_status wick_header_decode/,/^}/s/if (s != WICK_OK) {/if (s == WICK_E_LIMIT) {/' \
    "half a header is left after an error"
bug core/eth/header.c 's/rule->kind == INTEGER \&\& trimmed(payload).len != payload.len/rule->kind == INTEGER \&\& rule->len > 8 \&\& trimmed(payload).len != payload.len/' \
    "leading zeros of a number"
bug core/eth/header.c 's/    if (s.len > 8) {/    if (s.len > 9) {/' "a large base fee wraps"

harness bundle full "core/eth/bundle.c core/base/base.c" "--unwind 21" \
    "one call from any state, input and memory <= 48 bytes"
bug core/eth/bundle.c 's/    if (n > r->cap) {/    if (n > r->cap + 1) {/' "a piece may be one byte longer than its memory"
bug core/eth/bundle.c 's/p->kind != WICK_BUNDLE_BEACON || p->last >= WICK_BUNDLE_FINALITY/p->kind != WICK_BUNDLE_BEACON || p->last >= WICK_BUNDLE_UPDATE/' \
    "a header that no update vouches for"
bug core/eth/bundle.c 's/return s == WICK_OK \&\& h.timestamp != time_s ? WICK_E_MALFORMED : s;/(void)time_s; return s;/' \
    "another time outside than inside"
bug core/eth/bundle.c 's/        return len == 32;/        return len >= 1 \&\& len <= 32;/' "a key that is cut short"

harness journal full core/firmware/journal_rule.c "" "every state of both sectors"
bug core/firmware/journal_rule.c 's/used >= slots) {/used > slots) {/' "a slot behind the sector"
bug core/firmware/journal_rule.c 's/at.sector = sector == 0 ? 1 : 0;/at.sector = sector == 1 ? 1 : 0;/' \
    "the sector that counts is entered"
bug core/firmware/journal_rule.c 's/(int32_t)(view\[1\].turn - view\[0\].turn) > 0/view[1].turn > view[0].turn/' \
    "turns that wrap"
bug core/firmware/journal_rule.c 's/at = {sector, used, false};/at = {sector, (uint16_t)(used - (used > 0)), false};/' \
    "a slot that is not blank is used again"

harness delta full "core/firmware/delta.c" "-DWICK_DELTA_PIECE=32 --unwind 2" \
    "one byte of the stream, from any state"
bug core/firmware/delta.c 's/if (n > OLD_END(d) - d->old_at) {/if (n > OLD_END(d)) {/' \
    "differences beyond the end of the old image"
bug core/firmware/delta.c 's/return d->old_at - OLD_FROM(d) <= .* : WICK_E_FW_BASE;/return WICK_OK;/' \
    "a jump out of the old image"
bug core/firmware/delta.c 's/    if (n > UNTIL(d) - d->new_at) {/    if (n > UNTIL(d)) {/' \
    "a run beyond the end of the new image"
bug core/firmware/delta.c 's/if (d->new_at <= c->resume_at) {/if (d->new_at < c->resume_at) {/' \
    "a write of no bytes where resuming begins"
bug core/firmware/delta.c 's/        d->old_at += n;/        d->old_at += n + 1;/' "an old byte is skipped"
bug core/firmware/delta.c 's/least(end - i->shift_bytes, d->old_end) : 0;/least(end - i->shift_bytes, d->old_end) \/ 2 : 0;/' \
    "a segment reads what it writes over"
bug core/firmware/delta.c 's/return d->old_at - OLD_FROM(d) <= OLD_END(d) - OLD_FROM(d) ?/return d->old_at <= OLD_END(d) ?/' \
    "a jump to what was written over"
bug core/firmware/delta.c 's/d->old_end = least(n, i->memory_bytes - i->shift_bytes);/d->old_end = n;/' \
    "what was pushed out of the memory is read"

harness lzma full "core/base/base.c" "--unwind 28" "one symbol of any bits, from any state; a window of 16 bytes"
bug core/firmware/lzma.c 's/    return back < l->made \&\& back < d->config.window_bytes ? WICK_OK/    return back <= l->made \&\& back <= d->config.window_bytes ? WICK_OK/' \
    "a distance one byte too far"
bug core/firmware/lzma.c 's/768 \* set/769 * set/' "a set of literals is not where it was counted"
bug core/firmware/lzma.c 's/d->lzma.at > back ? at : at + d->config.window_bytes/at/' "the window does not go round"
