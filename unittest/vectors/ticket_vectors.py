#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second implementation of ticket T1 and its upload, written from core/psk/PROTOCOL.md section 13.

Curve, hashes and AEAD are those of nsl_vectors.py; HPKE in auth mode with export stands here. Prints
the test vectors: `python3 ticket_vectors.py` as C for unittest/unit/ticket_vectors.h, `--text` for
PROTOCOL.md.
"""
import base64
import struct
import sys

from nsl_vectors import (b32, ecdh, expand, extract, full, identity, label, mac, public, seal_aead,
                         sha)


def keyhash(pub):
    return sha(b"\x02", bytes([pub[0] & 1]), pub[1:])


# ---- HPKE (RFC 9180) auth mode, KEM 0x0016, KDF 1, AEAD 3 ----
def hpke_auth(eph, sender, recipient, info):
    """Key, base nonce and exporter secret, for the sender."""
    kem = b"KEM" + struct.pack(">H", 0x16)
    suite = b"HPKE" + struct.pack(">HHH", 0x16, 1, 3)
    lx = lambda s, salt, text, ikm: extract(salt, b"HPKE-v1" + s + text + ikm)
    le = lambda s, prk, text, inf, n: expand(prk, struct.pack(">H", n) + b"HPKE-v1" + s + text + inf,
                                             n)
    enc = public(eph)
    prk = lx(kem, b"", b"eae_prk", ecdh(eph, recipient) + ecdh(sender, recipient))
    shared = le(kem, prk, b"shared_secret", full(enc) + full(recipient) + full(public(sender)), 32)
    context = (b"\x02" + lx(suite, b"", b"psk_id_hash", b"") +
               lx(suite, b"", b"info_hash", info))
    secret = lx(suite, shared, b"secret", b"")
    exporter = le(suite, secret, b"exp", context, 32)
    export = lambda text, n: le(suite, exporter, b"sec", text, n)
    return (enc, le(suite, secret, b"key", context, 32),
            le(suite, secret, b"base_nonce", context, 12), export)


def make(secret_iss, id_iss, pub_aud, id_aud, eph, sub, iat, life, jti, scope):
    kh_aud, kh_iss = keyhash(pub_aud), keyhash(public(secret_iss))
    info = b"dpk-ticket v1" + id_aud + kh_aud + id_iss + kh_iss
    enc, key, nonce, export = hpke_auth(eph, secret_iss, pub_aud, info)
    clear = b"\x01\x22" + kh_aud[:4] + id_iss + enc
    claims = sub.ljust(16, b"\0") + struct.pack(">IH", iat, life) + jti + struct.pack(">H", scope)
    ticket = clear + seal_aead(key, nonce, clear, claims)
    return info, claims, ticket, export(b"dpk ticket ks" + sha(clear, claims), 32)


def text(raw):
    return "dpk1." + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def run():
    secret_i, secret_a = b32(0xa1), b32(0xb2)
    info, claims, ticket, ks = make(secret_i, b"\xa1" * 32, public(secret_a), b"\xb2" * 32,
                                    b"\x32" * 32, b"meter-7", 1700000000, 600, b"\x31" * 8, 0x8001)
    v = {"INFO": info, "CLAIMS": claims, "TICKET": ticket, "TEXT": text(ticket), "KS": ks}
    assert len(ticket) == 119 and len(v["TEXT"]) == 164
    for use, key, ident, size in (("DTLS12", "psk dtls12", "id", 32),
                                  ("TLS12", "psk tls12", "tls12 id", 32),
                                  ("TLS13", "psk tls13", "tls13 id", 32),
                                  ("PSK16", "psk16", "psk16 id", 16)):
        v["PSK_" + use] = expand(ks, label("dpk ticket " + key), size)
        v["ID_" + use] = identity(ks, "dpk ticket " + ident)
    v["OSCORE"] = expand(ks, label("dpk ticket oscore"), 16)
    v["OSCORE_SALT"] = expand(ks, label("dpk ticket oscore salt"), 8)
    # The upload: 192.0.2.1:40000 sends, the cookie key is 32 x 0x20, the id 4 x 0x41.
    address = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1]) + struct.pack(">H", 40000)
    first = b"\x01\x10\x22\x00" + b"\x41" * 4 + ticket
    cookie = mac(b"\x20" * 32, label("dpk-nsl cookie") + address +
                 sha(label("dpk ticket cookie"), first))[:16]
    v["UPLOAD"] = first
    v["UPLOAD_COOKIE"] = b"\x01\x11\x22\x00" + b"\x41" * 4 + cookie
    v["UPLOAD_AGAIN"] = b"\x01\x10\x22\x01" + b"\x41" * 4 + cookie + ticket
    done = b"\x01\x12\x22\x00" + b"\x41" * 4
    v["UPLOAD_DONE"] = done + mac(expand(ks, label("dpk ticket done"), 32), done + sha(ticket))[:16]
    return v


def main():
    vectors = run()
    if "--text" not in sys.argv:
        print("/* SPDX-License-Identifier: Apache-2.0 */")
        print("/* Made by unittest/vectors/ticket_vectors.py: see PROTOCOL.md section 13. */")
    for name, value in vectors.items():
        shown = value if isinstance(value, str) else value.hex()
        lines = [shown[i:i + 80] for i in range(0, len(shown), 80)]
        if "--text" in sys.argv:
            print("%-13s %s" % (name, ("\n" + " " * 14).join(lines)))
        else:
            print("#define TICKET_%s%s" % (name, "".join(" \\\n    \"%s\"" % x for x in lines)))


if __name__ == "__main__":
    main()
