#include "core/rule_evidence.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <variant>
#include <vector>

namespace leadlag {
namespace {

class Asking {
 public:
  Asking(const DistrictCatalog& catalog, ExpectationNumber rule, const RuleSpan& span, const TeamEvidence& evidence)
      : catalog_(catalog), indicators_(catalog.IndicatorsOf(rule)), span_(span), evidence_(evidence) {}

  std::optional<RuleFinding> operator()(const std::monostate&) const { return std::nullopt; }

  std::optional<RuleFinding> operator()(const LaggingOnlyTerms& terms) const {
    std::optional<Date> lagging, leading;
    for (const IndicatorNumber number : indicators_) {
      std::optional<Date>& last = catalog_.FindIndicator(number)->role == IndicatorRole::kLagging ? lagging : leading;
      ForEachRow(number, [&](const DayRow& row) {
        const std::optional<Date> event = row.LastEventIn(span_.school_year);
        if (event && (!last || *event > *last)) last = event;
      });
    }
    return LaggingOnly(span_, terms.days, lagging.has_value(), leading);
  }

  std::optional<RuleFinding> operator()(const CompletionOnlyTerms& terms) const {
    std::vector<Date> completions, signals;
    for (const IndicatorNumber number : indicators_) {
      std::vector<Date>& dates = catalog_.FindIndicator(number)->measure == Measure::kCompletion ? completions : signals;
      ForEachRow(number, [&](const DayRow& row) {
        for (const DayEntry& entry : row.entries()) {
          if (span_.run.Contains(entry.event)) dates.push_back(entry.event);
        }
      });
    }
    std::sort(completions.begin(), completions.end());
    std::sort(signals.begin(), signals.end());
    return CompletionOnly(span_, terms, completions, signals);
  }

  std::optional<RuleFinding> operator()(const ReviewOverdueTerms& terms) const {
    return ReviewOverdue(span_, terms.days, Entries(), evidence_.last_review(span_.school_year));
  }

  std::optional<RuleFinding> operator()(const CollectionSlowTerms& terms) const { return CollectionSlow(span_, terms, Entries()); }

  std::optional<RuleFinding> operator()(const ActionWithoutEvidenceTerms& terms) const {
    const std::vector<LinkedAction>& taken = evidence_.actions();
    if (taken.empty()) return std::nullopt;
    const auto earlier = [](const LinkedAction& a, const LinkedAction& b) { return a.start < b.start; };
    LastSignals last(*this, std::min_element(taken.begin(), taken.end(), earlier)->start + 1);
    std::vector<ActionEvidence> actions;
    actions.reserve(taken.size());
    for (const LinkedAction& action : taken) {
      actions.push_back({.start = action.start, .end = action.end, .last_leading = last.After(action.start, *action.linked)});
    }
    return ActionWithoutEvidence(span_, terms.days, actions);
  }

  std::optional<RuleFinding> operator()(const RunSignalTerms& terms) const {
    std::vector<SeriesDay> days;
    std::optional<Date> first_recorded;
    for (const IndicatorNumber number : indicators_) {  // one
      for (int year = RowYear(span_.run.from); year <= RowYear(span_.run.to - 1); ++year) {
        const std::span<const SeriesDay> of_year = evidence_.values(number, year).In(span_.run);
        days.insert(days.end(), of_year.begin(), of_year.end());
      }
      ForEachRow(number, [&](const DayRow& row) { first_recorded = FirstRecorded(span_, row.entries(), first_recorded); });
    }
    return RunSignal(span_, terms, days, first_recorded);
  }

 private:
  template <typename Visit>
  void ForEachRow(IndicatorNumber number, Visit visit) const {
    for (int year = RowYear(span_.school_year.from); year <= RowYear(span_.school_year.to - 1); ++year) visit(evidence_.row(number, year));
  }

  // The last signal of each of the rule's indicators that is dated in the school year or before, from a date on. Each is looked for once,
  // however many actions ask for it, and in no year before the team's first row: an action may have begun decades ago.
  class LastSignals {
   public:
    LastSignals(const Asking& asking, Date from) : asking_(asking), range_{from, asking.span_.school_year.to} {
      const std::optional<int> first = asking.evidence_.first_row_year();
      range_.from = first ? std::max(range_.from, RowYearDates(*first).from) : range_.to;
    }
    // Of any of these indicators; none where it is not after the date.
    std::optional<Date> After(Date date, const std::vector<IndicatorNumber>& indicators) {
      std::optional<Date> last;
      for (const IndicatorNumber number : indicators) {
        const std::optional<Date> signal = Of(number);
        if (signal && *signal > date && (!last || *signal > *last)) last = signal;
      }
      return last;
    }

