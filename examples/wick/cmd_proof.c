/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wick proof verify: an eth_getProof answer (EIP-1186) under a state root or header that the user
 * vouches for. One line per account and slot. Good means: proven, and equal to every value that the
 * answer claims.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "commands.h"
#include "json.h"
#include "out.h"
#include "wick/port/eth_json.h"
#include "wick/proof.h"

typedef struct verify {
    const cli *c;
    wick_proof proof;
    unsigned refused; /* lines that are not good */
    wick_status first;
} verify;

static wick_status trust_root(wick_trusted_header *out, const uint8_t state_root[32])
{
    /* The user vouches for a state root alone. The library reads proofs under a header only, so
     * this is one of which nothing but the root is known, taken by its hash. */
    static const uint8_t zero[256];
    static const uint8_t lengths[WICK_HEADER_FIELDS_MIN] = {32, 32, 20, 32, 32, 32, 0, 0,
                                                            0,  0,  0,  0,  0,  32, 8};
    static uint8_t bytes[WICK_HEADER_MAX];
    wick_buf rlp = wick_buf_make(bytes, sizeof bytes);
    wick_header h;
    uint8_t hash[32];
    memset(&h, 0, sizeof h);
    for (size_t i = 0; i < WICK_HEADER_FIELDS_MIN; i++) {
        h.field[i] = wick_span_make(zero, i == WICK_HEADER_LOGS_BLOOM ? 256 : lengths[i]);
    }
    h.field[WICK_HEADER_STATE_ROOT] = wick_span_make(state_root, 32);
    h.fields = WICK_HEADER_FIELDS_MIN;
    wick_status s = wick_header_encode(&rlp, &h);
    if (s != WICK_OK) {
        return s;
    }
    wick_header_hash(hash, wick_buf_span(&rlp));
    return wick_trust_pinned(out, wick_buf_span(&rlp), hash, 1);
}

static wick_status trust_header(wick_trusted_header *out, const char *arg)
{
    static uint8_t bytes[WICK_HEADER_MAX];
    wick_buf rlp = wick_buf_make(bytes, sizeof bytes);
    wick_header h;
    uint8_t hash[32];
    uint8_t *text = NULL;
    size_t len = 0;
    wick_status s = cli_read_arg(&text, &len, arg);
    if (s == WICK_OK) {
        s = block_header_read(&rlp, &h, text, len);
    }
    free(text);
    if (s != WICK_OK) {
        return s;
    }
    wick_header_hash(hash, wick_buf_span(&rlp));
    return wick_trust_pinned(out, wick_buf_span(&rlp), hash, 1);
}

static const wick_json *proof_of(const wick_json *root)
{
    static const char *const wrappers[] = {"result", "get_proof", "proof"};
    if (wick_json_member(root, "accountProof") != NULL) {
        return root;
    }
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        const wick_json *inner = wick_json_member(root, wrappers[i]);
        if (wick_json_kind_of(inner) == WICK_JSON_OBJECT) {
            return inner;
        }
    }
    return NULL;
}

/* Feeds the nodes. What is not even hex cannot be the node that is wanted. */
static wick_status feed(wick_proof *p, const wick_json *nodes)
{
    wick_status s = WICK_OK;
    for (const wick_json *n = wick_json_first(nodes); n != NULL && s == WICK_OK;
         n = wick_json_next(n)) {
        const char *text = wick_json_text(n);
        size_t cap = text == NULL ? 0 : strlen(text) / 2;
        uint8_t *bytes = malloc(cap + 1);
        wick_buf node = wick_buf_make(bytes, cap + 1);
        if (bytes == NULL) {
            return WICK_E_HAL;
        }
        s = wick_json_data(&node, n);
        s = s != WICK_OK ? WICK_E_PROOF_BAD_RLP : wick_proof_node(p, wick_buf_span(&node));
        free(bytes);
    }
    return s;
}

