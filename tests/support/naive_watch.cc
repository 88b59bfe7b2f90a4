#include "tests/support/naive_watch.h"

#include <algorithm>
#include <cstdlib>

namespace leadlag {
namespace {

// ON_TRACK < NOT_STARTED < LATE < OVERDUE.
int Badness(WatchState state) {
  switch (state) {
    case WatchState::kOnTrack:
      return 0;
    case WatchState::kNotStarted:
      return 1;
    case WatchState::kLate:
      return 2;
    case WatchState::kOverdue:
    case WatchState::kRaised:
      return 3;
    default:
      std::abort();  // a paused watch has no stage
  }
}

// None is the latest due date of all.
bool IsLater(std::optional<Date> a, std::optional<Date> b) { return b && (!a || *a > *b); }

bool DatedIn(const std::vector<Date>& signals, DateRange range) {
  return std::any_of(signals.begin(), signals.end(), [&](Date d) { return range.Contains(d); });
}

// What is true after some of the happenings, worked out from nothing but their list.
struct Facts {
  Facts(const WatchStory& story, size_t applied) : calendar(std::vector<NaiveCalendar::Part>{}) {
    const std::vector<Happening>& happenings = story.happenings;
    if (!story.rule_facts.empty()) rule = story.rule_facts[applied - 1].get();
    size_t worlds = 0;
    for (size_t i = 0; i < applied; ++i) {
      if (!happenings[i].world) continue;
      world = happenings[i].world.get();
      ++worlds;
    }
    if (!story.silences.empty()) silences = story.silences[std::min(worlds, story.silences.size()) - 1];
    calendar = NaiveCalendar(world->parts);
    for (const auto& [id, date] : NaiveSignals(happenings, applied)) signals.push_back(date);
  }

  Instant Midnight(Date d) const { return world->zone.StartOf(d); }
  Instant NotifyTime(Date d) const { return world->zone.At(d, world->terms.notify_time); }

  std::optional<NaiveRun> RunOn(Date d) const { return NaiveRunOn(calendar, world->active, world->terms.from, d); }

  std::optional<Date> Due(const NaiveRun& run) const {
    return rule != nullptr ? NaiveRuleDue(calendar, run, *rule) : SignalDue(run);
  }
  std::optional<Date> SignalDue(const NaiveRun& run) const { return NaiveDue(calendar, run, world->terms, signals); }

  WatchState BaseLabel(const NaiveRun& run) const {
    if (rule != nullptr) return WatchState::kOnTrack;
    return DatedIn(signals, run.year.bounds) ? WatchState::kOnTrack : WatchState::kNotStarted;
  }

  // What notify time of the instructional day d says.
  WatchState StageOn(const NaiveRun& run, Date d) const {
    const std::optional<Date> due = Due(run);
    if (!due || d <= *due) return BaseLabel(run);
    // d is LATE's day, or so many instructional days further on.
    const int days_after_due = calendar.Between(*due, d);
    if (days_after_due < 1) return BaseLabel(run);
    if (rule != nullptr) return WatchState::kRaised;
    return days_after_due - 1 >= world->terms.grace_days ? WatchState::kOverdue : WatchState::kLate;
  }

  // The local date of the last midnight strictly before t.
  Date DateBefore(Instant t) const {
    Date d = world->zone.LocalDate(t) + 2;
    while (Midnight(d) >= t) d = d - 1;
    return d;
  }

  // What the last notify time strictly before t says.
  WatchState StageBefore(const NaiveRun& run, Instant t) const {
    for (Date d = world->zone.LocalDate(t) + 2; d >= run.dates.from; d = d - 1) {
      if (run.dates.Contains(d) && calendar.IsInstructional(d) && NotifyTime(d) < t) return StageOn(run, d);
    }
    return BaseLabel(run);
  }

  // Whether all its sources are silent at t, as far as `present` knows.
  bool SilentAt(Instant t, Instant present) const {
    return std::any_of(silences.begin(), silences.end(), [&](const NaiveSilence& silence) {
      return silence.known <= present && silence.since <= t && t < silence.to;
    });
  }

  const NaiveWorld* world = nullptr;
  const NaiveTeamFacts* rule = nullptr;  // of a rule's watch
  std::vector<NaiveSilence> silences;
  NaiveCalendar calendar;
  std::vector<Date> signals;
};

class Walk {
 public:
  explicit Walk(const WatchStory& story) : story_(story), held_(HeldStretches(story)) {}

