#!/usr/bin/env bash
# A client that knows nothing of this project but its address: buf curl, with server reflection, over plaintext HTTP/2. It applies a
# catalog, follows the alert stream, records evidence, asks for the cadence, and does so again after a restart of the server.
#   tests/integration/stock_client.sh build/ci/server/leadlagd
# Needs jq. Exit code 77 (CTest: skipped) where buf cannot be had.
set -euo pipefail
leadlagd=$(realpath "$1")
buf=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/buf.sh
"$buf" --version >/dev/null

directory=$(mktemp -d)
cd "$directory"
server='' subscriber=''
clean_up() {
  for process in $subscriber $server; do kill -KILL "$process" 2>/dev/null || true; done
  rm -rf "$directory"
}
trap clean_up EXIT

fail() {
  echo "FAILED: $*" >&2
  echo "--- the server's log:" >&2
  cat server.log >&2
  exit 1
}
# within SECONDS COMMAND…: whether it succeeds within that time.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

start_server() {
  "$leadlagd" --data_dir=data --listen=127.0.0.1:0 >server.log 2>&1 &
  server=$!
  within 20 grep -qE 'listening on .*:[1-9][0-9]*' server.log || fail "the server did not say where it listens"
  address=$(grep -oE 'listening on [0-9.]+:[1-9][0-9]*' server.log | head -n 1 | cut -d' ' -f3)
}
stop_server() {
  kill -TERM "$server"
  within 20 stopped "$server" || fail "the server did not stop"
  wait "$server" || fail "the server stopped with exit code $?"
  server=''
}
stopped() { [[ ! -e /proc/$1 || $(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null) == Z ]]; }

call() { # call SERVICE/METHOD JSON: the answer
  "$buf" curl --protocol grpc --timeout 20s --data "$2" "http://$address/leadlag.v1.$1"
}
expect() { # expect WHAT FILTER JSON: the filter is true of the answer
  jq --exit-status "$2" <<<"$3" >/dev/null || fail "$1: expected $2 of $3"
  echo "ok: $1"
}
days_from_now() { date -u -d "$1 days" +%F; }

start_server
services=$("$buf" curl --protocol grpc --http2-prior-knowledge --list-services "http://$address")
for service in Catalog Evidence Inquiry Cadence Alert Admin; do
  grep -qx "leadlag.v1.${service}Service" <<<"$services" || fail "reflection does not list ${service}Service: $services"
done
echo "ok: reflection lists the services"

# Every day of this district is an instructional day, so that days can be counted on the fingers.
catalog='{"catalog": {
  "district": "stock", "time_zone": "UTC", "default_calendar": "main",
  "calendars": [{"id": "main",
    "weekdays": ["WEEKDAY_MONDAY", "WEEKDAY_TUESDAY", "WEEKDAY_WEDNESDAY", "WEEKDAY_THURSDAY", "WEEKDAY_FRIDAY", "WEEKDAY_SATURDAY",
      "WEEKDAY_SUNDAY"],
    "years": [{"id": "y", "startDate": "'$(days_from_now -60)'", "endDate": "'$(days_from_now 300)'",
      "terms": [{"firstDay": "'$(days_from_now -60)'", "lastDay": "'$(days_from_now 299)'"}]}]}],
  "teams": [{"id": "t", "labels": {"level": "high"}, "activePeriods": [{"activeFrom": "'$(days_from_now -60)'"}]},
    {"id": "u", "activePeriods": [{"activeFrom": "'$(days_from_now -60)'"}]}],
  "indicators": [{"id": "visits", "role": "INDICATOR_ROLE_LEADING", "category": "CATEGORY_WALKTHROUGH", "measure": "MEASURE_PROPORTION"}],
  "sources": [{"id": "forms"}],
  "expectations": [{"id": "weekly", "kind": {"category": "CATEGORY_WALKTHROUGH"}, "everyDays": 300, "from": "'$(days_from_now -60)'"}]
}}'
expect "apply makes version 1" '.catalog.version == 1 and .changeCount > 0' "$(call CatalogService/ApplyCatalog "$catalog")"
expect "apply again changes nothing" '.catalog.version == 1 and (.changeCount // 0) == 0' "$(call CatalogService/ApplyCatalog "$catalog")"
settled() { [[ $(call CatalogService/GetDistrict '{"name": "districts/stock"}') != *recalculating* ]]; }
within 20 settled || fail "the catalog is still being worked through"

"$buf" curl --protocol grpc --data '{"parent": "districts/stock", "snapshot": true}' \
  "http://$address/leadlag.v1.AlertService/Subscribe" >stream 2>stream.error &
subscriber=$!
streamed() { jq --slurp --exit-status "$1" stream >/dev/null 2>&1; }
within 20 streamed 'any(.[]; .snapshotComplete)' || fail "no snapshot: $(cat stream stream.error)"
streamed '[.[].watches[]? | [.team, .expectation, .state]] == [["t", "weekly", "WATCH_STATE_NOT_STARTED"],
  ["u", "weekly", "WATCH_STATE_NOT_STARTED"]]' || fail "the snapshot is not the two watches: $(cat stream)"