static wick_mpt_result verdict_of(wick_status fed, wick_mpt_result ended)
{
    if (fed == WICK_E_PROOF_BAD_RLP) {
        return WICK_MPT_BAD_RLP;
    }
    if (fed == WICK_E_PROOF_BAD_HASH) {
        return WICK_MPT_BAD_HASH;
    }
    return fed == WICK_OK ? ended : WICK_MPT_INCOMPLETE;
}

/* Opens the line of one account or slot. */
static void begin_line(verify *v, out_rec *o, const char *kind, const uint8_t *key, size_t len,
                       wick_mpt_result verdict, wick_status s)
{
    if (s != WICK_OK) {
        v->refused++;
        v->first = v->first == WICK_OK ? s : v->first;
    }
    if (v->c->json) {
        if (s == WICK_OK) {
            out_begin(o, stdout, true);
        } else {
            out_begin_fail(o, stdout, true);
            out_str(o, "code", wick_status_str(s));
            out_str(o, "error", wick_status_cause(s));
            out_str(o, "remedy", wick_status_remedy(s));
        }
        out_str(o, "kind", kind);
        out_hex(o, strcmp(kind, "slot") == 0 ? "key" : "address", key, len);
        out_str(o, "verdict", wick_mpt_str(verdict));
        return;
    }
    char hex[65];
    wick_hex_encode(hex, key, len);
    printf("%-7s 0x%s %s", kind, hex, wick_mpt_str(verdict));
}

static void end_line(verify *v, out_rec *o, wick_status s)
{
    if (v->c->json) {
        out_end(o);
    } else {
        printf("%s\n", s == WICK_OK              ? ""
                       : s == WICK_E_PROOF_CLAIM ? "  REFUSED: the answer claims another value"
                                                 : "  REFUSED");
    }
}

static void put_word(verify *v, out_rec *o, const char *key, const uint8_t word[32])
{
    char text[67];
    if (v->c->json) {
        out_quantity(o, key, word, 32);
        return;
    }
    out_quantity_text(text, word, 32);
    printf(" %s%s%s", key, key[0] != '\0' ? "=" : "", text);
}

static void put_hash(verify *v, out_rec *o, const char *key, const uint8_t hash[32])
{
    char text[65];
    if (v->c->json) {
        out_hex(o, key, hash, 32);
        return;
    }
    wick_hex_encode(text, hash, 32);
    printf(" %s=0x%s", key, text);
}

static int shape(const cli *c, const char *what)
{
    return cli_fail(c, WICK_E_JSON, "%s is missing or not what eth_getProof gives there", what);
}

static int verify_account(verify *v, const wick_json *json)
{
    wick_eth_proof answer;
    wick_account got;
    memset(&got, 0, sizeof got);
    if (wick_eth_json_proof(&answer, json) != WICK_OK) {
        return shape(v->c, "a member of the account");
    }
    wick_status s = wick_proof_account(&v->proof, answer.address);
    if (s == WICK_OK) {
        s = feed(&v->proof, answer.account_nodes);
    }
    wick_mpt_result verdict = verdict_of(s, wick_proof_account_end(&v->proof, &got));
    s = wick_mpt_status(verdict);
    if (s == WICK_OK) {
        s = wick_proof_account_claim(&v->proof, &answer.claim);
    }
    out_rec o;
    begin_line(v, &o, "account", answer.address, sizeof answer.address, verdict, s);
    if (verdict == WICK_MPT_FOUND || verdict == WICK_MPT_ABSENT) {
        uint8_t word[32] = {0};
        wick_store_be64(word + 24, got.nonce);
        put_word(v, &o, "nonce", word);
        put_word(v, &o, "balance", got.balance);
        put_hash(v, &o, "codeHash", got.code_hash);
        put_hash(v, &o, "storageHash", got.storage_root);
    }
    end_line(v, &o, s);
    return CLI_OK;
}

