#include "server/engine/team_rows.h"

#include <algorithm>
#include <set>
#include <utility>

#include "server/engine/series_values.h"
#include "storage/keys.h"

namespace leadlag {
namespace {

// Passing over this many teams' rows costs less than seeking.
constexpr uint32_t kTeamsPassedOver = 8;

TeamRows::Row Borrowed(const DayRows::Slot& slot) {
  return {slot.indicator, slot.row_year, std::shared_ptr<const DayRow>(std::shared_ptr<void>(), &slot.row)};
}

// The team's rows that count, by the list in memory; from the store those alone that are not. False: none was to be read from there,
// since `in_memory_only`, and some are not in memory.
absl::StatusOr<bool> AddListedRows(const DistrictReader& reader, TeamNumber team, bool in_memory_only, TeamRows& rows) {
  for (const DayRows::Slot& slot : reader->rows().OfTeam(team)) {
    if (reader->catalog()->FindIndicator(slot.indicator) == nullptr) continue;
    if (slot.in_memory) {
      rows.Add(Borrowed(slot));
      continue;
    }
    if (in_memory_only) return false;
    absl::StatusOr<DayRow> row = reader->Row(team, slot.indicator, slot.row_year);
    if (!row.ok()) return row.status();
    rows.Add({slot.indicator, slot.row_year, std::make_shared<const DayRow>(*std::move(row))});
  }
  return true;
}

// One pass over the rows of teams first..last (inclusive). Ends at the first team after `last`, as the range does.
class Pass {
 public:
  using Visit = absl::FunctionRef<void(TeamNumber, const TeamRows&)>;
  Pass(const DistrictReader& reader, const TeamNumber* first, const TeamNumber* end, Visit visit)
      : reader_(reader), next_(first), end_(end), visit_(visit) {}

  absl::Status Run() {
    const uint32_t district = reader_->number();
    const KeyRange range{DayRowsRange(district, *next_).begin, DayRowsRange(district, *(end_ - 1)).end};
    absl::Status status;
    const absl::Status scanned = reader_->store().Scan(range, [&](std::string_view key, std::string_view value) {
      status = Take(key, value);
      return status.ok();
    });
    if (!scanned.ok()) return scanned;
    if (!status.ok()) return status;
    while (next_ != end_) VisitNext();
    return absl::OkStatus();
  }

 private:
  absl::Status Take(std::string_view bytes, std::string_view value) {
    const absl::StatusOr<DayRowKey> key = DayRowKey::Decode(bytes);
    if (!key.ok()) return key.status();
    while (next_ != end_ && *next_ < key->team) VisitNext();
    if (next_ == end_ || *next_ != key->team) return absl::OkStatus();
    if (reader_->catalog()->FindIndicator(key->indicator) == nullptr) return absl::OkStatus();
    const RowId id{key->team, key->indicator, RowYear(FirstOfMonth(key->month))};
    if (id != row_) Begin(id);
    return read_ == nullptr ? absl::OkStatus() : AddRowMonth(bytes, value, *read_);
  }

  // The next entries are months of that row.
  void Begin(const RowId& id) {
    row_ = id;
    read_.reset();
    const DayRows::Slot* const slot = reader_->rows().Find(id);
    if (slot != nullptr && slot->in_memory) {
      rows_.Add(Borrowed(*slot));
    } else {
      read_ = std::make_shared<DayRow>();
      rows_.Add({id.indicator, id.row_year, read_});
    }
  }

  void VisitNext() {
    visit_(*next_++, rows_);
    rows_.Clear();
  }

  const DistrictReader& reader_;
  const TeamNumber* next_;  // whose rows are being collected
  const TeamNumber* end_;
  Visit visit_;
  TeamRows rows_;
  RowId row_;                     // whose months are being read
  std::shared_ptr<DayRow> read_;  // the row as far as it has been; null: it is in memory
};

}  // namespace

std::optional<Date> TeamRows::LastEventIn(const std::vector<IndicatorNumber>& indicators, DateRange range) const {
  std::optional<Date> last;
  const int first_year = RowYear(range.from);
  const int last_year = RowYear(range.to - 1);
  for (const Row& row : rows_) {
    if (row.row_year < first_year || row.row_year > last_year) continue;
    if (!std::binary_search(indicators.begin(), indicators.end(), row.indicator)) continue;
    const std::optional<Date> event = row.row->LastEventIn(range);
    if (event && (!last || *event > *last)) last = event;
  }
  return last;
}

std::vector<Date> TeamRows::EventDates(const std::vector<IndicatorNumber>& indicators) const {
  std::vector<Date> dates;
  for (const Row& row : rows_) {
    if (!std::binary_search(indicators.begin(), indicators.end(), row.indicator)) continue;
    // Ascending, as those before it are.
    const auto middle = static_cast<std::ptrdiff_t>(dates.size());
    for (const DayEntry& entry : row.row->entries()) {
      if (static_cast<std::ptrdiff_t>(dates.size()) == middle || dates.back() != entry.event) dates.push_back(entry.event);
    }
    std::inplace_merge(dates.begin(), dates.begin() + middle, dates.end());
    dates.erase(std::unique(dates.begin(), dates.end()), dates.end());
  }
  return dates;
}

absl::StatusOr<TeamRows> ReadTeamRows(const DistrictReader& reader, TeamNumber team) {
  TeamRows rows;
  const absl::StatusOr<bool> added = AddListedRows(reader, team, /*in_memory_only=*/false, rows);
  if (!added.ok()) return added.status();
  return rows;
}

absl::Status ForEachTeam(const DistrictReader& reader, const std::vector<TeamNumber>& teams,
                         absl::FunctionRef<void(TeamNumber, const TeamRows&)> visit) {
  const TeamNumber* const end = teams.data() + teams.size();
  for (const TeamNumber* first = teams.data(); first != end;) {
    TeamRows rows;
    const absl::StatusOr<bool> added = AddListedRows(reader, *first, /*in_memory_only=*/true, rows);
    if (!added.ok()) return added.status();
    if (*added) {
      visit(*first++, rows);
      continue;
    }
    // Many rows are read faster in order than one by one.
    const TeamNumber* next = first + 1;
    while (next != end && *next - *(next - 1) <= kTeamsPassedOver) ++next;
    if (absl::Status status = Pass(reader, first, next, visit).Run(); !status.ok()) return status;
    first = next;
  }
  return absl::OkStatus();
}

std::optional<int> TeamRows::FirstYear() const {
  const auto first = std::min_element(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.row_year < b.row_year; });
  return first == rows_.end() ? std::nullopt : std::optional(first->row_year);
}

