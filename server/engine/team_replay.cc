#include "server/engine/team_replay.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "core/check.h"
#include "core/review.h"
#include "core/rule_evidence.h"
#include "server/engine/day_rows.h"
#include "server/engine/district.h"
#include "server/engine/slow_window.h"

namespace leadlag {
namespace {

// Records and reviews, with the records that each of these looks at, between two looks at whether to stop.
constexpr size_t kWorkALook = 4'096;

// A watch, and what is known of it between two calls of the machine.
struct ReplayedWatch {
  ExpectationNumber subject = 0;
  WatchWorld world;
  bool of_rule = false;
  std::vector<SourceSilence> silences;  // of all sources that feed it at once
  Watch watch;
  std::optional<Instant> next;  // no moment comes before this one; none: none comes
  bool to_be_asked = false;     // and it is at the next notify time, or before it
  std::vector<WatchFlip> flips;

  // What it has asked last, and was told; kept true while evidence comes.
  std::optional<DateRange> asked;  // an expectation's school year, a rule's run
  std::optional<Date> told;        // the last signal; the due date
  // Of these rules what tells whether a record more changes what they say.
  std::optional<int> review_days;   // REVIEW_OVERDUE
  std::optional<int> slow_days;     // COLLECTION_SLOW
  std::optional<SlowWindow> slow;
  // By the batch that is being applied.
  bool concerned = false;
  bool moved = false;  // what it was told may be another one now
  bool fell = false;   // and not only since there is more evidence
};

// A record, as far as something may still happen to it.
struct Standing {
  IndicatorNumber indicator = 0;
  std::optional<DayEntry> entry;  // with its review; none: it does not count
  Instant recorded;               // as a review looks at it
  uint64_t number = 0;
  std::optional<SeriesValue> value{};  // where a rule charts it
};

class TeamReplay {
 public:
  TeamReplay(const ReplayTerms& terms, TeamNumber team, const TeamHistory& history, const std::function<bool()>* stop)
      : catalog_(terms.catalog),
        interned_(terms.interned),
        observations_(terms.observations),
        history_(history),
        team_(*terms.catalog.FindTeam(team)),
        stop_(stop) {
    result_.team = team;
    begin_ = team_.zone->StartOf(terms.window.from);
    end_ = std::max(begin_, std::min(team_.zone->StartOf(terms.window.to), terms.until));
    for (const ExpectationNumber subject : catalog_.SubjectsOf(team)) {
      ReplayedWatch& watch = watches_.emplace_back();
      watch.subject = subject;
      watch.world = catalog_.World(team, subject);
      watch.of_rule = watch.world.terms.kind != AlertKind::kSignalOverdue;
      watch.silences = SilencesOf(subject);
      const bool of_reviews = watch.world.terms.kind == AlertKind::kReviewOverdue;
      reviews_matter_ = reviews_matter_ || of_reviews;
      const AlertRule* const rule = catalog_.FindRule(subject);
      if (rule != nullptr) {
        if (const auto* terms_of = std::get_if<ReviewOverdueTerms>(&rule->terms)) watch.review_days = terms_of->days;
        if (const auto* terms_of = std::get_if<CollectionSlowTerms>(&rule->terms)) {
          watch.slow_days = terms_of->days;
          watch.slow.emplace(*terms_of);
        }
      }
      for (const IndicatorNumber indicator : catalog_.IndicatorsOf(subject)) {
        if (indicator >= counting_.size()) counting_.resize(indicator + 1);
        counting_[indicator].push_back(static_cast<uint32_t>(watches_.size() - 1));
      }
    }
  }

