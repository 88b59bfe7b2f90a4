#!/usr/bin/env bash
# From a bare Debian 12 (root or sudo) to a running leadlagd with a sample district in it: installs the packages it needs, builds, starts
# the server on an embedded store in ./leadlag-data, loads deploy/sample, and shows the cadence and the open alerts. Safe to repeat: what
# is there is kept, and a server that runs is used.
#
#   ./deploy/quickstart.sh           all of that
#   ./deploy/quickstart.sh --stop    stops the server; the data stay
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=deploy/packages.sh
source deploy/packages.sh

data="leadlag-data"                  # store/ is the server's; log, pid, address and sample/ are this script's
leadlagd=build/release/server/leadlagd
leadlag=build/release/client/leadlag
preferred=127.0.0.1:7401
district=maple-valley
zone=America/New_York                # the sample's
monday=2026-02-09                    # of the week in which the sample's evidence ends

say() { echo "== $*"; }

# The pid of the server that works on ./leadlag-data; false where none runs.
running() {
  local pid
  pid=$(cat "$data/pid" 2>/dev/null) && [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == "$PWD/$leadlagd"* ]] && echo "$pid"
}

stop() {
  local pid
  pid=$(running) || { echo "no server is running on ./$data"; return; }
  kill -TERM "$pid"
  for _ in {1..300}; do
    running >/dev/null || { echo "stopped; the data are in ./$data"; return; }
    sleep 0.1
  done
  echo "leadlagd (pid $pid) has not stopped after 30 s; see $data/leadlagd.log" >&2
  return 1
}

# start ADDRESS: starts the server and waits until it listens; false where it ends instead.
start() {
  : >"$data/leadlagd.log"
  setsid "$leadlagd" --data_dir="$data/store" --listen="$1" </dev/null >>"$data/leadlagd.log" 2>&1 &
  local pid=$!
  echo "$pid" >"$data/pid"
  for _ in {1..600}; do
    grep -oE 'listening on [0-9.]+:[1-9][0-9]*' "$data/leadlagd.log" | head -n 1 | cut -d' ' -f3 >"$data/address" || true
    [[ ! -s $data/address ]] || return 0
    kill -0 "$pid" 2>/dev/null || { wait "$pid"; return 1; }
    sleep 0.1
  done
  kill -TERM "$pid"
  return 1
}

port_taken() { (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }

# Copies the sample to ./leadlag-data/sample with every date moved by whole weeks to the current one, so that it looks the same in summer.
# Watches get worse only at notify time on an instructional day: the first one is made to come within a minute and a half, at $notify.
make_sample() {
  local now today week_start days
  now=$(date +%s)
  notify=$(((now + 79) / 60 * 60))
  today=$(TZ=$zone date -d "@$notify" +%F)
  # A Saturday or Sunday belongs to the week after it.
  week_start=$(date -u -d "$today +2 days" +%F)
  week_start=$(date -u -d "$week_start -$(($(date -u -d "$week_start" +%u) - 1)) days" +%F)
  days=$((($(date -u -d "$week_start" +%s) - $(date -u -d "$monday" +%s)) / 86400))

  local target=$data/sample.new file
  rm -rf "$target"
  mkdir -p "$target"
  cp deploy/sample/* "$target/"
  local date_form='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
  grep -ohE "$date_form" "$target"/* | sort -u >"$target/dates"
  sed "s/\$/ $days days/" "$target/dates" | date -u -f - +%F | paste "$target/dates" - >"$target/moves"
  for file in "$target"/*.csv "$target/catalog.yaml"; do
    awk -v form="$date_form" '
      NR == FNR { moved[$1] = $2; next }
      { rest = $0; line = ""
        while (match(rest, form)) {
          line = line substr(rest, 1, RSTART - 1) moved[substr(rest, RSTART, RLENGTH)]
          rest = substr(rest, RSTART + RLENGTH)
        }
        print line rest }' "$target/moves" "$file" >"$target/moved"
    mv "$target/moved" "$file"
  done
  rm "$target/dates" "$target/moves"
  local made_up=''
  (($(date -u -d "$today" +%u) < 6)) || made_up="- {date: $today, kind: MAKE_UP_DAY, label: Make-up day}"
  local minute
  minute=$(TZ=$zone date -d "@$notify" +%H:%M)
  sed -i -e '/^#/d' -e "s/# quickstart: today/$made_up/" -e "s/notify_time: .*/notify_time: \"$minute\"/" "$target/catalog.yaml"
  echo "$notify" >"$target/notify"
  rm -rf "${data:?}/sample"
  mv "$target" "$data/sample"
}

load_sample() {
  local file team date indicators decision looked_at
  "$leadlag" apply "$data/sample/catalog.yaml" | tail -n 1
  for file in walkthroughs meetings learning workshops pulse benchmark; do
    echo -n "$file.csv: "
    "$leadlag" import "$data/sample/$file.csv" --map_file "$data/sample/$file.map.yaml"
  done
  {
    read -r _ # the header
    while IFS=, read -r team date indicators decision; do
      read -ra looked_at <<<"$indicators"
      "$leadlag" review record "$team" --date "$date" "${looked_at[@]/#/--indicator=}" --decision "$decision" </dev/null
    done
  } <"$data/sample/reviews.csv" >"$data/reviews.log"
  echo "reviews.csv: $(wc -l <"$data/reviews.log") reviews are stored"
}

case ${1:-} in
  '') ;;
  --stop)
    stop
    exit
    ;;
  *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' deploy/quickstart.sh && exit 2 ;;
