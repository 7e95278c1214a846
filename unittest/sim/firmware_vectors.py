#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Makes firmware_vectors.h: packed patches between the images of firmware_world.c, in detools'
# sequential container with .lzma (dictionary 4 KiB, lc = lp = pb = 0).
import lzma

SIZES = {"old": 5001, "middle": 5600, "new": 6007}


def images():
    x, old = 12345, []
    for _ in range(24576):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        old.append(x >> 24)
    middle = [(b + (i % 211 == 7)) & 255 for i, b in enumerate(old)]
    new = [(b + (i % 101 == 3) * 5) & 255 for i, b in enumerate(old)]
    return {"none": b"", "old": bytes(old[:SIZES["old"]]), "middle": bytes(middle[:SIZES["middle"]]),
            "new": bytes(new[:SIZES["new"]])}


def number(v):
    out, rest = [v & 0x3F], v >> 6
    while rest:
        out[-1] |= 0x80
        out.append(rest & 0x7F)
        rest >>= 7
    return bytes(out)


def patch(old, new):
    same = min(len(old), len(new))
    runs = number(0) + number(same) + bytes((new[i] - old[i]) & 255 for i in range(same))
    runs += number(len(new) - same) + new[same:] + number(0)
    packed = lzma.compress(runs, format=lzma.FORMAT_ALONE, filters=[
        {"id": lzma.FILTER_LZMA1, "preset": 9, "dict_size": 4096, "lc": 0, "lp": 0, "pb": 0}])
    return b"\x01" + number(len(new)) + packed


img = images()
print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* Packed patches between the images of firmware_world.c; made by firmware_vectors.py. */")
for a, b in (("old", "new"), ("old", "middle"), ("middle", "new")):
    p = patch(img[a], img[b])
    print(f"static const uint8_t patch_{a}_{b}[{len(p)}] = {{")
    for i in range(0, len(p), 16):
        print("    " + " ".join(f"0x{c:02x}," for c in p[i:i + 16]))
    print("};")
