/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ticket T1 (core/psk/PROTOCOL.md): gateway G introduces its leaf L to a server, under a key Ks that
 * only the three know, against an intruder who owns the network, the dishonest gateway H and the
 * dishonest server Z.
 *
 * Modelled. G makes two tickets, each for S or for Z. S has two sessions; to each of them a ticket is
 * brought: one of G, by L or by anybody who saw it, or one that the intruder made. The session then
 * ends at whoever knows Ks: L, or the intruder. Auth mode needs the issuer's private key, or the
 * audience's (LEAK_S), to make a ticket; issuer and audience are bound by id and key. S names its peer
 * (issuer, sub), remembers each jti, and may be rebooted once (REBOOT), which empties that memory.
 *
 * Claims:
 *   right_peer  the peer that S calls L of G is L, with a ticket that G made for S
 *   issuer      a key that G made is not that of another gateway's leaf
 *   once        one ticket gives one session
 *
 * Limits: perfect primitives; life and clock are two times, before and after the reboot; places in the
 * table, scopes and the upload are not modelled (unit.ticket_table has them).
 *
 * Variants: NO_AUTH no issuer authentication; NO_ISSUER the issuer named is not compared with the
 * key that was used; NO_AUDIENCE the audience is not bound (who opens a ticket can seal it anew);
 * SUB_ONLY the leaf is named by sub alone; NO_JTI; NO_IAT tickets from before the reboot are taken;
 * LEAK_S the server's key is known; COPY H's record has G's key; HONEST the claim that must fail.
 */
#define G 0
#define H 1
#define S 0
#define Z 1
#define L 0 /* sub: G's leaf; H may name its own leaf the same */
#define M 1
#define MADE 2 /* ticket 0, 1: G's; 2: the intruder's */

bit t_made[2], t_aud[2], t_late[2], t_jti[2];
byte t_sessions[2];
byte s_state[2], s_ticket[2]; /* 1 has a ticket, 2 ended */
bit s_issuer[2], s_sub[2];
bit late; /* after the reboot */

#ifdef LEAK_S
#define KS_KNOWN(t) 1
#else
#define KS_KNOWN(t) ((t) == MADE || t_aud[t] == Z)
#endif
#define HAS_TICKET_OF_G(t) (t_made[t] && (t_aud[t] == S || AUD_FREE))
#ifdef NO_AUDIENCE
#define AUD_FREE 1
#else
#define AUD_FREE 0
#endif
#ifdef NO_JTI
#define FRESH(t) 1
#else
#define FRESH(t) (!t_jti[t])
#endif
#ifdef NO_IAT
#define IN_TIME(t) 1
#else
#define IN_TIME(t) (t_late[t] || !late)
#endif
#if defined COPY && defined NO_ISSUER
#define MAY_NAME(g) 1
#else
#define MAY_NAME(g) ((g) == G)
#endif
/* Whom the intruder can seal as. */
#if defined NO_AUTH || defined LEAK_S || (defined NO_ISSUER && !defined COPY)
#define MAY_SEAL(g) 1
#elif defined COPY
#define MAY_SEAL(g) 0
#else
#define MAY_SEAL(g) ((g) == H)
#endif
#ifdef SUB_ONLY
#define IS_L_OF_G(s) (s_sub[s] == L)
#else
#define IS_L_OF_G(s) (s_sub[s] == L && s_issuer[s] == G)
#endif

inline done()
{
    t = 0; s = 0; g = 0; u = 0
}

init {
    byte t, s, g, u;
    bit right_peer, issuer, once, never_ends;

    d_step { right_peer = 1; issuer = 1; once = 1; never_ends = 1 }
end:
    do
    :: atomic {
        select(t : 0 .. 1);
        select(g : S .. Z);
        if
        :: !t_made[t] && (t == 0 || t_made[0]) ->
            d_step {
                t_made[t] = 1; t_aud[t] = g; t_late[t] = late;
                printf("G makes ticket %d for %c\n", t, (g == S -> 83 : 90))
            }
        :: else
        fi;
        done()
    }
    /* a ticket of G, brought by L, or by anybody */
    :: atomic {
        select(s : 0 .. 1);
        select(t : 0 .. 1);
        select(g : G .. H);
        if
        :: s_state[s] == 0 && HAS_TICKET_OF_G(t) && FRESH(t) && IN_TIME(t) && MAY_NAME(g) ->
            d_step {
                s_state[s] = 1; s_ticket[s] = t; s_issuer[s] = g; s_sub[s] = L;
                t_jti[t] = 1; t_sessions[t]++;
                printf("S takes ticket %d as one of %c, session %d\n", t, 71 + g, s);
                once = (t_sessions[t] <= 1);
                assert(once);
                issuer = (g == G);
                assert(issuer)
            }
        :: else
        fi;
        done()
    }
    /* a ticket of the intruder */
    :: atomic {
        select(s : 0 .. 1);
        select(g : G .. H);
        select(u : L .. M);
        if
        :: s_state[s] == 0 && MAY_SEAL(g) ->
            d_step {
                s_state[s] = 1; s_ticket[s] = MADE; s_issuer[s] = g; s_sub[s] = u;
                printf("S takes a ticket that the intruder made, as one of %c for %c, session %d\n",
                       71 + g, 76 + u, s)
            }
        :: else
        fi;
        done()
    }
    /* whoever knows Ks ends the session */
    :: atomic {
        select(s : 0 .. 1);
        if
        :: s_state[s] == 1 && KS_KNOWN(s_ticket[s]) ->
            d_step {
                s_state[s] = 2;
                right_peer = !IS_L_OF_G(s);
                printf("the intruder ends session %d\n", s);
                assert(right_peer)
            }
        :: s_state[s] == 1 && s_ticket[s] != MADE && t_aud[s_ticket[s] & 1] == S ->
            d_step {
                s_state[s] = 2;
                right_peer = IS_L_OF_G(s);
                printf("L ends session %d\n", s);
                assert(right_peer)
#ifdef HONEST
                ;
                never_ends = 0;
                assert(never_ends)
#endif
            }
        :: else
        fi;
        done()
    }
#ifdef REBOOT
    :: atomic { !late ->
        d_step {
            late = 1;
            t_jti[0] = 0; t_jti[1] = 0;
            printf("S is rebooted and forgets which tickets it has seen\n")
        }
    }
#endif
    od
}
