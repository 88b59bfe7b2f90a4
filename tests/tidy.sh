#!/usr/bin/env bash
# The house style as a test: include layers, banned calls, leftovers, files nobody builds, docs that name what does not exist.
#   tests/tidy.sh [leadlag]     with the program, the commands that docs name are checked against its --help
# Prints each violation as "file:line: rule" and ends with their number; exit code 1 when there is one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
leadlag=${1:-}
found=$(mktemp)

rooms=(core storage server client tests)
mapfile -t code < <(find "${rooms[@]}" -name '*.cc' -o -name '*.h' | sort)
mapfile -t headers < <(printf '%s\n' "${code[@]}" | grep '\.h$')
mapfile -t protos < <(find proto -name '*.proto' | sort)
mapfile -t scripts < <({ find deploy tests -name '*.sh'; find .ci -type f; } | sort)
mapfile -t builds < <(find . -name CMakeLists.txt -not -path './build/*' -o -path './tests/*.cmake' | sed 's|^\./||' | sort)
mapfile -t docs < <(find . -maxdepth 2 -name '*.md' \( -path './*.md' -o -path './docs/*' -o -path './deploy/*' \) | sed 's|^\./||' | sort)

# Everything as "file:line:text", comments left out of C++ and contract.
code_lines=$(mktemp) all_lines=$(mktemp)
trap 'rm -f "$found" "$code_lines" "$all_lines"' EXIT
awk '{ sub(/\/\/.*/, ""); print FILENAME ":" FNR ":" $0 }' "${code[@]}" >"$code_lines"
awk '{ print FILENAME ":" FNR ":" $0 }' \
  "${code[@]}" "${protos[@]}" "${scripts[@]}" "${builds[@]}" "${docs[@]}" deploy/buf/*.json >"$all_lines"

say() { echo "$1" >>"$found"; }
# where FILES REGEX [BUT]: the lines of FILES (a regular expression on the path, all where empty) that match REGEX and not BUT.
where() {
  grep -E "^${1:-}" "$code_lines" | grep -P "^[^:]*:\d+:.*?(?:$2)" | { [[ -n ${3:-} ]] && grep -vP "$3" || cat; } || true
}
# forbid RULE FILES REGEX [BUT]
forbid() { where "${@:2}" | sed -E "s|^([^:]*:[0-9]+):.*|\1: $1|" >>"$found"; }
forbid_anywhere() {
  { LC_ALL=C.UTF-8 grep -P "^[^:]*:\d+:.*?(?:$2)" "$all_lines" || true; } | sed -E "s|^([^:]*:[0-9]+):.*|\1: $1|" >>"$found"
}

# ── include layers (docs/ARCHITECTURE.md) ──
include='^[^:]*:\d+:\s*#\s*include\s*'
forbid 'core includes only core, Abseil and the standard library' core/ '#\s*include' "$include(\"(core|absl)/|<[a-z_0-9]+>)"
forbid 'core does no I/O and starts no threads' core/ \
  '#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|filesystem)>'
forbid 'storage includes only storage, core, Abseil, RocksDB, libsodium and the system' storage/ '#\s*include' \
  "$include(\"(storage|core|absl|rocksdb)/|<([a-z_0-9]+|[a-z]+\.h|sys/[a-z]+\.h|rocksdb/.*)>)"
forbid 'only storage includes RocksDB' '' '#\s*include\s*["<]rocksdb/' '^((storage|tests/storage)/|tests/benchmark/rocksdb_baseline\.cc:)'
forbid 'only server and client include gRPC' '(tests/)?(core|storage)/' '#\s*include\s*["<]grpc(pp)?/'
forbid 'only server/rpc and client know the public protobufs' '(core|storage|server)/' \
  '#\s*include\s*["<]leadlag/v1/' '^server/rpc/'
forbid 'server does not include client' server/ '#\s*include\s*"client/'
forbid 'client includes neither server nor storage' client/ '#\s*include\s*"(server|storage)/'
forbid 'only tests include tests' '' '#\s*include\s*("tests/|<(gtest|gmock)/)' '^tests/'

# ── headers ──
for header in "${headers[@]}"; do
  grep -qE '^#pragma once$' "$header" || say "$header:1: a header has #pragma once"
done
forbid 'functions of ours take std types' '[^:]*\.h:' 'absl::(string_view|optional<[^;]*>)&?\s+\w+\s*[,()]'

# ── banned calls ──
clock='^core/clock\.'
forbid 'time is read and slept on in core/clock alone' '' 'system_clock::now|absl::Now\b|sleep_for|SleepFor|\bu?sleep\(' "$clock"
forbid 'time is read in core/clock alone' '' '\b(gettimeofday|clock_gettime|std::time)\b|\btime\((NULL|nullptr|0)\)' "$clock"
forbid 'randomness comes from a seed' '' '\bstd::rand\b|\bsrand\(|\brandom_device\b' '^(tests/|client/retry\.cc|server/engine/engine\.cc)'
forbid 'no exceptions of ours' '(core|storage|server|client)/' '\bthrow\b'
forbid 'this Abseil has no logging and no CHECK: core/check.h' '' '#\s*include\s*"absl/log/'

# ── leftovers and machine paths ──
forbid_anywhere 'a leftover' 'TO''DO|FIX''ME|\bXX''X\b|\bHA''CK\b|not imple''mented'
forbid_anywhere 'a path of one machine' '(?<![A-Za-z0-9_.}/-])/(wo''rk|fa''rm|ho''me|ro''ot|tm''p)/'
forbid_anywhere 'a lock file names no registry' '"reso''lved":'

# ── size ──
LC_ALL=C.UTF-8 grep -HnE '^.{141,}' "${code[@]}" "${protos[@]}" "${scripts[@]}" "${builds[@]}" |
  sed -E 's|^([^:]*:[0-9]+):.*|\1: a line is at most 140 columns|' >>"$found" || true
for file in "${code[@]}" "${protos[@]}"; do
  lines=$(wc -l <"$file")
  ((lines <= 900)) || say "$file:$lines: a file has at most 900 lines"
done

# ── files nobody builds ──
for file in "${code[@]}"; do
  [[ $file == *.cc ]] || continue
  directory=$(dirname "$file")
  while [[ ! -e $directory/CMakeLists.txt ]]; do directory=$(dirname "$directory"); done
  grep -qE "(^|[[:space:](/])${file#"$directory/"}([[:space:])]|\$)" "$directory/CMakeLists.txt" ||
    grep -qF "../${file#*/}" "${builds[@]}" || # shared by several rooms' tests
    say "$file:1: $directory/CMakeLists.txt does not name it"
