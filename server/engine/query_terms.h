// What the questions of server/engine/queries.h share: whose today it is, which window, and how an unknown id is
// answered. Internal to server/engine.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine/engine.h"

namespace leadlag {

// A team of the catalog in force, and its today.
struct TeamNow {
  TeamNumber number = 0;
  const DistrictCatalog::TeamEntry* entry = nullptr;  // never null
  Date today;                                         // in the team's zone
  const Calendar& calendar() const { return *entry->calendar; }
};

// NOT_FOUND (field "name") where the catalog in force has no such team.
absl::StatusOr<TeamNow> TeamNowOf(const DistrictReader& reader, std::string_view team);
// REQUIRES: the catalog in force has the team.
TeamNow TeamNowOf(const DistrictReader& reader, TeamNumber team);

// NOT_FOUND for one field: "the catalog has no indicator "x"; …".
absl::Status UnknownId(std::string_view field, std::string_view what, std::string_view id);

// NOT_FOUND (field "kind.indicator") for a kind that names an indicator which the catalog in force does not have.
absl::Status CheckKind(const DistrictReader& reader, const SignalKind& kind);

// The window asked for, with the defaults of CadenceQuery. INVALID_ARGUMENT where it is empty, longer than
// kMaxWindowDays, or has no default.
absl::StatusOr<DateRange> WindowOf(const Calendar& calendar, Date today, std::optional<Date> from,
                                   std::optional<Date> to);

// INVALID_ARGUMENT (field "end_date") where the window is empty or longer than `days_max`.
absl::Status CheckWindow(DateRange window, int days_max);

// Whether two kinds are the same question: fields that `of` leaves without meaning are not looked at.
bool SameKind(const SignalKind& a, const SignalKind& b);

}  // namespace leadlag
