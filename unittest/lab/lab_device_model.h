/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAB_DEVICE_MODEL_H
#define LAB_DEVICE_MODEL_H
/* DeviceRegistry as C sees it: what each call does to the words, which events it leaves, and with
 * which custom error it is refused. Rules come in the contract's order; predictions go to lab_expect.h. */
#include "lab_expect.h"
#include "wick/relayed.h"

#define LAB_DEVICES 3
#define LAB_DAY UINT64_C(86400)

typedef struct lab_device {
    uint8_t id[32];
    wick_device d; /* epoch 0: never registered */
    uint8_t endpoint[2][32], tls[32], leaf[32], offer[32];
} lab_device;

/* What the attestations of a call are, besides good: too old, by somebody else, too few. */
enum { ATTEST_GOOD, ATTEST_OLD, ATTEST_FORGED, ATTEST_FEW, ATTEST_KINDS };

/* Who attests for a class: the zero one, or the service of this test. */
typedef struct lab_set {
    uint8_t word[32], threshold, count;
} lab_set;

#define LAB_NOBODY LAB_KEYS

typedef struct lab_organisation {
    uint8_t id[32];
    bool there;
    uint8_t number;
    unsigned admin, manager, offered; /* accounts; LAB_NOBODY: to nobody */
    uint32_t epoch;                   /* of the manager */
    lab_set set[2];
} lab_organisation;

#define LAB_ORGS 3 /* the first one is there from the beginning */
#define LAB_SPKIS 3

typedef struct lab_world {
    lab_device device[LAB_DEVICES];
    lab_organisation org[LAB_ORGS];
    uint8_t spki[LAB_SPKIS][64], spki_hash[LAB_SPKIS][32];
    uint64_t announced[LAB_SPKIS]; /* block */
    uint8_t members[3][20];
    unsigned attest_kind; /* of the call that is drawn */
    uint64_t attest_time;
} lab_world;

extern lab_world lab_w;

/** Words 0 and 1; zero for one that was never registered. */
void lab_device_words(uint8_t words[2][32], const lab_device *d);
/** An event of (id, words ...); the first NULL ends them. */
void lab_device_event(const char *signature, const lab_device *d, const uint8_t *a,
                      const uint8_t *b, const uint8_t *c);
/** Zero for an owner that is zero. */
void lab_offer_word(uint8_t word[32], const uint8_t owner[20], uint64_t from, uint32_t epoch);
uint32_t lab_seq_of(const uint8_t endpoint[32]);

/** By its number; NULL: there is none. */
lab_organisation *lab_org_at(uint8_t number);
/** The attestors of the test's service in a device's organisation; NULL: none. */
const lab_set *lab_attestors_of(const lab_device *d);

/** Is the record live, and of this epoch? Else refused. */
bool lab_live_at(const lab_device *d, uint32_t epoch);
/** register; `high`: with a signature that has a high s, `bad`: with an organisation in the word.
 *  @return not refused */
bool lab_registers(lab_device *d, const wick_voucher *v, unsigned signer, bool high, bool bad);
/** A call of an owner; `relayed`: it names the epoch in any case. @return not refused */
bool lab_does(lab_device *d, const wick_relayed *c, const uint8_t caller[20], bool relayed);
/** The same, signed. @return not refused */
bool lab_does_relayed(lab_device *d, const wick_relayed *c, unsigned signer, bool high);
#endif
