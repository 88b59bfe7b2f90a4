#include "tests/simulation/simulated_district.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/check.h"
#include "core/review.h"
#include "gtest/gtest.h"
#include "server/engine/applying.h"
#include "server/engine/queries.h"
#include "server/engine/zone_database.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

const ZoneRules& Zone(std::string_view name) {
  static auto& zones = *new std::map<std::string, ZoneRules, std::less<>>;
  const auto found = zones.find(name);
  if (found != zones.end()) return found->second;
  absl::StatusOr<ZoneRules> rules = LoadZone(std::string(name));
  LEADLAG_CHECK(rules.ok());
  return zones.emplace(std::string(name), *std::move(rules)).first->second;
}

// Calls `visit` with every decoded entry of a table.
template <typename Key, typename Visit>
void ForEach(const District& district, Table table, Visit visit) {
  const absl::Status status =
      district.store().Scan(TableRange(district.number(), table), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<Key> decoded = Key::Decode(key);
        LEADLAG_CHECK(decoded.ok());
        visit(*decoded, value);
        return true;
      });
  LEADLAG_CHECK(status.ok());
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) std::fprintf(stderr, "%s\n", value.status().ToString().c_str());
  LEADLAG_CHECK(value.ok());
  return *std::move(value);
}

WatchName NameOf(const FlipRecord& flip) { return {flip.team, flip.source.empty() ? flip.expectation : flip.source}; }

WatchName NameOf(const DistrictReader& reader, WatchId id) {
  const WatchNames names = NamesOf(reader, id);
  return {names.team, names.source.empty() ? names.expectation : names.source};
}

size_t CountKeys(const District& district, Table table) {
  size_t count = 0;
  const absl::Status status =
      district.store().Scan(TableRange(district.number(), table), [&](std::string_view, std::string_view) {
        ++count;
        return true;
      });
  LEADLAG_CHECK(status.ok());
  return count;
}

// What a record's revisions say together, worked out the long way round. Nothing where the record does not count.
struct CountedRecord {
  std::string indicator;
  DayEntry entry;
  Instant recorded;  // that of the correction where one is current
};
std::optional<CountedRecord> CountedOf(const std::vector<EvidenceRevision>& arrived) {
  // Precedence: the version, then the order of arrival.
  std::map<std::pair<uint64_t, uint32_t>, const EvidenceRevision*> ranked;
  for (const EvidenceRevision& revision : arrived) {
    ranked[{revision.content.source_version.value_or(0), revision.revision}] = &revision;
  }
  if (ranked.empty() || ranked.rbegin()->second->voided()) return std::nullopt;
  const EvidenceRevision* first = nullptr;
  const EvidenceRevision* current = nullptr;
  const EvidenceRevision* correction = nullptr;
  std::optional<Instant> first_recorded;
  Date first_recorded_date;
  for (const auto& [rank, revision] : ranked) {
    if (revision->voided()) continue;
    if (first == nullptr) first = revision;
    if (current != nullptr &&
        (current->content.value != revision->content.value ||
         current->content.indicator != revision->content.indicator || current->event_date != revision->event_date)) {
      correction = revision;
    } else if (correction != nullptr && revision->recorded < correction->recorded) {
      correction = revision;  // arrived before the one it follows
    }
    current = revision;
    if (!first_recorded || revision->recorded < *first_recorded) {
      first_recorded = revision->recorded;
      first_recorded_date = revision->recorded_date;
    }
  }
  CountedRecord counted{.indicator = current->content.indicator, .entry = {}, .recorded = *first_recorded};
  counted.entry.event = current->event_date;
  counted.entry.known = std::min(first->known_date, first_recorded_date);  // the first may be the last to arrive
  counted.entry.recorded = first_recorded_date;
  if (first->content.event_time) {
    const Instant known =
        first->content.reported ? std::min(*first->content.reported, *first_recorded) : *first_recorded;
    counted.entry.hours = HoursBucket(known.micros - first->content.event_time->micros);
  }
  if (correction != nullptr) {
    counted.entry.correction = {first->event_date, correction->recorded_date};
    counted.recorded = correction->recorded;
  }
  return counted;
}