esac

say "packages"
install_packages "${build_packages[@]}"

say "build (preset release, into build/release; the first time takes minutes)"
configure=(cmake --preset release)
[[ -e build/release/CMakeCache.txt ]] || configure+=(-DLEADLAG_TESTS=OFF)
mkdir -p "$data"
"${configure[@]}" >"$data/configure.log" 2>&1 || { cat "$data/configure.log" >&2; exit 1; }
cmake --build --preset release --target leadlagd leadlag_cli --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"

say "server"
if pid=$(running); then
  echo "leadlagd is running already (pid $pid)"
else
  address=$preferred
  if port_taken "$preferred"; then
    echo "$preferred is taken by another program: using a free port"
    address=${preferred%:*}:0
  fi
  start "$address" || { cat "$data/leadlagd.log" >&2; echo "leadlagd did not start, see above" >&2; exit 1; }
  pid=$(running)
fi
LEADLAG_SERVER=$(cat "$data/address")
export LEADLAG_SERVER LEADLAG_DISTRICT=$district
echo "leadlagd listens on $LEADLAG_SERVER, data in ./$data/store, log in ./$data/leadlagd.log"

say "sample district (./$data/sample)"
if [[ -e $data/sample/loaded ]]; then
  echo "it is loaded already"
else
  # One that an interrupted run made is stale: its notify time has passed.
  make_sample
  load_sample
  touch "$data/sample/loaded"
fi

# The server looks what is due at least once a minute.
notify=$(cat "$data/sample/notify")
alerts() { "$leadlag" alerts list --output csv | tail -n +2; }
if (($(date +%s) < notify + 75)) && [[ -z $(alerts) ]]; then
  echo "watches get worse at notify time only: waiting for $(TZ=$zone date -d "@$notify" +%H:%M) in $zone, two minutes at most …"
  while (($(date +%s) < notify + 75)) && [[ -z $(alerts) ]]; do sleep 1; done
fi

say "cadence"
"$leadlag" cadence
say "open alerts"
"$leadlag" alerts list
cat <<END

Go on with:  export LEADLAG_SERVER=$LEADLAG_SERVER LEADLAG_DISTRICT=$district
             $leadlag --help
Stop with:   ./deploy/quickstart.sh --stop     (or: kill $pid)
Begin anew:  rm -r ./$data after that; all data are in it
END
