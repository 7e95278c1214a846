/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAB_RELEASE_MODEL_H
#define LAB_RELEASE_MODEL_H
/* ReleaseIndex as C sees it: what each call does to the words, which events it leaves, and with which
 * custom error it is refused. Rules come in the contract's order; predictions go to lab_expect.h, words
 * to lab_storage.h. */
#include "lab_expect.h"
#include "wick/release_index.h"

#define LAB_PRODUCTS 4 /* the last one has the id zero, and is never created */
#define LAB_RELEASES 256
#define LAB_MEMBER 21u /* address 20, role 1 */
#define LAB_LIST_MAX (33u * LAB_MEMBER)

typedef struct lab_release {
    wick_release is; /* active_from 0: not approved by enough */
    uint32_t epoch, voters;
} lab_release;

/* Who is to decide, as a call says it. */
typedef struct lab_members {
    uint8_t list[LAB_LIST_MAX], terms[32];
    size_t bytes;
} lab_members;

typedef struct lab_product {
    uint8_t id[32];
    wick_product is; /* epoch 0: never created; updated_at 0: no head */
    lab_members members;
    lab_release release[LAB_RELEASES];
} lab_product;

extern lab_product lab_products[LAB_PRODUCTS];

/** No product, and who may create one; zero: anybody. */
void lab_release_world(const uint8_t registrar20[20]);

/** Position of somebody in the list of now. @return whether he holds this role */
bool lab_holds(unsigned *position, const lab_product *p, const uint8_t who20[20], uint8_t role);
/** Would the contract take this list with these terms? */
bool lab_fits(const lab_members *m);
/** Has this member voted for this change, in the epoch of now? */
bool lab_has_voted(const lab_product *p, const lab_members *m, unsigned position);
/** The word of an allow-list: 1 on it, 2 no more on it. */
uint8_t lab_allowed_word(const lab_product *p, const uint8_t device32[32]);
/** The product word; zero for one that was never created. */
void lab_product_word(uint8_t word[32], const wick_product *product);

/** The calls. @return not refused */
bool lab_creates(lab_product *p, const uint8_t caller[20], const lab_members *m);
bool lab_sets_roles(lab_product *p, const uint8_t caller[20], const lab_members *m);
bool lab_allows(lab_product *p, const uint8_t caller[20], const uint8_t device32[32], bool allow);
bool lab_publishes(lab_product *p, const uint8_t caller[20], const wick_release *proposed);
bool lab_approves(lab_product *p, uint32_t index, const uint8_t manifest[32],
                  const uint8_t claims[32], const uint8_t approver[20]);
bool lab_revokes(lab_product *p, uint32_t index, const uint8_t caller[20]);

/** What the last call was about. */
typedef struct lab_release_call {
    lab_product *product;
    const uint8_t *device; /* id */
} lab_release_call;
extern lab_release_call lab_last;

/** Has it an account at the node, to send calls from? */
bool lab_has_account(unsigned who);
/** Members of all roles, of whom as many have accounts or keys as must; now and then bad ones. */
void lab_draw_members(lab_members *m, const lab_product *p);
/** A call of (product, list, terms). */
void lab_put_members(wick_buf *call, const char *function, const lab_product *p,
                     const lab_members *m);
#endif
