#include "server/engine/alert_why.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/problem.h"
#include "server/engine/alert_opening.h"
#include "server/engine/rule_why.h"
#include "server/engine/source_why.h"
#include "server/engine/team_rows.h"
#include "server/engine/why_words.h"

namespace leadlag {
namespace {

// ── words ──

// "walkthrough": what kind of signal, as an adjective.
std::string Adjective(const DistrictReader& reader, const SignalKind& kind) {
  if (kind.of == SignalKind::Of::kAnyLeading) return "leading";
  if (kind.of == SignalKind::Of::kIndicator) {
    const std::optional<IndicatorNumber> number = reader->interned().indicators.Find(kind.indicator);
    const Indicator* indicator = number ? reader->catalog()->FindIndicator(*number) : nullptr;
    return Quoted(indicator == nullptr || indicator->display_name.empty() ? kind.indicator : indicator->display_name);
  }
  switch (kind.category) {
    case Category::kWalkthrough: return "walkthrough";
    case Category::kImplementation: return "implementation";
    case Category::kAdultLearning: return "adult-learning";
    case Category::kStudentExperience: return "student-experience";
    case Category::kOutcome: return "outcome";
    case Category::kBalancing: return "balancing";
  }
  return "";
}

// "A walkthrough", "An outcome".
std::string WithArticle(const std::string& adjective) {
  const bool vowel = !adjective.empty() && std::string_view("aeiou").find(adjective[0]) != std::string_view::npos;
  return absl::StrCat(vowel ? "An " : "A ", adjective);
}

// ── the reckoning ──

// What the due date was counted from.
struct Count {
  Date from;
  int days = 0;
  bool from_signal = false;
};

Count CountOf(const WatchWorld& world, const WatchDates& dates) {
  const int start_days = world.terms.every_days + world.terms.allowance_days;
  if (!dates.last_signal) return {dates.start, start_days, false};
  const std::optional<Date> by_signal = world.calendar->NthAfter(*dates.last_signal, world.terms.every_days);
  const std::optional<Date> by_start = world.calendar->NthAfter(dates.start, start_days);
  const bool signal_rules = !by_signal || (by_start && *by_signal >= *by_start);
  return signal_rules ? Count{*dates.last_signal, world.terms.every_days, true} : Count{dates.start, start_days, false};
}

// ── the sentences ──

class Explanation {
 public:
  Explanation(const DistrictReader& reader, const AlertAnswer& alert, const std::vector<TimelineFlip>& flips)
      : reader_(reader), alert_(alert), flips_(flips), world_(WorldOf(reader, alert.record)) {}

  absl::StatusOr<AlertWhy> Run() {
    why_.catalog_version = reader_->catalog_version();
    if (const absl::Status status = Reckon(); !status.ok()) return status;
    const bool closed = alert_.record.closed.has_value();
    if (closed) {
      AddStages();
      if (const absl::Status status = AddTermsThen(); !status.ok()) return status;
    }
    if (why_.dates) {
      AddSignal(closed);
      AddCount();
    } else {
      Add(absl::StrCat("Catalog version ", why_.catalog_version,
                       " no longer has this watch on the date on which the alert "
                       "opened: the team, the expectation or the calendar has changed."));
    }
    if (!closed) {
      AddStages();
      if (why_.dates) AddDueInForce();
    }
    if (const std::string words = HandlingWords(alert_.record, world_); !words.empty()) Add(words);
    SetRemedy(closed);
    return std::move(why_);
  }

 private:
  void Add(const std::string& sentence) { absl::StrAppend(&why_.text, why_.text.empty() ? "" : " ", sentence); }

  absl::Status Reckon() {
    absl::StatusOr<AlertOpening> opening = ReadAlertOpening(reader_, alert_.record, flips_, world_);
    if (!opening.ok()) return opening.status();
    opening_ = *std::move(opening);
    if (world_.calendar == nullptr) return absl::OkStatus();
    why_.terms = world_.terms;
    const Date opened = world_.zone->LocalDate(alert_.record.opened);
    if (const SchoolYear* year = world_.calendar->YearOf(opened)) why_.school_year = year->id;
    const absl::StatusOr<TeamRows> rows = ReadTeamRows(reader_, alert_.record.team);
    if (!rows.ok()) return rows.status();
    const std::vector<IndicatorNumber>& indicators = reader_->catalog()->IndicatorsOf(alert_.record.expectation);
    why_.dates = DatesOn(world_, [&](DateRange range) { return rows->LastEventIn(indicators, range); }, opened);
    // What a change has made overdue becomes so at the next notify time.
    if (why_.dates && alert_.record.state == WatchState::kLate && why_.dates->overdue_day && !alert_.record.closed) {
      const std::optional<Date> next = NextNotified(world_, why_.dates->run, reader_.now());
      why_.dates->overdue_day = next ? std::optional(std::max(*next, *why_.dates->overdue_day)) : std::nullopt;
    }
    return absl::OkStatus();
  }

  const Expectation& expectation() const { return *reader_->catalog()->FindExpectation(alert_.record.expectation); }

