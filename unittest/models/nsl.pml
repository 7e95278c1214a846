/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPK-NSL v1 (core/psk/PROTOCOL.md) against an intruder who owns the network.
 *
 * Modelled. NI initiator and NR responder sessions, each of A or of B; their peers are A, B, the
 * dishonest I, and, with DUP, the dishonest D, whose record copies the public key of A or of B. The
 * intruder sees and holds back all that is sent, delivers any of it to anybody as often as it likes,
 * and makes every message whose parts it knows: each nonce that it could read, one nonce and one
 * ephemeral key of its own, all public ephemeral keys, all ids. Private keys of A and B leak (LEAK: A's
 * at the beginning, LEAKS: any, at any time). After the handshake an initiator is the client of a
 * DTLS session, which ends at whatever entry of a server has its key.
 *
 * A ciphertext is named by who made it: seals are randomised, so an intruder's copy of a content is
 * another ciphertext. Equal transcripts are equal makers and equal views. ee is known where one of
 * the two ephemerals is the intruder's.
 *
 * Claims, each an assertion with a name of its own:
 *   agree_i    who accepts an M2 has a responder of that name that runs with it, and both have the
 *              same nonces, ephemerals and transcript; one session for one (injective)
 *   agree_i4   and at M4 the responder has the same Ks: it has accepted this initiator's M3
 *   agree_r    who accepts an M3 has an initiator in the same sense
 *   secret     a key is not known to the intruder, ever after it was accepted
 *   no_uks     two honest ends of one key name each other, whoever leaked
 *   dtls_end   a DTLS session ends at the peer that the client believes in
 * The first four are made for sessions whose peer is honest, with its key not leaked when the session
 * accepted: the own key may have leaked before (KCI), both may leak after (forward secrecy).
 *
 * Limits: perfect primitives; no time, no cookie (it authenticates nothing), no options, no RSA (one
 * Seal stands for both); one ephemeral key for each session; an x-only ECDH with both signs is one;
 * ephemeral secrets never leak.
 *
 * Variants (-D...): SELF a node may talk to itself; N1_IN_M2 the design before its correction; NO_EE
 * no ephemerals; NO_ID_R no responder's id in M2; NO_INFO no transcript in seals; KEY_ONLY only R's
 * key, not its id, in th0; NO_TH no transcript in k3 either; SIG_ID the signature names R; NO_ROLE a
 * server finds entries of both roles; HONEST the claim that must fail: a run never ends.
 */
#ifndef NI
#define NI 1
#endif
#ifndef NR
#define NR 1
#endif

#define A 0
#define B 1
#define I 2 /* dishonest, key of its own */
#define D 3 /* dishonest, copied key */
#define X 7 /* made by the intruder */

/* Nonces and ephemerals: 0 the intruder's, 1..NI the initiators', NI+1..NI+NR the responders'. */
#define OF_I(i) ((i) + 1)
#define OF_R(r) (NI + 1 + (r))
#define FRESH (NI + NR)

byte i_owner[NI], i_peer[NI], i_state[NI], i_m2[NI], i_n2[NI], i_e2[NI];
bit i_claims[NI];
byte r_owner[NR], r_peer[NR], r_state[NR], r_m1[NR], r_n1[NR], r_e1[NR], r_m3[NR];
bit r_claims[NR];
bit known[FRESH + 1]; /* nonces */
bit leaked[2];
bit d_copies; /* whose key D's record has */
byte i_begun, r_begun; /* sessions begin in order, which is no loss */

/* i_state */
#define WAIT_M2 1
#define WAIT_M4 2
#define I_DONE 3
/* r_state */
#define M2_SENT 1
#define R_DONE 2

#define KEY(who) ((who) == D -> d_copies : (who))
#define OPENS(key) ((key) == I || leaked[key])
#define HONEST_NOW(who) ((who) < I && !leaked[who])

#ifdef SELF
#define PEER_OK(own, who) 1
#else
#define PEER_OK(own, who) (KEY(who) != (own))
#endif

#ifdef KEY_ONLY
#define SAME_TH0(i, own) (KEY(i_peer[i]) == (own))
#else
#define SAME_TH0(i, own) (i_peer[i] == (own))
#endif
#define SAME_TH1(i, r) (r_m1[r] == i && SAME_TH0(i, r_owner[r]) && r_peer[r] == i_owner[i])

