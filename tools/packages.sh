# packages.sh — sourced by run, test and bench: what this project needs from Debian and npm, installed when
# it is missing.

build_packages="build-essential meson ninja-build pkg-config python3 brotli ca-certificates libuv1-dev libssl-dev
  zlib1g-dev libprotobuf-c-dev protobuf-c-compiler libjansson-dev libyaml-dev libopus-dev libcurl4-openssl-dev
  libqrencode-dev libsqlite3-dev"
case $(uname -m) in x86_64) build_packages="$build_packages libipsec-mb-dev" ;; esac
test_packages="git libcmocka-dev libogg-dev libsrtp2-dev libusrsctp-dev clang libclang-rt-dev clang-format llvm
  protobuf-compiler curl openssl procps iproute2 conntrack nftables coturn chromium firefox-esr opus-tools ffmpeg
  python3-aiortc python3-venv"

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
stop() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else stop "needs root (or sudo) to run: $*"
  fi
}

# need_packages NAME… — installs those of the Debian packages that are not there.
need_packages() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -z "$missing" ] && return
  command -v apt-get >/dev/null || stop "this is not Debian; install these yourself:$missing"
  say "installing Debian packages:$missing"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq update >&2
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq install -y \
    --no-install-recommends $missing >&2
}

node_major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p'; }

# need_node MAJOR — node of at least that version in PATH; Debian's own if it will do, else one from npm.
need_node() {
  if [ -x "$root/.cache/node/node_modules/.bin/node" ]; then PATH="$root/.cache/node/node_modules/.bin:$PATH"; fi
  [ "$(node_major)" ] || need_packages nodejs
  command -v npm >/dev/null || need_packages npm
  [ "$(node_major)" -ge "$1" ] && return
  case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) stop "needs node $1 or newer" ;; esac
  say "installing node $1 into .cache/node (this system's is $(node --version))"
  npm install --silent --no-audit --no-fund --prefix "$root/.cache/node" "node-linux-$arch@$1" >&2
  mkdir -p "$root/.cache/node/node_modules/.bin"
  ln -sf "../node-linux-$arch/bin/node" "$root/.cache/node/node_modules/.bin/node"
  PATH="$root/.cache/node/node_modules/.bin:$PATH"
  [ "$(node_major)" -ge "$1" ] || stop "node $1 could not be installed"
}

# need_modules DIR — npm ci there, unless it was done for this lock file. Once more when node has become newer: npm
# leaves native packages out that the node of that day was too old for, and vitest cannot start without them.
need_modules() {
  installed_by=$(cat "$1/node_modules/.installed-by-node" 2>/dev/null || echo 0)
  if [ ! -f "$1/node_modules/.package-lock.json" ] || [ "$installed_by" -lt "$(node_major)" ] ||
    [ "$1/package-lock.json" -nt "$1/node_modules/.package-lock.json" ]; then
    say "installing npm packages in ${1#"$root"/}"
    (cd "$1" && npm ci --silent --no-audit --no-fund >&2) || stop "npm ci failed in $1"
    touch "$1/node_modules/.package-lock.json"
    node_major >"$1/node_modules/.installed-by-node"
  fi
}

# build_page — web/dist/site, unless it is newer than all it is made of.
build_page() {
  need_node 18
  need_modules "$root/web"
  if [ ! -f "$root/web/dist/site/index.html" ] || [ ! -f "$root/web/dist/registry/registry.json" ] ||
    [ -n "$(find "$root/web" "$root/components" -newer "$root/web/dist/site/index.html" \
    -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -print -quit)" ]; then
    say "building the page"
    (cd "$root/web" && npm run --silent build:react >&2 && npm run --silent build >&2) || stop "the page could not be built"
  fi
}

# configure DIR [meson option…] — sets the build directory up with the compiler CC, or changes the options of one that
# is there. A directory of another compiler is made anew: meson cannot change that.
configure() {
  dir=$1
  shift
  was=$(cat "$dir/configured" 2>/dev/null || true)
  if [ -f "$dir/build.ninja" ]; then
    [ "$was" = "${CC:-cc} $*" ] && return
    if [ "${was%% *}" = "${CC:-cc}" ] || [ -z "${CC:-}$was" ]; then set -- --reconfigure "$@"; else rm -rf "$dir"; fi
  fi
  output=$(meson setup "$dir" "$root" "$@" 2>&1) || stop "meson could not set $dir up: $output"
  [ "${1:-}" = --reconfigure ] && shift
  echo "${CC:-cc} $*" >"$dir/configured"
}

# build_server [-Dtests=true] — build/offhook with the page inside. Without tests in a new build directory,
# because those need more packages; a directory that has them keeps them.
build_server() {
  # shellcheck disable=SC2086
  need_packages $build_packages
  build_page
  if [ -d "$root/build/tests" ]; then set -- -Dtests=true; elif [ $# = 0 ]; then set -- -Dtests=false; fi
  configure "$root/build" -Dpage=enabled "$@"
  ninja -C "$root/build" --quiet offhook >&2 || stop "the server could not be built"
}