  std::vector<WatchFlip> Flips() {
    for (size_t i = 0; i < story_.happenings.size(); ++i) {
      const Happening& happening = story_.happenings[i];
      if (i == 0) {
        made_before_ = happening.at;
      } else {
        MakeMoments(Facts(story_, i), happening.at);
      }
      Judge(Facts(story_, i + 1), happening);
    }
    MakeMoments(Facts(story_, story_.happenings.size()), story_.end);
    return flips_;
  }

 private:
  void Flip(WatchState to, FlipReason reason, Instant effective) {
    if (!flips_.empty()) effective = std::max(effective, flips_.back().effective);
    const bool has_due = to != WatchState::kPaused && to != WatchState::kUnknown;
    if (!has_due) due_.reset();
    flips_.push_back({state_, to, reason, effective, due_});
    state_ = to;
  }

  void Pause(FlipReason reason, Instant effective) { Flip(WatchState::kPaused, reason, effective); }

  void Begin(const Facts& facts, const NaiveRun& run, FlipReason reason, Instant effective) {
    due_ = facts.Due(run);
    Flip(facts.BaseLabel(run), reason, effective);
  }

  // `present`: the instant at which this is reckoned.
  void Start(const Facts& facts, const NaiveRun& run, Instant effective, Instant present) {
    if (facts.SilentAt(effective, present)) {
      Flip(WatchState::kUnknown, FlipReason::kStarted, effective);
    } else {
      Begin(facts, run, FlipReason::kStarted, effective);
    }
  }

  // Silences that begin or are over before `limit`, or with `through` at it.
  void MakeSilences(const Facts& facts, Instant limit, bool through, Instant until) {
    const auto comes = [&](Instant t) { return t < until && (through ? t <= limit : t < limit); };
    for (const NaiveSilence& silence : facts.silences) {
      if (state_ == WatchState::kPaused) return;
      if (silence.known >= until || silence.to < made_before_) continue;
      if (state_ != WatchState::kUnknown && comes(silence.since) && silence.to > made_before_) {
        Flip(WatchState::kUnknown, FlipReason::kSourceSilent, silence.since);
        made_before_ = std::max(made_before_, silence.since);
      }
      if (state_ == WatchState::kUnknown && silence.since <= made_before_ && comes(silence.to)) {
        const std::optional<NaiveRun> run = facts.RunOn(facts.DateBefore(silence.to));
        if (!run) return;
        Begin(facts, *run, FlipReason::kSourceHeard, silence.to);
        made_before_ = std::max(made_before_, Instant{silence.to.micros + 1});
      }
    }
  }

  // Makes the moments in [made_before_, until), in order, up to the first one that has to wait.
  void MakeMoments(const Facts& facts, Instant until) {
    waiting_ = false;
    const Date last = facts.world->zone.LocalDate(until) + 2;
    for (Date d = facts.world->zone.LocalDate(made_before_) - 2; d <= last; d = d + 1) {
      const Instant midnight = facts.Midnight(d);
      const bool midnight_made = midnight == made_before_ && midnight_made_;
      if (made_before_ <= midnight && midnight < until && !midnight_made) {
        MakeSilences(facts, midnight, /*through=*/false, until);
        MakeMidnight(facts, d, until);
        made_before_ = midnight;
        midnight_made_ = true;
      }
      const Instant notify = facts.NotifyTime(d);
      if (notify < made_before_ || notify >= until) continue;
      MakeSilences(facts, notify, /*through=*/true, until);
      if (notify < made_before_) continue;
      if (MustWait(notify, until) && WouldWorsen(facts, d)) {
        midnight_made_ = midnight == notify;
        made_before_ = notify;
        waiting_ = true;
        return;
      }
      MakeNotify(facts, d);
    }
    MakeSilences(facts, until, /*through=*/false, until);
    made_before_ = until;
    midnight_made_ = false;
  }

  bool MustWait(Instant moment, Instant present) const {
    return std::any_of(held_.begin(), held_.end(), [&](const Downtime& held) {
      return held.down_from <= moment && moment < held.up_at && present < held.up_at;
    });
  }