  // None: it was stopped.
  std::optional<BacktestTeam> Run() {
    size_t record = 0, revision = 0, review = 0, inquiry = 0;
    const auto at_of = [](const auto& list, size_t i, auto at) { return i < list.size() ? at(list[i]) : Instant::Max(); };
    const auto takes_effect = [](const auto& entry) { return entry.at; };
    while (true) {
      const Instant evidence = std::min(at_of(history_.records, record, takes_effect), at_of(history_.revisions, revision, takes_effect));
      const Instant held = at_of(history_.reviews, review, [](const Review& r) { return r.recorded; });
      const Instant told = at_of(history_.inquiries, inquiry, takes_effect);
      const Instant at = std::min({evidence, held, told});
      if (!begun_ && at >= begin_) Begin();
      if (at >= end_) break;
      if (Stopped()) return std::nullopt;
      if (at == told && told < std::min(evidence, held)) {
        Tell(history_.inquiries[inquiry++]);
        continue;
      }
      if (evidence > held) {
        Enter(history_.reviews[review++]);
        continue;
      }
      const size_t first_record = record, first_revision = revision;
      while (record < history_.records.size() && history_.records[record].at == at) ++record;
      while (revision < history_.revisions.size() && history_.revisions[revision].at == at) ++revision;
      Apply(at, {history_.records.data() + first_record, record - first_record},
            {history_.revisions.data() + first_revision, revision - first_revision});
    }
    for (ReplayedWatch& watch : watches_) CatchUp(watch, end_);
    Conclude();
    return std::move(result_);
  }

 private:
  using Records = std::span<const TeamHistory::Record>;
  using Revisions = std::span<const TeamHistory::Revision>;

  bool Stopped() {
    if (stop_ == nullptr || ++work_ < kWorkALook) return false;
    work_ = 0;
    return (*stop_)();
  }

  // When all sources that feed the watch, by what has been told so far, were silent at once, as far as that was not over at the beginning.
  std::vector<SourceSilence> SilencesOf(ExpectationNumber subject) const {
    if (observations_.empty()) return {};
    const auto actions = [this]() -> const std::vector<LinkedAction>& { return actions_; };
    std::vector<std::vector<SourceSilence>> silences;
    for (const SourceNumber source : District::FeedersOf(catalog_, {result_.team, subject}, actions)) {
      const SourceObservation& observation = observations_[source];
      std::vector<SourceSilence>& all = silences.emplace_back(observation.lived);
      all.insert(all.end(), observation.silences.begin(), observation.silences.end());
      std::erase_if(all, [this](const SourceSilence& silence) { return silence.to <= begin_; });
    }
    return CommonSilences(std::vector<std::span<const SourceSilence>>(silences.begin(), silences.end()));
  }

  // ── the machine ──

  template <typename Do>
  auto WithFacts(ReplayedWatch& watch, Do call) {
    const auto row = [this](IndicatorNumber indicator, int year) -> const DayRow& { return RowOf(indicator, year); };
    const auto last_signal = [&](DateRange range) {
      if (watch.asked != range) {
        watch.asked = range;
        watch.told = LastSignalIn(catalog_.IndicatorsOf(watch.subject), range, row);
      }
      return watch.told;
    };
    const auto rule_due = [&](const RuleSpan& span) {
      if (watch.asked != span.run) {
        const auto last_review = [this](DateRange range) { return LastIn(review_dates_, range); };
        const auto values = [this](IndicatorNumber indicator, int year) -> const SeriesValues& { return ValuesOf(indicator, year); };
        const auto actions = [this]() -> const std::vector<LinkedAction>& { return actions_; };
        const auto first_row_year = [this] { return FirstYear(); };
        const std::optional<RuleFinding> finding =
            AskRule(catalog_, watch.subject, span, {row, values, actions, last_review, first_row_year});
        watch.asked = span.run;
        if (watch.slow) watch.slow->LookAt(span.run, last_recorded_);
        watch.told = finding ? std::optional(finding->due) : std::nullopt;
      }
      return watch.told;
    };
    return call(WatchFacts(last_signal, rule_due, watch.silences));
  }

  // The watches come into being, with what has been recorded so far.
  void Begin() {
    begun_ = true;
    for (ReplayedWatch& watch : watches_) {
      watch.watch = NewWatch(begin_);
      watch.moved = watch.fell = false;
      Follow(watch, begin_, WatchCause::kChange);
    }
  }

