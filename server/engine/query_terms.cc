#include "server/engine/query_terms.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"

namespace leadlag {
namespace {

// The school year that holds `date`, or the last one before it; null where the calendar begins later.
const SchoolYear* YearOnOrBefore(const Calendar& calendar, Date date) {
  const SchoolYear* found = nullptr;
  for (const SchoolYear& year : calendar.years()) {
    if (year.bounds.from <= date) found = &year;
  }
  return found;
}

}  // namespace

absl::Status UnknownId(std::string_view field, std::string_view what, std::string_view id) {
  return AsStatus(Problem{absl::StatusCode::kNotFound, std::string(field),
                          absl::StrCat("the catalog has no ", absl::string_view(what.data(), what.size()), " ",
                                       Quoted(id), "; correct the id, or add it to the catalog")});
}

absl::StatusOr<TeamNow> TeamNowOf(const DistrictReader& reader, std::string_view team) {
  const std::optional<TeamNumber> number = reader->interned().teams.Find(team);
  if (!number || reader->catalog()->FindTeam(*number) == nullptr) return UnknownId("name", "team", team);
  return TeamNowOf(reader, *number);
}

TeamNow TeamNowOf(const DistrictReader& reader, TeamNumber team) {
  const DistrictCatalog::TeamEntry* entry = reader->catalog()->FindTeam(team);
  return {team, entry, entry->zone->LocalDate(reader.now())};
}

absl::Status CheckKind(const DistrictReader& reader, const SignalKind& kind) {
  if (kind.of != SignalKind::Of::kIndicator) return absl::OkStatus();
  const std::optional<IndicatorNumber> number = reader->interned().indicators.Find(kind.indicator);
  if (number && reader->catalog()->FindIndicator(*number) != nullptr) return absl::OkStatus();
  return UnknownId("kind.indicator", "indicator", kind.indicator);
}

absl::StatusOr<DateRange> WindowOf(const Calendar& calendar, Date today, std::optional<Date> from,
                                   std::optional<Date> to) {
  if (!from) {
    const SchoolYear* year = YearOnOrBefore(calendar, today);
    if (year == nullptr) {
      return InvalidField("start_date", "no school year of the calendar has begun yet; give a date");
    }
    from = year->bounds.from;
  }
  if (!to) {
    const SchoolYear* year = calendar.YearOf(*from);
    if (year == nullptr) {
      return InvalidField("end_date", absl::StrCat("the calendar has no school year that holds ", from->ToString(),
                                                   ", to end the window with; give a date"));
    }
    to = year->bounds.to;
  }
  const DateRange window{*from, *to};
  if (absl::Status status = CheckWindow(window, kMaxWindowDays); !status.ok()) return status;
  return window;
}

absl::Status CheckWindow(DateRange window, int days_max) {
  if (window.from >= window.to) {
    return InvalidField("end_date", absl::StrCat("the window [", window.from.ToString(), ", ", window.to.ToString(),
                                                 ") is empty; the end is exclusive: give a date after the start"));
  }
  if (window.to - window.from > days_max) {
    return InvalidField("end_date", absl::StrCat("the window has ", window.to - window.from, " days, and at most ",
                                                 days_max, " are answered at once; ask for less"));
  }
  return absl::OkStatus();
}

bool SameKind(const SignalKind& a, const SignalKind& b) {
  if (a.of != b.of) return false;
  switch (a.of) {
    case SignalKind::Of::kAnyLeading:
      return true;
    case SignalKind::Of::kCategory:
      return a.category == b.category;
    case SignalKind::Of::kIndicator:
      return a.indicator == b.indicator;
  }
  return false;
}

}  // namespace leadlag
