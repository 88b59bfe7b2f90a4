#include "core/calendar.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/problem.h"

namespace leadlag {
namespace {

// What a spec says of one date, as bits: the rule of instruction then reads like DOMAIN.md's sentence.
enum Mark : uint8_t {
  kInTerm = 1,
  kShortened = 2,  // late arrival or early dismissal: held, whatever the weekday
  kClosed = 4,
  kMakeUp = 8,
};

Mark MarkOf(ExceptionKind kind) {
  switch (kind) {
    case ExceptionKind::kHoliday:
    case ExceptionKind::kBreak:
    case ExceptionKind::kWeatherDay:
    case ExceptionKind::kTeacherOnlyDay:
    case ExceptionKind::kOtherClosure:
      return kClosed;
    case ExceptionKind::kMakeUpDay:
      return kMakeUp;
    case ExceptionKind::kLateArrival:
    case ExceptionKind::kEarlyDismissal:
      return kShortened;
  }
  LEADLAG_CHECK(false);  // ValidateDates refuses every other number
  return kClosed;
}

// The marks of every date from the first year's bounds to the last one's. REQUIRES: a valid spec with at least one
// year.
class Marks {
 public:
  explicit Marks(const CalendarSpec& spec)
      : base_(spec.years.front().bounds.from), marks_(spec.years.back().bounds.to - base_) {
    for (const SchoolYearSpec& year : spec.years) {
      for (const Term& term : year.terms) Add(term.first_day, term.last_day, kInTerm);
    }
    for (const CalendarException& e : spec.exceptions) Add(e.date, e.last_date, MarkOf(e.kind));
  }

  bool IsInstructional(Date d, uint8_t weekdays) const {
    const uint8_t marks = marks_[d - base_];
    if (marks & kMakeUp) return true;
    if ((marks & kClosed) || !(marks & kInTerm)) return false;
    return (marks & kShortened) || (weekdays >> static_cast<int>(d.weekday()) & 1);
  }

 private:
  void Add(Date first, Date last, Mark mark) {
    for (Date d = first; d <= last; d = d + 1) marks_[d - base_] |= mark;
  }

  Date base_;
  std::vector<uint8_t> marks_;
};

int DaysOf(const CalendarException& e) { return e.last_date - e.date + 1; }

// The closures as disjoint stretches in order of date, each with the shortest exception that covers it.
std::vector<CalendarException> Flatten(const CalendarSpec& spec) {
  std::vector<const CalendarException*> closures;
  for (const CalendarException& e : spec.exceptions) {
    if (MarkOf(e.kind) == kClosed) closures.push_back(&e);
  }
  if (closures.empty()) return {};
  // Painted the longest first, the last one in the document first at equal length: what is painted over gives way.
  std::reverse(closures.begin(), closures.end());
  std::stable_sort(closures.begin(), closures.end(),
                   [](const auto* a, const auto* b) { return DaysOf(*a) > DaysOf(*b); });
  const Date base = spec.years.front().bounds.from;
  std::vector<const CalendarException*> painted(spec.years.back().bounds.to - base);
  for (const CalendarException* e : closures) {
    std::fill(painted.begin() + (e->date - base), painted.begin() + (e->last_date - base) + 1, e);
  }

  std::vector<CalendarException> flat;
  for (size_t i = 0; i < painted.size(); ++i) {
    if (painted[i] == nullptr) continue;
    if (i == 0 || painted[i] != painted[i - 1]) {
      flat.push_back(*painted[i]);
      flat.back().date = base + static_cast<int>(i);
    }
    flat.back().last_date = base + static_cast<int>(i);
  }
  return flat;
}

// The school year which a move on `date` would cut in two; null at its start and outside every year.
const SchoolYear* YearCutBy(const Calendar& calendar, Date date) {
  const SchoolYear* year = calendar.YearOf(date);
  return year != nullptr && year->bounds.from < date ? year : nullptr;
}

std::string Describe(const SchoolYear* year) {
  if (year == nullptr) return "none";
  return year->id + " from " + year->bounds.from.ToString() + " until " + year->bounds.to.ToString();
}

}  // namespace

absl::StatusOr<Calendar> Calendar::Compile(const CalendarSpec& spec) {
  if (const std::vector<Problem> problems = ValidateDates(spec); !problems.empty()) return AsStatus(problems);
  if (spec.years.empty()) return Calendar();
  const Marks marks(spec);
  std::vector<SchoolYear> years;
  std::vector<Date> days;
  for (const SchoolYearSpec& year : spec.years) {
    years.push_back({year.id, year.bounds, {}, {}});
    for (Date d = year.bounds.from; d < year.bounds.to; d = d + 1) {
      if (marks.IsInstructional(d, spec.weekdays)) days.push_back(d);
    }
  }
  return Index(std::move(years), std::move(days), Flatten(spec));
}

absl::Status Calendar::CheckMove(const Calendar& before, const Calendar& after, Date move) {
  const SchoolYear* left = YearCutBy(before, move);
  const SchoolYear* right = YearCutBy(after, move);
  if (left == nullptr && right == nullptr) return absl::OkStatus();
  if (left != nullptr && right != nullptr && left->id == right->id && left->bounds == right->bounds) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      move.ToString() + " lies inside a school year that the two calendars bound differently (the old one: " +
      Describe(left) + "; the new one: " + Describe(right) +
      "); move at the start of a school year, or give both calendars this year with the same id and dates");
}

