#!/usr/bin/env python3
"""Holds the tree to its layers and its form; names every offending line.

    tests/tidy/tidy.py [ROOT]

Layers: a room may include the rooms that its entry in ROOMS names, and a
heavy library only if LIBRARIES gives it to that room. docs/architecture.md has
the picture. Form: 80 columns, no tabs, no trailing blanks, `#pragma once` in
headers, no loose ends in code, no path of somebody's machine. Documents: what
they link to, and the source files that they name in backticks, exist.
"""

import pathlib
import re
import sys

ANY = None  # May use everything.

# Room -> the rooms it may include besides itself.
ROOMS = {
    "base": set(),
    "proto": set(),
    "image": {"base"},
    "storage": {"base"},
    "evaluation": {"base"},
    "ingest": {"base", "image", "storage"},
    "pipeline": {"base", "image", "storage", "proto"},
    "server": {"base", "image", "storage", "pipeline", "evaluation", "proto"},
    "client": {"base", "proto"},
    "cli": ANY,
    "examples": ANY,
    "bench": ANY,
    "tests": ANY,
}

# Nothing may include these, but themselves and the tests.
TOP = {"cli", "examples", "bench", "tests"}

# What heavy headers look like, and the rooms that may see them.
LIBRARIES = [
    ("gRPC", r"grpc(pp)?/|.*\.grpc\.pb\.h$", {"server", "client"} | TOP),
    ("RocksDB", r"rocksdb/", {"storage"}),
    ("libjpeg", r"jpeglib\.h$|jerror\.h$|turbojpeg\.h$", {"image", "bench"}),
    ("libpng", r"png\.h$|libpng", {"image"}),
    ("Highway", r"hwy/", {"image", "bench"}),
    ("Prometheus", r"prometheus/", {"server"}),
    ("the wire's messages", r"millrace/v1/.*\.pb\.h$",
     {"proto", "storage", "ingest", "pipeline", "server", "client"} | TOP),
]
# A test may use what the room that it tests may use.
TEST_OF = re.compile(r"^tests/([a-z_]+)/")

CODE = {".h", ".cc"}
TEXT = CODE | {".proto", ".py", ".sh", ".cmake", ".txt", ".md", ".yml", ".yaml",
               ".textproto", ".json", ".xml", ".html", ".css", ".js"}
WIDE = {".md", ".json", ".yml", ".yaml", ".xml", ".html", ".css", ".js"}
NOT_OURS = {"build", "out", ".git", ".cache", "corpus", "golden"}
LONG_FILE = 500

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# Spelled in parts, so that this file passes its own checks.
LOOSE_END = re.compile(r"\b(" + "TO" + "DO|FIX" + "ME|XX" + r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(home|Users|work|root)/[\w.]")


def includes_errors(path, number, line):
    """Errors of one #include line; `path` is relative to the root."""
    match = INCLUDE.match(line)
    if not match:
        return
    room = path.split("/")[0]
    if room not in ROOMS:
        return
    target = match.group(2)
    seen_by = {room}
    tested = TEST_OF.match(path)
    if tested:
        seen_by.add(tested.group(1))

    other = target.split("/")[0]
    if "/" in target and other in ROOMS and other != room:
        allowed = ROOMS[room]
        if match.group(1) == "<":
            yield f"our own header in <>: use \"{target}\""
        if allowed is not ANY and other not in allowed:
            yield f"{room}/ must not include {other}/: {target}"
        if other in TOP and room != "tests":
            yield f"nothing may include {other}/: {target}"
    for library, pattern, rooms in LIBRARIES:
        if re.match(pattern, target) and not seen_by & rooms:
            where = ", ".join(sorted(r + "/" for r in rooms - TOP))
            yield f"{library} is for {where} only: {target}"


def line_errors(path, number, line):
    suffix = pathlib.PurePath(path).suffix
    yield from includes_errors(path, number, line)
    if "\t" in line:
        yield "a tab"
    if line != line.rstrip():
        yield "trailing blanks"
    if suffix not in WIDE and len(line) > 80 and "http" not in line:
        yield f"{len(line)} columns, 80 at most"
    if LOOSE_END.search(line):
        yield "a loose end: finish it, or write it up where work is tracked"
    if MACHINE_PATH.search(line):
        yield "a path of somebody's machine"


def file_errors(path, text):
    """Yields (line number, what is wrong)."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        for error in line_errors(path, number, line):
            yield number, error
    # Highway includes -inl.h once for each instruction set.
    if (path.endswith(".h") and not path.endswith("-inl.h")
            and path.split("/")[0] in ROOMS):
        if not any(line.strip() == "#pragma once" for line in lines):
            yield 1, "a header without #pragma once"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end of the file"


LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
SOURCE_NAME = re.compile(
    r"`((?:" + "|".join(ROOMS) + r"|proto|deploy|docs|scripts)/"
    r"[\w./-]+\.(?:h|cc|py|sh|proto|md|yml|json|textproto))`")


def document_errors(root, path, text):
    """Links and names of files that lead nowhere."""
    folder = (root / path).parent
    for number, line in enumerate(text.split("\n"), 1):
        for target in LINK.findall(line):
            if not (folder / target).exists():
                yield number, f"a link to nothing: {target}"
        for target in SOURCE_NAME.findall(line):
            if not (root / target).exists():
                yield number, f"there is no {target}"


def our_files(root):
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if NOT_OURS & set(relative.parts[:-1]) or not path.is_file():
            continue
        if path.suffix in TEXT:
            yield relative.as_posix(), path


def report_lengths(lengths):
    """Not errors: what a reviewer wants to know."""
    sizes = sorted(lengths.values())
    if not sizes:
        return
    print(f"{len(sizes)} source files, {sum(sizes)} lines, median "
          f"{sizes[len(sizes) // 2]}, nine of ten under "
          f"{sizes[len(sizes) * 9 // 10]}")
    for path, size in sorted(lengths.items(), key=lambda item: -item[1]):
        if size > LONG_FILE:
            print(f"  long: {path} has {size} lines")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    errors = 0
    lengths = {}
    for name, path in our_files(root):
        text = path.read_text(encoding="utf-8")
        found = list(file_errors(name, text))
        if path.suffix == ".md":
            found += document_errors(root, name, text)
        for number, error in found:
            print(f"{name}:{number}: {error}")
        errors += len(found)
        if path.suffix in CODE:
            lengths[name] = text.count("\n")
    report_lengths(lengths)
    print(f"tidy: {errors} errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