const DayRow& TeamRows::RowOf(IndicatorNumber indicator, int row_year) const {
  static const DayRow& none = *new DayRow;
  const auto place = std::lower_bound(rows_.begin(), rows_.end(), std::pair(indicator, row_year), [](const Row& row, const auto& wanted) {
    return std::pair(row.indicator, row.row_year) < wanted;
  });
  return place != rows_.end() && place->indicator == indicator && place->row_year == row_year ? *place->row : none;
}

std::optional<RuleFinding> TeamFacts::RuleDue::Ask(const RuleSpan& span) const {
  const auto row = [this](IndicatorNumber indicator, int year) -> const DayRow& { return rows.RowOf(indicator, year); };
  const auto values = [this](IndicatorNumber indicator, int year) -> const SeriesValues& { return ruled.ValuesOf(indicator, year); };
  const auto last_review = [this](DateRange range) { return LastIn(ruled.reviews, range); };
  const auto actions = [this]() -> const std::vector<LinkedAction>& { return ruled.actions; };
  const auto first_row_year = [this] { return rows.FirstYear(); };
  return AskRule(catalog, expectation, span, {row, values, actions, last_review, first_row_year});
}

std::optional<Date> TeamFacts::RuleDue::operator()(const RuleSpan& span) const {
  const std::optional<RuleFinding> finding = Ask(span);
  return finding ? std::optional(finding->due) : std::nullopt;
}

const SeriesValues& RuledTeam::ValuesOf(IndicatorNumber indicator, int row_year) const {
  static const SeriesValues& none = *new SeriesValues;
  for (const Series& series : charted) {
    if (series.indicator == indicator && series.row_year == row_year) return series.values;
  }
  return none;
}

absl::StatusOr<RuledTeam> ReadRuledTeam(const DistrictReader& reader, TeamNumber team, std::span<const ExpectationNumber> subjects,
                                        DateRange dates) {
  const DistrictCatalog& catalog = *reader->catalog();
  RuledTeam ruled;
  const auto any = [&](AlertKind kind) {
    return std::any_of(subjects.begin(), subjects.end(), [&](ExpectationNumber subject) {
      const AlertRule* const rule = catalog.FindRule(subject);
      return rule != nullptr && rule->kind() == kind;
    });
  };
  if (any(AlertKind::kReviewOverdue)) {
    const absl::StatusOr<TeamReviews> reviews = reader->ReviewsOf(team);
    if (!reviews.ok()) return reviews.status();
    ruled.reviews = reviews->Dates();
  }
  if (any(AlertKind::kActionWithoutEvidence)) {
    absl::StatusOr<std::vector<Inquiry>> inquiries = reader->InquiriesOf(team);
    if (!inquiries.ok()) return inquiries.status();
    ruled.inquiries = *std::move(inquiries);
    ruled.actions = LinkedActionsOf(ruled.inquiries, reader->interned().indicators);
  }
  if (!any(AlertKind::kRunSignal)) return ruled;
  std::set<IndicatorNumber> charted;
  for (const ExpectationNumber subject : subjects) {
    const AlertRule* const rule = catalog.FindRule(subject);
    if (rule == nullptr || rule->kind() != AlertKind::kRunSignal) continue;
    charted.insert(catalog.IndicatorsOf(subject).begin(), catalog.IndicatorsOf(subject).end());
  }
  for (const DayRows::Slot& slot : reader->rows().OfTeam(team)) {
    if (!charted.contains(slot.indicator) || slot.row_year < RowYear(dates.from) || slot.row_year > RowYear(dates.to - 1)) continue;
    absl::StatusOr<SeriesValues> values =
        ReadSeriesValues(reader->store(), reader->number(), reader->interned(), *reader->catalog(),
                         {team, slot.indicator, slot.row_year});
    if (!values.ok()) return values.status();
    ruled.charted.push_back({slot.indicator, slot.row_year, *std::move(values)});
  }
  return ruled;
}

std::vector<IndicatorNumber> IndicatorsOfKind(const DistrictReader& reader, const SignalKind& kind, bool completions) {
  std::vector<IndicatorNumber> indicators;
  for (IndicatorNumber number = 0; number < reader->interned().indicators.size(); ++number) {
    const Indicator* indicator = reader->catalog()->FindIndicator(number);
    if (indicator != nullptr && kind.Counts(*indicator, completions)) indicators.push_back(number);
  }
  return indicators;
}

}  // namespace leadlag