  // A worse stage, or an earlier due date in force.
  bool WouldWorsen(const Facts& facts, Date d) const {
    const std::optional<NaiveRun> run = facts.RunOn(d);
    if (IsPausedOrUnknown() || !run || !facts.calendar.IsInstructional(d)) return false;
    return Badness(facts.StageOn(*run, d)) > Badness(state_) || IsLater(due_, facts.Due(*run));
  }

  bool IsPausedOrUnknown() const { return state_ == WatchState::kPaused || state_ == WatchState::kUnknown; }

  void MakeMidnight(const Facts& facts, Date d, Instant until) {
    const std::optional<NaiveRun> before = facts.RunOn(d - 1), run = facts.RunOn(d);
    const bool same = before && run && before->dates == run->dates;
    if (state_ != WatchState::kPaused && !same) {
      const bool year_over = !before || !before->year.last_day || *before->year.last_day < d;
      Pause(year_over ? FlipReason::kYearEnded : FlipReason::kInactive, facts.Midnight(d));
    }
    if (state_ == WatchState::kPaused && run) Start(facts, *run, facts.Midnight(d), until);
  }

  void MakeNotify(const Facts& facts, Date d) {
    const std::optional<NaiveRun> run = facts.RunOn(d);
    if (IsPausedOrUnknown() || !run || !facts.calendar.IsInstructional(d)) return;
    const WatchState stage = facts.StageOn(*run, d);
    const std::optional<Date> due_before = due_;
    due_ = facts.Due(*run);
    if (Badness(stage) > Badness(state_)) {
      if (stage == WatchState::kNotStarted) {
        Flip(stage, FlipReason::kChange, facts.NotifyTime(d));
        return;
      }
      if (!HasAlert(state_)) {
        Flip(stage == WatchState::kRaised ? stage : WatchState::kLate, FlipReason::kDue, facts.NotifyTime(d));
      }
      if (stage == WatchState::kOverdue) Flip(WatchState::kOverdue, FlipReason::kGraceOver, facts.NotifyTime(d));
    } else if (due_ != due_before && HasAlert(state_)) {
      Flip(state_, FlipReason::kUpdated, facts.NotifyTime(d));
    }
  }

  // Follows a happening: the better at once, the worse later.
  void Judge(const Facts& facts, const Happening& happening) {
    const Date today = facts.DateBefore(StandsAt(facts, happening.at));
    const std::optional<NaiveRun> run = facts.RunOn(today);
    const bool by_evidence = happening.cause() == WatchCause::kEvidence;
    if (state_ == WatchState::kPaused) {
      if (run && !by_evidence) Start(facts, *run, happening.at, happening.at);
      return;
    }
    if (!run) {
      const bool active = std::any_of(facts.world->active.begin(), facts.world->active.end(),
                                      [&](const ActivePeriod& period) { return period.Contains(today); });
      Pause(!active            ? FlipReason::kInactive
            : HasAlert(state_) ? FlipReason::kRetracted
                               : FlipReason::kChange,
            happening.at);
      return;
    }
    // One that begins, or is over, at this very instant does so after what happens.
    const bool was_silent = facts.SilentAt(Instant{happening.at.micros - 1}, happening.at);
    const bool silent = was_silent && facts.SilentAt(happening.at, happening.at);
    if (state_ == WatchState::kUnknown) {
      if (!was_silent) Begin(facts, *run, FlipReason::kChange, happening.at);
      return;
    }
    if (silent) return Flip(WatchState::kUnknown, FlipReason::kSourceSilent, happening.at);
    const WatchState stage = facts.StageBefore(*run, happening.at);
    const std::optional<Date> due = facts.Due(*run);
    const bool later = IsLater(due, due_);
    if (later) due_ = due;
    if (Badness(stage) < Badness(state_)) {
      Flip(stage, ImprovementReason(stage, by_evidence), happening.at);
    } else if (later && HasAlert(state_)) {
      Flip(state_, FlipReason::kUpdated, happening.at);
    }
  }

  FlipReason ImprovementReason(WatchState to, bool by_evidence) const {
    if (HasAlert(to)) return FlipReason::kUpdated;
    if (HasAlert(state_)) return by_evidence ? FlipReason::kResolved : FlipReason::kRetracted;
    return by_evidence ? FlipReason::kEvidence : FlipReason::kChange;
  }

