// Alerts as stored, and the filter they share with the stream of flips. server/engine/queries.h.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/codec.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/alert_why.h"
#include "server/engine/queries.h"
#include "server/engine/why_words.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

bool OneOf(const std::vector<std::string>& wanted, std::string_view id) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), id) != wanted.end();
}

std::vector<std::string> Sorted(std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

void PutIds(ByteWriter& out, uint8_t field, const std::vector<std::string>& ids) {
  out.PutU8(field);
  const std::vector<std::string> sorted = Sorted(ids);
  out.PutVarint(sorted.size());
  for (const std::string& id : sorted) out.PutString(id);
}

// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
uint64_t Fnv1a(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
  return hash;
}

// Against today's catalog: the labels of a team that it no longer has are none.
bool MatchesAlert(const DistrictReader& reader, const AlertFilter& filter, const AlertAnswer& alert) {
  if (!filter.MatchesKind(alert.record.kind) || !OneOf(filter.teams, alert.team) || !OneOf(filter.expectations, alert.expectation)) {
    return false;
  }
  const DistrictCatalog::TeamEntry* team = reader->catalog()->FindTeam(alert.record.team);
  return Matches(team == nullptr ? Labels{} : team->team->labels, filter.labels);
}

AlertAnswer AnswerOf(const DistrictReader& reader, uint64_t id, AlertRecord record) {
  WatchNames names = NamesOf(reader, {record.team, record.expectation});
  return {id, std::move(names.team), std::move(names.expectation), std::move(names.source), std::move(record)};
}

absl::StatusOr<std::optional<AlertAnswer>> ReadAlert(const DistrictReader& reader, uint64_t id) {
  const absl::StatusOr<std::optional<std::string>> bytes = reader->store().Get(AlertKey{reader->number(), id}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return std::optional<AlertAnswer>();
  absl::StatusOr<AlertRecord> record = DecodeAlertRecord(**bytes);
  if (!record.ok()) return record.status();
  return std::optional<AlertAnswer>(AnswerOf(reader, id, *std::move(record)));
}

// Adds an alert that matches; false where the page is full.
bool AddToPage(const DistrictReader& reader, const AlertFilter& filter, AlertAnswer alert, size_t limit,
               AlertPage& page) {
  if (!MatchesAlert(reader, filter, alert)) return true;
  page.more = page.alerts.size() == limit;
  if (!page.more) page.alerts.push_back(std::move(alert));
  return !page.more;
}

absl::StatusOr<AlertPage> ListOpen(const DistrictReader& reader, const AlertFilter& filter, uint64_t after,
                                   size_t limit) {
  std::vector<uint64_t> open;
  reader->watches().ForEach([&](WatchId, const WatchRecord& record) {
    if (record.alert > after) open.push_back(record.alert);
  });
  std::sort(open.begin(), open.end());
  AlertPage page;
  for (const uint64_t id : open) {
    absl::StatusOr<std::optional<AlertAnswer>> alert = ReadAlert(reader, id);
    if (!alert.ok()) return alert.status();
    if (!*alert) return absl::DataLossError(absl::StrCat("open alert ", id, " is not stored; restore from a backup"));
    if (!AddToPage(reader, filter, **std::move(alert), limit, page)) break;
  }
  return page;
}

absl::StatusOr<AlertPage> ListAll(const DistrictReader& reader, const AlertFilter& filter, uint64_t after,
                                  size_t limit) {
  AlertPage page;
  absl::Status damage;
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    const absl::StatusOr<AlertKey> key = AlertKey::Decode(key_bytes);
    absl::StatusOr<AlertRecord> record = DecodeAlertRecord(value);
    damage = !key.ok() ? key.status() : record.status();
    if (!damage.ok()) return false;
    return AddToPage(reader, filter, AnswerOf(reader, key->alert, *std::move(record)), limit, page);
  };
  const absl::Status scanned = reader->store().Scan(AlertsRange(reader->number(), after + 1), visit);
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return page;
}

absl::StatusOr<std::vector<TimelineFlip>> ReadFlipsOf(const DistrictReader& reader, const AlertRecord& alert) {
  std::vector<TimelineFlip> flips;
  for (const uint64_t sequence : alert.sequences) {
    if (sequence < reader->first_sequence()) continue;
    absl::StatusOr<FlipRecord> flip = ReadFlip(reader, sequence);
    if (!flip.ok()) return flip.status();
    flips.push_back({sequence, *std::move(flip)});
  }
  return flips;
}

}  // namespace

bool AlertFilter::MatchesFlip(const FlipRecord& flip) const {
  if (alerts_only && !HasAlert(flip.flip.from) && !HasAlert(flip.flip.to)) return false;
  return MatchesKind(flip.kind) && OneOf(teams, flip.team) && OneOf(expectations, flip.expectation) &&
         Matches(flip.labels, labels);
}

