#!/usr/bin/env python3
"""embed_page.py — turns what the web workspace built into one C file that the server links.

usage: embed_page.py [--without-page] OUT.c DEPFILE TREE…

TREE is DIRECTORY=PREFIX for files that only our own pages load, DIRECTORY+=PREFIX for files that any page on
any host may load; PREFIX is where the directory is served, "/" or like "/r". The first must have an index.html unless
--without-page is there; others that are missing are left out, and the file is made again once they are there.

Every file gets an ETag from its content and, where that saves bytes, a gzip and a brotli copy, so that the
server never compresses anything itself. Same input, same output.
"""
import gzip
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
    ".png": "image/png", ".ico": "image/x-icon", ".json": "application/json", ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2", ".wasm": "application/wasm", ".map": "application/json", ".tgz": "application/gzip",
    ".webmanifest": "application/manifest+json", ".LICENSE": "text/plain; charset=utf-8",
    ".ts": "text/plain; charset=utf-8", ".tsx": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8",
}
# esbuild's content hashes: eight capital letters or digits before the suffix.
HASHED = re.compile(r"-[A-Z0-9]{8}\.")
PACKED = {".html", ".js", ".mjs", ".css", ".svg", ".json", ".txt", ".wasm", ".map", ".webmanifest", ".ts", ".tsx",
          ".md", ".LICENSE"}


def c_string(data):
    lines = []
    for at in range(0, len(data), 96):
        lines.append('  "' + "".join(
            chr(b) if 32 <= b < 127 and b not in b'"\\?' else "\\%03o" % b for b in data[at:at + 96]) + '"')
    return "\n".join(lines) or '  ""'


def variants(path):
    data = path.read_bytes()
    found = [("identity", data)]
    if path.suffix in PACKED:
        packed = [("gzip", gzip.compress(data, 9, mtime=0))]
        if shutil.which("brotli"):  # a build with the page has it
            packed.append(("br", subprocess.run(["brotli", "--best", "--stdout", str(path)], check=True,
                                                stdout=subprocess.PIPE).stdout))
        found += [(name, small) for name, small in packed if len(small) < len(data) * 95 // 100]
    return found


def read_trees(arguments, needs_page):
    """(path, route, any page may load it) of each file, and all that decides whether to make the C file again."""
    files, watched = [], []
    for number, argument in enumerate(arguments):
        directory, prefix = argument.split("=", 1)
        shared = directory.endswith("+")
        root = Path(directory.rstrip("+"))
        if number == 0 and needs_page and not (root / "index.html").is_file():
            sys.exit(f"embed_page.py: {root} has no index.html; build the page first: ./run --build-only")
        # A directory changes when files come and go; one that is missing is noticed by the one it will be in.
        watched.append(root if root.is_dir() else root.parent)
        for path in sorted(root.rglob("*")):
            watched.append(path)
            if path.is_file():
                files.append((path, prefix.rstrip("/") + "/" + path.relative_to(root).as_posix(), shared))
    routes = [route for _, route, _ in files]
    twice = sorted({route for route in routes if routes.count(route) > 1})
    if twice:
        sys.exit(f"embed_page.py: more than one tree has {', '.join(twice)}")
    return sorted(files, key=lambda file: file[1].encode()), watched


def main():
    needs_page = sys.argv[1] != "--without-page"
    out, depfile, *trees = sys.argv[1 if needs_page else 2:]
    files, watched = read_trees(trees, needs_page)
    Path(depfile).write_text(f"{out}: {' '.join(str(path) for path in watched)}\n")
    out = Path(out)
    c = ['// made by tools/embed_page.py', '#include "app/page.h"', '']
    rows = []
    for n, (path, route, shared) in enumerate(files):
        if path.suffix not in TYPES:
            sys.exit(f"embed_page.py: no media type for {path.name}; add it to TYPES")
        fields = []
        for name, data in variants(path):
            c.append(f"static const char f{n}_{name}[] =\n{c_string(data)};")
            fields.append(f".{name} = {{(const uint8_t *)f{n}_{name}, {len(data)}}}")
        etag = hashlib.sha256(path.read_bytes()).hexdigest()[:20]
        flags = {"is_immutable": HASHED.search(path.name), "is_shared": shared}
        set_flags = "".join(f" .{name} = true," for name, on in flags.items() if on)
        rows.append(f'    {{.path = "{route}", .type = "{TYPES[path.suffix]}", .etag = "{etag}",{set_flags}\n'
                    f'     {", ".join(fields)}}},')
    c.append("const struct oh_page_file oh_page_files[] = {")
    c += rows or ['    {.path = NULL},']
    c += ["};", f"const size_t oh_page_file_count = {len(rows)};", ""]
    out.write_text("\n".join(c))


main()
