#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Picks for the corpus of a fuzz target the fewest inputs that reach every branch which any input
reaches: those that are committed first, then the shortest of what fuzzing found.

usage: minimise.py TARGET SOURCES FOUND_DIR...     after coverage.sh has built build/fuzz-coverage
  e.g. minimise.py mpt core/eth/mpt.c build/fuzz/found/mpt
"""
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
build = os.path.join(top, "build/fuzz-coverage")


def objects(sources):
    """The object of each source, as compiled into the library."""
    for root, _, files in os.walk(build):
        for name in files:
            if name.endswith(".gcno") and "test_" not in root:
                for source in sources:
                    if os.path.join(root, name).endswith("/" + os.path.basename(source) + ".gcno"):
                        yield os.path.join(root, name)[:-5]


def branches(program, corpus, objs):
    """What the inputs of a directory take: a set of (source, line, branch)."""
    for obj in objs:
        if os.path.exists(obj + ".gcda"):
            os.unlink(obj + ".gcda")
    subprocess.run([program, corpus, "0"], stdout=subprocess.DEVNULL, check=False)
    taken = set()
    for obj in objs:
        if not os.path.exists(obj + ".gcda"):
            continue
        out = subprocess.run(["gcov", "-b", "-j", "-t", obj + ".gcda"], cwd=os.path.dirname(obj),
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        if out[:2] == b"\x1f\x8b":
            out = gzip.decompress(out)
        for f in json.loads(out)["files"]:
            for line in f["lines"]:
                for i, b in enumerate(line["branches"]):
                    if b["count"]:
                        taken.add((f["file"], line["line_number"], i))
    return taken


def main():
    target, sources, found = sys.argv[1], sys.argv[2].split(), sys.argv[3:]
    program = os.path.join(build, "unittest/test_fuzz_" + target)
    corpus = os.path.join(top, "unittest/fuzz/corpus", target)
    objs = list(objects(sources))
    kept = branches(program, corpus, objs)
    start = len(kept)
    candidates = []
    with tempfile.TemporaryDirectory() as one:
        for directory in found:
            for name in sorted(os.listdir(directory)):
                path = os.path.join(directory, name)
                shutil.copyfile(path, os.path.join(one, "input"))
                candidates.append((path, os.path.getsize(path), branches(program, one, objs)))
    added = 0
    while True:
        # Most new branches for a file; among equals the shortest.
        best = max(candidates, key=lambda c: (len(c[2] - kept), -c[1]), default=None)
        if best is None or not best[2] - kept:
            break
        kept |= best[2]
        added += 1
        with open(best[0], "rb") as f:
            data = f.read()
        with open(os.path.join(corpus, hashlib.sha1(data).hexdigest()[:12]), "wb") as f:
            f.write(data)
    print("%s: %d branches by what was there, %d with %d more inputs" %
          (target, start, len(kept), added))


main()
