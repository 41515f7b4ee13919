#!/bin/bash
# python.sh — a virtual environment with the stock livekit-agents of requirements.txt, in .cache and kept. Its last line is the
# path of its python, or `unreachable: …` (and exit 3) when no package came from the index: then it cannot be installed
# here. Whatever else goes wrong is a failure with pip's words.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
key=$({ python3 -VV; uname -m; cat "$here/requirements.txt" "$0"; } | sha256sum | cut -c 1-16)
venv=$here/../../.cache/agents-python-$key
mkdir -p "$here/../../.cache"
exec 9>"$venv.lock"
flock 9
if [ ! -f "$venv/complete" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  if ! "$venv/bin/pip" install --disable-pip-version-check --no-input --progress-bar off --retries 2 \
    --timeout 20 --only-binary :all: --no-deps --require-hashes -r "$here/requirements.txt" >"$venv/pip.log" 2>&1; then
    cat "$venv/pip.log"
    # Excused is only that nothing could be fetched; once a single package has come, nothing is an excuse.
    if grep -qE "NewConnectionError|TimeoutError|NameResolutionError|ProxyError|SSLError|ConnectionResetError|40[137] " \
      "$venv/pip.log" && ! grep -qE "Downloading|Using cached|HASHES" "$venv/pip.log"; then
      echo "unreachable: the Python package index"
      exit 3
    fi
    exit 1
  fi
  "$venv/bin/pip" check --disable-pip-version-check
  touch "$venv/complete"
fi
echo "$venv/bin/python"
