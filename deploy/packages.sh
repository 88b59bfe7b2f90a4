# shellcheck shell=bash
# shellcheck disable=SC2034  # the lists are read by whoever sources this
# What the project takes from Debian 12: the one list, sourced by deploy/quickstart.sh and tests/run.sh.

# To build leadlagd and leadlag. libgrpc++-dev brings OpenSSL, c-ares, RE2, zlib and Abseil; librocksdb-dev its compressors.
build_packages=(
  g++ cmake ninja-build ccache lld
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler
  librocksdb-dev libabsl-dev libyaml-cpp-dev libical-dev libcli11-dev libsodium-dev
  pkgconf tzdata
)

# To build and run the tests on top of that; npm fetches buf (deploy/buf), jq reads its answers.
test_packages=(libgtest-dev libgmock-dev npm jq)

# To build and run the benchmark (tests/benchmark/run.sh) on top of that.
benchmark_packages=(libpq-dev postgresql-15 libbenchmark-dev)

# Installs those of the given packages that are missing. As root, or with sudo.
install_packages() {
  local package missing=()
  for package in "$@"; do
    # A Node.js from elsewhere brings npm itself, and conflicts with Debian's package.
    [[ $package == npm ]] && command -v npm >/dev/null && continue
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    echo "packages: all $# are installed"
    return
  fi
  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "packages: these are missing, and installing them takes root or sudo: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  local log
  log=$(mktemp)
  echo "packages: installing ${missing[*]}"
  if ! { "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "packages: apt-get failed, see above" >&2
    return 1
  fi
  rm -f "$log"
}