  // Makes what has come to pass before `until`.
  void CatchUp(ReplayedWatch& watch, Instant until) {
    if (watch.next && *watch.next < until) {
      watch.to_be_asked = false;
      watch.next = WithFacts(watch, [&](const WatchFacts& facts) {
        return Advance(watch.world, facts, until, /*hold=*/false, watch.watch, watch.flips);
      });
    }
    watch.watch.handled_before = std::max(watch.watch.handled_before, until);
  }

  void Follow(ReplayedWatch& watch, Instant at, WatchCause cause) {
    watch.to_be_asked = false;
    watch.next = WithFacts(watch, [&](const WatchFacts& facts) {
      Reconsider(watch.world, facts, at, cause, watch.watch, watch.flips);
      return NextMoment(watch.world, facts, watch.watch);
    });
  }

  // The batch, or the review, has changed what the watch may ask for. REQUIRES: it has been caught up.
  void FollowBatch(ReplayedWatch& watch, Instant at, WatchCause cause) {
    const bool moved = std::exchange(watch.moved, false), fell = std::exchange(watch.fell, false);
    const WatchState state = watch.watch.state;
    if (!moved || state == WatchState::kPaused) return;
    if (!watch.of_rule) {
      if (state != WatchState::kOnTrack || fell) Follow(watch, at, cause);
      return;
    }
    // More records to review never make less to wait for.
    const bool may_improve = fell || watch.world.terms.kind != AlertKind::kReviewOverdue;
    if (state != WatchState::kOnTrack && may_improve) return Follow(watch, at, cause);
    // Whatever the rule says now, it is asked at the next notify time: nothing shows before.
    if (watch.to_be_asked) return;
    watch.to_be_asked = true;
    const std::optional<Instant> notify = NotifyFrom(watch, at);
    if (notify && (!watch.next || *notify < *watch.next)) watch.next = notify;
  }

  // The first notify time at or after the instant.
  static std::optional<Instant> NotifyFrom(const ReplayedWatch& watch, Instant at) {
    const ZoneRules& zone = *watch.world.zone;
    const MinuteOfDay minute = watch.world.terms.notify_time;
    std::optional<Date> day = watch.world.calendar->FirstOnOrAfter(zone.LocalDate(at));
    if (day && zone.At(*day, minute) < at) day = watch.world.calendar->NthAfter(*day, 1);
    if (!day) return std::nullopt;
    return zone.At(*day, minute);
  }

  // ── evidence ──

  void Apply(Instant at, Records records, Revisions revisions) {
    if (begun_) {
      for (const TeamHistory::Record& record : records) Concern(record.indicator, at);
      for (const TeamHistory::Revision& revision : revisions) {
        const Standing* const before = FindRevised(revision.number);
        if (before != nullptr && before->entry) Concern(before->indicator, at);
        if (revision.entry) Concern(revision.indicator, at);
      }
    }
    for (const TeamHistory::Record& record : records) {
      Standing standing{.indicator = record.indicator, .entry = {}, .recorded = record.at, .number = record.number};
      standing.entry = DayEntry{.event = record.event, .known = record.known, .reviewed = {}, .correction = {}, .hours = {},
                                .recorded = record.recorded};
      if (const auto value = history_.values.find(record.number); value != history_.values.end()) standing.value = value->second;
      AddEntry(standing);
      if (reviews_matter_) standings_.push_back(std::move(standing));
    }
    bool evidence = !records.empty();
    for (const TeamHistory::Revision& revision : revisions) {
      evidence = evidence || revision.evidence;
      Revise(revision);
    }
    FollowAll(at, evidence ? WatchCause::kEvidence : WatchCause::kChange);
  }

  // What counts the indicator's evidence lives up to the batch.
  void Concern(IndicatorNumber indicator, Instant at) {
    for (const uint32_t place : Counting(indicator)) {
      ReplayedWatch& watch = watches_[place];
      if (watch.concerned) continue;
      watch.concerned = true;
      concerned_.push_back(place);
      CatchUp(watch, at);
    }
  }

