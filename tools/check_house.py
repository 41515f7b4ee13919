#!/usr/bin/env python3
"""check_house.py — the rules of the house that a machine can check: which folder may include which, sizes,
names, functions nobody may call. Prints what breaks them and `N passed, N failed` (one check per file)."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A folder may use those before it; io/ and store/ (the disk) stand beside the sans-IO ones: io/ knows only base and
# wire, store/ only base.
ORDER = ["base", "wire", "record", "rtc", "sfu", "livekit", "call", "caller", "io", "store", "bench", "app"]
ALLOWED = {folder: set(ORDER[:at + 1]) - {"io"} for at, folder in enumerate(ORDER)}
ALLOWED["io"] = {"base", "wire", "io"}
ALLOWED["store"] = {"base", "store"}
ALLOWED["bench"] = set(ORDER) - {"app"}
ALLOWED["app"] = set(ORDER)
FILE_LINES, HEADER_LINES, FUNCTION_LINES, COLUMNS = 800, 120, 70, 110

ANYWHERE = ["strcpy", "strcat", "sprintf", "vsprintf", "gets", "rand", "srand", "random", "system", "popen",
            "strtok", "atoi", "atol", "alloca", "tmpnam", "mktemp"]
# Time, chance and the outside come in by io/ and app/ only; that is what lets the simulator run everything.
ONLY_DOORS = ["gettimeofday", "time", "clock", "clock_gettime", "nanosleep", "usleep", "sleep", "socket", "bind",
              "listen", "accept", "connect", "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom",
              "recvmsg", "recvmmsg", "open", "fopen", "read", "write", "getrandom", "RAND_bytes", "getenv",
              "pthread_create", "fork", "execve", "printf", "puts"]
ONLY_DOORS_IN = set(ORDER) - {"io", "bench", "app"}


def strip(text):
    """Comments and strings out, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def functions(code):
    """(first line, length) of each function body: clang-format puts their last brace into column 0."""
    start = None
    for number, line in enumerate(code.split("\n"), 1):
        if start is None and re.match(r"[A-Za-z_].*\)\s*\{\s*$", line):
            start = number
        elif start is None and re.match(r"[A-Za-z_][^;={]*\($|[A-Za-z_][^;={]*,$", line):
            pending = number
            start = ("?", pending)
        elif isinstance(start, tuple) and line.rstrip().endswith(") {"):
            start = start[1]
        elif isinstance(start, tuple) and (line.rstrip().endswith(";") or line.startswith("}")):
            start = None
        elif isinstance(start, int) and line.startswith("}"):
            yield start, number - start + 1
            start = None


def called(code, names):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")
    for number, line in enumerate(code.split("\n"), 1):
        for match in pattern.finditer(line):
            # A declaration or definition of our own (`static void send(`) is no call of libc's.
            before = line[:match.start()]
            if not re.search(r"[\w*]\s*\*?$", before) or re.search(r"\b(return|else|case|do)\s*$", before):
                yield number, match.group(1)


def defined(code):
    return set(re.findall(r"^(?:static\s+)?(?:inline\s+)?[A-Za-z_][\w\s\*]*?[\s\*](\w+)\([^;]*?\)\s*\{", code, re.M))


def check(path):
    text = path.read_text()
    lines = text.split("\n")
    rel = path.relative_to(ROOT)
    code = strip(text)
    problems = []
    if not re.match(rf"// {re.escape(path.name)}(\.in)? — ", lines[0]):
        problems.append((1, f"the first line says what the file is: // {path.name} — …"))
    limit = HEADER_LINES if path.suffix == ".h" and rel.parts[0] == "src" else FILE_LINES
    if len(lines) - 1 > limit:
        problems.append((limit, f"{len(lines) - 1} lines, at most {limit}"))
    problems += [(n, f"{len(line)} columns, at most {COLUMNS}") for n, line in enumerate(lines, 1)
                 if len(line) > COLUMNS]
    problems += [(n, f"function of {size} lines, at most {FUNCTION_LINES}") for n, size in functions(code)
                 if size > FUNCTION_LINES]
    if rel.parts[0] != "src":
        return problems
    folder = rel.parts[1]
    for number, line in enumerate(lines, 1):
        found = re.match(r'#include "([\w-]+)/', line)
        if found and found.group(1) in ORDER and found.group(1) not in ALLOWED[folder]:
            problems.append((number, f"{folder}/ may not include {found.group(1)}/"))
        if re.match(r"#include [\"<](uv\.h|sys/socket\.h|pthread\.h|netinet/)", line) and folder in ONLY_DOORS_IN:
            problems.append((number, f"{folder}/ is sans-IO: {line}"))
    if path.suffix == ".h" and "#pragma once" not in text:
        problems.append((1, "#pragma once is missing"))
    own = defined(code)
    problems += [(n, f"{name}() is not used here") for n, name in called(code, ANYWHERE) if name not in own]
    if folder in ONLY_DOORS_IN:
        problems += [(n, f"{name}() belongs to io/ and app/") for n, name in called(code, ONLY_DOORS)
                     if name not in own]
    return problems


def main():
    passed = failed = 0
    for path in sorted(path for top in ("src", "tests") for path in ROOT.glob(f"{top}/**/*.[ch]") if "node_modules" not in path.parts):
        problems = check(path)
        for number, what in problems:
            print(f"{path.relative_to(ROOT)}:{number}: {what}")
        if problems:
            failed += 1
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
