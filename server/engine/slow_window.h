// Whether the rule COLLECTION_SLOW can have begun to hold: a bound by which a back-test asks it seldom. Internal to server/engine.
//
// Concepts. The rule (CollectionSlow, core/alert_rule.h) looks at the last records, by whole dates of recording: the fewest dates that have
// as many as it wants. What it finds anew has more than its share of them slow, and so more than that share of what it wants. Here the
// dates are at least those, by the records that surely count, and the slow ones all that came on them: it finds nothing where this says so.
// What is not known, since records were taken away or came out of order, or the rule looks at another run, may all have been slow.
//
//   window.LookAt(run, last);       // the rule was asked about the run
//   window.Add(entry, slow);        // in order of recording
//   if (window.MayFind()) …         // ask it
//
// Not thread safe; a plain value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/catalog.h"
#include "core/date.h"
#include "core/day_row.h"

namespace leadlag {

class SlowWindow {
 public:
  explicit SlowWindow(const CollectionSlowTerms& terms)
      : wanted_(static_cast<uint64_t>(terms.records)), percent_(static_cast<uint64_t>(terms.percent)) {}

  // The rule looks at this run from now on; what was recorded up to `last` is known where it has looked at it before.
  void LookAt(DateRange run, Date last) {
    if (run_ == run) return;
    run_ = run;
    Forget(last);
  }
  // Nothing is known of what was recorded up to `last`.
  void Forget(Date last) {
    dates_ = {{last, 0, kUnknown}};
    sure_ = 0;
    slow_ = kUnknown;
    first_.reset();
  }
  // REQUIRES: recorded on no earlier date than what was added before, and `last`; no correction.
  void Add(const DayEntry& entry, bool slow) {
    if (!run_) return;
    const bool in_run = run_->Contains(entry.event);
    if (in_run && !first_) first_ = entry.recorded;
    // The year's first record was recorded then, or before it.
    const bool surely = in_run && entry.event >= *first_ && entry.recorded < run_->to;
    if (dates_.empty() || dates_.back().date < entry.recorded) dates_.push_back({entry.recorded, 0, 0});
    const uint64_t sure_more = surely ? entry.count : 0, slow_more = slow ? entry.count : 0;
    dates_.back().sure += sure_more;
    dates_.back().slow += slow_more;
    sure_ += sure_more;
    slow_ += slow_more;
    size_t passed = 0;
    for (; sure_ - dates_[passed].sure >= wanted_; ++passed) {
      sure_ -= dates_[passed].sure;
      slow_ -= dates_[passed].slow;
    }
    dates_.erase(dates_.begin(), dates_.begin() + static_cast<std::ptrdiff_t>(passed));
  }
  bool MayFind() const { return !run_ || slow_ * 100 > wanted_ * percent_; }

 private:
  static constexpr uint64_t kUnknown = 1'000'000'000;  // more than any share
  struct OfDate {
    Date date;
    uint64_t sure = 0, slow = 0;
  };

  uint64_t wanted_, percent_;
  std::optional<DateRange> run_;
  std::optional<Date> first_;   // when the first record dated in the run was recorded, of those added
  std::vector<OfDate> dates_;   // ascending
  uint64_t sure_ = 0, slow_ = 0;  // of them
};

}  // namespace leadlag