  void FollowAll(Instant at, WatchCause cause) {
    for (const uint32_t place : concerned_) {
      watches_[place].concerned = false;
      FollowBatch(watches_[place], at, cause);
    }
    concerned_.clear();
  }

  void Revise(const TeamHistory::Revision& revision) {
    const auto [found, is_first] = revised_.try_emplace(revision.number, standings_.size());
    if (is_first) standings_.emplace_back();
    Standing& standing = standings_[found->second];
    if (standing.entry) RemoveEntry(standing);
    standing = {.indicator = revision.indicator, .entry = revision.entry, .recorded = revision.recorded, .number = revision.number,
                .value = revision.value};
    if (!standing.entry) return;
    if (reviews_matter_) {
      const CoverQuery query = QueryOf(standing);
      for (const Review* const review : entered_) CoverBy(*review, query, *standing.entry);
    }
    AddEntry(standing);
  }

  const Standing* FindRevised(uint64_t number) const {
    const auto found = revised_.find(number);
    return found == revised_.end() ? nullptr : &standings_[found->second];
  }

  void AddEntry(const Standing& standing) {
    const Date event = standing.entry->event;
    MutableRow(standing.indicator, RowYear(event)).Add(*standing.entry);
    if (standing.value) values_[{standing.indicator, RowYear(event)}].Add(*standing.value);
    for (const uint32_t place : Counting(standing.indicator)) {
      ReplayedWatch& watch = watches_[place];
      if (watch.of_rule) {
        if (SaysTheSame(watch, *standing.entry)) continue;
        watch.asked.reset();
        watch.moved = true;
      } else if (!watch.asked) {
        Forget(watch);
      } else if (watch.asked->Contains(event) && (!watch.told || event > *watch.told)) {
        watch.told = event;
        watch.moved = true;
      }
    }
    last_recorded_ = std::max(last_recorded_, standing.entry->recorded);
  }

  // Whether the rule surely says what it has said, with this record more. Notes the record.
  bool SaysTheSame(ReplayedWatch& watch, const DayEntry& entry) const {
    const bool in_order = entry.recorded >= last_recorded_ && !entry.correction;
    if (watch.slow && in_order) {
      watch.slow->Add(entry, watch.world.calendar->Between(entry.event, entry.known) > *watch.slow_days);
    } else if (watch.slow) {
      watch.slow->Forget(std::max(last_recorded_, entry.recorded));
    }
    if (!watch.asked || !in_order) return false;
    if (watch.slow) return !watch.told && !watch.slow->MayFind();
    // It waits from when it was recorded, and is due after what was due already.
    return watch.review_days && watch.told && !entry.reviewed &&
           watch.world.calendar->Between(entry.recorded, *watch.told) < *watch.review_days;
  }

  void RemoveEntry(const Standing& standing) {
    const int year = RowYear(standing.entry->event);
    LEADLAG_CHECK(MutableRow(standing.indicator, year).Remove(*standing.entry));
    if (standing.value) {
      const bool removed = values_[{standing.indicator, year}].Remove(*standing.value);
      LEADLAG_CHECK(removed);
    }
    for (const uint32_t place : Counting(standing.indicator)) {
      ReplayedWatch& watch = watches_[place];
      if (watch.of_rule || !watch.asked || watch.told == standing.entry->event) Forget(watch);
    }
  }

  void Forget(ReplayedWatch& watch) const {
    if (watch.slow) watch.slow->Forget(last_recorded_);
    watch.asked.reset();
    watch.moved = watch.fell = true;
  }

  // ── reviews ──

