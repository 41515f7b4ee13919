#!/usr/bin/env python3
"""embed_page.py — turns the built page (web/dist/site) into one C file that the server links.

usage: embed_page.py DIRECTORY OUT.c DEPFILE
       embed_page.py --none OUT.c

Every file gets an ETag from its content and, where that saves bytes, a gzip and a brotli copy, so that the
server never compresses anything itself. Same input, same output.
"""
import gzip
import hashlib
import re
import subprocess
import sys
from pathlib import Path

TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
    ".json": "application/json", ".txt": "text/plain; charset=utf-8", ".woff2": "font/woff2",
    ".wasm": "application/wasm", ".map": "application/json", ".webmanifest": "application/manifest+json",
}
# esbuild's content hashes: eight capital letters or digits before the suffix.
HASHED = re.compile(r"-[A-Z0-9]{8}\.")
PACKED = {".html", ".js", ".css", ".svg", ".json", ".txt", ".wasm", ".map", ".webmanifest"}


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
        packed = [("gzip", gzip.compress(data, 9, mtime=0)),
                  ("br", subprocess.run(["brotli", "--best", "--stdout", str(path)], check=True,
                                        stdout=subprocess.PIPE).stdout)]
        found += [(name, small) for name, small in packed if len(small) < len(data) * 95 // 100]
    return found


def main():
    if sys.argv[1] == "--none":
        root, out, files = None, Path(sys.argv[2]), []
    else:
        root, out = Path(sys.argv[1]), Path(sys.argv[2])
        files = sorted(p for p in root.rglob("*") if p.is_file())
        if not any(p.name == "index.html" for p in files):
            sys.exit(f"embed_page.py: {root} has no index.html; build the page first: ./run --build-only")
        Path(sys.argv[3]).write_text(f"{out}: {' '.join(map(str, [root, *files]))}\n")
    c = ['// made by tools/embed_page.py', '#include "app/page.h"', '']
    rows = []
    for n, path in enumerate(files):
        if path.suffix not in TYPES:
            sys.exit(f"embed_page.py: no media type for {path.name}; add it to TYPES")
        fields = []
        for name, data in variants(path):
            c.append(f"static const char f{n}_{name}[] =\n{c_string(data)};")
            fields.append(f".{name} = {{(const uint8_t *)f{n}_{name}, {len(data)}}}")
        etag = hashlib.sha256(path.read_bytes()).hexdigest()[:20]
        route = "/" + path.relative_to(root).as_posix()
        hashed = "true" if HASHED.search(path.name) else "false"
        rows.append(f'    {{.path = "{route}", .type = "{TYPES[path.suffix]}", .etag = "{etag}", '
                    f'.immutable = {hashed},\n     {", ".join(fields)}}},')
    c.append("const struct oh_page_file oh_page_files[] = {")
    c += rows or ['    {.path = NULL},']
    c += ["};", f"const size_t oh_page_file_count = {len(rows)};", ""]
    out.write_text("\n".join(c))


main()