bool AlertFilter::MatchesKind(AlertKind kind) const {
  return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

uint64_t AlertFilter::Hash() const {
  // Tokens hold it. What is given goes in behind the number of its field in alert_service.proto, in order of the numbers, and what is
  // not given does not: a field that is yet to come leaves the tokens valid that were given without it.
  ByteWriter out;
  if (!teams.empty()) PutIds(out, 1, teams);
  if (!labels.empty()) {
    out.PutU8(2);
    out.PutVarint(labels.size());
    for (const auto& [key, value] : labels) {
      out.PutString(key);
      out.PutString(value);
    }
  }
  if (!kinds.empty()) {
    const std::set<AlertKind> sorted(kinds.begin(), kinds.end());
    out.PutU8(3);
    out.PutVarint(sorted.size());
    for (const AlertKind kind : sorted) out.PutU8(static_cast<uint8_t>(kind));
  }
  if (!expectations.empty()) PutIds(out, 4, expectations);
  if (alerts_only) out.PutU8(5);
  return Fnv1a(out.bytes());
}

WatchNames NamesOf(const DistrictReader& reader, WatchId id) {
  const Interned& interned = reader->interned();
  if (id.team == kNoTeam) return {"", "", interned.sources.NameOf(id.expectation)};
  return {interned.teams.NameOf(id.team), interned.expectations.NameOf(id.expectation), ""};
}

WatchStanding StandingOf(const DistrictReader& reader, WatchId id, const WatchRecord& record) {
  WatchNames names = NamesOf(reader, id);
  return {.expectation = std::move(names.expectation),
          .record = record,
          .handling = reader->HandlingOf(id),
          .kind = reader->KindOf(id),
          .severity = reader->catalog()->SeverityOf(id.team, id.expectation),
          .source = std::move(names.source)};
}

absl::StatusOr<AlertPage> ListAlerts(const DistrictReader& reader, const AlertFilter& filter, bool closed,
                                     uint64_t after, size_t limit) {
  if (after >= reader->last_sequence()) return AlertPage{};
  return closed ? ListAll(reader, filter, after, limit) : ListOpen(reader, filter, after, limit);
}

absl::Status CheckKnown(const DistrictReader& reader, const AlertFilter& filter, std::string_view field) {
  const Interned& interned = reader->interned();
  std::vector<Problem> problems;
  const auto add = [&](const char* list, size_t i, std::string reason) {
    if (problems.size() == kMaxProblems) return;
    const std::string path = absl::StrCat(absl::string_view(field.data(), field.size()), ".", list, "[", i, "]");
    problems.push_back({absl::StatusCode::kNotFound, path, std::move(reason)});
  };
  for (size_t i = 0; i < filter.teams.size(); ++i) {
    const std::string& team = filter.teams[i];
    if (!interned.teams.Find(team)) add("teams", i, absl::StrCat("there is no team ", Quoted(team), ", and there never was"));
  }
  for (size_t i = 0; i < filter.expectations.size(); ++i) {
    const std::string& id = filter.expectations[i];
    if (interned.expectations.Find(id)) continue;
    add("expectations", i,
        interned.sources.Find(id) ? absl::StrCat(Quoted(id), " is a source; its alerts are those of the kind SOURCE_SILENT")
                                  : absl::StrCat("there is no expectation or alert rule ", Quoted(id), ", and there never was"));
  }
  const std::vector<Team>& teams = reader->catalog()->catalog().teams;
  if (!filter.labels.empty() &&
      std::none_of(teams.begin(), teams.end(), [&filter](const Team& team) { return Matches(team.labels, filter.labels); })) {
    problems.push_back({absl::StatusCode::kNotFound, absl::StrCat(absl::string_view(field.data(), field.size()), ".labels"),
                        "no team of the catalog in force has all of these labels"});
  }
  return problems.empty() ? absl::OkStatus() : AsStatus(problems);
}

std::optional<Date> ClosesSnoozed(const DistrictReader& reader, const AlertAnswer& alert) {
  const AlertRecord& record = alert.record;
  if (record.closed || !record.snoozed) return std::nullopt;
  const WatchWorld world = WorldOf(reader, record);
  const auto no_signal = [](DateRange) { return std::optional<Date>(); };
  const auto no_due = [](const RuleSpan&) { return std::optional<Date>(); };
  const std::optional<WatchDates> dates = DatesOn(world, {no_signal, no_due}, world.zone->LocalDate(reader.now()));
  if (!dates) return std::nullopt;
  const std::optional<Date> shows = world.calendar->FirstOnOrAfter(record.snoozed->until);
  return shows && *shows < dates->run.to ? std::nullopt : std::optional(dates->run.to - 1);
}

absl::StatusOr<AlertAnswer> FindAlert(const DistrictReader& reader, uint64_t id) {
  absl::StatusOr<std::optional<AlertAnswer>> alert = ReadAlert(reader, id);
  if (!alert.ok()) return alert.status();
  if (*alert) return **std::move(alert);
  return AsStatus(Problem{absl::StatusCode::kNotFound, "name",
                          absl::StrCat("there is no alert ", id, "; list the alerts to find it")});
}

absl::StatusOr<AlertDetail> GetAlert(const DistrictReader& reader, uint64_t id) {
  absl::StatusOr<AlertAnswer> alert = FindAlert(reader, id);
  if (!alert.ok()) return alert.status();
  AlertDetail detail{.alert = *std::move(alert), .why = {}, .flips = {}};
  absl::StatusOr<std::vector<TimelineFlip>> flips = ReadFlipsOf(reader, detail.alert.record);
  if (!flips.ok()) return flips.status();
  detail.flips = *std::move(flips);
  const std::vector<uint64_t>& sequences = detail.alert.record.sequences;
  detail.flips_trimmed = !sequences.empty() && sequences.front() < reader->first_sequence();
  absl::StatusOr<AlertWhy> why = ExplainAlert(reader, detail.alert, detail.flips);
  if (!why.ok()) return why.status();
  detail.why = *std::move(why);
  if (detail.flips_trimmed) {
    absl::StrAppend(&detail.why.text, " Flips recorded up to ",
                    LocalTime(*WorldOf(reader, detail.alert.record).zone, *reader->trimmed_through()), " are no longer kept.");
  }
  return detail;
}

}  // namespace leadlag
