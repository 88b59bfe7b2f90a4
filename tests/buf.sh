#!/usr/bin/env bash
# Runs buf at the version of deploy/buf/package-lock.json, fetching it into build/node first where it is not there.
#   tests/buf.sh lint proto
# Exit code 77 (CTest: skipped) where it is not there and npm is not installed either.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
node=$top/build/node

fetched() { cmp -s "$top/deploy/buf/package-lock.json" "$node/fetched"; }

if ! fetched; then
  if ! command -v npm >/dev/null; then
    echo "buf is not in build/node, and npm is not installed: ./tests/run.sh sees to both" >&2
    exit 77
  fi
  mkdir -p "$node"
  exec {lock}>"$node/lock"
  flock "$lock" # two tests may want it at once
  if ! fetched; then
    cp "$top/deploy/buf/package.json" "$top/deploy/buf/package-lock.json" "$node/"
    npm ci --prefix "$node" --no-audit --no-fund --loglevel=error >&2 </dev/null || {
      echo "fetching buf with npm failed, see above" >&2
      exit 1
    }
    cp "$node/package-lock.json" "$node/fetched"
  fi
  exec {lock}>&-
fi
exec "$(compgen -G "$node/node_modules/@bufbuild/buf-linux-*/bin/buf" | head -n 1)" "$@"
