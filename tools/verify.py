#!/usr/bin/env python3
"""Verifies annals journals of formats 1 and 2, from docs/format.md alone.

    verify.py PATH...      a store, a session's folder, or a journal

Prints `PATH: ok`, or a line for each finding: `PATH: CLASS seq=N offset=N`. Exit status: 0 when no
history is damaged, 1 when some is, 2 when something cannot be read. It knows nothing of snapshots,
blobs, permissions and transitions between states. Python's standard library is all it needs, and the
command `zstd` where history is sealed.
"""
import base64
import collections
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import zlib

LINE_BYTES_MAX, SPACE_RUN_MAX, SECTOR_BYTES = 1048576, 255, 512
START = b'{"crc":"'
HOLE, FRAME_START = b"\xff", b"\x28\xb5\x2f\xfd"
SEGMENT = re.compile(r"(\d{12,})-(\d{12,})-[^-]*\.jsonl\.zst")
ENVELOPE = re.compile(
    rb'\{"crc":"([0-9a-f]{8})",'
    rb'"seq":(0|[1-9][0-9]{0,19}),"prev":"([A-Za-z0-9_-]{43})",'
    rb'"at":"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6})Z","by":(?=\{)')
NAMES = re.compile(
    rb',"key":"([!#-\[\]-~]{1,200})",(?:"batch":(0|[1-9][0-9]{0,19}),)?"type":"([^"\\]{1,64})",')
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.S)
FORBIDDEN = re.compile('[\0-\x1f\x7f-\x9f\u2028\u2029]| {%d}' % (SPACE_RUN_MAX + 1))
# The table of CRC-32, and which of its entries has which upper byte.
TABLE = [zlib.crc32(bytes([index]), 0xFFFFFFFF) ^ 0xFFFFFFFF for index in range(256)]
INDEX_OF = {entry >> 24: index for index, entry in enumerate(TABLE)}
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


class Record:
    """A line that has the form of a record; `crc` is not checked yet."""

    def __init__(self, line):
        head = ENVELOPE.match(line) or refuse()
        self.crc, self.prev = int(head[1], 16), digest(head[3])
        by, place = json_object(line, head.end())
        names = NAMES.match(line, place) or refuse()
        self.seq, self.batch = number(head[2]), names[2] and number(names[2])
        self.kind, envelope_end = names[3].decode(), names.end()
        datetime.datetime.fromisoformat(head[4].decode())
        author(by)
        self.data = None
        if line.startswith(b'"digest":"', envelope_end):
            data_digest, self.end = digest(line[envelope_end + 10:envelope_end + 53]), envelope_end + 55
            line.startswith(b'"}', envelope_end + 53) or refuse()
        else:
            line.startswith(b'"data":{', envelope_end) or refuse()
            self.data, end = json_object(line, envelope_end + 7)
            data_digest, self.end = hashlib.sha256(line[envelope_end + 7:end]).digest(), end + 1
            line.startswith(b"}", end) or refuse()
        self.end < LINE_BYTES_MAX or refuse()
        text = line[:self.end].decode()
        if FORBIDDEN.search(text) or " " in STRING.sub("", text):
            refuse()
        self.covered = line[18:self.end]
        self.link = hashlib.sha256(line[18:envelope_end] + data_digest).digest()

    def holds(self, seed):
        return zlib.crc32(self.covered, seed) == self.crc


def refuse(_=None):
    raise ValueError("not a record")


def number(text):
    value = int(text)
    return value if value < 1 << 63 else refuse()


def digest(text):
    value = base64.urlsafe_b64decode(text + b"=")
    return value if base64.urlsafe_b64encode(value)[:43] == text else refuse()


def json_object(line, start):
    """The object that begins at `start`, and where it ends."""
    depth = 0
    for token in TOKEN.finditer(line, start, start + LINE_BYTES_MAX):
        depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(token[0], 0)
        if depth == 0:
            return json.loads(line[start:token.end()].decode(), parse_constant=refuse), token.end()
    return refuse()


