#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second implementation of DPK-NSL v1, written from core/psk/PROTOCOL.md alone.

It shares no code with the library, computes one handshake of each suite from fixed inputs and prints
the test vectors: `python3 nsl_vectors.py` as C for unittest/unit/nsl_vectors.h, `--text` for
PROTOCOL.md, `--keys` the RSA keys of the tests as C for unittest/unit/rsa_keys.h.
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


# ---- RSA-2048 (RFC 8017), SHA-256 and MGF1-SHA-256 ----
E = 65537


def is_prime(n):
    if any(n % p == 0 for p in range(3, 2000, 2)):
        return False
    d, r = n - 1, 0
    while d % 2 == 0:
        d, r = d // 2, r + 1
    for base in range(2, 42):
        x = pow(base, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(r - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def primes(name):
    """Both primes of a test key, the greater one first."""
    found = []
    for index in range(2):
        x = num(b"".join(sha(b"wick test rsa", bytes([name, index, i])) for i in range(4)))
        x |= 3 << 1022 | 1
        while (x - 1) % E == 0 or not is_prime(x):
            x += 2
        found.append(x)
    return sorted(found, reverse=True)


def mgf(seed, length):
    return b"".join(sha(seed, struct.pack(">I", i)) for i in range(length // 32 + 1))[:length]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def oaep(n, label_, message, seed):
    db = sha(label_) + bytes(256 - len(message) - 66) + b"\x01" + message
    db = xor(db, mgf(seed, 223))
    em = b"\x00" + xor(seed, mgf(db, 32)) + db
    return pow(num(em), E, n).to_bytes(256, "big")


def pss(n, d, digest, salt):
    h = sha(bytes(8), digest, salt)
    db = bytes(190) + b"\x01" + salt
    db = xor(db, mgf(h, 223))
    em = bytes([db[0] & 0x7F]) + db[1:] + h + b"\xbc"
    return pow(num(em), d, n).to_bytes(256, "big")


def der(tag, *parts):
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack(">H", len(body))
    return bytes([tag]) + size + body


def spki(n):
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d010101"), der(5))
    key = der(0x30, der(2, b"\x00" + n.to_bytes(256, "big")), der(2, b"\x01\x00\x01"))
    return der(0x30, algorithm, der(3, b"\x00", key))


# ---- DPK-NSL v1 ----
class Secp256k1:
    kind = 2

    def __init__(self, name):
        self.secret = b32(name)
        self.record = public(self.secret)
        self.keyhash = sha(b"\x02", bytes([self.record[0] & 1]), self.record[1:])

    def seal(self, draws, info, aad, plain, psk=b""):
        return hpke_seal(draws[0], self.record, info, aad, plain, psk,
                         b"DPK-NSL v1 N1" if psk else b"")

    def sign(self, digest):
        return ecdsa(self.secret, digest)


class Rsa2048:
    kind = 1

    def __init__(self, name):
        p, q = primes(name)
        self.n = p * q
        self.d = pow(E, -1, (p - 1) * (q - 1))
        self.record = spki(self.n)
        self.keyhash = sha(b"\x01\x00", sha(self.record))

    def seal(self, draws, info, aad, plain, psk=b""):
        seed, oaep_seed = draws
        x = extract(info, seed + psk)
        return oaep(self.n, info, seed, oaep_seed) + seal_aead(
            expand(x, label("dpk-nsl seal key"), 32), expand(x, label("dpk-nsl seal iv"), 12), aad,
            plain)

    def sign(self, digest):
        return pss(self.n, self.d, digest, b"\x17" * 32)


def header(suite, kind, cid_i, cid_r):
    return bytes([1, kind, suite, 0]) + cid_i + cid_r


def label(text):
    return text.encode() + b"\x00"


def identity(root, text):
    return "dpk1." + base64.urlsafe_b64encode(expand(root, label(text), 16)).decode().rstrip("=")


def run(suite):
    types = {1: Rsa2048, 2: Secp256k1}
    key_i, key_r = types[suite >> 4](0xa1), types[suite & 15](0xb2)
    id_i, id_r = b"\xa1" * 32, b"\xb2" * 32
    cid_i, n1, e_i, ks = b"\x11" * 4, b"\x12" * 32, b"\x13" * 32, b"\x15" * 32
    kc, cid_r, n2, e_r = b"\x20" * 32, b"\x21" * 4, b"\x22" * 32, b"\x23" * 32
    seal_i, seal_r = (b"\x14" * 32, b"\x16" * 32), (b"\x24" * 32, b"\x26" * 32)
    opts = 0x06
    address = bytes(10) + b"\xff\xff" + bytes([192, 0, 2, 1]) + struct.pack(">H", 40000)
    v = {}
    kh_i, kh_r = key_i.keyhash, key_r.keyhash
    v.update(PUB_I=key_i.record, PUB_R=key_r.record, KEYHASH_I=kh_i, KEYHASH_R=kh_r)
    th0 = sha(b"DPK-NSL v1", bytes([1, suite]), id_r, kh_r)
    h1 = header(suite, 1, cid_i, kh_r[:4])
    m1 = h1 + key_r.seal(seal_i, th0, h1,
                         n1 + public(e_i) + id_i + kh_i[:8] + struct.pack(">H", opts))
    cookie = mac(kc, label("dpk-nsl cookie") + address + sha(m1))[:16]
    m0 = header(suite, 0, cid_i, kh_r[:4]) + cookie
    th1 = sha(th0, sha(m1), id_i, kh_i)
    h2 = header(suite, 2, cid_i, cid_r)
    m2 = h2 + key_i.seal(seal_r, th1, h2, n2 + public(e_r) + id_r + bytes([opts]), n1)
    th2 = sha(th1, sha(m2))
    ee = ecdh(e_i, public(e_r))
    assert ee == ecdh(e_r, public(e_i))
    prk = extract(th2, n1 + n2 + ee)
    k3 = expand(prk, label("dpk-nsl m3"), 32)
    digest = sha(label("DPK-NSL v1 SigA"), th2, id_i, id_r, kh_r, sha(ks))
    sig = key_i.sign(digest)
    h3 = header(suite, 3, cid_i, cid_r)
    m3 = h3 + seal_aead(k3, bytes(12), h3 + th2, ks + sig)
    th3 = sha(th2, sha(m3))
    root = extract(th3, prk + ks)
    k4 = expand(root, label("dpk-nsl m4"), 32)
    h4 = header(suite, 4, cid_i, cid_r)
    m4 = h4 + mac(k4, h4 + th3)[:16]
    v.update(TH0=th0, M1=m1, M0=m0, TH1=th1, M2=m2, TH2=th2, EE=ee, PRK=prk, K3=k3,
             SIG_DIGEST=digest, M3=m3, TH3=th3, ROOT=root, K4=k4, M4=m4)
    for use in ("dtls12", "tls12", "tls13"):
        v["PSK_" + use.upper()] = expand(root, label("dpk-nsl psk " + use), 32)
        v["ID_" + use.upper()] = identity(root, "dpk-nsl psk " + use + " id")
    v["PSK16"] = expand(root, label("dpk-nsl psk16"), 16)
    v["ID_PSK16"] = identity(root, "dpk-nsl psk16 id")
    v["SRTP_CM"] = expand(root, label("dpk-nsl srtp") + bytes.fromhex("000100000001"), 60)
    v["SRTP_GCM"] = expand(root, label("dpk-nsl srtp") + bytes.fromhex("000700000001"), 56)
    v["NEXT"] = expand(root, label("dpk-nsl next"), 32)
    v["PSK_NEXT"] = expand(v["NEXT"], label("dpk-nsl psk dtls12"), 32)
    v["ID_NEXT"] = identity(v["NEXT"], "dpk-nsl psk dtls12 id")
    return v


def text_of(value):
    return value if isinstance(value, str) else value.hex()


def lines_of(text):
    return [text[i:i + 80] for i in range(0, len(text), 80)]


def print_c(prefix, vectors):
    for name, value in vectors.items():
        lines = lines_of(text_of(value))
        print("#define %s_%s%s" % (prefix, name, "".join(" \\\n    \"%s\"" % x for x in lines)))


# Of the mixed suites PROTOCOL.md holds the hashes of the messages.
SHORT = ("M1", "M2", "M3")


def print_text(suite, vectors):
    print("Suite 0x%02x" % suite)
    for name, value in vectors.items():
        if suite != 0x22 and (name.startswith(("PSK", "ID_", "NEXT", "SRTP")) or
                              suite != 0x11 and name.startswith("PUB")):
            continue
        if suite not in (0x22, 0x11) and name in SHORT:
            name, value = "H(%s)" % name, sha(value)
        print("%-10s %s" % (name, ("\n" + " " * 11).join(lines_of(text_of(value)))))


def print_keys():
    print("/* Made by unittest/vectors/nsl_vectors.py --keys: both primes of RSA-2048 keys. */")
    for name in (0xa1, 0xb2, 0xc3, 0xd4):
        p, q = primes(name)
        print_c("RSA_KEY", {"%02X" % name: p.to_bytes(128, "big") + q.to_bytes(128, "big")})


def main():
    if "--text" in sys.argv:
        for suite in (0x22, 0x11, 0x12, 0x21):
            print_text(suite, run(suite))
        return
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    if "--keys" in sys.argv:
        print_keys()
        return
    print("/* Made by unittest/vectors/nsl_vectors.py: see PROTOCOL.md section 11. */")
    print_c("VECTOR", run(0x22))
    for suite in (0x11, 0x12, 0x21):
        vectors = run(suite)
        print_c("V%02X" % suite, {k: v for k, v in vectors.items() if not k.startswith(
            ("PSK", "ID_", "NEXT", "SRTP"))})


if __name__ == "__main__":
    main()