/* What the info of a seal lets pass. */
#ifdef NO_INFO
#define M1_INFO(i, own) 1
#define M2_INFO(i, r) 1
#else
#define M1_INFO(i, own) SAME_TH0(i, own)
#define M2_INFO(i, r) SAME_TH1(i, r)
#endif
#ifdef NO_ID_R
#define ID_R(i, r) 1
#else
#define ID_R(i, r) (i_peer[i] == r_owner[r])
#endif
#ifdef NO_TH
#define SAME_TH2(i, r) 1
#else
#define SAME_TH2(i, r) (SAME_TH1(i, r) && i_m2[i] == r)
#endif
#ifdef NO_EE
#define SAME_EE(i, r) 1
#define EE_KNOWN(e) 1
#else
#define SAME_EE(i, r) (r_e1[r] == OF_I(i) && i_e2[i] == OF_R(r))
#define EE_KNOWN(e) ((e) == 0)
#endif
#ifdef SIG_ID
#define SIGNED(i, r) (i_peer[i] == r_owner[r])
#else
#define SIGNED(i, r) 1
#endif

/* Messages of honest sessions, and when they are accepted. */
#define M1_FITS(i, own) (i_state[i] >= WAIT_M2 && KEY(i_peer[i]) == (own) && M1_INFO(i, own))
#define M2_FITS(r, i) \
    (r_state[r] >= M2_SENT && KEY(r_peer[r]) == i_owner[i] && r_n1[r] == OF_I(i) && \
     M2_INFO(i, r) && ID_R(i, r))
#define M3_FITS(i, r) \
    (i_state[i] >= WAIT_M4 && SAME_TH2(i, r) && r_n1[r] == OF_I(i) && i_n2[i] == OF_R(r) && \
     SAME_EE(i, r) && KEY(r_peer[r]) == i_owner[i] && SIGNED(i, r))
/* One key at both ends: th3, PRK and Ks are one. */
#define ONE_KEY(i, r) (r_state[r] == R_DONE && r_m3[r] == i)

#define KEY_KNOWN_I(i) (i_state[i] >= WAIT_M4 && known[OF_I(i)] && known[i_n2[i]] && EE_KNOWN(i_e2[i]))
#define KEY_KNOWN_R(r) (r_state[r] == R_DONE && known[r_n1[r]] && known[OF_R(r)] && EE_KNOWN(r_e1[r]))

#define AGREE(i, r) \
    (i_owner[i] == r_peer[r] && i_peer[i] == r_owner[r] && r_n1[r] == OF_I(i) && \
     i_n2[i] == OF_R(r) && r_e1[r] == OF_I(i) && i_e2[i] == OF_R(r) && r_m1[r] == i && i_m2[i] == r)

#define NAME(who) printf("%c", ((who) == I -> 73 : (65 + (who))))

/* Whose nonce or ephemeral it is has begun. */
#define IS_DRAWN(x) ((x) <= i_begun || ((x) > NI && (x) <= NI + r_begun))

/* What a step picked is forgotten after it. */
inline done()
{
    i = 0; r = 0; n = 0; e = 0; p = 0
}

/* ---- what the intruder learns ---- */

/* Until nothing is new: an M1 opens with its addressee's key; an M2 with that of its addressee and,
 * since the correction, N1. */
inline learn()
{
    k = 1;
    do
    :: k == 0 -> break
    :: else ->
        k = 0;
        j = 0;
        do
        :: j < NI ->
            if
            :: i_state[j] >= WAIT_M2 && OPENS(KEY(i_peer[j])) && !known[OF_I(j)] ->
                known[OF_I(j)] = 1;
                k = 1
            :: else
            fi;
            j++
        :: else -> break
        od;
        j = 0;
        do
        :: j < NR ->
#ifdef N1_IN_M2
            if
            :: r_state[j] >= M2_SENT && OPENS(KEY(r_peer[j])) &&
               (!known[OF_R(j)] || !known[r_n1[j]]) ->
                known[OF_R(j)] = 1;
                known[r_n1[j]] = 1;
                k = 1
            :: else
            fi;
#else
            if
            :: r_state[j] >= M2_SENT && OPENS(KEY(r_peer[j])) && known[r_n1[j]] && !known[OF_R(j)] ->
                known[OF_R(j)] = 1;
                k = 1
            :: else
            fi;
#endif
            j++
        :: else -> break
        od
    od;
    /* secrecy, now and for ever */
    j = 0;
    do
    :: j < NI ->
        secret = !(i_claims[j] && KEY_KNOWN_I(j));
        assert(secret);
        j++
    :: else -> break
    od;
    j = 0;
    do
    :: j < NR ->
        secret = !(r_claims[j] && KEY_KNOWN_R(j));
        assert(secret);
        j++
    :: else -> break
    od;
    j = 0
}

