#include "tests/benchmark/workload.h"

#include <algorithm>

#include "core/clock.h"

namespace leadlag::benchmark {
namespace {

constexpr int kVocabulary = 20'000;
constexpr size_t kNoteBytes = 40;
constexpr int kLateRecordsPercent = 5;
constexpr int kLateDaysMax = 14;
constexpr int kSentAtSecond = 15 * 3600;

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // 0 <= result < n.
  int Below(int n) { return static_cast<int>(Next() % static_cast<uint64_t>(n)); }

 private:
  uint64_t state_;
};

void AppendHex(uint64_t bits, int digits, std::string& text) {
  for (int i = 0; i < digits; ++i, bits >>= 4) text += "0123456789abcdef"[bits & 15];
}

struct IndicatorKind {
  const char* id;
  v1::Category category;
};
constexpr IndicatorKind kKinds[] = {
    {"walkthroughs", v1::CATEGORY_WALKTHROUGH}, {"practice", v1::CATEGORY_IMPLEMENTATION},
    {"learning", v1::CATEGORY_ADULT_LEARNING},  {"pulse", v1::CATEGORY_STUDENT_EXPERIENCE},
    {"visits", v1::CATEGORY_WALKTHROUGH},
};
constexpr int kKindCount = std::size(kKinds);

std::string IndicatorId(int indicator) {
  const std::string id = kKinds[indicator % kKindCount].id;
  return indicator < kKindCount ? id : id + "-" + std::to_string(indicator / kKindCount);
}

Date MondayBefore(Date date) { return date - static_cast<int>(date.weekday()); }

}  // namespace

Date TodayUtc() { return Date(static_cast<int32_t>(SystemClock().Now().micros / kMicrosPerDay)); }

Workload::Workload(const WorkloadOptions& options)
    : options_(options), start_(MondayBefore(options.today - 1 - kEvidenceDays)) {
  // Yesterday may already be tomorrow's yesterday elsewhere: end a day before that.
  for (Date day = start_; day < options_.today - 1; day = day + 1) {
    if (day.weekday() < Weekday::kSaturday) sent_days_.push_back(day);
  }
  for (Date day = start_; day < start_ + kYearDays - 14; day = day + 1) {
    if (day.weekday() < Weekday::kSaturday) school_days_.push_back(day);
  }
  Random random(options_.seed);
  for (int i = 0; i < kVocabulary; ++i) {
    std::string& word = words_.emplace_back();
    for (int letters = 3 + random.Below(8); letters > 0; --letters) word += static_cast<char>('a' + random.Below(26));
  }
  MakeCatalog();
}

std::string Workload::TeamId(int team) const {
  const std::string digits = std::to_string(team);
  return "team-" + std::string(5 - std::min<size_t>(5, digits.size()), '0') + digits;
}

void Workload::MakeCatalog() {
  catalog_.set_district(kDistrict);
  catalog_.set_display_name("Benchmark");
  catalog_.set_time_zone("America/New_York");
  catalog_.set_default_calendar("main");
  v1::Calendar& calendar = *catalog_.add_calendars();
  calendar.set_id("main");
  v1::SchoolYear& school_year = *calendar.add_years();
  school_year.set_id(std::to_string(start_.year()));
  school_year.set_start_date(year().from.ToString());
  school_year.set_end_date(year().to.ToString());
  v1::Term& term = *school_year.add_terms();
  term.set_first_day(school_days_.front().ToString());
  term.set_last_day(school_days_.back().ToString());
  for (int team = 0; team < options_.teams; ++team) {
    v1::Team& added = *catalog_.add_teams();
    added.set_id(TeamId(team));
    added.set_display_name("Team " + std::to_string(team));
    added.add_active_periods()->set_active_from(start_.ToString());
    (*added.mutable_labels())["level"] = team % 3 == 0 ? "high" : "elementary";
  }
  for (int i = 0; i < options_.indicators; ++i) {
    v1::Indicator& indicator = *catalog_.add_indicators();
    indicator.set_id(IndicatorId(i));
    indicator.set_display_name(IndicatorId(i));
    indicator.set_role(v1::INDICATOR_ROLE_LEADING);
    indicator.set_category(kKinds[i % kKindCount].category);
    indicator.set_measure(v1::MEASURE_NUMBER);
    v1::Expectation& expectation = *catalog_.add_expectations();
    expectation.set_id(IndicatorId(i));
    expectation.mutable_kind()->set_indicator(IndicatorId(i));
    expectation.set_every_days(10);
    expectation.set_from((options_.today - 7).ToString());
  }
  catalog_.add_sources()->set_id(kSource);
}

void Workload::Fill(int64_t index, v1::EvidenceRecord& record) const {
  Random random(options_.seed * 0x100000001B3 + static_cast<uint64_t>(index) * 0xD6E8FEB86659FD93);
  std::string& id = *record.mutable_evidence_id();
  id.clear();
  AppendHex(random.Next(), 12, id);
  AppendHex(random.Next(), 12, id);
  record.set_team(TeamId(random.Below(options_.teams)));
  record.set_indicator(IndicatorId(random.Below(options_.indicators)));
  const auto days = static_cast<int64_t>(sent_days_.size());
  const Date sent = sent_days_[static_cast<size_t>(std::min(index, options_.records - 1) * days / options_.records)];
  const bool late = random.Below(100) < kLateRecordsPercent;
  record.set_event_date((late ? std::max(start_, sent - 1 - random.Below(kLateDaysMax)) : sent).ToString());
  record.set_number(random.Below(40));
  record.mutable_reported_time()->set_seconds(int64_t{sent.days()} * 86'400 + kSentAtSecond + random.Below(4 * 3600));
  std::string& note = *record.mutable_note();
  note.clear();
  while (note.size() < kNoteBytes) note += words_[static_cast<size_t>(random.Below(kVocabulary))] + " ";
  note.resize(kNoteBytes);
  if (note.back() == ' ') note.back() = '.';
}

std::vector<v1::StreamEvidenceRequest> Workload::Batches(int64_t first, int64_t end) const {
  std::vector<v1::StreamEvidenceRequest> batches;
  for (int64_t index = first; index < end; ++index) {
    if ((index - first) % kBatchRecords == 0) {
      batches.emplace_back().mutable_batch()->set_batch_id(batches.size());
      batches.back().mutable_batch()->mutable_records()->Reserve(kBatchRecords);
    }
    Fill(index, *batches.back().mutable_batch()->add_records());
  }
  return batches;
}

}  // namespace leadlag::benchmark