def author(by):
    parts = [by.get(name) for name in ("user", "host", "program", "version")]
    if not all(isinstance(part, str) and len(part.encode()) <= 256 for part in parts):
        refuse()
    if type(by.get("pid")) is not int or not 0 <= by["pid"] < 1 << 32:
        refuse()


def record_at(bytes_, offset, seed):
    """The intact record that begins at an offset, whatever follows it."""
    try:
        record = Record(bytes_[offset:offset + LINE_BYTES_MAX])
    except (ValueError, RecursionError):
        return None
    return record if record.holds(seed) else None


def looks_unwritten(bytes_, start, end, shift):
    """Whether a sector of bytes_[start:end] holds nothing, and something stands behind it."""
    sectors = range(start - (start - shift) % SECTOR_BYTES, end, SECTOR_BYTES)
    blank = [not bytes_[max(s, start):min(s + SECTOR_BYTES, end)].strip(b" \0") for s in sectors]
    solid = [place for place, is_blank in enumerate(blank) if not is_blank]
    is_whole = end == len(bytes_) or end % SECTOR_BYTES == 0
    ends_blank = blank[-1] and is_whole and b"\n" not in bytes_[start:end]
    return bool(solid) and any(blank[:solid[-1]]) or ends_blank


def pieces(bytes_, offset, seed, shift=0):
    """('record', offset, Record, end) and ('damage', offset, end, lines, unwritten, line_feed)."""
    while bytes_[offset:].strip(b" "):
        record = record_at(bytes_, offset, seed)
        if record:
            end = offset + record.end
            terminated = bytes_[end:end + 1] == b"\n"
            yield "record", offset, record, end + terminated
            offset = end + 1
            if not terminated:
                instead = bytes_[end:end + 1]
                offset -= instead in (b"", b" ", b"\0", b"{")
                yield "damage", end, offset, 0, instead in (b"", b" ", b"\0"), True
            continue
        end = bytes_.find(START, offset + 1)
        while end >= 0 and not record_at(bytes_, end, seed):
            end = bytes_.find(START, end + 1)
        end = len(bytes_) if end < 0 else end
        damaged = bytes_[offset:end]
        unwritten = looks_unwritten(bytes_, offset, end, shift)
        yield "damage", offset, end, damaged.count(b"\n"), unwritten, False
        offset = end


def is_torn_batch(rest, batch, next_seq):
    def belongs(piece):
        return piece[2].batch == batch if piece[0] == "record" else piece[4] or piece[3] == 0
    return batch is not None and batch <= next_seq and all(map(belongs, rest))


def is_excused(missing, seq, lost):
    """Whether records from `missing` up to before `seq` are all named by notes behind them."""
    while missing < seq:
        ends = [end for first, end, by in lost if first <= missing <= end and by >= seq]
        if not ends:
            return False
        missing = max(ends) + 1
    return True


