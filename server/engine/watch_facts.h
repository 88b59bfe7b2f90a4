// What one watch asks of the evidence, from the district's rows and reviews, and of its sources. Internal to server/engine.
//
// Answers are remembered: the machine asks for the same school year again and again. So it lives for as long as no evidence changes.
#pragma once

#include <optional>

#include "core/alert_rule.h"
#include "core/watch.h"
#include "server/engine/district.h"

namespace leadlag {

class District::Facts {
 public:
  // By `catalog`. `batch`: where the applying command's own changes are; null: only the store counts. Borrows all. `fatal` is set where
  // bytes are damaged.
  Facts(District& district, const DistrictCatalog& catalog, WatchId watch, const Batch* batch, absl::Status& fatal)
      : last_signal_{{district, catalog, watch, batch, fatal}},
        rule_due_{{district, catalog, watch, batch, fatal}},
        silences_(district.SilencesOf(catalog, watch, [&]() -> const std::vector<LinkedAction>& {
          return district.ActionsOf(watch.team, batch, fatal);
        })) {}
  Facts(const Facts&) = delete;

  WatchFacts get() const { return {last_signal_, rule_due_, silences_}; }

 private:
  struct Asked {
    District& district;
    const DistrictCatalog& catalog;
    const WatchId watch;
    const Batch* const batch;
    absl::Status& fatal;
  };
  struct LastSignal : Asked {
    std::optional<Date> operator()(DateRange range) const;
    mutable std::optional<DateRange> range{};
    mutable std::optional<Date> last{};
  };
  struct RuleDue : Asked {
    std::optional<Date> operator()(const RuleSpan& span) const;
    mutable std::optional<DateRange> run{};  // of the remembered span: a calendar's and a rule's are told apart by it
    mutable std::optional<Date> due{};
  };

  LastSignal last_signal_;
  RuleDue rule_due_;
  const std::vector<SourceSilence> silences_;
};

}  // namespace leadlag