done
for file in "${protos[@]}"; do
  grep -qF " ${file#proto/}" proto/CMakeLists.txt || say "$file:1: proto/CMakeLists.txt does not name it"
done

# ── docs: what they name exists ──
# Code spans and fenced lines of a file, as "line:text".
code_of() {
  awk '
    /^ *```/ { fenced = !fenced; next }
    fenced { print NR ":" $0; next }
    { rest = $0
      while (match(rest, /`[^`]+`/)) { print NR ":" substr(rest, RSTART + 1, RLENGTH - 2); rest = substr(rest, RSTART + RLENGTH) } }
  ' "$1"
}
for doc in "${docs[@]}"; do
  while IFS=: read -r line text; do
    for word in $text; do
      word=${word%[,.;:]} word=${word#./}
      [[ $word =~ ^(core|storage|server|client|proto|tests|deploy|docs)/[A-Za-z0-9_./-]+$ ]] || continue
      compgen -G "${word%/}" >/dev/null || compgen -G "$word.*" >/dev/null || say "$doc:$line: there is no $word"
    done
    if [[ $text =~ --preset\ ([a-z-]+) ]] && ! grep -q "\"name\": \"${BASH_REMATCH[1]}\"" CMakePresets.json; then
      say "$doc:$line: there is no preset ${BASH_REMATCH[1]}"
    fi
    if [[ $text =~ ((deploy|tests)/[a-z_]+\.sh)\ (--[a-z_-]+) ]] && ! grep -qF -- "${BASH_REMATCH[3]}" "${BASH_REMATCH[1]}"; then
      say "$doc:$line: ${BASH_REMATCH[1]} has no ${BASH_REMATCH[3]}"
    fi
    # The command line, up to a pipe, redirection or comment: its command, subcommand and flags.
    if [[ -n $leadlag && $text =~ (^|[[:space:]/|])leadlag\ +([a-z].*) ]]; then
      call=${BASH_REMATCH[2]%%[|<>#&]*}
      read -ra words <<<"$call"
      path=("${words[0]}")
      if ! help=$("$leadlag" "${path[@]}" --help 2>/dev/null); then
        say "$doc:$line: there is no command leadlag ${path[*]}"
        continue
      fi
      if [[ ${words[1]:-} =~ ^[a-z]+$ ]] && grep -qE '^(Subcommands|SUBCOMMANDS)' <<<"$help"; then
        path+=("${words[1]}")
        if ! help=$("$leadlag" "${path[@]}" --help 2>/dev/null); then
          say "$doc:$line: there is no command leadlag ${path[*]}"
          continue
        fi
      fi
      help+=$("$leadlag" --help)
      for word in "${words[@]}"; do
        [[ $word =~ ^(--[a-z][a-z_-]*) ]] || continue
        grep -qE -- "${BASH_REMATCH[1]}\b" <<<"$help" || say "$doc:$line: leadlag ${path[*]} has no ${BASH_REMATCH[1]}"
      done
    fi
  done < <(code_of "$doc")
done

sort -t: -k1,1 -k2,2n "$found"
count=$(wc -l <"$found")
echo "tidy: ${#code[@]} files of code, ${#protos[@]} of the contract, ${#docs[@]} of docs: $count violations"
((count == 0))
