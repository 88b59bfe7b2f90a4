#include "server/engine/alert_why.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/problem.h"
#include "server/engine/team_rows.h"

namespace leadlag {
namespace {

// Closures spelled out in the text; `AlertWhy::skipped` has them all.
constexpr size_t kClosuresInText = 12;

// ── words ──

// "Thu 2025-11-06".
std::string Day(Date date) {
  static constexpr std::array<const char*, 7> kNames = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  return absl::StrCat(kNames[static_cast<size_t>(date.weekday())], " ", date.ToString());
}

// "07:00 on Tue 2025-11-25".
std::string LocalTime(const ZoneRules& zone, Instant instant) {
  auto offset = std::upper_bound(zone.offsets.begin(), zone.offsets.end(), instant,
                                 [](Instant at, const ZoneRules::Offset& o) { return at < o.from; });
  if (offset != zone.offsets.begin()) --offset;  // before the first one it holds too
  const Date date = zone.LocalDate(instant);
  const int64_t since_midnight = instant.micros + offset->seconds_east * kMicrosPerSecond - date.days() * kMicrosPerDay;
  const MinuteOfDay minute{static_cast<int32_t>(since_midnight / kMicrosPerMinute)};
  return absl::StrCat(minute.ToString(), " on ", Day(date));
}

std::string Days(int n, std::string_view what) {
  return absl::StrCat(n, " ", absl::string_view(what.data(), what.size()), n == 1 ? " day" : " days");
}

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

std::string_view ClosingWords(FlipReason reason) {
  switch (reason) {
    case FlipReason::kResolved: return "evidence arrived";
    case FlipReason::kRetracted: return "a void, a correction or a change of calendar or expectation made it untrue";
    case FlipReason::kInactive: return "the team became inactive";
    case FlipReason::kYearEnded: return "the school year's last instructional day was over";
    default: return "the catalog changed";
  }
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

// The last instructional day of the run whose notify time has come; none where there was none yet.
std::optional<Date> LastNotified(const WatchWorld& world, const WatchDates& dates, Instant now) {
  const Date latest = std::min(world.zone->LocalDate(now), dates.run.to - 1);
  std::optional<Date> day = world.calendar->LastOnOrBefore(latest);
  if (day && world.zone->At(*day, world.terms.notify_time) > now) day = world.calendar->LastOnOrBefore(*day - 1);
  return day && *day >= dates.run.from ? day : std::nullopt;
}

// The earliest event date that would put the due date at or after the last day on which the watch was judged: k of it
// is at least that day's less E. Any date of the school year does where that asks for nothing.
std::optional<Date> EarliestRemedy(const WatchWorld& world, const WatchDates& dates, Instant now) {
  const std::optional<Date> judged = LastNotified(world, dates, now);
  if (!judged) return std::nullopt;
  const Date before_year = dates.school_year.from - 1;
  const int wanted = world.calendar->Between(before_year, *judged) - world.terms.every_days;
  return wanted <= 0 ? dates.school_year.from : world.calendar->NthAfter(before_year, wanted);
}

// Dates in (from, through] without instruction.
struct Skips {
  std::vector<SkippedDate> named;
  int weekend_days = 0;
  int other_days = 0;  // outside every term
};

Skips SkipsIn(const Calendar& calendar, Date from, Date through) {
  Skips skips;
  for (Date date = from + 1; date <= through; date = date + 1) {
    if (calendar.IsInstructional(date)) continue;
    std::string label = calendar.ClosureLabel(date);
    if (!label.empty()) {
      skips.named.push_back({date, std::move(label)});
    } else {
      ++(date.weekday() >= Weekday::kSaturday ? skips.weekend_days : skips.other_days);
    }
  }
  return skips;
}

// "Tue 2025-11-11 Veterans Day", "Thu 2025-11-27 to Fri 2025-11-28 Thanksgiving".
std::vector<std::string> ClosureWords(const std::vector<SkippedDate>& named) {
  std::vector<std::string> words;
  for (size_t first = 0; first < named.size();) {
    size_t last = first;
    while (last + 1 < named.size() && named[last + 1].label == named[first].label &&
           named[last + 1].date - named[last].date == 1) {
      ++last;
    }
    std::string days = Day(named[first].date);
    if (last > first) absl::StrAppend(&days, " to ", Day(named[last].date));
    words.push_back(absl::StrCat(days, " ", named[first].label));
    first = last + 1;
  }
  return words;
}

// " (skipping …)", or nothing.
std::string SkipWords(const Skips& skips) {
  std::vector<std::string> words = ClosureWords(skips.named);
  if (words.size() > kClosuresInText) {
    const size_t more = words.size() - kClosuresInText;
    words.resize(kClosuresInText);
    words.push_back(absl::StrCat(more, " more closures"));
  }
  if (skips.weekend_days > 0) words.push_back(Days(skips.weekend_days, "weekend"));
  if (skips.other_days > 0) words.push_back(absl::StrCat(Days(skips.other_days, "other"), " without instruction"));
  if (words.empty()) return "";
  const std::string last = std::move(words.back());
  words.pop_back();
  return absl::StrCat(" (skipping ", absl::StrJoin(words, ", "), words.empty() ? "" : " and ", last, ")");
}

// ── the sentences ──

class Explanation {
 public:
  Explanation(const DistrictReader& reader, const AlertAnswer& alert, const std::vector<TimelineFlip>& flips)
      : reader_(reader), alert_(alert), flips_(flips), world_(reader->catalog()->World(alert.record.team,
                                                                                       alert.record.expectation)) {}

  absl::StatusOr<AlertWhy> Run() {
    why_.catalog_version = reader_->catalog_version();
    if (const absl::Status status = Reckon(); !status.ok()) return status;
    const bool closed = alert_.record.closed.has_value();
    if (closed) AddStages();
    if (why_.dates) {
      AddSignal(closed);
      AddCount();
    } else {
      Add(absl::StrCat("Catalog version ", why_.catalog_version,
                       " no longer has this watch on the date on which the alert "
                       "opened: the team, the expectation or the calendar has changed."));
    }
    if (!closed) AddStages();
    AddDueInForce();
    AddHandling(closed);
    SetRemedy(closed);
    return std::move(why_);
  }

 private:
  void Add(const std::string& sentence) { absl::StrAppend(&why_.text, why_.text.empty() ? "" : " ", sentence); }

  absl::Status Reckon() {
    if (world_.calendar == nullptr) return absl::OkStatus();
    why_.terms = world_.terms;
    const Date opened = world_.zone->LocalDate(alert_.record.opened);
    if (const SchoolYear* year = world_.calendar->YearOf(opened)) why_.school_year = year->id;
    const absl::StatusOr<TeamRows> rows = ReadTeamRows(reader_, alert_.record.team);
    if (!rows.ok()) return rows.status();
    const std::vector<IndicatorNumber>& indicators = reader_->catalog()->IndicatorsOf(alert_.record.expectation);
    why_.dates = DatesOn(world_, [&](DateRange range) { return rows->LastEventIn(indicators, range); }, opened);
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
    std::vector<std::string> stages;
    for (const TimelineFlip& flip : flips_) {
      const WatchFlip& f = flip.record.flip;
      if (f.to == f.from || !HasAlert(f.to)) continue;
      stages.push_back(absl::StrCat(State(f.to), HasAlert(f.from) && f.to == WatchState::kLate ? " again" : "",
                                    " since ", LocalTime(*world_.zone, f.effective),
                                    stages.empty() && alert_.record.closed && f.due
                                        ? absl::StrCat(" (the due date was ", Day(*f.due), ")")
                                        : ""));
    }
    if (alert_.record.closed) {
      const std::string_view words = ClosingWords(*alert_.record.closed_reason);
      const std::string_view reason = ToString(*alert_.record.closed_reason);
      stages.push_back(absl::StrCat("closed at ", LocalTime(*world_.zone, *alert_.record.closed), " because ",
                                    absl::string_view(words.data(), words.size()), " (",
                                    absl::string_view(reason.data(), reason.size()), ")"));
    } else if (alert_.record.state == WatchState::kLate && why_.dates) {
      stages.push_back(NextStage());
    }
    Add(absl::StrCat(absl::StrJoin(stages, "; "), "."));
  }

  std::string NextStage() const {
    const std::optional<Date> overdue = why_.dates->overdue_day;
    if (!overdue) return "it does not become OVERDUE in this school year";
    return absl::StrCat("OVERDUE from ", world_.terms.notify_time.ToString(), " on ", Day(*overdue), " without one");
  }

  // A change that brings the due date forward waits for the next notify time.
  void AddDueInForce() {
    if (alert_.record.closed || !why_.dates || alert_.record.due == why_.dates->due || !alert_.record.due) return;
    Add(absl::StrCat("The due date in force is still ", Day(*alert_.record.due),
                     "; a change that worsens a state waits for the next notify time."));
  }

  // "Acknowledged by m.ortiz on Tue …: we meet on Friday."
  void AddHandling(bool closed) {
    const auto words = [&](const char* what, const AlertRemark& remark) {
      return absl::StrCat(what, remark.by, " on ", Day(world_.zone->LocalDate(remark.at)),
                          remark.note.empty() ? "" : ": " + Quoted(remark.note));
    };
    if (const auto& acknowledged = alert_.record.acknowledged) Add(words("Acknowledged by ", *acknowledged) + ".");
    if (const auto& snoozed = alert_.record.snoozed) {
      Add(absl::StrCat(words("Snoozed by ", snoozed->remark), closed ? ", which was to end" : "; shows again", " at ",
                       world_.terms.notify_time.ToString(), " of ", Day(snoozed->until),
                       ", or of the first instructional day after it."));
    }
  }

  void SetRemedy(bool closed) {
    if (closed) {
      why_.remedy = "Nothing is left to do: it is closed.";
      return;
    }
    const std::optional<Date> date =
        why_.dates ? EarliestRemedy(world_, *why_.dates, reader_.now()) : std::optional<Date>();
    if (!date) return;
    why_.remedy = absl::StrCat(WithArticle(Adjective(reader_, expectation().kind)), " record dated on or after ",
                               Day(*date), " would end it.");
  }

  static absl::string_view State(WatchState state) {
    const std::string_view name = ToString(state);
    return {name.data(), name.size()};
  }

  const DistrictReader& reader_;
  const AlertAnswer& alert_;
  const std::vector<TimelineFlip>& flips_;
  const WatchWorld world_;
  AlertWhy why_;
};

}  // namespace

absl::StatusOr<AlertWhy> ExplainAlert(const DistrictReader& reader, const AlertAnswer& alert,
                                      const std::vector<TimelineFlip>& flips) {
  return Explanation(reader, alert, flips).Run();
}

}  // namespace leadlag