std::string TextOf(const std::optional<Date>& date) { return date ? date->ToString() : "none"; }

}  // namespace

Instant At(std::string_view when) {
  const Date date = D(when.substr(0, 10));
  if (when.size() == 10) return Zone("America/New_York").StartOf(date);
  LEADLAG_CHECK(when.size() == 16 && when[10] == ' ');
  return Zone("America/New_York").At(date, MinuteOfDay::Parse(when.substr(11)).value());
}

Instant At(std::string_view zone, Date date, int minute_of_day) {
  return Zone(zone).At(date, MinuteOfDay{minute_of_day});
}

std::string Describe(const SeenFlip& flip) {
  const WatchFlip& f = flip.record.flip;
  return absl::StrCat(flip.sequence, " ", flip.record.team, "/", flip.record.expectation, " ",
                      std::string(ToString(f.from)), " > ", std::string(ToString(f.to)), " ",
                      std::string(ToString(f.reason)), " ", f.effective.ToString(), " due ", TextOf(f.due));
}

// ---- the life ---------------------------------------------------------------

SimulatedDistrict::SimulatedDistrict(Options options) : options_(std::move(options)), clock_(options_.start) {
  if (options_.disk == nullptr) options_.disk = Disk::InMemory();
  const absl::Status status = Open();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  LEADLAG_CHECK(status.ok());
}

absl::Status SimulatedDistrict::Open() {
  absl::StatusOr<std::unique_ptr<Engine>> engine = Engine::Open(
      {.data_directory = kSimulatedDirectory,
                                                                 .disk = options_.disk,
                                                                 .clock = &clock_,
                                                                 .ticks_each_minute = options_.ticks_each_minute,
                                                                 .wrap_log = options_.wrap_log});
  if (!engine.ok()) return engine.status();
  engine_ = *std::move(engine);
  return absl::OkStatus();
}

void SimulatedDistrict::Settle() { engine_->WaitIdle(); }

void SimulatedDistrict::NextInstant() {
  const absl::StatusOr<DistrictReader> reader = engine_->Read(options_.id);
  if (!reader.ok()) return;
  const Instant next{(*reader)->last_time().micros + 1};
  if (next > clock_.Now()) clock_.Set(next);
}

void SimulatedDistrict::AdvanceTo(Instant when) {
  for (;;) {
    const std::optional<Instant> due = Read()->NextDue();
    if (!due || *due >= when) break;
    if (*due > clock_.Now()) clock_.Set(*due);
    const absl::Status status = engine_->Tick();
    EXPECT_TRUE(status.ok()) << status;
    if (!status.ok()) break;
    Settle();
  }
  if (when > clock_.Now()) clock_.Set(when);
}

void SimulatedDistrict::AdvanceThrough(Instant when) { AdvanceTo(Instant{when.micros + 1}); }

absl::StatusOr<Outcome> SimulatedDistrict::Execute(CommandBody body) {
  Settle();
  NextInstant();
  last_command_ = clock_.Now();
  absl::StatusOr<Outcome> outcome = engine_->Execute(options_.id, std::move(body), "simulation");
  Settle();
  return outcome;
}

template <typename T>
absl::StatusOr<T> SimulatedDistrict::As(absl::StatusOr<Outcome> outcome) {
  if (!outcome.ok()) return outcome.status();
  LEADLAG_CHECK(std::holds_alternative<T>(*outcome));
  return std::get<T>(*std::move(outcome));
}

absl::StatusOr<CatalogOutcome> SimulatedDistrict::Apply(const Catalog& catalog,
                                                        std::optional<uint32_t> expected_version) {
  return As<CatalogOutcome>(
      Execute(ApplyCatalogCommand{.catalog = catalog, .zones = {}, .expected_version = expected_version}));
}

