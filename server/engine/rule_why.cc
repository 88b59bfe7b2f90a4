#include "server/engine/rule_why.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/alert_rule.h"
#include "core/cycle.h"
#include "core/digits.h"
#include "core/problem.h"
#include "server/engine/alert_opening.h"
#include "server/engine/team_rows.h"
#include "server/engine/why_words.h"

namespace leadlag {
namespace {

std::string Records(uint64_t n) { return absl::StrCat(n, n == 1 ? " record" : " records"); }

// Of those that wait for evidence: each one costs asking the rule again.
constexpr size_t kActionsInText = 5;

std::string Capitalized(std::string text) {
  text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

const char* CycleWord(CycleUnit unit) { return unit == CycleUnit::kMonth ? "month" : "week"; }

// What a rule with these terms raises an alert of, "once …" or "after …", as it was.
struct RaisedWords {
  std::string operator()(const std::monostate&) const { return "never"; }
  std::string operator()(const LaggingOnlyTerms& terms) const {
    return absl::StrCat("once there were lagging records and, for ", Days(terms.days, "instructional"), ", no leading signal");
  }
  std::string operator()(const CompletionOnlyTerms& terms) const {
    return absl::StrCat("after ", terms.cycles, " ", CycleWord(terms.unit), terms.cycles == 1 ? "" : "s in a row",
                        " with completions and no evidence");
  }
  std::string operator()(const ReviewOverdueTerms& terms) const {
    return absl::StrCat("once a record had been unreviewed for ", Days(terms.days, "instructional"),
                        ", or an eligible month had no review");
  }
  std::string operator()(const CollectionSlowTerms& terms) const {
    return absl::StrCat("once more than ", terms.percent, " % of the last ", Records(static_cast<uint64_t>(terms.records)),
                        " had become known more than ", Days(terms.days, "instructional"), " after their event");
  }
  std::string operator()(const ActionWithoutEvidenceTerms& terms) const {
    return absl::StrCat("once an action had been taken for ", Days(terms.days, "instructional"), " without leading evidence");
  }
  std::string operator()(const RunSignalTerms& terms) const {
    return absl::StrCat("once the ", terms.unit == ChartUnit::kDay ? "daily" : "weekly", " points of ", Quoted(terms.indicator),
                        " made a run-chart signal");
  }
};

class RuleExplanation {
 public:
  RuleExplanation(const DistrictReader& reader, const AlertAnswer& alert, const std::vector<TimelineFlip>& flips)
      : reader_(reader),
        alert_(alert),
        flips_(flips),
        rule_(reader->catalog()->FindRule(alert.record.expectation)),
        world_(WorldOf(reader, alert.record)) {}

  absl::StatusOr<AlertWhy> Run() {
    why_.catalog_version = reader_->catalog_version();
    if (const absl::Status status = Reckon(); !status.ok()) return status;
    const bool closed = alert_.record.closed.has_value();
    if (closed) {
      AddStages();
      if (const absl::Status status = AddTermsThen(); !status.ok()) return status;
      AddDueNow();
    } else {
      AddFinding();
      AddStages();
      if (finding_) AddDueInForce();
    }
    if (const std::string words = HandlingWords(alert_.record, world_); !words.empty()) Add(words);
    if (closed) why_.remedy = "Nothing is left to do: it is closed.";
    return std::move(why_);
  }

 private:
  void Add(const std::string& sentence) { absl::StrAppend(&why_.text, why_.text.empty() ? "" : " ", sentence); }

  absl::Status Reckon() {
    absl::StatusOr<AlertOpening> opening = ReadAlertOpening(reader_, alert_.record, flips_, world_);
    if (!opening.ok()) return opening.status();
    opening_ = *std::move(opening);
    why_.terms.kind = alert_.record.kind;
    if (world_.calendar == nullptr || rule_ == nullptr) return absl::OkStatus();
    why_.terms = world_.terms;
    const Date opened = world_.zone->LocalDate(alert_.record.opened);
    const SchoolYear* const year = world_.calendar->YearOf(opened);
    if (year == nullptr) return absl::OkStatus();
    why_.school_year = year->id;
    absl::StatusOr<TeamRows> rows = ReadTeamRows(reader_, alert_.record.team);
    if (!rows.ok()) return rows.status();
    rows_ = *std::move(rows);
    // It is asked of that school year alone.
    absl::StatusOr<RuledTeam> ruled = ReadRuledTeam(reader_, alert_.record.team, {&alert_.record.expectation, 1}, year->bounds);
    if (!ruled.ok()) return ruled.status();
    ruled_ = *std::move(ruled);
    const TeamFacts facts(*reader_->catalog(), alert_.record.expectation, rows_, ruled_);
    why_.dates = DatesOn(world_, facts.get(), opened);
    if (why_.dates) finding_ = facts.Ask(Span());
    return absl::OkStatus();
  }

  RuleSpan Span() const { return {world_.calendar, why_.dates->start, why_.dates->run, why_.dates->school_year}; }

  void AddStages() {
    Add(absl::StrCat(absl::StrJoin(StageWords(alert_.record, opening_, flips_, *world_.zone), "; "), "."));
    if (const std::string delay = DelayWords(alert_.record, opening_, *world_.zone); !delay.empty()) Add(delay);
  }

  void AddDueInForce() {
    const std::string words = DueWords(alert_.record, opening_, flips_, finding_->due, *world_.zone);
    if (!words.empty()) Add(words);
  }

  // What the rule was when the alert opened. What it found then is not reckoned again.
  absl::Status AddTermsThen() {
    if (!opening_.kept) return absl::OkStatus();
    const auto say = [this](const AlertRule& rule) {
      Add(absl::StrCat("By catalog version ", opening_.catalog_version, " the rule ", Quoted(rule.id), " raised an alert ",
                       std::visit(RaisedWords(), rule.terms), "."));
    };
    if (opening_.catalog_version == why_.catalog_version) {
      if (rule_ != nullptr) say(*rule_);
      return absl::OkStatus();
    }
    const absl::StatusOr<Catalog> then = ReadOpeningCatalog(reader_, opening_);
    if (!then.ok()) return then.status();
    for (const AlertRule& rule : then->alert_rules) {
      if (rule.id == alert_.expectation) say(rule);
    }
    return absl::OkStatus();
  }

  bool AddMissingWatch() {
    if (why_.dates) return false;
    Add(absl::StrCat("Catalog version ", why_.catalog_version, " no longer has this watch on the date on which the alert opened: "
                     "the team, the rule or the calendar has changed."));
    return true;
  }

  void AddDueNow() {
    if (AddMissingWatch()) return;
    Add(absl::StrCat("By catalog version ", why_.catalog_version, " and the evidence there is now, ",
                     finding_ ? absl::StrCat("the due date in school year ", why_.school_year, " is ", Day(finding_->due))
                              : absl::StrCat("nothing is due in school year ", why_.school_year),
                     "."));
  }

  void AddFinding() {
    if (AddMissingWatch() || !finding_) return;
    std::visit([this](const auto& terms) { Say(terms); }, rule_->terms);
    Add(absl::StrCat("(Catalog version ", why_.catalog_version, ".)"));
  }

  // The last day by which the rule has raised what it finds now; none where it has not.
  std::optional<Date> Judged() const { return Judged(finding_->due); }
  std::optional<Date> Judged(Date due) const {
    const std::optional<Date> judged = LastNotified(world_, why_.dates->run, Instant{reader_.now().micros + 1});
    return judged && Holds(Span(), due, *judged) ? judged : std::nullopt;
  }

  // Calls `visit` for every entry of the school year's rows of what concerns the rule.
  template <typename Visit>  // void(const Indicator&, const DayEntry&)
  void ForEachEntry(Visit visit) const {
    const std::vector<IndicatorNumber>& indicators = reader_->catalog()->IndicatorsOf(alert_.record.expectation);
    const DateRange year = why_.dates->school_year;
    for (const TeamRows::Row& row : rows_.rows()) {
      if (row.row_year < RowYear(year.from) || row.row_year > RowYear(year.to - 1)) continue;
      if (!std::binary_search(indicators.begin(), indicators.end(), row.indicator)) continue;
      for (const DayEntry& entry : row.row->entries()) visit(*reader_->catalog()->FindIndicator(row.indicator), entry);
    }
  }

  void Say(const std::monostate&) {}

  void Say(const LaggingOnlyTerms& terms) {
    Add(absl::StrCat("There are lagging records in school year ", why_.school_year, ", and no leading signal ",
                     finding_->by_signal ? "since " + Day(finding_->from) : "since the start, " + Day(finding_->from), "."));
    AddCount("allows", terms.days, !finding_->by_signal);
    if (const std::optional<Date> date = EarliestRemedy(world_, *why_.dates, terms.days, reader_.now())) {
      why_.remedy = absl::StrCat("A leading record dated on or after ", Day(*date), " would end it.");
    }
  }

  void Say(const CompletionOnlyTerms& terms) {
    const char* const cycle = CycleWord(terms.unit);
    const std::string dates = absl::StrCat("from ", Day(finding_->from), " to ", Day(finding_->due));
    const bool passed_over = CyclesIn(terms.unit) > terms.cycles;
    Add(absl::StrCat(terms.cycles == 1 ? absl::StrCat("The ", cycle, " ", dates, " has")
                                       : absl::StrCat(terms.cycles, " ", cycle, "s in a row, ", dates, ", have"),
                     " completions and no evidence",
                     passed_over ? absl::StrCat(" (a ", cycle, " with too few instructional days does not count)") : "",
                     ". The due date is the last date of ", terms.cycles == 1 ? "it" : "the last one", ", ", Day(finding_->due), "."));
    const std::optional<Date> judged = Judged();
    if (!judged) return;
    std::vector<Date> completions, evidence;
    ForEachEntry([&](const Indicator& indicator, const DayEntry& entry) {
      (indicator.measure == Measure::kCompletion ? completions : evidence).push_back(entry.event);
    });
    std::sort(completions.begin(), completions.end());
    std::sort(evidence.begin(), evidence.end());
    why_.remedy = absl::StrCat("A record that is evidence, no completion, dated on or after ",
                               Day(CompletionOnlyEndsFrom(Span(), terms, completions, evidence, *judged)), " would end it.");
  }

  // From the first date of the row of cycles to the due date.
  int CyclesIn(CycleUnit unit) const {
    int cycles = 0;
    for (Date cycle = CycleStart(unit, finding_->from); cycle <= finding_->due; cycle = NextCycle(unit, cycle)) ++cycles;
    return cycles;
  }

  void Say(const ReviewOverdueTerms& terms) {
    if (finding_->by_signal) {
      const bool from_start = finding_->since == RuleFinding::Since::kStart;
      Add(absl::StrCat(Records(finding_->records), finding_->records == 1 ? " is" : " are", " unreviewed, the longest since ",
                       Day(finding_->from),
                       from_start                                          ? ", the start: the rule counts nothing before it."
                       : finding_->since == RuleFinding::Since::kCorrected ? ", when it was corrected."
                                                                           : ", when it was recorded."));
      AddCount("asks for a review within", terms.days, from_start);
    } else {
      Add(absl::StrCat("There was no review from ", Day(finding_->from), " to ", Day(finding_->due),
                       ", an eligible month, and none after it. The due date is the month's last date, ", Day(finding_->due), "."));
    }
    const std::optional<Date> judged = Judged();
    if (!judged) return;
    std::vector<DayEntry> entries;
    std::vector<const Indicator*> indicators;  // of each
    ForEachEntry([&](const Indicator& indicator, const DayEntry& entry) {
      entries.push_back(entry);
      indicators.push_back(&indicator);
    });
    const ReviewThatEnds review =
        ReviewOverdueEndsWith(Span(), terms.days, entries, LastIn(ruled_.reviews, why_.dates->school_year), *judged);
    std::map<std::string, uint64_t> records;  // that it must cover, by indicator
    for (const size_t place : review.covers) records[indicators[place]->id] += entries[place].count;
    why_.remedy = absl::StrCat("A review dated on or after ", Day(review.from),
                               records.empty() ? "" : absl::StrCat(" that covers ", Covered(records), ", unreviewed for too long,"),
                               " would end it.");
  }

  // "2 records of "walks" and 1 record of "lessons"".
  static std::string Covered(const std::map<std::string, uint64_t>& records) {
    constexpr size_t kIndicatorsInText = 4;
    std::vector<std::string> parts;
    uint64_t others = 0;
    for (const auto& [indicator, count] : records) {
      if (parts.size() < kIndicatorsInText) {
        parts.push_back(absl::StrCat(Records(count), " of ", Quoted(indicator)));
      } else {
        others += count;
      }
    }
    if (others > 0) parts.push_back(absl::StrCat(Records(others), " of other indicators"));
    const std::string last = std::move(parts.back());
    parts.pop_back();
    return absl::StrCat(absl::StrJoin(parts, ", "), parts.empty() ? "" : " and ", last);
  }

  void Say(const CollectionSlowTerms& terms) {
    const auto wanted = static_cast<uint64_t>(terms.records);
    Add(absl::StrCat(finding_->records, " of the last ", Records(finding_->of), " became known more than ",
                     Days(terms.days, "instructional"), " after their event",
                     finding_->of > wanted ? absl::StrCat(" (", wanted, " are looked at, with all that share the first one's date)") : "",
                     ". Since what was recorded on ", Day(finding_->due), " that ",
                     finding_->records * 100 > finding_->of * static_cast<uint64_t>(terms.clear_percent)
                         ? absl::StrCat("is more than ", terms.percent, " %, and it has not come down to ", terms.clear_percent,
                                        " % since.")
                         : absl::StrCat("was more than ", terms.percent, " %; it is at most ", terms.clear_percent,
                                        " % now, which counts once a record comes on a later date.")));
    const uint64_t most = wanted * static_cast<uint64_t>(terms.clear_percent) / 100;
    why_.remedy = absl::StrCat("It ends once ", most == 0 ? "none" : absl::StrCat("at most ", most), " of the last ", Records(wanted),
                               " (at most ", terms.clear_percent, " %) ", most > 1 ? "have" : "has",
                               " become known later than that, with the next one recorded on a later date.");
  }

  // What the action has been waiting for.
  struct Awaited {
    std::vector<IndicatorNumber> leading;
    std::vector<std::string> quoted;
  };
  Awaited AwaitedBy(const LinkedAction& action) const {
    Awaited awaited;
    for (const IndicatorNumber number : *action.linked) {
      const Indicator* const indicator = reader_->catalog()->FindIndicator(number);
      if (indicator == nullptr || indicator->role != IndicatorRole::kLeading) continue;
      awaited.leading.push_back(number);
      awaited.quoted.push_back(Quoted(indicator->id));
    }
    return awaited;
  }

  // "action "plan" of inquiry "talk"".
  std::string NameOf(const LinkedAction& action) const {
    const Inquiry& inquiry = ruled_.inquiries[action.inquiry];
    return absl::StrCat("action ", Quoted(inquiry.actions[action.action].id), " of inquiry ", Quoted(inquiry.id));
  }

  // "a record of "walks" dated after Wed …".
  static std::string RecordWords(const LinkedAction& action, const Awaited& awaited) {
    return absl::StrCat(awaited.quoted.empty() ? "a leading indicator that the inquiry is linked to, and a record of it dated after "
                                               : absl::StrCat("a record of ", absl::StrJoin(awaited.quoted, " or "), " dated after "),
                        Day(action.start));
  }

  // The actions that keep the alert open, as far as they are named: by asking the rule again without the ones before.
  std::vector<std::pair<LinkedAction, RuleFinding>> Waiting() const {
    std::vector<std::pair<LinkedAction, RuleFinding>> waiting;
    RuledTeam left = ruled_;
    const TeamFacts facts(*reader_->catalog(), alert_.record.expectation, rows_, left);
    std::optional<RuleFinding> finding = finding_;
    while (finding && waiting.size() <= kActionsInText && (waiting.empty() || Judged(finding->due))) {
      waiting.emplace_back(left.actions[*finding->action], *finding);
      left.actions.erase(left.actions.begin() + static_cast<std::ptrdiff_t>(*finding->action));
      finding = facts.Ask(Span());
    }
    return waiting;
  }

  void Say(const ActionWithoutEvidenceTerms& terms) {
    const std::vector<std::pair<LinkedAction, RuleFinding>> waiting = Waiting();
    const LinkedAction& action = waiting.front().first;
    const Awaited awaited = AwaitedBy(action);
    const bool ended = action.end && *action.end <= Today();
    Add(absl::StrCat(Capitalized(NameOf(action)),
                     ended ? absl::StrCat(" was taken from ", Day(action.start), " to ", Day(*action.end - 1))
                           : absl::StrCat(" has been taken since ", Day(action.start)),
                     awaited.quoted.empty()
                         ? ", and the inquiry is linked to no leading indicator."
                         : absl::StrCat(", and no record of ", absl::StrJoin(awaited.quoted, " or "), " is dated after it began.")));
    AddCount("allows", terms.days, !finding_->by_signal);
    if (AreSilent(reader_->catalog()->FeedersOf(alert_.record.team, awaited.leading))) {
      Add("Every source that feeds such records is silent now: they may be there and have not come.");
    }
    if (waiting.size() == 1) {
      why_.remedy = absl::StrCat(Capitalized(RecordWords(action, awaited)),
                                 " would end it; so does the inquiry once it is done or stopped, or says that the action was over on ",
                                 Day(finding_->due), ". If the action begins later, so does the count.");
      return;
    }
    std::vector<std::string> ends;
    for (size_t i = 0; i < std::min(waiting.size(), kActionsInText); ++i) {
      const auto& [other, finding] = waiting[i];
      if (i > 0) Add(absl::StrCat("So waits ", NameOf(other), ", due on ", Day(finding.due), "."));
      ends.push_back(absl::StrCat("for ", NameOf(other), " ", RecordWords(other, AwaitedBy(other)),
                                  ", or the inquiry done or stopped, or saying that the action was over on ", Day(finding.due)));
    }
    const bool more = waiting.size() > kActionsInText;
    if (more) Add("More actions wait besides.");
    why_.remedy = absl::StrCat("It takes each of these: ", absl::StrJoin(ends, "; "), more ? "; and so on for the others." : ".");
  }

  // All of them; not that where there are none.
  bool AreSilent(const std::vector<SourceNumber>& sources) const {
    return !sources.empty() && std::all_of(sources.begin(), sources.end(), [this](SourceNumber source) {
      const std::vector<SourceSilence>& silences = reader_->ObservationOf(source).silences;
      return !silences.empty() && silences.back().to == SourceSilence::kOpen;
    });
  }

  void Say(const RunSignalTerms& terms) {
    const RunChart& chart = *finding_->chart;
    const char* const unit = terms.unit == ChartUnit::kDay ? "daily" : "weekly";
    Add(absl::StrCat("The ", unit, " points of ", Quoted(terms.indicator), " since ", Day(finding_->from), " make a run-chart signal:"));
    std::string signs = absl::StrCat("of ", chart.useful, " points off the centre, ", FormatDecimal(chart.centre), ", ");
    if (chart.shift()) {
      absl::StrAppend(&signs, chart.longest_run, " in a row lie ", chart.longest_run_side > 0 ? "above" : "below", " it",
                      SideWords(terms.indicator, chart.longest_run_side), ", where by chance at most ", chart.longest_run_limit,
                      chart.longest_run_limit == 1 ? " does" : " do", " as a rule");
    }
    if (chart.few_crossings()) {
      absl::StrAppend(&signs, chart.shift() ? "; they cross it " : "the line crosses it ", chart.crossings,
                      chart.crossings == 1 ? " time" : " times", ", where by chance it is at least ", chart.crossings_limit, " as a rule");
    }
    Add(absl::StrCat(signs, ". It came with the point that ends on ", Day(finding_->due), ", which is the due date."));
    why_.remedy = "Good or bad, it is news: ask what changed. It ends once the points up to one that another follows make no signal.";
  }

  // Whether that side is the better one.
  std::string SideWords(const std::string& indicator, int side) const {
    const std::optional<IndicatorNumber> number = reader_->interned().indicators.Find(indicator);
    const Indicator* const found = number ? reader_->catalog()->FindIndicator(*number) : nullptr;
    const std::optional<bool> better = found == nullptr ? std::nullopt : IsBetterSide(found->direction, side);
    return !better ? "" : *better ? " (the better side)" : " (the worse side)";
  }

  // "The rule … allows 40 instructional days; counting 40 … gives the due date …".
  void AddCount(const char* what, int days, bool from_start) {
    Skips skips = SkipsIn(*world_.calendar, finding_->from, finding_->due);
    Add(absl::StrCat("The rule ", Quoted(alert_.expectation), " ", what, " ", Days(days, "instructional"), "; counting ",
                     Days(days, "instructional"), " from ",
                     from_start ? absl::StrCat("the start in school year ", why_.school_year, ", ") : "", finding_->from.ToString(),
                     SkipWords(skips), from_start ? "," : "", " gives the due date ", Day(finding_->due), "."));
    why_.counted_days = days;
    why_.other_skipped_days = skips.weekend_days + skips.other_days;
    why_.skipped = std::move(skips.named);
  }

  Date Today() const { return world_.zone->LocalDate(reader_.now()); }

  const DistrictReader& reader_;
  const AlertAnswer& alert_;
  const std::vector<TimelineFlip>& flips_;
  const AlertRule* const rule_;
  const WatchWorld world_;
  AlertOpening opening_;
  TeamRows rows_;
  RuledTeam ruled_;
  std::optional<RuleFinding> finding_;
  AlertWhy why_;
};

}  // namespace

absl::StatusOr<AlertWhy> ExplainRuleAlert(const DistrictReader& reader, const AlertAnswer& alert, const std::vector<TimelineFlip>& flips) {
  return RuleExplanation(reader, alert, flips).Run();
}

}  // namespace leadlag