// A year of the combination is one that starts while its calendar is in force: one that a move cuts in two is, as
// CheckMove has made sure, the same in the calendar after it. So every instructional day in a part's range lies in a
// year of the combination.
absl::StatusOr<Calendar> Calendar::Combine(const std::vector<Part>& parts) {
  LEADLAG_CHECK(!parts.empty());
  std::vector<SchoolYear> years;
  std::vector<Date> days;
  std::vector<CalendarException> closures;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Calendar& calendar = *parts[i].calendar;
    const Date from = i == 0 ? Date(std::numeric_limits<int32_t>::min()) : parts[i].from;
    const Date to = i + 1 == parts.size() ? Date(std::numeric_limits<int32_t>::max()) : parts[i + 1].from;
    if (i > 0) {
      if (absl::Status move = CheckMove(*parts[i - 1].calendar, calendar, from); !move.ok()) return move;
    }
    const DateRange in_force{from, to};
    for (const SchoolYear& year : calendar.years_) {
      if (in_force.Contains(year.bounds.from)) years.push_back(year);
    }
    for (const Date d : calendar.days_) {
      if (in_force.Contains(d)) days.push_back(d);
    }
    for (CalendarException closure : calendar.closures_) {
      closure.date = std::max(closure.date, from);
      closure.last_date = std::min(closure.last_date, to - 1);
      if (closure.date <= closure.last_date) closures.push_back(std::move(closure));
    }
  }
  return Index(std::move(years), std::move(days), std::move(closures));
}

Calendar Calendar::Index(std::vector<SchoolYear> years, std::vector<Date> days,
                         std::vector<CalendarException> closures) {
  Calendar calendar;
  for (SchoolYear& year : years) {
    const auto first = std::lower_bound(days.begin(), days.end(), year.bounds.from);
    const auto end = std::lower_bound(first, days.end(), year.bounds.to);
    year.first_day = first == end ? std::nullopt : std::optional<Date>(*first);
    year.last_day = first == end ? std::nullopt : std::optional<Date>(*(end - 1));
  }
  if (!years.empty()) {
    calendar.base_ = years.front().bounds.from;
    calendar.counts_.resize(years.back().bounds.to - calendar.base_);
    for (const Date d : days) calendar.counts_[d - calendar.base_] = 1;
    std::partial_sum(calendar.counts_.begin(), calendar.counts_.end(), calendar.counts_.begin());
  }
  calendar.years_ = std::move(years);
  calendar.days_ = std::move(days);
  calendar.closures_ = std::move(closures);
  return calendar;
}

int Calendar::CountThrough(Date d) const {
  if (counts_.empty() || d < base_) return 0;
  const size_t offset = static_cast<size_t>(d - base_);
  return offset < counts_.size() ? counts_[offset] : counts_.back();
}

bool Calendar::IsInstructional(Date d) const {
  const int count = CountThrough(d);
  return count > 0 && days_[count - 1] == d;
}

std::optional<Date> Calendar::NthAfter(Date a, int n) const {
  LEADLAG_CHECK(n >= 1);
  const size_t index = static_cast<size_t>(CountThrough(a)) + static_cast<size_t>(n) - 1;
  return index < days_.size() ? std::optional<Date>(days_[index]) : std::nullopt;
}

std::optional<Date> Calendar::LastOnOrBefore(Date d) const {
  const int count = CountThrough(d);
  return count > 0 ? std::optional<Date>(days_[count - 1]) : std::nullopt;
}

const SchoolYear* Calendar::YearOf(Date d) const {
  const auto after = std::upper_bound(years_.begin(), years_.end(), d,
                                      [](Date date, const SchoolYear& year) { return date < year.bounds.from; });
  if (after == years_.begin()) return nullptr;
  const SchoolYear& year = *(after - 1);
  return year.bounds.Contains(d) ? &year : nullptr;
}

std::string Calendar::ClosureLabel(Date d) const {
  if (IsInstructional(d)) return "";
  const auto after = std::upper_bound(closures_.begin(), closures_.end(), d,
                                      [](Date date, const CalendarException& e) { return date < e.date; });
  if (after == closures_.begin()) return "";
  const CalendarException& closure = *(after - 1);
  return d <= closure.last_date ? closure.label : "";
}

}  // namespace leadlag