   private:
    std::optional<Date> Of(IndicatorNumber number) {
      if (range_.from >= range_.to) return std::nullopt;
      if (!std::binary_search(asking_.indicators_.begin(), asking_.indicators_.end(), number)) return std::nullopt;
      const auto [found, is_new] = known_.try_emplace(number);
      if (is_new) found->second = LastSignalIn({number}, range_, asking_.evidence_.row);
      return found->second;
    }

    const Asking& asking_;
    DateRange range_;
    std::map<IndicatorNumber, std::optional<Date>> known_;
  };

  std::vector<DayEntry> Entries() const {
    std::vector<DayEntry> entries;
    size_t size = 0;
    for (const IndicatorNumber number : indicators_) {
      ForEachRow(number, [&](const DayRow& row) { size += row.entries().size(); });
    }
    entries.reserve(size);
    for (const IndicatorNumber number : indicators_) {
      ForEachRow(number, [&](const DayRow& row) { entries.insert(entries.end(), row.entries().begin(), row.entries().end()); });
    }
    return entries;
  }

  const DistrictCatalog& catalog_;
  const std::vector<IndicatorNumber>& indicators_;
  const RuleSpan& span_;
  const TeamEvidence& evidence_;
};

}  // namespace

std::optional<Date> LastSignalIn(const std::vector<IndicatorNumber>& indicators, DateRange range,
                                 absl::FunctionRef<const DayRow&(IndicatorNumber, int row_year)> row) {
  std::optional<Date> last;
  for (const IndicatorNumber indicator : indicators) {
    for (int year = RowYear(range.to - 1); year >= RowYear(range.from); --year) {
      const std::optional<Date> event = row(indicator, year).LastEventIn(range);
      if (!event) continue;
      if (!last || *event > *last) last = event;
      break;  // the years before hold earlier dates
    }
  }
  return last;
}

std::vector<LinkedAction> LinkedActionsOf(std::span<const Inquiry> inquiries, const InternTable& indicators) {
  std::vector<LinkedAction> actions;
  for (size_t i = 0; i < inquiries.size(); ++i) {
    const Inquiry& inquiry = inquiries[i];
    if (inquiry.status != InquiryStatus::kActive || inquiry.actions.empty()) continue;
    std::vector<IndicatorNumber> linked;
    linked.reserve(inquiry.links.size());
    for (const InquiryLink& link : inquiry.links) {
      if (const std::optional<IndicatorNumber> number = indicators.Find(link.indicator)) linked.push_back(*number);
    }
    std::sort(linked.begin(), linked.end());
    const auto shared = std::make_shared<const std::vector<IndicatorNumber>>(std::move(linked));
    for (size_t j = 0; j < inquiry.actions.size(); ++j) {
      const InquiryAction& action = inquiry.actions[j];
      actions.push_back({static_cast<uint16_t>(i), static_cast<uint16_t>(j), action.start, action.end, shared});
    }
  }
  actions.shrink_to_fit();
  return actions;
}

size_t SizeOf(std::span<const LinkedAction> actions) {
  size_t size = actions.size();
  const std::vector<IndicatorNumber>* counted = nullptr;  // an inquiry's actions follow each other
  for (const LinkedAction& action : actions) {
    if (action.linked.get() != std::exchange(counted, action.linked.get())) size += 1 + action.linked->size();
  }
  return size;
}

std::vector<SourceNumber> FeedersOfActions(const DistrictCatalog& catalog, TeamNumber team, ExpectationNumber rule,
                                           std::span<const LinkedAction> actions) {
  const std::vector<IndicatorNumber>& leading = catalog.IndicatorsOf(rule);
  std::vector<SourceNumber> feeders;
  const std::vector<IndicatorNumber>* asked = nullptr;  // an inquiry's actions follow each other
  for (const LinkedAction& action : actions) {
    if (action.linked.get() == std::exchange(asked, action.linked.get())) continue;
    std::vector<IndicatorNumber> awaited;
    std::set_intersection(leading.begin(), leading.end(), action.linked->begin(), action.linked->end(), std::back_inserter(awaited));
    const std::vector<SourceNumber> of_inquiry = catalog.FeedersOf(team, awaited);
    if (of_inquiry.empty()) return {};
    feeders.insert(feeders.end(), of_inquiry.begin(), of_inquiry.end());
  }
  std::sort(feeders.begin(), feeders.end());
  feeders.erase(std::unique(feeders.begin(), feeders.end()), feeders.end());
  return feeders;
}

std::optional<RuleFinding> AskRule(const DistrictCatalog& catalog, ExpectationNumber rule, const RuleSpan& span,
                                   const TeamEvidence& evidence) {
  const AlertRule* const found = catalog.FindRule(rule);
  return found == nullptr ? std::nullopt : std::visit(Asking(catalog, rule, span, evidence), found->terms);
}

}  // namespace leadlag
