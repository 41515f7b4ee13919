# lib.sh — sourced by the parts: builds, runs and counts. A part says what failed in lines `failed: …`, just before its
# last one; ./test repeats them at its own end.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/tools/packages.sh"
cd "$root" || exit 1

# build_tests — build/offhook and all test programs beside it.
build_tests() {
  build_server -Dtests=true
  ninja -C build --quiet || { echo "the tests do not build"; echo "0 passed, 1 failed"; exit 1; }
}

# configure_sanitized — build-asan, which the parts asan and fuzz share. By clang: gcc 12 reads past the end of an
# array in what its object-size check makes of a correct loop (tests/unit/sfu/redundancy.c).
configure_sanitized() {
  CC=clang configure build-asan -Dpage=disabled -Dfuzz=true -Db_lundef=false -Db_sanitize=address,undefined
}

# meson_part DIR [meson test argument…] — builds DIR, runs its tests, prints what failed and the sum.
meson_part() {
  local dir=$1
  shift
  ninja -C "$dir" --quiet || { echo "$dir does not build"; echo "0 passed, 1 failed"; return 1; }
  meson test -C "$dir" --no-rebuild --print-errorlogs --timeout-multiplier 4 "$@" >"$dir/test.out" 2>&1
  local status=$?
  [ $status = 0 ] || cat "$dir/test.out"
  python3 tools/count_tests.py "$dir/meson-logs" || status=1
  return $status
}

# node_part FILE… — node's own test runner; the sum from its TAP.
node_part() {
  local out status
  out=$(mktemp)
  node --test --test-reporter=tap --test-reporter-destination=stdout \
    --test-reporter="$root/tests/parts/failures.mjs" --test-reporter-destination="$out.failed" \
    --test-concurrency=1 "$@" >"$out" 2>&1
  status=$?
  grep -vE '^ *(# (Subtest|duration_ms|tests|suites|cancelled|skipped|todo)|duration_ms|\.\.\.|---|type:)' "$out"
  cat "$out.failed"
  count_tap "$out"
  rm -f "$out" "$out.failed"
  return $status
}

count_tap() {
  awk '/^# pass /{p=$3} /^# fail /{f+=$3} /^# cancelled /{f+=$3} /^# skipped /{f+=$3}
    END {if (p + f == 0) f = 1; printf "%d passed, %d failed\n", p, f}' "$1"
}

# sum_last COMMAND… — runs it and repeats what failed and its line `N passed, N failed` as the last ones.
sum_last() {
  local out status
  out=$(mktemp)
  "$@" 2>&1 | tee "$out"
  status=${PIPESTATUS[0]}
  grep '^failed: ' "$out"
  grep -E '^[0-9]+ passed, [0-9]+ failed$' "$out" | tail -n 1
  rm -f "$out"
  return "$status"
}

# sanitized_server DIR FILE… — a whole server of DIR over HTTP, judged by those of the conformance tests that need no page.
sanitized_server() {
  local dir=$1
  shift
  OFFHOOK_BINARY="$root/$dir/offhook" OFFHOOK_PAGE=no node_part \
    tests/conformance/{http,join,process,token-api,hostile-joins,signalling-abuse,server-sdk,signin,token-source,workers}.test.mjs "$@"
}

# sanitized_part DIR [meson test argument…] — the units of DIR, and beside them, because it waits more than it works, its
# server; `also` names more files for that.
sanitized_part() {
  local dir=$1 units server
  shift
  need_node 20
  need_modules "$root/tests/conformance"
  ninja -C "$dir" --quiet offhook || { echo "$dir does not build"; echo "0 passed, 1 failed"; return 1; }
  server=$(mktemp)
  sanitized_server "$dir" "${also[@]}" >"$server" &
  units=$(meson_part "$dir" "$@")
  wait $!
  printf '%s\n%s\n' "$units" "$(<"$server")" | grep -vE '^([0-9]+ passed|failed: )'
  printf '%s\n%s\n' "$units" "$(<"$server")" | grep '^failed: '
  printf '%s\n%s\n' "$(tail -n 1 <<<"$units")" "$(tail -n 1 "$server")" |
    awk '{p += $1; f += $3} END {printf "%d passed, %d failed\n", p, f; exit f > 0}'
  local status=${PIPESTATUS[1]}
  rm -f "$server"
  return "$status"
}
