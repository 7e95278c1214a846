/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key distribution of the papers, which the handshake of core/psk takes the place of:
 *
 *     A -> B  {N1, A}PuB        B -> A  {N1, N2}PuA        A -> B  {N2, {Ks}PrA}PuB
 *
 * Modelled: one initiator session of A, to B or to the dishonest I, one responder session of B, and
 * an intruder who owns the network, has I's key, and makes whatever it knows the parts of: the nonces
 * that it could read, one of its own, any id, Ks under A's signature once it could read that. The
 * third message is the papers' steps 5 and 7 in one (both go from A to B), whole, whether or not it
 * fits into a block of RSA.
 *
 * Claims: agree_r, who accepts Ks from A has an A that sent it to B; secret, nobody else knows it.
 * Limits: perfect primitives, one session a side, keys do not leak. HONEST: the claim that must fail.
 */
#define A 0
#define B 1
#define I 2
#define X 3 /* the intruder's nonce or key */

#define N1 0
#define N2 1

byte i_peer, i_state, i_n2; /* A's session: 1 sent {N1, A}, 2 sent {N2, {Ks}PrA} */
byte r_state, r_peer, r_n1, r_ks; /* B's session: 1 sent {N1, N2}, 2 has a key from r_peer */
bit known[4], ks_known;

#define NAME(who) printf("%c", ((who) == I -> 73 : (65 + (who))))

inline learn()
{
    if
    :: i_state >= 1 && i_peer == I -> known[N1] = 1
    :: else
    fi;
    if
    :: r_state >= 1 && r_peer == I -> known[N2] = 1; known[r_n1] = 1
    :: else
    fi;
    if
    :: i_state == 2 && i_peer == I -> known[i_n2] = 1; ks_known = 1
    :: else
    fi;
    secret = !(r_state == 2 && r_peer == A && (r_ks == X || ks_known));
}

/* The session that B believes in, and the one that A has. */
inline accept(ks)
{
    r_ks = ks;
    r_state = 2;
    agree_r = (r_peer != A || (r_ks == A && i_peer == B && i_n2 == N2 && r_n1 == N1));
    assert(agree_r);
    learn();
    assert(secret)
#ifdef HONEST
    ;
    never_ends = !(r_peer == A && r_ks == A);
    assert(never_ends)
#endif
}

init {
    byte n, p;
    bit agree_r, secret, never_ends;

    d_step { known[X] = 1; agree_r = 1; secret = 1; never_ends = 1 }
end:
    do
    :: atomic { i_state == 0 ->
        if
        :: p = B
        :: p = I
        fi;
        d_step {
            i_peer = p; i_state = 1; p = 0;
            printf("A -> "); NAME(i_peer); printf(": {N1, A}\n");
            learn()
        }
    }
    /* {N1, A} as A sent it, or of the intruder */
    :: atomic { r_state == 0 && i_state >= 1 && i_peer == B ->
        d_step {
            r_n1 = N1; r_peer = A; r_state = 1;
            printf("B takes it; B -> A: {N1, N2}\n");
            learn()
        }
    }
    :: atomic { r_state == 0 ->
        select(n : 0 .. X);
        if
        :: p = A
        :: p = I
        fi;
        if
        :: known[n] ->
            d_step {
                r_n1 = n; r_peer = p; r_state = 1;
                printf("the intruder -> B: {N%d, ", n + 1); NAME(p); printf("}; B -> "); NAME(p);
                printf(": {N%d, N2}\n", n + 1);
                learn()
            }
        :: else
        fi;
        n = 0; p = 0
    }
    /* {N1, N2}: B's, or of the intruder, who must know N1 */
    :: atomic { i_state == 1 && r_state >= 1 && r_peer == A && r_n1 == N1 ->
        d_step {
            i_n2 = N2; i_state = 2;
            printf("A takes it; A -> "); NAME(i_peer); printf(": {N2, {Ks}PrA}\n");
            learn()
        }
    }
    :: atomic { i_state == 1 && known[N1] ->
        select(n : 0 .. X);
        if
        :: known[n] ->
            d_step {
                i_n2 = n; i_state = 2;
                printf("the intruder -> A: {N1, N%d}; A -> ", n + 1); NAME(i_peer);
                printf(": {N%d, {Ks}PrA}\n", n + 1);
                learn()
            }
        :: else
        fi;
        n = 0
    }
    /* {N2, {Ks}PrA}: A's for B, or sealed anew; with a key of its own in its own name */
    :: atomic { r_state == 1 && r_peer == A && i_state == 2 && i_peer == B && i_n2 == N2 ->
        d_step {
            printf("B takes it\n");
            accept(A)
        }
    }
    :: atomic { r_state == 1 && known[N2] && r_peer == A && ks_known ->
        d_step {
            printf("the intruder -> B: {N2, {Ks}PrA}; B believes that A sent it\n");
            accept(A)
        }
    }
    :: atomic { r_state == 1 && known[N2] && r_peer == I ->
        d_step {
            printf("the intruder -> B: {N2, {K}PrI}\n");
            accept(X)
        }
    }
    od
}
