# SPDX-License-Identifier: Apache-2.0
# The rows of run.sh: what is modelled, the claim that must break ("none": no attack), the states that
# are counted (to the first error where there is one) and the memory that it may take.

# ---- the default run ----

model papers ci papers "" agree_r 12 128 "Lowe's attack on the papers' protocol"
model papers-ends ci papers -DHONEST never_ends 5 128 "an honest run of it"
model kci ci nsl "-DN1_IN_M2 -DLEAK" agree_i 8 128 "N1 inside of M2, the initiator's key known"
model final ci nsl "-DDUP -DSELF -DLEAKS" none 11494 128 \
    "DPK-NSL v1: copied keys, self-talk, any key leaks at any time, DTLS"
model final-ends ci nsl -DHONEST never_ends 6 128 "an honest run of it"

# ---- more sessions ----

model final-1+2 full nsl "-DNR=2 -DDUP -DSELF -DLEAKS" none 1526906 512 \
    "the same, one initiator and two responders"
model final-2+1 full nsl "-DNI=2 -DDUP -DSELF -DLEAKS" none 4761622 1024 \
    "the same, two initiators and one responder"

# ---- what each rule is for ----

model lowe full nsl "-DNO_INFO -DNO_TH -DNO_ID_R" agree_r 162 128 \
    "no responder's id in M2, no transcript: Lowe"
model lowe-signed full nsl "-DNO_INFO -DNO_TH -DNO_ID_R -DSIG_ID" none 260 128 \
    "the same, with the responder's id under the signature"
model kci-later full nsl "-DN1_IN_M2 -DLEAKS" agree_i 21 128 "N1 inside of M2, any key leaks at any time"
model kci-safe full nsl "-DN1_IN_M2" none 258 128 "N1 inside of M2, no key leaks"
model n1-as-key full nsl -DLEAK none 869 128 "N1 as the key of M2, the initiator's key known"
model no-ee full nsl "-DNO_EE -DLEAKS" secret 8 128 "no ephemerals: no forward secrecy"
model no-role full nsl -DNO_ROLE dtls_end 7 128 "a server that finds client's entries: reflection"
model copied full nsl "-DDUP -DKEY_ONLY -DNO_ID_R" agree_r 590 128 \
    "copied keys, only R's key in th0, no responder's id in M2"
model copied-th0 full nsl "-DDUP -DNO_ID_R -DLEAKS" none 5142 128 "copied keys, the id in th0 alone"
model copied-m2 full nsl "-DDUP -DKEY_ONLY -DLEAKS" none 5166 128 "copied keys, the id in M2 alone"
model no-info full nsl "-DNO_INFO -DLEAKS" none 1813 128 "the id in M2 and k3 without the info of seals"

# ---- the ticket ----

model ticket full ticket -DREBOOT none 1013 128 \
    "Ticket T1: a dishonest gateway, a dishonest server, a reboot of the honest one"
model ticket-ends full ticket -DHONEST never_ends 6 128 "an honest run of it"
model ticket-auth full ticket -DNO_AUTH right_peer 11 128 "no issuer authentication, as in the papers"
model ticket-issuer full ticket -DNO_ISSUER right_peer 11 128 \
    "the issuer named is not compared with the key used"
model ticket-audience full ticket -DNO_AUDIENCE right_peer 80 128 "the audience is not bound"
model ticket-sub full ticket -DSUB_ONLY right_peer 11 128 "a leaf named by sub alone"
model ticket-jti full ticket -DNO_JTI once 5 128 "no jti"
model ticket-reboot full ticket "-DREBOOT -DNO_IAT" once 31 128 \
    "tickets from before the reboot are taken"
model ticket-leak full ticket -DLEAK_S right_peer 6 128 \
    "the server's key is known: inherent in Auth mode"
model ticket-copy full ticket -DCOPY none 36 128 "H's record has G's key"
model ticket-copy-issuer full ticket "-DCOPY -DNO_ISSUER" issuer 9 128 "the same, issuer not compared"