absl::StatusOr<BatchOutcome> SimulatedDistrict::Record(const std::string& source, std::vector<EvidenceItem> items) {
  return As<BatchOutcome>(Execute(RecordEvidenceCommand{source, std::move(items), std::nullopt}));
}

absl::Status SimulatedDistrict::Handle(const WatchName& watch, HandleAlertCommand command) {
  const std::map<WatchName, WatchRecord> watches = Watches();
  command.alert = watches.at(watch).alert;
  LEADLAG_CHECK(command.alert != 0);
  return Execute(std::move(command)).status();
}

absl::Status SimulatedDistrict::Acknowledge(const WatchName& watch, const std::string& by, const std::string& note) {
  return Handle(watch, {.what = HandleAlertCommand::What::kAcknowledge, .by = by, .note = note, .until = {}});
}

absl::Status SimulatedDistrict::SnoozeDays(const WatchName& watch, uint32_t days, const std::string& by) {
  return Handle(watch, {.what = HandleAlertCommand::What::kSnooze, .by = by, .note = "", .until = {}, .days = days});
}

absl::Status SimulatedDistrict::SnoozeUntil(const WatchName& watch, Date until, const std::string& by) {
  return Handle(watch, {.what = HandleAlertCommand::What::kSnooze, .by = by, .note = "", .until = until});
}

absl::Status SimulatedDistrict::EndSnooze(const WatchName& watch, const std::string& by) {
  return Handle(watch, {.what = HandleAlertCommand::What::kEndSnooze, .by = by, .note = "", .until = {}});
}

absl::StatusOr<ReviewOutcome> SimulatedDistrict::RecordReview(const Review& review) {
  return As<ReviewOutcome>(Execute(RecordReviewCommand{review}));
}

absl::StatusOr<InquiryOutcome> SimulatedDistrict::RecordInquiry(const Inquiry& inquiry, std::optional<uint32_t> expected_revision) {
  return As<InquiryOutcome>(Execute(RecordInquiryCommand{inquiry, expected_revision}));
}

std::optional<Downtime> SimulatedDistrict::Restart(Instant up) {
  Settle();
  EXPECT_TRUE(engine_->Tick().ok());
  Settle();
  const Instant last = Read()->last_time();
  if (options_.restarts) engine_.reset();
  if (up > clock_.Now()) clock_.Set(up);
  if (options_.restarts) {
    const absl::Status status = Open();
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    LEADLAG_CHECK(status.ok());
  }
  EXPECT_TRUE(engine_->Tick(/*resumed=*/true).ok());
  Settle();
  if (up.micros - last.micros < kDowntimeMicros) return std::nullopt;
  return Downtime{Instant{last.micros + 1}, up};  // what fell due up to the last tick was made by it
}

std::shared_ptr<Disk> SimulatedDistrict::LogAlone() const {
  Disk::Contents contents = options_.disk->ReadAll();
  std::erase_if(contents, [](const auto& file) { return file.first.starts_with(std::string(kSimulatedDirectory) + "/view/"); });
  return Disk::InMemory(contents);
}

// ---- reading ----------------------------------------------------------------

DistrictReader SimulatedDistrict::Read() const { return Must(engine_->Read(options_.id)); }
DistrictReader SimulatedDistrict::Freeze() const { return Must(engine_->Freeze(options_.id)); }

std::vector<SeenFlip> SimulatedDistrict::Flips() const {
  const DistrictReader reader = Read();
  std::vector<SeenFlip> flips;
  ForEach<FlipKey>(*reader, Table::kFlips, [&](const FlipKey& key, std::string_view value) {
    flips.push_back({key.sequence, Must(DecodeFlipRecord(value))});
  });
  return flips;
}

std::map<WatchName, std::vector<WatchFlip>> SimulatedDistrict::FlipsByWatch() const {
  std::map<WatchName, std::vector<WatchFlip>> flips;
  for (const SeenFlip& flip : Flips()) flips[NameOf(flip.record)].push_back(flip.record.flip);
  return flips;
}