static int verify_slot(verify *v, const wick_json *json, bool account_good)
{
    wick_eth_slot slot;
    uint8_t word[32] = {0};
    if (wick_eth_json_slot(&slot, json) != WICK_OK) {
        return shape(v->c, "a member of storageProof");
    }
    /* Without a proven account there is no root that this proof could hang on. */
    wick_mpt_result verdict = WICK_MPT_INCOMPLETE;
    wick_status s = account_good ? wick_proof_slot(&v->proof, slot.key) : WICK_E_STATE;
    if (s == WICK_OK) {
        s = feed(&v->proof, slot.nodes);
        verdict = verdict_of(s, wick_proof_slot_end(&v->proof, word));
    }
    s = wick_mpt_status(verdict);
    if (s == WICK_OK) {
        s = wick_proof_slot_claim(&v->proof, slot.claim);
    }
    out_rec o;
    begin_line(v, &o, "slot", slot.key, sizeof slot.key, verdict, s);
    if (verdict == WICK_MPT_FOUND || verdict == WICK_MPT_ABSENT) {
        put_word(v, &o, v->c->json ? "value" : "", word);
    }
    end_line(v, &o, s);
    return CLI_OK;
}

static int verify_answer(verify *v, const wick_json *answer, const wick_trusted_header *header)
{
    wick_status s = wick_proof_begin(&v->proof, header);
    if (s != WICK_OK) {
        return cli_fail(v->c, s, "state root");
    }
    int code = verify_account(v, answer);
    bool account_good = v->refused == 0;
    for (const wick_json *slot = wick_json_first(wick_json_member(answer, "storageProof"));
         slot != NULL && code == CLI_OK; slot = wick_json_next(slot)) {
        code = verify_slot(v, slot, account_good);
    }
    if (code == CLI_OK && v->refused != 0) {
        if (v->c->json) {
            return CLI_REFUSED; /* each refused line said so itself */
        }
        return cli_fail(v->c, v->first, "%u refused", v->refused);
    }
    return code;
}

int cmd_proof_verify(cli *c, int argc, char **argv)
{
    static const struct option options[] = {{"state-root", required_argument, NULL, 's'},
                                            {"header", required_argument, NULL, 'h'},
                                            CLI_COMMON_OPTIONS};
    const char *root_arg = NULL, *header_arg = NULL;
    for (int got; (got = cli_getopt(c, argc, argv, options)) != -1;) {
        if (got != 's' && got != 'h') {
            return got == CLI_OPT_HELP ? CLI_OK : CLI_USAGE;
        }
        *(got == 's' ? &root_arg : &header_arg) = optarg;
    }
    uint8_t root[32];
    if (argc - optind != 1 || (root_arg == NULL) == (header_arg == NULL)) {
        return cli_usage(c, "one file and one of --state-root and --header");
    }
    if (root_arg != NULL && cli_hex_arg(root, sizeof root, root_arg) != WICK_OK) {
        return cli_usage(c, "--state-root takes 32 bytes in hex");
    }
    static verify v;
    wick_trusted_header header;
    wick_status s = root_arg != NULL ? trust_root(&header, root)
                                     : trust_header(&header, header_arg);
    if (s != WICK_OK) {
        return cli_fail(c, s, "header");
    }
    json_doc d;
    s = json_load(&d, argv[optind]);
    if (s != WICK_OK) {
        return cli_fail(c, s, "%s", argv[optind]);
    }
    v.c = c;
    const wick_json *answer = proof_of(d.root);
    int code;
    if (answer == NULL && wick_json_member(d.root, "error") != NULL) {
        code = cli_fail(c, WICK_E_RPC, "%s holds an error of the node, not a proof", argv[optind]);
    } else if (answer == NULL) {
        code = shape(c, "accountProof");
    } else {
        code = verify_answer(&v, answer, &header);
    }
    json_free(&d);
    return code;
}
