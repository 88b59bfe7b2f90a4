#!/usr/bin/env bash
# The benchmark: builds what it measures, starts PostgreSQL beside it, and compares them in one run on one machine. On a bare Debian 12
# (root or sudo) it installs what that takes first.
#
#   ./tests/benchmark/run.sh              three rounds, medians: an hour
#   ./tests/benchmark/run.sh --quick      one short round: a few minutes
#   ./tests/benchmark/run.sh --json FILE  the JSON object into FILE as well
#   ./tests/benchmark/run.sh --against FILE   exit with 3 where a ratio is less than half as good as in that object; CI does
#                                         so with tests/benchmark/recorded_quick.json, which is what --quick --json wrote
#                                         on the machine that docs/PERFORMANCE.md is about; write it anew when that has changed
#   ./tests/benchmark/run.sh --rounds N   so many rounds instead
#   ./tests/benchmark/run.sh --ticks N    so many ticks with each number of subscribers, a minute each, instead of 4, 7 and 1
#   ./tests/benchmark/run.sh --subscribers N   flips to so many subscribers alone, of 1, 100 and 1000
#   ./tests/benchmark/run.sh --only LIST  these parts alone, of ingest,queries,alerts,stalled,ticks,growth
#   ./tests/benchmark/run.sh --micro      instead of all that, a microbenchmark for each hot piece of leadlag alone: a minute or two.
#                                         With --quick each is run for a hundredth of a second, enough to see that it runs;
#                                         --only REGEX picks by name, --rounds N repeats, --json FILE is Google Benchmark's
#
# What it writes is a table, then one JSON object: ratios, the machine, versions, and every raw figure. Everything lies in a directory
# of its own in LEADLAG_BENCHMARK_DIR (default: /var/tmp, which is a disk) and goes with it, and so do the servers, which listen on the
# loopback alone. A second run at the same time is refused: each would measure the other. Exit codes: 0; 1 it could not run to its end;
# 2 wrong arguments; 3 see --against; 4 it cannot be built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/packages.sh
source deploy/packages.sh

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' tests/benchmark/run.sh; }
arguments=() micro='' micro_arguments=()
while (($#)); do
  case $1 in
    --quick) arguments+=(--quick) micro_arguments+=(--benchmark_min_time=0.01) ;;
    --micro) micro=1 ;;
    --json | --only | --rounds | --against | --ticks | --subscribers)
      (($# >= 2)) || { echo "$1 takes an argument" >&2; exit 2; }
      arguments+=("$1=$2")
      case $1 in
        --json) micro_arguments+=("--benchmark_out=$2" --benchmark_out_format=json) ;;
        --only) micro_arguments+=("--benchmark_filter=$2") ;;
        --rounds) micro_arguments+=("--benchmark_repetitions=$2" --benchmark_report_aggregates_only=true) ;;
      esac
      shift
      ;;
    -h | --help) usage && exit ;;
    *) echo "unknown argument: $1" >&2 && usage >&2 && exit 2 ;;
  esac
  shift
done

directory=${LEADLAG_BENCHMARK_DIR:-/var/tmp}
exec {lock}>"$directory/leadlag_benchmark.lock"
flock --nonblock "$lock" || { echo "another benchmark is running on this machine; two would measure each other" >&2; exit 1; }
rm -rf "$directory"/leadlag_benchmark.?????? # of a run that was killed

{
  install_packages "${build_packages[@]}" "${test_packages[@]}" "${benchmark_packages[@]}"
  build=${LEADLAG_BENCHMARK_BUILD:-build/release}
  cmake --preset release -B "$build" -DLEADLAG_TESTS=ON -DLEADLAG_BENCHMARK=ON >/dev/null
  targets=(leadlagd leadlag_benchmark)
  [[ -z $micro ]] || targets=(leadlag_micro)
  cmake --build "$build" --target "${targets[@]}" --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" || exit 4
} >&2

work=$(mktemp -d -p "$directory" leadlag_benchmark.XXXXXX)
benchmark_pid='' database_pid=''
# Whatever ends this script ends them too: the kernel tells them (--pdeathsig) where nobody else can. leadlagd hangs on the benchmark so.
stop() {
  if [[ -n $benchmark_pid ]]; then
    kill -KILL "$benchmark_pid" 2>/dev/null || true
    wait "$benchmark_pid" 2>/dev/null || true
  fi
  if [[ -n $database_pid ]]; then
    kill -INT "$database_pid" 2>/dev/null || true # fast shutdown
    wait "$database_pid" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a program to its end. In the background, for a signal to this script is heard while it waits, and not while a program runs
# before it.
run() {
  setpriv --pdeathsig KILL "$@" {lock}>&- &
  benchmark_pid=$!
  local result=0
  wait "$benchmark_pid" || result=$?
  benchmark_pid=''
  return "$result"
}
if [[ -n $micro ]]; then
  TMPDIR=$work run "$build/tests/benchmark/leadlag_micro" "${micro_arguments[@]}"
  exit
fi

# PostgreSQL refuses to run as root: it then runs as the user that its package made.
postgresql=/usr/lib/postgresql/15/bin
mkdir "$work/postgresql" "$work/leadlag"
as_database=(setpriv --pdeathsig INT)
if ((EUID == 0)); then
  chmod 711 "$work"
  chown postgres:postgres "$work/postgresql"
  as_database=(setpriv --reuid postgres --regid postgres --init-groups --pdeathsig INT)
fi
data=$work/postgresql/data
(cd "$work/postgresql" &&
  "${as_database[@]}" "$postgresql/initdb" -D "$data" -U leadlag --auth=trust --encoding=UTF8 --locale=C --no-sync) >"$work/initdb.log" ||
  { cat "$work/initdb.log" >&2; exit 1; }

# As an expert would set it for this load; fsync and synchronous_commit stay on.
settings=(listen_addresses=127.0.0.1 "unix_socket_directories=$work/postgresql" shared_buffers=1GB effective_cache_size=4GB
  maintenance_work_mem=256MB work_mem=64MB max_wal_size=8GB checkpoint_timeout=30min wal_compression=lz4 random_page_cost=1.1 jit=off
  synchronous_commit=on fsync=on full_page_writes=on)
start_database() {
  local port=$1
  (cd "$work/postgresql" && exec "${as_database[@]}" "$postgresql/postgres" -D "$data" -p "$port" "${settings[@]/#/--}") \
    >"$work/postgresql.log" 2>&1 {lock}>&- &
  database_pid=$!
  local deadline=$((SECONDS + 30))
  until "$postgresql/pg_isready" --quiet --host=127.0.0.1 --port="$port"; do
    kill -0 "$database_pid" 2>/dev/null && ((SECONDS < deadline)) || return 1
  done
  # Another server may answer on a port that was taken.
  kill -0 "$database_pid" 2>/dev/null
}
for attempt in 1 2 3 4 5; do
  port=$((20000 + RANDOM % 12000))
  start_database "$port" && break
  ((attempt < 5)) || { cat "$work/postgresql.log" >&2; exit 1; }
done

run "$build/tests/benchmark/leadlag_benchmark" --work_dir="$work/leadlag" \
  --postgresql="host=127.0.0.1 port=$port user=leadlag dbname=postgres" \
  --commit="$(git describe --always --dirty 2>/dev/null || echo unknown)" "${arguments[@]}"