  // As of all that a review interprets the first one that covers it counts, it is enough to look at the one that comes.
  void Enter(const Review& review) {
    work_ += standings_.size();
    const Instant at = review.recorded;
    const auto of_reviews = [](const ReplayedWatch& watch) { return watch.world.terms.kind == AlertKind::kReviewOverdue; };
    for (ReplayedWatch& watch : watches_) {
      if (begun_ && of_reviews(watch)) CatchUp(watch, at);
    }
    entered_.push_back(&review);
    review_dates_.insert(std::upper_bound(review_dates_.begin(), review_dates_.end(), review.date), review.date);
    for (Standing& standing : standings_) {
      if (!standing.entry) continue;
      DayEntry entry = *standing.entry;
      CoverBy(review, QueryOf(standing), entry);
      if (entry.reviewed == standing.entry->reviewed) continue;
      DayRow& row = MutableRow(standing.indicator, RowYear(entry.event));
      LEADLAG_CHECK(row.Remove(*standing.entry));
      row.Add(entry);
      standing.entry = entry;
    }
    for (ReplayedWatch& watch : watches_) {
      if (!of_reviews(watch)) continue;
      Forget(watch);
      if (begun_) FollowBatch(watch, at, WatchCause::kEvidence);  // a review is evidence of what it ends
    }
  }

  // ── inquiries ──

  void Tell(const TeamHistory::Told& told) {
    const auto of_actions = [](const ReplayedWatch& watch) { return watch.world.terms.kind == AlertKind::kActionWithoutEvidence; };
    for (ReplayedWatch& watch : watches_) {
      if (begun_ && of_actions(watch)) CatchUp(watch, told.at);
    }
    if (told.inquiry >= told_.size()) told_.resize(told.inquiry + 1);
    told_[told.inquiry] = &told;
    actions_.clear();
    for (const TeamHistory::Told* const standing : told_) {
      if (standing != nullptr) actions_.insert(actions_.end(), standing->actions.begin(), standing->actions.end());
    }
    for (ReplayedWatch& watch : watches_) {
      if (!of_actions(watch)) continue;
      Forget(watch);
      watch.silences = SilencesOf(watch.subject);  // others may feed it now
      if (!begun_) continue;
      watch.moved = watch.fell = false;
      Follow(watch, told.at, WatchCause::kChange);
    }
  }

  CoverQuery QueryOf(const Standing& standing) const {
    CoverQuery query{.source = {},
                     .evidence_id = {},
                     .indicator = interned_.indicators.NameOf(standing.indicator),
                     .event_date = standing.entry->event,
                     .recorded = standing.recorded,
                     .start = standing.entry->interpretation_start()};
    if (const auto name = history_.names.find(standing.number); name != history_.names.end()) {
      query.source = interned_.sources.NameOf(name->second.source);
      query.evidence_id = name->second.evidence_id;
    }
    return query;
  }

  static void CoverBy(const Review& review, const CoverQuery& query, DayEntry& entry) {
    if (entry.reviewed && *entry.reviewed <= review.date) return;
    if (Covers(review, query)) entry.reviewed = review.date;
  }

  // ── rows ──

  const std::vector<uint32_t>& Counting(IndicatorNumber indicator) const {
    static const auto* const none = new std::vector<uint32_t>;
    return indicator < counting_.size() ? counting_[indicator] : *none;
  }

  struct Row {
    IndicatorNumber indicator = 0;
    int year = 0;
    DayRow row;
  };
  static bool IsAt(const Row& row, IndicatorNumber indicator, int year) { return row.indicator == indicator && row.year == year; }
  template <typename Rows>
  static auto PlaceOf(Rows& rows, IndicatorNumber indicator, int year) {
    return std::lower_bound(rows.begin(), rows.end(), std::pair(indicator, year),
                            [](const Row& row, const auto& wanted) { return std::pair(row.indicator, row.year) < wanted; });
  }

  const DayRow& RowOf(IndicatorNumber indicator, int year) const {
    static const auto* const none = new DayRow;
    const auto place = PlaceOf(rows_, indicator, year);
    return place != rows_.end() && IsAt(*place, indicator, year) ? place->row : *none;
  }

  std::optional<int> FirstYear() const {
    const auto first = std::min_element(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.year < b.year; });
    return first == rows_.end() ? std::nullopt : std::optional(first->year);
  }