/* ---- what initiator i and responder r do ---- */

inline accept_m2(i)
{
    i_state[i] = WAIT_M4;
    i_claims[i] = HONEST_NOW(i_peer[i]);
    agree_i = 1;
    if
    :: i_claims[i] && i_m2[i] == X -> agree_i = 0
    :: i_claims[i] && i_m2[i] != X ->
        agree_i = AGREE(i, i_m2[i]);
        j = 0;
        do
        :: j < NI ->
            agree_i = agree_i && (j == i || i_state[j] < WAIT_M4 || i_m2[j] != i_m2[i]);
            j++
        :: else -> break
        od
    :: else
    fi;
    assert(agree_i);
    learn()
}

inline accept_m3(r)
{
    r_state[r] = R_DONE;
    r_claims[r] = HONEST_NOW(r_peer[r]);
    agree_r = 1;
    if
    :: r_claims[r] && r_m3[r] == X -> agree_r = 0
    :: r_claims[r] && r_m3[r] != X ->
        agree_r = AGREE(r_m3[r], r);
        j = 0;
        do
        :: j < NR ->
            agree_r = agree_r && (j == r || r_state[j] < R_DONE || r_m3[j] != r_m3[r]);
            j++
        :: else -> break
        od
    :: else
    fi;
    assert(agree_r);
    if
    :: r_m3[r] != X ->
        no_uks = (i_peer[r_m3[r]] == r_owner[r] && r_peer[r] == i_owner[r_m3[r]]);
        assert(no_uks)
    :: else
    fi;
    learn()
}

#ifdef DUP
#define DISHONEST D
#else
#define DISHONEST I
#endif