std::map<WatchName, WatchRecord> SimulatedDistrict::Watches() const {
  const DistrictReader reader = Read();
  std::map<WatchName, WatchRecord> watches;
  reader->watches().ForEach([&](WatchId id, const WatchRecord& record) {
    watches[NameOf(reader, id)] = record;
  });
  return watches;
}

std::map<WatchName, AlertRecord> SimulatedDistrict::OpenAlerts() const {
  const DistrictReader reader = Read();
  std::map<WatchName, AlertRecord> alerts;
  ForEach<OpenAlertKey>(*reader, Table::kOpenAlerts, [&](const OpenAlertKey& key, std::string_view value) {
    const OpenAlert open = Must(DecodeOpenAlert(value));
    const std::optional<std::string> bytes = Must(reader->store().Get(AlertKey{reader->number(), open.alert}.Encode()));
    LEADLAG_CHECK(bytes.has_value());
    alerts[NameOf(reader, {key.team, key.expectation})] = Must(DecodeAlertRecord(*bytes));
    LEADLAG_CHECK(Must(DecodeAlertRecord(*bytes)).handling() == open.handling);
    LEADLAG_CHECK(reader->HandlingOf({key.team, key.expectation}) == open.handling);
  });
  return alerts;
}

std::optional<WatchState> SimulatedDistrict::StateOf(const std::string& team, const std::string& expectation) const {
  const std::map<WatchName, WatchRecord> watches = Watches();
  const auto found = watches.find({team, expectation});
  return found == watches.end() ? std::nullopt : std::optional(found->second.watch.state);
}

std::map<std::string, std::string> SimulatedDistrict::View() const {
  const DistrictReader reader = Freeze();
  ByteWriter incarnation;
  incarnation.PutFixed64(reader->incarnation());
  const std::string state_key = MetaKey{reader->number(), "state"}.Encode();
  std::map<std::string, std::string> view;
  const absl::Status status =
      reader->store().Scan(DistrictRange(reader->number()), [&](std::string_view key, std::string_view value) {
        // How evidence lies in blocks depends on when checkpoints were made.
        const uint8_t table = TableByteOf(key).value();
        if (table >= static_cast<uint8_t>(Table::kSeries) && table <= static_cast<uint8_t>(Table::kRecords)) return true;
        std::string bytes(value);
        if (key == state_key) {
          const size_t at = bytes.find(incarnation.bytes());
          LEADLAG_CHECK(at != std::string::npos);
          bytes.erase(at, incarnation.size());
        }
        view.emplace(key, std::move(bytes));
        return true;
      });
  LEADLAG_CHECK(status.ok());
  const EvidenceReader evidence = reader->store().evidence();
  const absl::Status records = evidence.Records(reader->number(), [&](uint64_t number, std::string_view bytes) {
    view[absl::StrCat("record ", number)] = bytes;
    return true;
  });
  const absl::Status identities = evidence.ForEachIdentity(reader->number(), [&](const EvidenceIdentityEntry& entry) {
    view[absl::StrCat("identity ", entry.fingerprint, " of record ", entry.record)] = "";
  });
  const absl::Status places = evidence.ForEachPlace(reader->number(), [&](SeriesId series, EvidencePlace place) {
    view[absl::StrCat("place ", series.team, " ", series.indicator, " ", place.date.days(), " of record ", place.record)] = "";
  });
  LEADLAG_CHECK(records.ok() && identities.ok() && places.ok());
  return view;
}

std::map<std::string, DayRow> SimulatedDistrict::Rows() const {
  const DistrictReader reader = Freeze();
  std::map<std::string, DayRow> rows;
  ForEach<DayRowKey>(*reader, Table::kDayRows, [&](const DayRowKey& key, std::string_view value) {
    DayRow& row = rows[absl::StrCat(reader->interned().teams.NameOf(key.team), "/",
                                    reader->interned().indicators.NameOf(key.indicator), "/", RowYear(FirstOfMonth(key.month)))];
    LEADLAG_CHECK(row.Append(Must(DayRow::Decode(value))));
  });
  return rows;
}