def header_of(bytes_):
    """The data of the header, or None where the first line is none."""
    try:
        record = Record(bytes_[:LINE_BYTES_MAX])
        journal, version = bytes.fromhex(record.data["journal"]), record.data["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_first = (record.seq, record.kind, record.prev) == (0, "journal", bytes(32))
    is_sound = len(journal) == 16 and version >= 1
    return record.data if is_first and is_sound and record.holds(zlib.crc32(journal)) else None


def inferred_seed(bytes_, folder, session, foreign):
    """The seed of a journal whose first line does not tell it: that of a header of the session
    further on, which may be in a segment, or the one that most of the first lines were written
    with, where at least two agree. Lines of the journal whose header is on top do not count."""
    names = sorted(filter(SEGMENT.fullmatch, os.listdir(folder) if os.path.isdir(folder) else []))
    files = [bytes_] + [lines_of(os.path.join(folder, name), None)[0] for name in names[:4]]
    seeds = []
    for lines in files:
        found, own = seeds_in(lines[:LINE_BYTES_MAX], session)
        if own is not None:
            return own
        seeds += found
    counts = collections.Counter(seed for seed in seeds if seed != foreign)
    seed, count = max(counts.items(), key=lambda item: (item[1], item[0]), default=(None, 0))
    return seed if count > 1 else None


def seeds_in(bytes_, session):
    """The seeds of the first lines, and that of a header of the session among them."""
    seeds = []
    for line in bytes_.split(b"\n"):
        line = line[max(line.rfind(START), 0):]
        try:
            record = Record(line)
        except (ValueError, RecursionError):
            continue
        header = header_of(line)
        if header and session in (None, header["session"]):
            return seeds, zlib.crc32(bytes.fromhex(header["journal"]))
        if record.end == len(line):
            seeds.append(seed_of(record.covered, record.crc))
    return seeds[:64], None


def seed_of(covered, crc):
    """CRC-32 run backwards: what it must have been before `covered`."""
    register = crc ^ 0xFFFFFFFF
    for byte in reversed(covered):
        index = INDEX_OF[register >> 24]
        register = (register ^ TABLE[index]) << 8 & 0xFFFFFFFF | index ^ byte
    return register ^ 0xFFFFFFFF


def unpacked(frame):
    """The lines of frames, or None where one is damaged."""
    answer = subprocess.run(["zstd", "-dcq"], input=frame, capture_output=True, check=False)
    return answer.stdout if answer.returncode == 0 and frame.startswith(FRAME_START) else None


def lines_of(path, length):
    """The lines of a segment, of which there were `length` bytes, and whether it is intact."""
    try:
        with open(path, "rb") as file:
            packed = file.read()
    except FileNotFoundError:
        packed = b""
    lines = unpacked(packed)
    if lines is not None and len(lines) == (len(lines) if length is None else length):
        return lines, True
    first, *frames = packed.split(FRAME_START)
    frames = [first] * bool(first) + [FRAME_START + frame for frame in frames]
    lines, holes = b"", []
    for frame in frames:
        content = unpacked(frame)
        if content is None and holes[-1:] != [len(lines)]:
            holes.append(len(lines))
        lines += content or b""
    missing = len(holes) if length is None else length - len(lines)
    if missing and not holes:
        holes.append(len(lines))
    at = holes[0] if holes else 0
    return lines[:at] + HOLE * missing + lines[at:], not holes


def segments_of(header, folder, bytes_, seed):
    """(first_seq, last_seq, file, length) of each segment, the oldest first."""
    if header:
        for one in header.get("sealed", {}).get("segments", []):
            fingerprint = base64.urlsafe_b64decode(one["digest"] + "=")[:8].hex()
            name = f"{one['first_seq']:012}-{one['last_seq']:012}-{fingerprint}.jsonl.zst"
            yield one["first_seq"], one["last_seq"], os.path.join(folder, name), one["bytes"]
        return
    names = os.listdir(folder) if os.path.isdir(folder) else []
    named = sorted((int(match[1]), -int(match[2]), match[0])
                   for match in map(SEGMENT.fullmatch, names) if match)
    records = (piece[2] for piece in (pieces(bytes_, 0, seed) if named else ())
               if piece[0] == "record")
    begins = next((record.seq for record in records if record.seq > 0), 1 << 64)
    next_seq = 0
    for first, last, name in named:
        if first >= next_seq and -last < begins:
            next_seq = 1 - last
            yield first, -last, os.path.join(folder, name), None


def history_of(header, folder, bytes_, seed):
    """All bytes of the history, how far those in the journal's file are moved up by what is
    sealed, and (first_seq, start, end) of each segment that is not intact."""
    sealed, broken = b"", []
    for first, _, path, length in segments_of(header, folder, bytes_, seed):
        lines, intact = lines_of(path, length)
        if not intact:
            broken.append((first, len(sealed), len(sealed) + len(lines)))
        sealed += lines
    if not sealed:
        return bytes_, 0, []
    header_bytes = Record(bytes_[:LINE_BYTES_MAX]).end if header else 0
    header_bytes += header_bytes > 0 and bytes_[header_bytes:header_bytes + 1] == b"\n"
    return sealed + bytes_[header_bytes:], len(sealed) - header_bytes, broken


def verify(bytes_, session=None, folder=""):
    """The findings of one journal: (class, seq, offset). `folder` is that of its segments."""
    header = header_of(bytes_)
    if header and header["format"] > 2:
        return [("unknown-format", 0, 0)]
    misplaced = header and session not in (None, header["session"])
    found = [("header", 0, 0)] if misplaced else []
    is_named = header and not misplaced
    seed = header and zlib.crc32(bytes.fromhex(header["journal"]))
    seed = seed if is_named else inferred_seed(bytes_, folder, session, seed)
    if seed is None:
        return [("header", 0, 0)]
    header = header if is_named else None
    bytes_, shift, broken = history_of(header, folder, bytes_, seed)
    found += findings_of(list(pieces(bytes_, 0, seed, shift)), header)
    for first_seq, start, end in broken:
        inside = [one for one in found if one[0] in ("corrupt", "header") and start <= one[2] < end]
        found = [one for one in found if one not in inside]
        found.append(("missing-segment", first_seq, start))
    return found


def follows(record, last, header):
    """The link that a record should name, where it is known."""
    if last and last.seq + 1 == record.seq:
        return last.link
    sealed = header and header.get("sealed")
    if sealed and sealed["segments"][-1]["last_seq"] + 1 == record.seq:
        return digest(sealed["head"].encode())
    return None


def findings_of(all_pieces, header):
    """The findings of a history."""
    found = []
    records = [piece[2] for piece in all_pieces if piece[0] == "record"]
    notes = [record for record in records if record.kind == "recovered" and record.data]
    lost = [(gap["first_seq"], gap["last_seq"], note.seq)
            for note in notes for gap in note.data.get("lost", [])]
    redacted = {r.data["seq"] for r in records if r.kind == "redacted" and r.data}
    last, damage, next_seq, end_offset = None, None, 0, 0
    for place, piece in enumerate(all_pieces):
        if piece[0] == "damage":
            _, start, _, lines, unwritten, line_feed = piece
            damage = damage or [start, 0, True, True]
            damage = [damage[0], damage[1] + lines, damage[2] and unwritten, damage[3] and line_feed]
            continue
        _, offset, record, end = piece
        if damage and damage[2] and is_torn_batch(all_pieces[place:], record.batch, next_seq):
            break
        if record.seq < next_seq:
            found.append(("duplicate", record.seq, offset))
            damage = None
            continue
        if damage:
            found.append(("corrupt" if next_seq else "header", next_seq, damage[0]))
        elif not is_excused(next_seq, record.seq, lost):
            found.append(("sequence-gap" if next_seq else "header", next_seq, offset))
        if follows(record, last, header) not in (None, record.prev):
            if (record.seq, True) != (1, any(first == 0 for first, _, _ in lost)):
                found.append(("chain-break", record.seq, offset))
        if record.data is None and record.seq not in redacted:
            found.append(("chain-break", record.seq, None))
        last, next_seq, end_offset, damage = record, record.seq + 1, end, None
    if damage:
        torn = damage[2] or damage[1] == 0 and not damage[3]
        found.append(("torn-tail", next_seq, end_offset) if torn
                     else ("ambiguous-tail", next_seq, damage[0]))
    return found


def journals(path):
    if os.path.isdir(os.path.join(path, "sessions")):
        for name in sorted(os.listdir(os.path.join(path, "sessions"))):
            if not name.startswith("."):
                yield os.path.join(path, "sessions", name, "journal.jsonl"), name
    elif os.path.isdir(path):
        yield os.path.join(path, "journal.jsonl"), os.path.basename(os.path.abspath(path))
    else:
        yield path, None


def main(paths):
    status = 0
    for path, session in (journal for path in paths for journal in journals(path)):
        try:
            with open(path, "rb") as file:
                segments = os.path.join(os.path.dirname(path), "segments")
                found = verify(file.read(), session, segments)
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)
            status = 2
            continue
        for name, seq, offset in found:
            print(f"{path}: {name} seq={seq} offset={'-' if offset is None else offset}")
            status = max(status, name != "torn-tail")
        if not found:
            print(f"{path}: ok")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) if sys.argv[1:] else print(__doc__) or 2)