echo "ok: the snapshot holds both watches, NOT_STARTED"

record() { # record ID DATE NUMERATOR [TEAM]
  echo '{"evidenceId": "'"$1"'", "team": "'"${4:-t}"'", "indicator": "visits", "eventDate": "'"$2"'",
    "proportion": {"numerator": "'"$3"'", "denominator": "10"}}'
}
first=$(days_from_now -12) second=$(days_from_now -9) third=$(days_from_now -4)
batch='{"parent": "districts/stock/sources/forms", "records": [
  '$(record a "$first" 3)', '$(record b "$second" 4)', '$(record c "$second" 5)', '$(record d "$third" 6)',
  '$(record e "$third" 11)']}'
expect "four records are new, the impossible one is refused by index" \
  '.result.newCount == 4 and .result.failedCount == 1 and (.result.failures | length) == 1 and .result.failures[0].index == 4' \
  "$(call EvidenceService/RecordEvidence "$batch")"
expect "sent again they are the same" '.result.sameCount == 4 and (.result.newCount // 0) == 0' \
  "$(call EvidenceService/RecordEvidence "$batch")"

within 20 streamed 'any(.[].flips[]?; .team == "t" and .fromState == "WATCH_STATE_NOT_STARTED" and .toState == "WATCH_STATE_ON_TRACK" and
  .reason == "FLIP_REASON_EVIDENCE" and .labels.level == "high")' || fail "no flip to ON_TRACK: $(cat stream stream.error)"
echo "ok: the stream brings the flip to ON_TRACK"

expect "an inquiry that serves no district priority is found" \
  '.inquiries | length == 1 and .[0].links[0].role == "INDICATOR_ROLE_LEADING"' "$(
  call InquiryService/RecordInquiry '{"inquiry": {"name": "districts/stock/inquiries/i", "team": "t", "theme": "equity", "ifText": "we",
    "thenText": "they", "soThatText": "all", "startDate": "'"$first"'",
    "links": [{"indicator": "visits", "expectedDirection": "EXPECTED_DIRECTION_INCREASE"}]}}' >/dev/null
  call InquiryService/ListInquiries '{"parent": "districts/stock", "withoutPriority": true}')"

check_cadence() {
  # Dates -12, -9 (twice), -4: gaps 3 and 5; the open gap runs to the day before what the server calls today.
  local answer
  answer=$(call CadenceService/GetTeamCadence '{"name": "districts/stock/teams/t"}')
  expect "$1" '.cadence.signalDates == 3 and .cadence.gaps == [3, 5] and .cadence.medianGapDays == 3 and .cadence.p90GapDays == 5 and
    .cadence.lastSignalDate == "'"$third"'" and
    .cadence.openGapDays == (((.cadence.today + "T00:00:00Z" | fromdate) - ("'"$third"'T00:00:00Z" | fromdate)) / 86400 - 1)' "$answer"
}
check_cadence "the cadence is as counted by hand"
expect "nothing is late" '(.alerts // []) == []' "$(call AlertService/ListAlerts '{"parent": "districts/stock"}')"
status=0
call CatalogService/GetTeam '{"name": "districts/stock/teams/nobody"}' >answer 2>&1 || status=$?
[[ $status == $((5 << 3)) && $(cat answer) == *not_found* ]] || fail "an unknown team is NOT_FOUND, not exit code $status: $(cat answer)"
echo "ok: an unknown team is NOT_FOUND"

token=$(jq --slurp --raw-output 'map(select(.token)) | last | .token' stream)
stop_server
within 20 stopped "$subscriber" || fail "the subscriber did not end with the server"
subscriber=''
start_server
check_cadence "the cadence is the same after a restart"
expect "the other team's first record is new" '.result.newCount == 1' "$(call EvidenceService/RecordEvidence \
  '{"parent": "districts/stock/sources/forms", "records": ['"$(record f "$third" 7 u)"']}')"
"$buf" curl --protocol grpc --data '{"parent": "districts/stock", "token": "'"$token"'"}' \
  "http://$address/leadlag.v1.AlertService/Subscribe" >stream 2>stream.error &
subscriber=$!
within 20 streamed 'any(.[].flips[]?; true)' || fail "nothing after the token: $(cat stream stream.error)"
streamed '[.[].flips[]? | [.team, .toState]] == [["u", "WATCH_STATE_ON_TRACK"]]' || fail "not just what follows the token: $(cat stream)"
echo "ok: the stream goes on after the token of before the restart"
kill -TERM "$subscriber"
within 20 stopped "$subscriber" || fail "the subscriber does not stop"
subscriber=''
stop_server

# Nothing is left: no process works in the directory, nobody listens.
for process in /proc/[0-9]*; do
  [[ $(readlink "$process/cwd" 2>/dev/null) != "$directory" || $process == /proc/$$ || $process == "/proc/$BASHPID" ]] ||
    fail "still running: $(tr '\0' ' ' <"$process/cmdline")"
done
(exec 3<>"/dev/tcp/${address%:*}/${address##*:}") 2>/dev/null && fail "$address still answers"
echo "ok: nothing is left"