std::map<std::string, DayRow> SimulatedDistrict::RebuiltRows() const {
  const DistrictReader reader = Read();
  // Every revision there is, by record: those of records with several from their own table, the others as they came.
  std::map<uint64_t, std::vector<EvidenceRevision>> revisions;
  std::map<uint64_t, std::pair<std::string, std::string>> names;  // source and id
  const auto add = [&](uint64_t evidence, const EvidenceRecord& record) {
    revisions[evidence].push_back(record.revision);
    names[evidence] = {reader->interned().sources.NameOf(record.source), record.evidence_id};
  };
  ForEach<RevisionKey>(*reader, Table::kRevisions, [&](const RevisionKey& key, std::string_view value) {
    add(key.evidence, Must(DecodeEvidenceRecord(value)));
  });
  std::set<uint64_t> revised;
  for (const auto& [evidence, list] : revisions) revised.insert(evidence);
  const absl::Status read = reader->store().evidence().Records(reader->number(), [&](uint64_t number, std::string_view bytes) {
    if (!revised.contains(number)) add(number, Must(DecodeEvidenceRecord(bytes)));
    return true;
  });
  LEADLAG_CHECK(read.ok());
  std::map<std::string, std::vector<Review>> reviews;  // by team
  ForEach<ReviewKey>(*reader, Table::kReviews, [&](const ReviewKey&, std::string_view value) {
    const Review review = Must(DecodeReview(value));
    reviews[review.team].push_back(review);
  });

  std::map<std::string, DayRow> rows;
  for (const auto& [evidence, list] : revisions) {
    std::optional<CountedRecord> counted = CountedOf(list);
    if (!counted) continue;
    const auto with_team =
        std::find_if(list.begin(), list.end(), [](const EvidenceRevision& r) { return !r.voided(); });
    const std::string& team = with_team->content.team;
    const auto& [source, id] = names[evidence];
    counted->entry.reviewed = ReviewedDate(reviews[team], {.source = source,
                                                           .evidence_id = id,
                                                           .indicator = counted->indicator,
                                                           .event_date = counted->entry.event,
                                                           .recorded = counted->recorded,
                                                           .start = counted->entry.interpretation_start()});
    rows[absl::StrCat(team, "/", counted->indicator, "/", RowYear(counted->entry.event))].Add(counted->entry);
  }
  return rows;
}