init {
    byte i, r, n, e, p, j;
    bit k, agree_i, agree_i4, agree_r, secret, no_uks, dtls_end, never_ends;

    d_step {
        known[0] = 1;
        agree_i = 1; agree_i4 = 1; agree_r = 1; secret = 1; no_uks = 1; dtls_end = 1; never_ends = 1
    }
#ifdef LEAK
    leaked[A] = 1;
#endif
#ifdef DUP
    if
    :: d_copies = A
    :: d_copies = B
    fi;
#endif
end:
    do
    /* an initiator begins; A and B are alike, so the first is A's */
    :: atomic { i_begun < NI ->
        i = i_begun;
#if defined LEAK
        select(r : A .. B);
#else
        if
        :: r = A
        :: i > 0 -> r = B
        fi;
#endif
        select(p : A .. DISHONEST);
        if
        :: PEER_OK(r, p) ->
            d_step {
                i_begun++;
                i_owner[i] = r; i_peer[i] = p; i_state[i] = WAIT_M2;
                printf("i%d: ", i); NAME(r); printf(" -> "); NAME(p); printf(": M1\n");
                learn()
            }
        :: else
        fi;
        done()
    }
    /* M1 of an honest initiator reaches a responder */
    :: atomic { r_begun < NR && i_begun > 0 ->
        r = r_begun;
        select(i : 0 .. i_begun - 1);
        select(p : A .. B);
        if
        :: M1_FITS(i, p) && PEER_OK(p, i_owner[i]) ->
            d_step {
                r_begun++;
                r_owner[r] = p; r_m1[r] = i; r_n1[r] = OF_I(i); r_e1[r] = OF_I(i);
                r_peer[r] = i_owner[i]; r_state[r] = M2_SENT;
                printf("r%d: ", r); NAME(p); printf(" takes M1 of i%d; ", i);
                NAME(p); printf(" -> "); NAME(r_peer[r]); printf(": M2\n");
                learn()
            }
        :: else
        fi;
        done()
    }
    /* M1 of the intruder */
    :: atomic { r_begun < NR ->
        r = r_begun;
        select(i : A .. B);
        select(p : A .. DISHONEST);
        select(n : 0 .. FRESH);
        select(e : 0 .. FRESH);
        if
        :: PEER_OK(i, p) && known[n] && IS_DRAWN(e) ->
            d_step {
                r_begun++;
                r_owner[r] = i; r_m1[r] = X; r_n1[r] = n; r_e1[r] = e; r_peer[r] = p;
                r_state[r] = M2_SENT;
                printf("r%d: ", r); NAME(i); printf(" takes an M1 that the intruder made (");
                NAME(p); printf(", N%d, e%d); ", n, e); NAME(i); printf(" -> "); NAME(p);
                printf(": M2\n");
                learn()
            }
        :: else
        fi;
        done()
    }
    /* M2 of an honest responder */
    :: atomic { i_begun > 0 && r_begun > 0 ->
        select(i : 0 .. i_begun - 1);
        select(r : 0 .. r_begun - 1);
        if
        :: i_state[i] == WAIT_M2 && M2_FITS(r, i) ->
            d_step {
                i_m2[i] = r; i_n2[i] = OF_R(r); i_e2[i] = OF_R(r);
                printf("i%d: ", i); NAME(i_owner[i]); printf(" takes M2 of r%d; M3\n", r);
                accept_m2(i)
            }
        :: else
        fi;
        done()
    }
    /* M2 of the intruder: N1 is in it or its key, so it must be known */
    :: atomic { i_begun > 0 ->
        select(i : 0 .. i_begun - 1);
        if
        :: i_state[i] == WAIT_M2 && known[OF_I(i)] ->
            select(n : 0 .. FRESH);
            select(e : 0 .. FRESH);
            if
            :: known[n] && IS_DRAWN(e) ->
                d_step {
                    i_m2[i] = X; i_n2[i] = n; i_e2[i] = e;
                    printf("i%d: ", i); NAME(i_owner[i]);
                    printf(" takes an M2 that the intruder made (N%d, e%d); M3\n", n, e);
                    accept_m2(i)
                }
            :: else
            fi
        :: else
        fi;
        done()
    }
    /* M3 of an honest initiator */
    :: atomic { i_begun > 0 && r_begun > 0 ->
        select(r : 0 .. r_begun - 1);
        select(i : 0 .. i_begun - 1);
        if
        :: r_state[r] == M2_SENT && M3_FITS(i, r) ->
            d_step {
                r_m3[r] = i;
                printf("r%d: ", r); NAME(r_owner[r]); printf(" takes M3 of i%d for one of ", i);
                NAME(r_peer[r]); printf("'s\n");
                accept_m3(r)
            }
        :: else
        fi;
        done()
    }
    /* M3 of the intruder: k3, and a signature by the key of the id that it claims */
    :: atomic { r_begun > 0 ->
        select(r : 0 .. r_begun - 1);
        if
        :: r_state[r] == M2_SENT && known[r_n1[r]] && known[OF_R(r)] && EE_KNOWN(r_e1[r]) &&
           OPENS(KEY(r_peer[r])) ->
            d_step {
                r_m3[r] = X;
                printf("r%d: ", r); NAME(r_owner[r]); printf(" takes an M3 that the intruder made\n");
                accept_m3(r)
            }
        :: else
        fi;
        done()
    }
    /* M4, and DTLS: the hello reaches any server that finds the key */
    :: atomic { i_begun > 0 ->
        select(i : 0 .. i_begun - 1);
        select(r : 0 .. r_begun);
        if
        :: i_state[i] == WAIT_M4 && r < r_begun && ONE_KEY(i, (r < NR -> r : 0)) ->
            d_step {
                i_state[i] = I_DONE;
                printf("i%d: ", i); NAME(i_owner[i]); printf(" takes M4 of r%d; DTLS with ", r);
                NAME(r_owner[r]); printf("\n");
                agree_i4 = (!i_claims[i] || i_m2[i] == r);
                assert(agree_i4);
                dtls_end = (r_owner[r] == i_peer[i] && r_peer[r] == i_owner[i]);
                assert(dtls_end);
#ifdef HONEST
                never_ends = !(i_claims[i] && r_claims[r]);
                assert(never_ends);
#endif
                learn()
            }
        :: i_state[i] == WAIT_M4 && r == r_begun && KEY_KNOWN_I(i) ->
            d_step {
                i_state[i] = I_DONE;
                printf("i%d: ", i); NAME(i_owner[i]); printf(" takes an M4 that the intruder made\n");
                agree_i4 = !i_claims[i];
                assert(agree_i4);
                learn()
            }
#ifdef NO_ROLE
        :: i_state[i] == I_DONE ->
            d_step {
                printf("i%d: DTLS of ", i); NAME(i_owner[i]); printf(" for "); NAME(i_peer[i]);
                printf(" ends at "); NAME(i_owner[i]); printf("'s own server\n");
                dtls_end = (i_owner[i] == i_peer[i]);
                assert(dtls_end)
            }
#endif
        :: else
        fi;
        done()
    }
#ifdef LEAKS
    :: atomic { !leaked[A] || !leaked[B] ->
        select(p : A .. B);
        if
        :: !leaked[p] ->
            d_step {
                leaked[p] = 1;
                printf("the key of "); NAME(p); printf(" leaks\n");
                learn()
            }
        :: else
        fi;
        done()
    }
#endif
    od
}
