#!/usr/bin/env python3
"""A second verifier of Graft's audit trail, written from docs/audit-format.md alone.

Nothing but Python's standard library: Ed25519 is below, from RFC 8032. It shares no code with Graft,
so that a mistake in one of the two shows in the tests.

    verify_audit.py EXPORT [--checkpoints FILE] [--key PUBLICKEY]
    verify_audit.py --each LIST        one line per case: EXPORT<tab>CHECKPOINTS<tab>KEY; "-" for none

Exit code 0 when nothing is wrong. With --each it prints one line per case: "sound" or "faulty".
"""

import base64
import hashlib
import json
import re
import struct
import sys

GENESIS = "0" * 64
MEMBERS = ["format", "epoch", "seq", "previous", "id", "at", "actor", "act", "account", "subject",
           "request", "detail", "hash"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
HASH = re.compile(r"[0-9a-f]{64}")
LINE = re.compile(r"GRAFT-AUDIT-CHECKPOINT 1 (\d{1,18}) (\d{1,18}) ([0-9a-f]{64})"
                  r" (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)",
                  re.ASCII)

# Ed25519 (RFC 8032, section 5.1), verification only.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    g = 2 * t1 * t2 * D % P
    h = 2 * z1 * z2 % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def times(n, point):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point = add(point, point)
        n >>= 1
    return total


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def x_of(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(encoded):
    number = int.from_bytes(encoded, "little")
    y = number & ((1 << 255) - 1)
    x = x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = x_of(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed(public, message, signature):
    a, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or len(signature) != 64:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return same(times(s, BASE), add(r, times(k, a)))


KNOWN_SIGNATURES = {}


def signed_by(key, checkpoint):
    epoch, size, head, at, name, signature = checkpoint
    der = base64.b64decode(key)
    if hashlib.sha256(der).hexdigest()[:16] != name or len(der) != 44:
        return False
    question = (key, checkpoint)
    if question not in KNOWN_SIGNATURES:
        message = prefixed("graft.audit.checkpoint.1", str(epoch), str(size), head, at)
        KNOWN_SIGNATURES[question] = signed(der[12:], message, base64.b64decode(signature))
    return KNOWN_SIGNATURES[question]


def prefixed(*texts):
    out = b""
    for text in texts:
        if text is None:
            out += struct.pack(">i", -1)
        else:
            data = text.encode("utf-8")
            out += struct.pack(">i", len(data)) + data
    return out


def unique(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member stands twice")
    return dict(pairs)


def whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def parsed(line):
    """The record of a line, or None and why not."""
    try:
        record = json.loads(line, object_pairs_hook=unique)
    except ValueError as e:
        return None, "it is not one JSON object (%s)" % e
    if not isinstance(record, dict) or sorted(record) != sorted(MEMBERS):
        return None, "it does not have exactly the members of a record"
    if record["format"] != 1 or not whole(record["format"]):
        return None, "its format is not 1"
    if not whole(record["epoch"]) or not whole(record["seq"]):
        return None, "epoch or seq is no whole number"
    for name in ("id", "at", "actor", "act", "detail", "previous", "hash"):
        if not isinstance(record[name], str):
            return None, name + " is no text"
    for name in ("account", "subject", "request"):
        if record[name] is not None and not isinstance(record[name], str):
            return None, name + " is no text"
    if not HASH.fullmatch(record["previous"]) or not HASH.fullmatch(record["hash"]):
        return None, "a hash is no SHA-256"
    if not TIME.fullmatch(record["at"]):
        return None, "at is no time"
    if any("\ud800" <= c <= "\udfff" for value in record.values() if isinstance(value, str) for c in value):
        return None, "it has half a character in it"
    return record, None


def own_hash(r):
    return hashlib.sha256(prefixed(
        "graft.audit.record.1", str(r["epoch"]), str(r["seq"]), r["previous"], r["id"], r["at"],
        r["actor"], r["act"], r["account"], r["subject"], r["request"], r["detail"])).hexdigest()


def lost_of(record, number, faults):
    """Epoch and size that a record of a restore says are lost, (0, 0) for nothing."""
    try:
        lost = json.loads(record["detail"]).get("lost")
        return (0, 0) if lost is None else (int(lost["epoch"]), int(lost["size"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        faults.append("line %d: does not say what was lost" % number)
        return 0, 0


def verify(lines, checkpoint_lines, key):
    faults, stated, heads, restores = [], [], {}, []
    for number, line in enumerate(checkpoint_lines or [], 1):
        if "GRAFT-AUDIT-CHECKPOINT" not in line:
            continue
        found = LINE.search(line)
        if not found:
            faults.append("checkpoints, line %d: cannot be read" % number)
            continue
        checkpoint = (int(found[1]), int(found[2]), found[3], found[4], found[5], found[6])
        if key and not signed_by(key, checkpoint):
            faults.append("checkpoints, line %d: not signed by this key" % number)
            continue
        stated.append(checkpoint)
    if checkpoint_lines is not None and not stated and not faults:
        faults.append("no checkpoint was given")

    expected, epoch, previous = 1, 1, GENESIS
    for number, line in enumerate(lines, 1):
        record, why = parsed(line)
        if record is None:
            faults.append("line %d: %s" % (number, why))
            expected, previous = expected + 1, None
            continue
        if record["seq"] != expected:
            faults.append("line %d: record %d instead of %d" % (number, record["seq"], expected))
        if previous is not None and record["previous"] != previous:
            faults.append("line %d: does not follow the record before it" % number)
        if own_hash(record) != record["hash"]:
            faults.append("line %d: its hash is not that of its content" % number)
        begins = record["act"] == "audit.restored"
        if record["epoch"] <= epoch if begins else record["epoch"] != epoch:
            faults.append("line %d: of epoch %d after epoch %d" % (number, record["epoch"], epoch))
        epoch = max(epoch, record["epoch"])
        if begins:
            restores.append((record["epoch"], record["seq"], lost_of(record, number, faults)))
        heads[record["seq"]] = (record["epoch"], record["hash"])
        expected, previous = record["seq"] + 1, record["hash"]

    there = [c for c in stated if heads.get(c[1]) == (c[0], c[2])]
    covered = max([c[1] for c in there], default=0)
    for c in stated:
        if c in there:
            continue
        if any(e > c[0] and seq <= c[1] and (c[0], c[1]) <= lost and seq <= covered
               for e, seq, lost in restores):
            continue
        faults.append("the checkpoint of %s (epoch %d, %d records) is not in the export"
                      % (c[3], c[0], c[1]))
    return faults


def lines_of(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        text = file.read()
    lines = text.split("\n")
    return lines[:-1] if lines and lines[-1] == "" else lines


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--each":
        for case in lines_of(arguments[1]):
            export, checkpoints, key = case.split("\t")
            faults = verify(lines_of(export),
                            None if checkpoints == "-" else lines_of(checkpoints),
                            None if key == "-" else key)
            print("faulty" if faults else "sound")
        return 0
    options = dict(zip(arguments[1::2], arguments[2::2]))
    checkpoints = options.get("--checkpoints")
    faults = verify(lines_of(arguments[0]), lines_of(checkpoints) if checkpoints else None,
                    options.get("--key"))
    for fault in faults:
        print(fault)
    print("faulty" if faults else "sound")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