  // The instant whose run a happening at `now` is judged in: now, unless a worsening waits in a run that has ended
  // since, whose end waits behind it: then that run is still the one that the watch is in.
  Instant StandsAt(const Facts& facts, Instant now) const {
    if (!waiting_) return now;
    const std::optional<NaiveRun> waits_in = facts.RunOn(facts.DateBefore(Instant{made_before_.micros + 1}));
    const std::optional<NaiveRun> run = facts.RunOn(facts.DateBefore(now));
    return waits_in && !(run && run->dates == waits_in->dates) ? made_before_ : now;
  }

  const WatchStory& story_;
  const std::vector<Downtime> held_;
  std::vector<WatchFlip> flips_;
  WatchState state_ = WatchState::kPaused;
  std::optional<Date> due_;     // in force
  Instant made_before_;         // every moment before it has been made
  bool midnight_made_ = false;  // and a midnight at it
  bool waiting_ = false;        // the moment at made_before_ waits for the end of settling
};

}  // namespace

WatchCause Happening::cause() const {
  const bool any_new = std::any_of(evidence.begin(), evidence.end(),
                                   [](const EvidenceChange& c) { return c.kind == EvidenceChange::Kind::kRecord; });
  return any_new ? WatchCause::kEvidence : WatchCause::kChange;
}

std::vector<WatchFlip> NaiveFlips(const WatchStory& story) { return Walk(story).Flips(); }

std::map<std::string, Date> NaiveSignals(const std::vector<Happening>& happenings, size_t applied) {
  std::map<std::string, Date> signals;
  for (size_t i = 0; i < applied; ++i) {
    for (const EvidenceChange& change : happenings[i].evidence) {
      if (change.kind == EvidenceChange::Kind::kVoid) {
        signals.erase(change.id);
      } else {
        signals[change.id] = change.date;
      }
    }
  }
  return signals;
}

std::vector<Downtime> HeldStretches(const WatchStory& story) {
  std::vector<Downtime> held;
  for (const Downtime& downtime : story.downtimes) {
    // Without settling, too, it is known that it was down before anything that fell due meanwhile is judged.
    const Instant settled{downtime.up_at.micros + std::max<int64_t>(story.settling_minutes * kMicrosPerMinute, 1)};
    if (!held.empty() && downtime.down_from < held.back().up_at) {
      held.back().up_at = settled;
    } else {
      held.push_back({downtime.down_from, settled});
    }
  }
  return held;
}

std::optional<NaiveRun> NaiveRunOn(const NaiveCalendar& calendar, const std::vector<ActivePeriod>& active,
                                   Date expectation_from, Date date) {
  const std::optional<NaiveCalendar::Year> year = calendar.YearOf(date);
  if (!year || !year->first_day || date < *year->first_day || *year->last_day < date || date < expectation_from) {
    return std::nullopt;
  }
  for (const ActivePeriod& period : active) {
    if (!period.Contains(date)) continue;
    NaiveRun run{{date, date + 1}, *year, std::nullopt};
    const auto runs_on = [&](Date d) {
      return period.Contains(d) && expectation_from <= d && *year->first_day <= d && d <= *year->last_day;
    };
    while (runs_on(run.dates.from - 1)) run.dates.from = run.dates.from - 1;
    while (runs_on(run.dates.to)) run.dates.to = run.dates.to + 1;
    for (Date d = run.dates.to - 1; d >= run.dates.from; d = d - 1) {
      if (calendar.IsInstructional(d)) run.start = d - 1;
    }
    return run;
  }
  return std::nullopt;
}

std::optional<Date> NaiveDue(const NaiveCalendar& calendar, const NaiveRun& run, const WatchTerms& terms,
                             const std::vector<Date>& signals) {
  if (!run.start) return std::nullopt;
  std::optional<Date> due = calendar.NthAfter(*run.start, terms.every_days + terms.allowance_days);
  for (Date signal : signals) {
    if (!run.year.bounds.Contains(signal)) continue;
    const std::optional<Date> moved_on = calendar.NthAfter(signal, terms.every_days);
    if (IsLater(moved_on, due)) due = moved_on;
  }
  if (due && *due > *run.year.last_day) due.reset();
  return due;
}

}  // namespace leadlag