std::string SimulatedDistrict::Inconsistencies() const {
  std::string lines;
  constexpr size_t kBytesMax = 4000;  // a broken thing is often broken everywhere
  const auto say = [&](auto&&... words) {
    if (lines.size() < kBytesMax) absl::StrAppend(&lines, words..., "\n");
  };
  const std::vector<SeenFlip> flips = Flips();
  const std::map<WatchName, WatchRecord> watches = Watches();
  const std::map<WatchName, AlertRecord> open = OpenAlerts();
  std::map<WatchName, WatchRecord> lived;  // by the flips alone
  Instant recorded;
  for (size_t i = 0; i < flips.size(); ++i) {
    const SeenFlip& seen = flips[i];
    const WatchFlip& flip = seen.record.flip;
    if (seen.sequence != i + 1) say("sequence ", seen.sequence, " in place ", i + 1);
    if (seen.record.recorded < recorded) say("recorded before the flip before it: ", Describe(seen));
    recorded = seen.record.recorded;
    if (flip.effective > recorded) say("effective after it was recorded: ", Describe(seen));
    WatchRecord& before = lived[NameOf(seen.record)];
    if (before.watch.state != flip.from) say("does not chain: ", Describe(seen));
    if (IsHandling(flip.reason)) {
      if (flip.from != flip.to || !HasAlert(flip.to)) say("handles no open alert: ", Describe(seen));
      if (seen.record.alert != before.alert) say("handles another alert: ", Describe(seen));
      continue;
    }
    if (before.watch.last_effective > flip.effective)
      say("effective before the watch's flip before it: ", Describe(seen));
    if (HasAlert(flip.to) && !HasAlert(flip.from)) before.alert = seen.sequence;
    if (seen.record.alert != before.alert)
      say("names alert ", seen.record.alert, ", not ", before.alert, ": ", Describe(seen));
    if (!HasAlert(flip.to)) before.alert = 0;
    before.watch.state = flip.to;
    before.watch.due = flip.due;
    before.watch.last_effective = flip.effective;
  }
  for (const auto& [name, record] : lived) {
    const auto watch = watches.find(name);
    const std::string words = absl::StrCat("watch ", name.team, "/", name.expectation);
    if (watch == watches.end()) {
      if (record.watch.state != WatchState::kPaused) say(words, " is gone without having been paused");
    } else if (watch->second.watch.state != record.watch.state || watch->second.alert != record.alert) {
      say(words, " is not what its last flip said");
    } else if (HasAlert(record.watch.state) && watch->second.watch.due != record.watch.due) {
      say(words, " has another due date than its last flip said");
    }
  }
  for (const auto& [name, record] : watches) {
    const std::string words = absl::StrCat("watch ", name.team, "/", name.expectation);
    const auto alert = open.find(name);
    if (HasAlert(record.watch.state) != (alert != open.end())) say(words, " and the open alerts disagree");
    if (alert == open.end()) continue;
    if (alert->second.sequences.empty() || alert->second.sequences.front() != record.alert)
      say(words, " has another alert");
    if (alert->second.state != record.watch.state || alert->second.due != record.watch.due || alert->second.closed) {
      say(words, " and its alert disagree");
    }
  }
  for (const auto& [name, alert] : open) {
    if (!watches.contains(name)) say("an alert is open for no watch: ", name.team, "/", name.expectation);
  }

  const std::map<std::string, DayRow> rows = Rows(), rebuilt = RebuiltRows();
  for (const auto& [name, row] : rebuilt) {
    const auto found = rows.find(name);
    if (found == rows.end() || !(found->second == row)) say("day row ", name, " is not what the evidence gives");
  }
  if (rows.size() != rebuilt.size()) say(rows.size(), " day rows, the evidence gives ", rebuilt.size());

  const DistrictReader reader = Freeze();
  if (reader->last_sequence() != flips.size()) say("last_sequence is ", reader->last_sequence(), " of ", flips.size());
  if (reader->open_alert_count() != open.size())
    say("open_alert_count is ", reader->open_alert_count(), " of ", open.size());
  std::set<EvidenceIdentityEntry> identities;
  const absl::Status counted =
      reader->store().evidence().ForEachIdentity(reader->number(), [&](const EvidenceIdentityEntry& entry) { identities.insert(entry); });
  if (!counted.ok()) say("identities: ", counted.ToString());
  const size_t records = identities.size();
  if (reader->evidence_count() != records) say("evidence_count is ", reader->evidence_count(), " of ", records);
  const size_t revisions = CountKeys(*reader, Table::kRevisions);
  if (reader->revision_count() != revisions) say("revision_count is ", reader->revision_count(), " of ", revisions);
  const size_t reviews = CountKeys(*reader, Table::kReviews);
  if (reader->review_count() != reviews || CountKeys(*reader, Table::kReviewIds) != reviews)
    say("reviews are miscounted");
  const size_t inquiries = CountKeys(*reader, Table::kInquiries);
  if (reader->inquiry_count() != inquiries || CountKeys(*reader, Table::kInquiryIds) != inquiries) say("inquiries are miscounted");
  size_t stored = 0;
  ForEach<WatchKey>(*reader, Table::kWatches, [&](const WatchKey& key, std::string_view value) {
    ++stored;
    const WatchRecord* const found = reader->watches().Find({key.team, key.expectation});
    if (found == nullptr || !(*found == Must(DecodeWatchRecord(value)))) {
      say("the stored watch of team ", key.team, ", expectation ", key.expectation, " is not the one in memory");
    }
  });
  if (reader->last_work() > kWatchesPerCommand) say("the last command did ", reader->last_work(), " watches' work");
  if (stored != reader->watches().size()) say(stored, " watches stored of ", reader->watches().size());
  return lines;
}

