#include "server/engine/watch_facts.h"

#include <algorithm>

#include "core/rule_evidence.h"
#include "server/engine/applying.h"
#include "server/engine/evidence_state.h"
#include "server/engine/series_values.h"

namespace leadlag {

std::optional<Date> District::Facts::LastSignal::operator()(DateRange asked) const {
  if (range && *range == asked) return last;
  range = asked;
  last = LastSignalIn(catalog.IndicatorsOf(watch.expectation), asked, [this](IndicatorNumber indicator, int year) -> const DayRow& {
    return district.RowNow({watch.team, indicator, year}, batch, fatal);
  });
  return last;
}

std::optional<Date> District::Facts::RuleDue::operator()(const RuleSpan& span) const {
  if (watch.team == kNoTeam) return district.SilenceDueOf(catalog, watch.expectation, span);
  if (run && *run == span.run) return due;
  run = span.run;
  const auto row = [this](IndicatorNumber indicator, int year) -> const DayRow& {
    return district.RowNow({watch.team, indicator, year}, batch, fatal);
  };
  const auto last_review = [this](DateRange range) { return LastIn(district.ReviewDatesOf(watch.team, batch, fatal), range); };
  const auto values = [this](IndicatorNumber indicator, int year) -> const SeriesValues& {
    return district.ValuesNow({watch.team, indicator, year}, batch, fatal);
  };
  const auto actions = [this]() -> const std::vector<LinkedAction>& { return district.ActionsOf(watch.team, batch, fatal); };
  const auto first_row_year = [this] { return district.rows_.FirstYearOf(watch.team); };
  const std::optional<RuleFinding> finding =
      AskRule(catalog, watch.expectation, span, {row, values, actions, last_review, first_row_year});
  due = finding ? std::optional(finding->due) : std::nullopt;
  return due;
}

const std::vector<LinkedAction>& District::ActionsOf(TeamNumber team, const Batch* batch, absl::Status& fatal) {
  constexpr size_t kHeldMax = 500'000;  // 10 to 20 MB
  if (const auto found = actions_.find(team); found != actions_.end()) return found->second;
  if (actions_held_ > kHeldMax) {
    actions_.clear();
    actions_held_ = 0;
  }
  std::vector<LinkedAction>& actions = actions_[team];
  const absl::StatusOr<std::vector<Inquiry>> inquiries = batch != nullptr ? InquiriesIn(*batch, team) : InquiriesOf(team);
  if (!inquiries.ok() && fatal.ok()) fatal = inquiries.status();
  if (inquiries.ok()) actions = LinkedActionsOf(*inquiries, interned_.indicators);
  actions_held_ += SizeOf(actions);
  return actions;
}

const SeriesValues& District::ValuesNow(const RowId& id, const Batch* batch, absl::Status& fatal) {
  static const SeriesValues& none = *new SeriesValues;
  if (const SeriesValues* const held = charted_.Use(id)) return *held;
  if (rows_.Find(id) == nullptr) return none;  // a record that stands has a row
  absl::StatusOr<SeriesValues> values =
      batch != nullptr ? ReadSeriesValues(*batch, number_, interned_, *catalog_, id)
                       : ReadSeriesValues(store_, number_, interned_, *catalog_, id);
  if (!values.ok()) {
    if (fatal.ok()) fatal = values.status();
    return none;
  }
  return charted_.Hold(id, *std::move(values));
}

namespace {

struct PlacedValue {
  RowId row;
  SeriesValue value;
  friend bool operator==(const PlacedValue&, const PlacedValue&) = default;
};

// What the record says, where that could be charted.
std::optional<PlacedValue> PlacedValueOf(const DistrictCatalog& catalog, const EvidenceIdentity& identity, const EvidenceValue& value) {
  if (!identity.place || identity.voided) return std::nullopt;
  const EvidenceIdentity::Place& place = *identity.place;
  if (catalog.IsHidden(place.indicator, value)) return std::nullopt;
  const std::optional<SeriesValue> charted = ChartedValue(place.event_date, value);
  if (!charted) return std::nullopt;
  return PlacedValue{{place.team, place.indicator, RowYear(place.event_date)}, *charted};
}

}  // namespace

void District::AddValue(const EvidenceIdentity& identity, const EvidenceValue& value) {
  if (charted_.series() == 0) return;
  if (const std::optional<PlacedValue> placed = PlacedValueOf(*catalog_, identity, value)) charted_.Add(placed->row, placed->value);
}

void District::ReviseValue(Applying& a, const EvidenceIdentity& before, const EvidenceIdentity& after,
                           const std::vector<EvidenceRevision>& revisions) {
  if (charted_.series() == 0) return;
  const std::optional<PlacedValue> was = PlacedValueOf(*catalog_, before, CurrentOf(before, revisions).content.value);
  const std::optional<PlacedValue> is = PlacedValueOf(*catalog_, after, CurrentOf(after, revisions).content.value);
  if (was == is) return;
  if (was && !charted_.Remove(was->row, was->value)) {
    return a.Fail(absl::DataLossError("a charted series lacks a record that is being revised; run `leadlag admin verify`"));
  }
  if (is) charted_.Add(is->row, is->value);
}

const std::vector<Date>& District::ReviewDatesOf(TeamNumber team, const Batch* batch, absl::Status& fatal) {
  const auto [found, missing] = review_dates_.try_emplace(team);
  if (missing) {
    const absl::StatusOr<TeamReviews> reviews = batch != nullptr ? ReviewsIn(*batch, team) : ReviewsOf(team);
    if (!reviews.ok() && fatal.ok()) fatal = reviews.status();
    if (reviews.ok()) found->second = reviews->Dates();
  }
  return found->second;
}

}  // namespace leadlag
