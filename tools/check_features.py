#!/usr/bin/env python3
"""check_features.py — every row of docs/FEATURES.md has a test whose title names it.

A title is the first argument of test(…), it(…), describe(…) or proves…(…) (also .each), or the name of a C test function
(test_S43_unique_room). Prints what has none and ends with `N passed, N failed`.
With --list: each row and where its tests are."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| ([SPN]\d\d) \| ([^|]+) \|", re.M)
ID = re.compile(r"(?<![A-Za-z0-9])([SPN]\d\d)(?![A-Za-z0-9])")
TITLE = re.compile(r"\b(?:test|it|describe|proves\w*)(?:\.\w+(?:\([^)]*\))?)*\(\s*(?P<quote>['\"`])(?P<title>.*?)(?<!\\)(?P=quote)", re.S)
C_TEST = re.compile(r"^static void (test_\w+)\(void \*\*", re.M)


def titles_of(path: pathlib.Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".c":
        return [name.replace("_", " ") for name in C_TEST.findall(text)]
    return [match.group("title") for match in TITLE.finditer(text)]


def main() -> int:
    rows = dict(ROW.findall((ROOT / "docs/FEATURES.md").read_text(encoding="utf-8")))
    files = subprocess.run(["git", "ls-files", "tests", "web", "examples"], cwd=ROOT, check=True, text=True,
                           capture_output=True).stdout.split()
    proofs: dict[str, list[str]] = {row: [] for row in rows}
    for name in files:
        if re.search(r"\.test\.(mjs|ts|tsx)$", name) or (name.startswith("tests/") and name.endswith(".c")):
            for title in titles_of(ROOT / name):
                for row in ID.findall(title):
                    proofs.setdefault(row, []).append(f"{name}: {title}")
    missing = [row for row in rows if not proofs[row]]
    if "--list" in sys.argv:
        for row in rows:
            print(row, rows[row].strip())
            for proof in proofs[row]:
                print("   ", proof)
    for row in missing:
        print(f"no test names {row} ({rows[row].strip()})")
    print(f"{len(rows) - len(missing)} passed, {len(missing)} failed")
    return 1 if missing or not rows else 0


sys.exit(main())
