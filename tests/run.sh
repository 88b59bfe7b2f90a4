#!/usr/bin/env bash
# Builds everything and runs all tests; on a bare Debian 12 (root or sudo) it installs what that takes first. Safe to repeat.
#
#   ./tests/run.sh                 preset ci: every test, buf lint, the stock client, tidy
#   ./tests/run.sh --quick         preset dev, without the tests labelled "slow"
#   ./tests/run.sh --full          preset ci, with the long forms of the tests (LEADLAG_LONG=1)
#   ./tests/run.sh --sanitize      preset asan-ubsan, without the tests that only read the source
#   ./tests/run.sh --only REGEX    only the tests whose CTest name matches; combines with the others
#
# Tests in real data are skipped, saying so, where there is none: LEADLAG_SHARED_DATA names its directory, default ../shared/data.
# CMAKE_BUILD_PARALLEL_LEVEL limits the build's processes. The last lines are CTest's summary; the exit code is not 0 on any failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/packages.sh
source deploy/packages.sh

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "tests/run.sh"; }

preset=ci
select=()
timeout_seconds=600 # of a test that does not say
while (($#)); do
  case $1 in
    --quick) preset=dev select+=(--label-exclude slow) ;;
    --full) export LEADLAG_LONG=1 timeout_seconds=7200 ;;
    --sanitize) preset=asan-ubsan select+=(--label-exclude source) ;;
    --only)
      (($# >= 2)) || { echo "--only takes a regular expression" >&2; exit 2; }
      select+=(--tests-regex "$2")
      shift
      ;;
    -h | --help) usage && exit ;;
    *) echo "unknown argument: $1" >&2 && usage >&2 && exit 2 ;;
  esac
  shift
done

stage_name='' stage_start=0
stage() {
  [[ -z $stage_name ]] || echo "== $stage_name: $((SECONDS - stage_start)) s"
  stage_name=$1 stage_start=$SECONDS
  [[ -z $stage_name ]] || echo "== $stage_name …"
}

stage packages
install_packages "${build_packages[@]}" "${test_packages[@]}"

stage "configure, preset $preset"
configure_log=$(mktemp)
trap 'rm -f "$configure_log"' EXIT
if ! cmake --preset "$preset" >"$configure_log" 2>&1; then
  cat "$configure_log" >&2
  cat >&2 <<END

Configuring failed, see above. If build/$preset was made by another compiler or in another place, remove it and run this again.
On another system than Debian 12: the libraries and programs it takes are those of deploy/packages.sh.
END
  exit 1
fi

stage build
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
cmake --build --preset "$preset"

stage "buf, for lint and as stock client"
buf_version=$(tests/buf.sh --version) # apart, so that its failure ends this
echo "buf $buf_version"

stage ''
data=${LEADLAG_SHARED_DATA:-../shared/data}
[[ -d $data ]] || echo "no real data in $data: the tests that need it are skipped; LEADLAG_SHARED_DATA names its directory"
echo "== tests …"
# CTest's summary ends the output: how many passed, and the time.
ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel "$(nproc)" --no-label-summary \
  --timeout "$timeout_seconds" "${select[@]}"