// ---- documents --------------------------------------------------------------

SignalKind CategoryKind(Category category) { return {SignalKind::Of::kCategory, category, ""}; }
SignalKind IndicatorKind(std::string indicator) {
  return {SignalKind::Of::kIndicator, Category::kWalkthrough, std::move(indicator)};
}

Expectation ExpectationOn(std::string id, SignalKind kind, int every_days, int grace_days, int allowance_days) {
  Expectation expectation;
  expectation.id = std::move(id);
  expectation.kind = std::move(kind);
  expectation.every_days = every_days;
  expectation.grace_days = grace_days;
  expectation.allowance_days = allowance_days;
  return expectation;
}

Catalog SmallCatalog(int teams) {
  Catalog catalog;
  catalog.district = "springfield";
  catalog.display_name = "Springfield";
  catalog.time_zone = "America/New_York";
  catalog.default_calendar = "main";
  catalog.calendars = {TwoYears()};
  catalog.calendars.front().id = "main";
  for (int i = 1; i <= teams; ++i) {
    Team team;
    team.id = absl::StrCat("t", i);
    team.display_name = absl::StrCat("Team ", i);
    team.active_periods = {{D("2025-07-01"), std::nullopt}};
    team.labels = {{"level", i % 2 == 0 ? "high" : "middle"}};
    catalog.teams.push_back(std::move(team));
  }
  const auto indicator = [&](std::string id, IndicatorRole role, Category category,
                             Measure measure = Measure::kNumber) {
    Indicator added;
    added.id = std::move(id);
    added.role = role;
    added.category = category;
    added.measure = measure;
    if (measure == Measure::kProportion) added.population = Population::kNone;  // what it says is shown
    catalog.indicators.push_back(std::move(added));
  };
  indicator("walks", IndicatorRole::kLeading, Category::kWalkthrough);
  indicator("lessons", IndicatorRole::kLeading, Category::kImplementation);
  indicator("voices", IndicatorRole::kLeading, Category::kStudentExperience, Measure::kProportion);
  indicator("boxes", IndicatorRole::kLeading, Category::kImplementation, Measure::kCompletion);
  indicator("results", IndicatorRole::kLagging, Category::kOutcome);
  catalog.sources = {{"forms", "Forms"}, {"sis", "Student information"}};
  catalog.expectations = {ExpectationOn("walks", CategoryKind(Category::kWalkthrough), 5, 3, 2)};
  return catalog;
}

Inquiry InquiryOf(std::string id, std::string team, Date start) {
  Inquiry inquiry;
  inquiry.id = std::move(id);
  inquiry.team = std::move(team);
  inquiry.theme = "equity";
  inquiry.if_text = "we plan together";
  inquiry.then_text = "students reason aloud";
  inquiry.so_that_text = "more of them are on grade level";
  inquiry.start = start;
  return inquiry;
}

EvidenceItem NumberRecord(std::string id, std::string team, std::string indicator, Date date, double value,
                          std::optional<uint64_t> version) {
  EvidenceItem item;
  item.evidence_id = std::move(id);
  item.content.team = std::move(team);
  item.content.indicator = std::move(indicator);
  item.content.event_date = date;
  item.content.value = value;
  item.content.source_version = version;
  return item;
}

EvidenceItem VoidRecord(std::string id, std::optional<uint64_t> version) {
  EvidenceItem item;
  item.evidence_id = std::move(id);
  item.content.value = Void{};
  item.content.source_version = version;
  return item;
}

}  // namespace leadlag