  // "No walkthrough signal since …": what is known now, which for a closed alert is more than was known then.
  void AddSignal(bool closed) {
    const std::string adjective = Adjective(reader_, expectation().kind);
    const std::string year = absl::StrCat("school year ", why_.school_year);
    const std::optional<Date> last = why_.dates->last_signal;
    if (closed) {
      Add(absl::StrCat("By catalog version ", why_.catalog_version, " and the evidence there is now, ",
                       last ? absl::StrCat("the last ", adjective, " signal of ", year, " is of ", Day(*last))
                            : absl::StrCat("there is no ", adjective, " signal in ", year),
                       "."));
    } else if (last) {
      Add(absl::StrCat("No ", adjective, " signal since ", Day(*last), "."));
    } else {
      Add(absl::StrCat("No ", adjective, " signal yet in ", year, "."));
    }
  }

  // "The expectation … asks for …; counting … gives the due date …".
  void AddCount() {
    const WatchTerms& terms = world_.terms;
    const WatchDates& dates = *why_.dates;
    const Count count = CountOf(world_, dates);
    std::string text = absl::StrCat("The expectation ", Quoted(alert_.expectation), " asks for one every ",
                                    Days(terms.every_days, "instructional"));
    if (!count.from_signal) {
      absl::StrAppend(&text, dates.last_signal ? ", but never before " : ", the first within ", terms.every_days, " + ",
                      terms.allowance_days, " instructional days from the start, ", Day(dates.start));
    }
    absl::StrAppend(&text, "; counting ", Days(count.days, "instructional"), " from ",
                    count.from_signal ? count.from.ToString() : "the start");
    if (dates.due) {
      Skips skips = SkipsIn(*world_.calendar, count.from, *dates.due);
      absl::StrAppend(&text, SkipWords(skips), " gives the due date ", Day(*dates.due), ".");
      why_.counted_days = count.days;
      why_.other_skipped_days = skips.weekend_days + skips.other_days;
      why_.skipped = std::move(skips.named);
    } else {
      absl::StrAppend(&text, " goes past the year's last instructional day, so nothing is due.");
    }
    if (!alert_.record.closed) absl::StrAppend(&text, " (Catalog version ", why_.catalog_version, ".)");
    Add(text);
  }

  // "LATE since …; OVERDUE from …", as the flips have it.
  void AddStages() {
    std::vector<std::string> stages = StageWords(alert_.record, opening_, flips_, *world_.zone);
    if (!alert_.record.closed && alert_.record.state == WatchState::kLate && why_.dates) stages.push_back(NextStage());
    Add(absl::StrCat(absl::StrJoin(stages, "; "), "."));
    if (const std::string delay = DelayWords(alert_.record, opening_, *world_.zone); !delay.empty()) Add(delay);
  }

  // What was asked for when it opened, where that was by another catalog.
  absl::Status AddTermsThen() {
    if (!opening_.kept || opening_.catalog_version == why_.catalog_version) return absl::OkStatus();
    const absl::StatusOr<Catalog> then = ReadOpeningCatalog(reader_, opening_);
    if (!then.ok()) return then.status();
    for (const Expectation& asked : then->expectations) {
      if (asked.id != alert_.expectation) continue;
      Add(absl::StrCat("By catalog version ", opening_.catalog_version, " the expectation ", Quoted(asked.id), " asked for one every ",
                       Days(asked.every_days, "instructional"), ", the first within ", asked.every_days, " + ", asked.allowance_days,
                       " from the start."));
    }
    return absl::OkStatus();
  }

  std::string NextStage() const {
    const std::optional<Date> overdue = why_.dates->overdue_day;
    if (!overdue) return "it does not become OVERDUE in this school year";
    return absl::StrCat("OVERDUE from ", world_.terms.notify_time.ToString(), " on ", Day(*overdue), " without one");
  }

  void AddDueInForce() {
    const std::string words = DueWords(alert_.record, opening_, flips_, why_.dates->due, *world_.zone);
    if (!words.empty()) Add(words);
  }

  void SetRemedy(bool closed) {
    if (closed) {
      why_.remedy = "Nothing is left to do: it is closed.";
      return;
    }
    const std::optional<Date> date =
        why_.dates ? EarliestRemedy(world_, *why_.dates, world_.terms.every_days, reader_.now()) : std::optional<Date>();
    if (!date) return;
    why_.remedy = absl::StrCat(WithArticle(Adjective(reader_, expectation().kind)), " record dated on or after ",
                               Day(*date), " would end it.");
  }

  const DistrictReader& reader_;
  const AlertAnswer& alert_;
  const std::vector<TimelineFlip>& flips_;
  const WatchWorld world_;
  AlertOpening opening_;
  AlertWhy why_;
};

}  // namespace

absl::StatusOr<AlertWhy> ExplainAlert(const DistrictReader& reader, const AlertAnswer& alert,
                                      const std::vector<TimelineFlip>& flips) {
  if (alert.record.kind == AlertKind::kSourceSilent) return ExplainSourceAlert(reader, alert, flips);
  if (alert.record.kind != AlertKind::kSignalOverdue) return ExplainRuleAlert(reader, alert, flips);
  return Explanation(reader, alert, flips).Run();
}

}  // namespace leadlag
