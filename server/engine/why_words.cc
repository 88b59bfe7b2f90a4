#include "server/engine/why_words.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/problem.h"
#include "server/engine/alert_opening.h"

namespace leadlag {
namespace {

// Closures spelled out in the text; `AlertWhy::skipped` has them all.
constexpr size_t kClosuresInText = 12;

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

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string Day(Date date) {
  static constexpr std::array<const char*, 7> kNames = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  return absl::StrCat(kNames[static_cast<size_t>(date.weekday())], " ", date.ToString());
}

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

WatchWorld WorldOf(const DistrictReader& reader, const AlertRecord& alert) {
  WatchWorld world = reader->catalog()->World(alert.team, alert.expectation);
  if (reader->KindOf({alert.team, alert.expectation}) != alert.kind) world.calendar = nullptr;
  return world;
}

std::string_view ClosingWords(AlertKind kind, FlipReason reason) {
  switch (reason) {
    case FlipReason::kResolved:
      return kind == AlertKind::kReviewOverdue  ? "a review was held, or evidence arrived"
             : kind == AlertKind::kSourceSilent ? "it was heard again"
                                                : "evidence arrived";
    case FlipReason::kSourceSilent: return "every source that feeds it fell silent, so that nobody can tell";
    case FlipReason::kRetracted:
      return kind == AlertKind::kSourceSilent    ? "a change of the calendar or the source made it untrue"
             : kind == AlertKind::kSignalOverdue ? "a void, a correction or a change of calendar, team or expectation made it untrue"
             : kind == AlertKind::kActionWithoutEvidence
                 ? "a void, a correction or a change of calendar, team, inquiry or rule made it untrue"
                 : "a void, a correction or a change of calendar, team or rule made it untrue";
    case FlipReason::kInactive: return "the team became inactive";
    case FlipReason::kYearEnded: return "the school year's last instructional day was over";
    default: return "the catalog changed";
  }
}

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

std::optional<Date> EarliestRemedy(const WatchWorld& world, const WatchDates& dates, int days, Instant now) {
  const std::optional<Date> judged = LastNotified(world, dates.run, Instant{now.micros + 1});
  if (!judged) return std::nullopt;
  const Date before_year = dates.school_year.from - 1;
  const int wanted = world.calendar->Between(before_year, *judged) - days;
  return wanted <= 0 ? dates.school_year.from : world.calendar->NthAfter(before_year, wanted);
}

std::optional<Date> NextNotified(const WatchWorld& world, DateRange run, Instant now) {
  const std::optional<Date> last = LastNotified(world, run, Instant{now.micros + 1});
  const std::optional<Date> next = last ? world.calendar->NthAfter(*last, 1) : world.calendar->FirstOnOrAfter(run.from);
  return next && run.Contains(*next) ? next : std::nullopt;
}

std::string DueWords(const AlertRecord& alert, const AlertOpening& opening, const std::vector<TimelineFlip>& flips,
                     std::optional<Date> found, const ZoneRules& zone) {
  std::vector<std::string> sentences;
  if (opening.kept && opening.due && alert.due && *opening.due != *alert.due) {
    Instant since = alert.opened;
    std::optional<Date> due = opening.due;
    for (const TimelineFlip& flip : flips) {
      if (flip.record.flip.due == due) continue;
      due = flip.record.flip.due;
      since = flip.record.flip.effective;
    }
    sentences.push_back(absl::StrCat("It opened by the due date ", Day(*opening.due), ", by catalog version ", opening.catalog_version,
                                     "; since ", LocalTime(zone, since), " the due date in force is ", Day(*alert.due), "."));
  }
  if (alert.due && found != alert.due) {
    sentences.push_back(absl::StrCat("The due date in force is still ", Day(*alert.due),
                                     "; a change that worsens a state waits for the next notify time."));
  }
  return absl::StrJoin(sentences, " ");
}

std::string HandlingWords(const AlertRecord& alert, const WatchWorld& world) {
  const auto words = [&](const char* what, const AlertRemark& remark) {
    return absl::StrCat(what, remark.by, " on ", Day(world.zone->LocalDate(remark.at)),
                        remark.note.empty() ? "" : ": " + Quoted(remark.note));
  };
  std::vector<std::string> sentences;
  if (alert.acknowledged) sentences.push_back(words("Acknowledged by ", *alert.acknowledged) + ".");
  if (alert.snoozed) {
    sentences.push_back(absl::StrCat(words("Snoozed by ", alert.snoozed->remark), alert.closed ? ", which was to end" : "; shows again",
                                     " at ", world.terms.notify_time.ToString(), " of ", Day(alert.snoozed->until),
                                     ", or of the first instructional day after it."));
  }
  return absl::StrJoin(sentences, " ");
}

std::vector<std::string> StageWords(const AlertRecord& alert, const AlertOpening& opening, const std::vector<TimelineFlip>& flips,
                                    const ZoneRules& zone) {
  std::vector<std::string> stages;
  // The flip that opened it may be kept no longer.
  if (!opening.kept) {
    stages.push_back(absl::StrCat(alert.closed ? "Opened at " : "Open since ", LocalTime(zone, alert.opened),
                                  alert.closed && alert.due ? absl::StrCat(" (the last due date was ", Day(*alert.due), ")") : ""));
  }
  for (const TimelineFlip& flip : flips) {
    const WatchFlip& f = flip.record.flip;
    if (f.to == f.from || !HasAlert(f.to)) continue;
    stages.push_back(absl::StrCat(View(ToString(f.to)), HasAlert(f.from) && f.to == WatchState::kLate ? " again" : "", " since ",
                                  LocalTime(zone, f.effective),
                                  stages.empty() && alert.closed && f.due
                                      ? absl::StrCat(" (the due date was ", Day(*f.due), ", by catalog version ",
                                                     opening.catalog_version, ")")
                                      : ""));
  }
  if (alert.closed) {
    stages.push_back(absl::StrCat("closed at ", LocalTime(zone, *alert.closed), " because ",
                                  View(ClosingWords(alert.kind, *alert.closed_reason)),
                                  " (", View(ToString(*alert.closed_reason)), ")"));
  }
  return stages;
}

}  // namespace leadlag
