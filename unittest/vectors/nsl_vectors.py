#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second implementation of DPK-NSL v1, suite 0x22, written from core/psk/PROTOCOL.md alone.

It shares no code with the library, computes one handshake from fixed inputs and prints the test
vectors: `python3 nsl_vectors.py` as C for unittest/unit/nsl_vectors.h, `--text` for PROTOCOL.md.
Needs nothing but Python. Slow, and not constant time: for test vectors only.
"""
import base64
import hashlib
import hmac
import struct
import sys

# ---- secp256k1 ----
P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    if a == b:
        s = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        s = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (s * s - a[0] - b[0]) % P
    return x, (s * (a[0] - x) - a[1]) % P


def mul(k, p):
    r = None
    while k:
        r = add(r, p) if k & 1 else r
        p, k = add(p, p), k >> 1
    return r


def b32(v):
    return v.to_bytes(32, "big")


def num(b):
    return int.from_bytes(b, "big")


def compress(p):
    return bytes([2 + (p[1] & 1)]) + b32(p[0])


def expand_point(c):
    x = num(c[1:])
    y = pow(x**3 + 7, (P + 1) // 4, P)
    assert c[0] in (2, 3) and x < P and (y * y - x**3 - 7) % P == 0
    return x, y if y & 1 == c[0] & 1 else P - y


def full(c):
    x, y = expand_point(c)
    return b"\x04" + b32(x) + b32(y)


def public(secret):
    return compress(mul(num(secret), G))


def ecdh(secret, peer):
    return b32(mul(num(secret), expand_point(peer))[0])


def ecdsa(secret, digest):
    """RFC 6979, low s."""
    v, k = b"\x01" * 32, b"\x00" * 32
    for octet in (b"\x00", b"\x01"):
        k = mac(k, v + octet + secret + b32(num(digest) % N))
        v = mac(k, v)
    v = mac(k, v)
    nonce = num(v)
    r = mul(nonce, G)[0] % N
    s = (num(digest) + r * num(secret)) * pow(nonce, -1, N) % N
    return b32(r) + b32(min(s, N - s))


# ---- hashes and HKDF ----
def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def extract(salt, ikm):
    return mac(salt or bytes(32), ikm)


def expand(prk, info, length):
    out, t, i = b"", b"", 1
    while len(out) < length:
        t = mac(prk, t + info + bytes([i]))
        out, i = out + t, i + 1
    return out[:length]


# ---- ChaCha20-Poly1305 (RFC 8439) ----
def rot(v, n):
    return (v << n | v >> (32 - n)) & 0xFFFFFFFF


def block(key, counter, nonce):
    start = list(struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) +
                               nonce))
    s = start[:]
    rounds = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
              (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in rounds:
            for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[x] = (s[x] + s[y]) & 0xFFFFFFFF
                s[z] = rot(s[z] ^ s[x], n)
    return struct.pack("<16I", *[(x + y) & 0xFFFFFFFF for x, y in zip(s, start)])


def seal_aead(key, nonce, aad, plain):
    stream = b"".join(block(key, 1 + i, nonce) for i in range(len(plain) // 64 + 1))
    ct = bytes(x ^ y for x, y in zip(plain, stream))
    once = block(key, 0, nonce)
    r = int.from_bytes(once[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    pad = lambda x: x + bytes(-len(x) % 16)
    data = pad(aad) + pad(ct) + struct.pack("<QQ", len(aad), len(ct))
    acc = 0
    for i in range(0, len(data), 16):
        acc = (acc + int.from_bytes(data[i:i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    tag = (acc + int.from_bytes(once[16:32], "little")) & (2**128 - 1)
    return ct + tag.to_bytes(16, "little")


# ---- HPKE (RFC 9180), KEM 0x0016, KDF 1, AEAD 3 ----
def hpke_seal(eph, recipient, info, aad, plain, psk=b"", psk_id=b""):
    kem = b"KEM" + struct.pack(">H", 0x16)
    suite = b"HPKE" + struct.pack(">HHH", 0x16, 1, 3)
    lx = lambda s, salt, label, ikm: extract(salt, b"HPKE-v1" + s + label + ikm)
    le = lambda s, prk, label, inf, n: expand(
        prk, struct.pack(">H", n) + b"HPKE-v1" + s + label + inf, n)
    enc = public(eph)
    prk = lx(kem, b"", b"eae_prk", ecdh(eph, recipient))
    shared = le(kem, prk, b"shared_secret", full(enc) + full(recipient), 32)
    context = (bytes([1 if psk else 0]) + lx(suite, b"", b"psk_id_hash", psk_id) +
               lx(suite, b"", b"info_hash", info))
    secret = lx(suite, shared, b"secret", psk)
    key = le(suite, secret, b"key", context, 32)
    nonce = le(suite, secret, b"base_nonce", context, 12)
    return enc + seal_aead(key, nonce, aad, plain)


# ---- DPK-NSL v1 ----
def keyhash(pub):
    return sha(b"\x02", bytes([pub[0] & 1]), pub[1:])


def header(kind, cid_i, cid_r):
    return bytes([1, kind, 0x22, 0]) + cid_i + cid_r


def label(text):
    return text.encode() + b"\x00"


def identity(root, text):
    return "dpk1." + base64.urlsafe_b64encode(expand(root, label(text), 16)).decode().rstrip("=")


def run():
    secret_i, secret_r = b32(0xa1), b32(0xb2)
    id_i, id_r = b"\xa1" * 32, b"\xb2" * 32
    cid_i, n1, e_i, seal_i, ks = (b"\x11" * 4, b"\x12" * 32, b"\x13" * 32, b"\x14" * 32,
                                  b"\x15" * 32)
    kc, cid_r, n2, e_r, seal_r = (b"\x20" * 32, b"\x21" * 4, b"\x22" * 32, b"\x23" * 32,
                                  b"\x24" * 32)
    opts = 0x06
    address = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1]) + struct.pack(">H", 40000)
    v = {}
    pub_i, pub_r = public(secret_i), public(secret_r)
    kh_i, kh_r = keyhash(pub_i), keyhash(pub_r)
    v.update(PUB_I=pub_i, PUB_R=pub_r, KEYHASH_I=kh_i, KEYHASH_R=kh_r)
    th0 = sha(b"DPK-NSL v1", b"\x01\x22", id_r, kh_r)
    h1 = header(1, cid_i, kh_r[:4])
    m1 = h1 + hpke_seal(seal_i, pub_r, th0, h1,
                        n1 + public(e_i) + id_i + kh_i[:8] + struct.pack(">H", opts))
    cookie = mac(kc, label("dpk-nsl cookie") + address + sha(m1))[:16]
    m0 = header(0, cid_i, kh_r[:4]) + cookie
    th1 = sha(th0, sha(m1), id_i, kh_i)
    h2 = header(2, cid_i, cid_r)
    m2 = h2 + hpke_seal(seal_r, pub_i, th1, h2, n2 + public(e_r) + id_r + bytes([opts]), n1,
                        b"DPK-NSL v1 N1")
    th2 = sha(th1, sha(m2))
    ee = ecdh(e_i, public(e_r))
    assert ee == ecdh(e_r, public(e_i))
    prk = extract(th2, n1 + n2 + ee)
    k3 = expand(prk, label("dpk-nsl m3"), 32)
    digest = sha(label("DPK-NSL v1 SigA"), th2, id_i, id_r, kh_r, sha(ks))
    sig = ecdsa(secret_i, digest)
    h3 = header(3, cid_i, cid_r)
    m3 = h3 + seal_aead(k3, bytes(12), h3 + th2, ks + sig)
    th3 = sha(th2, sha(m3))
    root = extract(th3, prk + ks)
    k4 = expand(root, label("dpk-nsl m4"), 32)
    h4 = header(4, cid_i, cid_r)
    m4 = h4 + mac(k4, h4 + th3)[:16]
    v.update(TH0=th0, M1=m1, M0=m0, TH1=th1, M2=m2, TH2=th2, EE=ee, PRK=prk, K3=k3,
             SIG_DIGEST=digest, M3=m3, TH3=th3, ROOT=root, K4=k4, M4=m4)
    for use in ("dtls12", "tls12", "tls13"):
        v["PSK_" + use.upper()] = expand(root, label("dpk-nsl psk " + use), 32)
        v["ID_" + use.upper()] = identity(root, "dpk-nsl psk " + use + " id")
    v["PSK16"] = expand(root, label("dpk-nsl psk16"), 16)
    v["ID_PSK16"] = identity(root, "dpk-nsl psk16 id")
    v["NEXT"] = expand(root, label("dpk-nsl next"), 32)
    return v


def main():
    vectors = run()
    if "--text" in sys.argv:
        for name, value in vectors.items():
            text = value if isinstance(value, str) else value.hex()
            lines = [text[i:i + 80] for i in range(0, len(text), 80)]
            print("%-10s %s" % (name, ("\n" + " " * 11).join(lines)))
        return
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Made by unittest/vectors/nsl_vectors.py: see PROTOCOL.md section 11. */")
    for name, value in vectors.items():
        text = value if isinstance(value, str) else value.hex()
        lines = [text[i:i + 80] for i in range(0, len(text), 80)]
        print("#define VECTOR_%s%s" % (name, "".join(" \\\n    \"%s\"" % x for x in lines)))


if __name__ == "__main__":
    main()