  const SeriesValues& ValuesOf(IndicatorNumber indicator, int year) const {
    static const auto* const none = new SeriesValues;
    const auto place = values_.find({indicator, year});
    return place == values_.end() ? *none : place->second;
  }

  DayRow& MutableRow(IndicatorNumber indicator, int year) {
    const auto place = PlaceOf(rows_, indicator, year);
    if (place != rows_.end() && IsAt(*place, indicator, year)) return place->row;
    return rows_.insert(place, {indicator, year, DayRow()})->row;
  }

  // ── what came of it ──

  void Conclude() {
    result_.records = history_.record_count;
    result_.known_records = history_.known_count;
    for (const ReplayedWatch& watch : watches_) {
      for (const WatchFlip& flip : watch.flips) result_.flips.push_back({watch.subject, flip});
      result_.subjects.push_back({watch.subject, CountsOf(watch)});
    }
    std::stable_sort(result_.flips.begin(), result_.flips.end(), [](const BacktestTeam::Flip& a, const BacktestTeam::Flip& b) {
      return a.flip.effective < b.flip.effective;
    });
  }

  BacktestCounts CountsOf(const ReplayedWatch& watch) const {
    BacktestCounts counts;
    Date opened;
    bool overdue = false;
    const auto days_until = [&](Instant at) {
      const int days = watch.world.calendar->Between(opened - 1, team_.zone->LocalDate(at) - 1);
      return static_cast<uint64_t>(std::max(days, 0));
    };
    for (const WatchFlip& flip : watch.flips) {
      if (HasAlert(flip.to) && !HasAlert(flip.from)) {
        ++counts.opened;
        opened = team_.zone->LocalDate(flip.effective);
        overdue = false;
      }
      if (flip.to == WatchState::kOverdue && !overdue) {
        ++counts.overdue;
        overdue = true;
      }
      if (!HasAlert(flip.from) || HasAlert(flip.to)) continue;
      counts.alert_days += days_until(flip.effective);
      if (flip.reason == FlipReason::kResolved) {
        ++counts.resolved;
      } else if (flip.reason == FlipReason::kRetracted) {
        ++counts.retracted;
      } else {
        ++counts.ended;
      }
    }
    if (HasAlert(watch.watch.state)) {
      ++counts.open;
      counts.alert_days += days_until(end_);
    }
    return counts;
  }

  const DistrictCatalog& catalog_;
  const Interned& interned_;
  const std::span<const SourceObservation> observations_;
  const TeamHistory& history_;
  const DistrictCatalog::TeamEntry& team_;
  const std::function<bool()>* const stop_;
  size_t work_ = 0;  // since it was asked
  Instant begin_, end_;
  bool begun_ = false;
  bool reviews_matter_ = false;  // a rule asks of them
  std::vector<ReplayedWatch> watches_;
  std::vector<std::vector<uint32_t>> counting_;  // by indicator: places in watches_ of what counts it
  std::vector<uint32_t> concerned_;              // by the batch that is being applied
  std::vector<Row> rows_;                        // by indicator, then year
  std::map<std::pair<IndicatorNumber, int>, SeriesValues> values_;  // by indicator and year, where a rule charts it
  Date last_recorded_ = Date::Min();             // of all entries that they have had
  std::vector<Standing> standings_;              // of records with several revisions; where reviews matter, of all
  absl::flat_hash_map<uint64_t, size_t> revised_;  // places in standings_, by number
  std::vector<const TeamHistory::Told*> told_;  // by inquiry: as it stands; null: not told yet
  std::vector<LinkedAction> actions_;           // of those
  std::vector<const Review*> entered_;
  std::vector<Date> review_dates_;  // ascending
  BacktestTeam result_;
};

}  // namespace

std::optional<BacktestTeam> Replay(const ReplayTerms& terms, TeamNumber team, const TeamHistory& history,
                                   const std::function<bool()>* stop) {
  return TeamReplay(terms, team, history, stop).Run();
}

}  // namespace leadlag
