// What happened to a team, date by date; and the flip log as such. server/engine/queries.h.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/engine/queries.h"
#include "server/engine/query_terms.h"
#include "server/engine/team_rows.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

// The weekday mask of the calendar that the team follows on a date.
uint8_t WeekdaysOn(const Catalog& catalog, const Team& team, Date date) {
  std::string_view id = catalog.default_calendar;
  for (const CalendarAssignment& assignment : team.calendars) {
    if (!assignment.from || *assignment.from <= date) id = assignment.calendar;
  }
  const auto spec = std::find_if(catalog.calendars.begin(), catalog.calendars.end(),
                                 [&](const CalendarSpec& calendar) { return calendar.id == id; });
  return spec == catalog.calendars.end() ? uint8_t{0} : spec->weekdays;
}

// Days on which there would have been instruction, but for something the calendar names: no weekends of a break.
void AddClosures(const DistrictReader& reader, const TeamNow& team, DateRange window,
                 std::vector<TimelineItem>& items) {
  for (Date date = window.from; date < window.to; date = date + 1) {
    if (team.calendar().IsInstructional(date)) continue;
    std::string label = team.calendar().ClosureLabel(date);
    if (label.empty()) continue;
    const int weekdays = WeekdaysOn(reader->catalog()->catalog(), *team.entry->team, date);
    if ((weekdays >> static_cast<int>(date.weekday()) & 1) == 0) continue;
    items.push_back({date, TimelineClosure{std::move(label)}});
  }
}

// Records that count: of indicators of the catalog, not COMPLETION, dated in a school year.
absl::Status AddSignals(const DistrictReader& reader, const TeamNow& team, DateRange window,
                        std::vector<TimelineItem>& items) {
  const absl::StatusOr<TeamRows> rows = ReadTeamRows(reader, team.number);
  if (!rows.ok()) return rows.status();
  std::map<std::pair<Date, std::string>, uint64_t> records;
  for (const TeamRows::Row& row : rows->rows()) {
    const Indicator& indicator = *reader->catalog()->FindIndicator(row.indicator);
    if (indicator.measure == Measure::kCompletion) continue;
    for (const DayEntry& entry : row.row->entries()) {
      if (!window.Contains(entry.event) || team.calendar().YearOf(entry.event) == nullptr) continue;
      records[{entry.event, indicator.id}] += entry.count;
    }
  }
  for (const auto& [key, count] : records) items.push_back({key.first, TimelineSignal{key.second, count}});
  return absl::OkStatus();
}

absl::Status AddReviews(const DistrictReader& reader, const TeamNow& team, DateRange window,
                        std::vector<TimelineItem>& items) {
  const absl::StatusOr<TeamReviews> reviews = reader->ReviewsOf(team.number);
  if (!reviews.ok()) return reviews.status();
  for (const Review& review : reviews->all()) {
    if (window.Contains(review.date)) items.push_back({review.date, TimelineReview{review.id, review.decision, review.account.verdict}});
  }
  return absl::OkStatus();
}

// The team's flips from the last back to what was recorded before the window: nothing takes effect after it is recorded,
// so no flip before that took effect in the window.
absl::Status AddFlips(const DistrictReader& reader, const TeamNow& team, DateRange window,
                      std::vector<TimelineItem>& items) {
  const ZoneRules& zone = *team.entry->zone;
  const Instant begin = zone.StartOf(window.from);
  absl::Status damage;
  std::vector<TimelineItem> backwards;
  const auto visit = [&](std::string_view key_bytes, std::string_view) {
    const absl::StatusOr<TeamFlipKey> key = TeamFlipKey::Decode(key_bytes);
    damage = key.status();
    if (!damage.ok()) return false;
    absl::StatusOr<FlipRecord> flip = ReadFlip(reader, key->sequence);
    damage = flip.status();
    if (!damage.ok() || flip->recorded < begin) return false;
    const Date date = zone.LocalDate(flip->flip.effective);
    if (window.Contains(date)) backwards.push_back({date, TimelineFlip{key->sequence, *std::move(flip)}});
    return true;
  };
  const absl::Status scanned = reader->store().ScanReverse(TeamFlipsRange(reader->number(), team.number), visit);
  if (!scanned.ok()) return scanned;
  std::move(backwards.rbegin(), backwards.rend(), std::back_inserter(items));
  return damage;
}

}  // namespace

absl::StatusOr<std::vector<TimelineItem>> GetTimeline(const DistrictReader& reader, std::string_view team_id,
                                                      DateRange window) {
  const absl::StatusOr<TeamNow> team = TeamNowOf(reader, team_id);
  if (!team.ok()) return team.status();
  if (absl::Status status = CheckWindow(window, kMaxTimelineDays); !status.ok()) return status;
  std::vector<TimelineItem> items;
  AddClosures(reader, *team, window, items);
  if (absl::Status status = AddSignals(reader, *team, window, items); !status.ok()) return status;
  if (absl::Status status = AddReviews(reader, *team, window, items); !status.ok()) return status;
  if (absl::Status status = AddFlips(reader, *team, window, items); !status.ok()) return status;
  // The alternatives of `item` are in the order in which one date shows them; within one each is in order already.
  std::stable_sort(items.begin(), items.end(), [](const TimelineItem& a, const TimelineItem& b) {
    return std::pair(a.date, a.item.index()) < std::pair(b.date, b.item.index());
  });
  return items;
}

std::optional<Date> FlipsFrom(const DistrictReader& reader, TeamNumber team) {
  const std::optional<Instant> trimmed = reader->trimmed_through();
  if (!trimmed) return std::nullopt;
  // Nothing takes effect after it is recorded.
  return reader->catalog()->FindTeam(team)->zone->LocalDate(*trimmed) + 1;
}

absl::StatusOr<FlipRecord> ReadFlip(const DistrictReader& reader, uint64_t sequence) {
  const absl::StatusOr<std::optional<std::string>> bytes = reader->store().Get(FlipKey{reader->number(), sequence}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return absl::DataLossError(absl::StrCat("flip ", sequence, " is not stored; restore from a backup"));
  return DecodeFlipRecord(**bytes);
}

absl::StatusOr<std::vector<TimelineFlip>> ReadFlips(const DistrictReader& reader, uint64_t from, size_t limit) {
  std::vector<TimelineFlip> flips;
  if (limit == 0 || from > reader->last_sequence()) return flips;
  absl::Status damage;
  const auto visit = [&](std::string_view key_bytes, std::string_view value) {
    const absl::StatusOr<FlipKey> key = FlipKey::Decode(key_bytes);
    absl::StatusOr<FlipRecord> flip = DecodeFlipRecord(value);
    damage = !key.ok() ? key.status() : flip.status();
    if (!damage.ok()) return false;
    flips.push_back({key->sequence, *std::move(flip)});
    return flips.size() < limit;
  };
  const absl::Status scanned = reader->store().Scan(FlipsRange(reader->number(), from), visit);
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return flips;
}

}  // namespace leadlag
