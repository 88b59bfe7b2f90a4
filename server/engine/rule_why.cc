#include "server/engine/rule_why.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/alert_rule.h"
#include "core/cycle.h"
#include "core/digits.h"
#include "core/problem.h"
#include "server/engine/team_rows.h"
#include "server/engine/why_words.h"

namespace leadlag {
namespace {

std::string Records(uint64_t n) { return absl::StrCat(n, n == 1 ? " record" : " records"); }

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
    if (closed) AddStages();
    AddFinding(closed);
    if (!closed) AddStages();
    if (const std::string words = HandlingWords(alert_.record, world_); !words.empty()) Add(words);
    if (closed) why_.remedy = "Nothing is left to do: it is closed.";
    return std::move(why_);
  }

 private:
  void Add(const std::string& sentence) { absl::StrAppend(&why_.text, why_.text.empty() ? "" : " ", sentence); }

  absl::Status Reckon() {
    why_.terms.kind = alert_.record.kind;
    if (world_.calendar == nullptr || rule_ == nullptr) return absl::OkStatus();
    why_.terms = world_.terms;
    const Date opened = world_.zone->LocalDate(alert_.record.opened);
    const SchoolYear* const year = world_.calendar->YearOf(opened);
    if (year == nullptr) return absl::OkStatus();
    why_.school_year = year->id;
    const absl::StatusOr<TeamRows> rows = ReadTeamRows(reader_, alert_.record.team);
    if (!rows.ok()) return rows.status();
    // It is asked of that school year alone.
    absl::StatusOr<RuledTeam> ruled = ReadRuledTeam(reader_, alert_.record.team, {&alert_.record.expectation, 1}, year->bounds);
    if (!ruled.ok()) return ruled.status();
    ruled_ = *std::move(ruled);
    const TeamFacts facts(*reader_->catalog(), alert_.record.expectation, *rows, ruled_);
    why_.dates = DatesOn(world_, facts.get(), opened);
    if (why_.dates) finding_ = facts.Ask({world_.calendar, why_.dates->start, why_.dates->run, why_.dates->school_year});
    return absl::OkStatus();
  }

  void AddStages() { Add(absl::StrCat(absl::StrJoin(StageWords(alert_.record, flips_, *world_.zone), "; "), ".")); }

  void AddFinding(bool closed) {
    if (!why_.dates) {
      return Add(absl::StrCat("Catalog version ", why_.catalog_version, " no longer has this watch on the date on which the alert opened: "
                              "the team, the rule or the calendar has changed."));
    }
    if (closed) {
      Add(absl::StrCat("By catalog version ", why_.catalog_version, " and the evidence there is now",
                       finding_ ? ":" : ", the rule has nothing to say of that school year."));
    }
    if (!finding_) return;
    std::visit([this](const auto& terms) { Say(terms); }, rule_->terms);
    if (!closed) Add(absl::StrCat("(Catalog version ", why_.catalog_version, ".)"));
  }

  void Say(const std::monostate&) {}

  void Say(const LaggingOnlyTerms& terms) {
    Add(absl::StrCat("There are lagging records in school year ", why_.school_year, ", and no leading signal ",
                     finding_->by_signal ? "since " + Day(finding_->from) : "since the start, " + Day(finding_->from), "."));
    AddCount("allows", terms.days);
    if (const std::optional<Date> date = EarliestRemedy(world_, *why_.dates, terms.days, reader_.now())) {
      why_.remedy = absl::StrCat("A leading record dated on or after ", Day(*date), " would end it.");
    }
  }

  void Say(const CompletionOnlyTerms& terms) {
    const char* const cycle = terms.unit == CycleUnit::kMonth ? "month" : "week";
    Add(absl::StrCat("Of the ", cycle, terms.cycles == 1 ? "" : "s", " from ", Day(finding_->from), " to ", Day(finding_->due),
                     terms.cycles == 1 ? " it has" : absl::StrCat(", ", terms.cycles, " in a row that were long enough, each has"),
                     " completions and no evidence. The due date is the last one's last date, ", Day(finding_->due), "."));
    why_.remedy = absl::StrCat("A record that is evidence, no completion, dated on or after ", Day(CycleStart(terms.unit, Today())),
                               ", would end it.");
  }

  void Say(const ReviewOverdueTerms& terms) {
    if (finding_->by_signal) {
      Add(absl::StrCat(Records(finding_->records), finding_->records == 1 ? " is" : " are", " unreviewed, the longest since ",
                       Day(finding_->from), ", when it was recorded or corrected, or the rule began."));
      AddCount("asks for a review within", terms.days);
      why_.remedy = "A review that covers what was recorded first would end it, or move its due date on.";
      return;
    }
    Add(absl::StrCat("There was no review from ", Day(finding_->from), " to ", Day(finding_->due),
                     ", an eligible month, and none after it. The due date is the month's last date, ", Day(finding_->due), "."));
    const Date month = Today().StartOfMonth();
    why_.remedy = absl::StrCat("A review dated on or after ", Day((month - 1).StartOfMonth()), " would end it.");
  }

  void Say(const CollectionSlowTerms& terms) {
    Add(absl::StrCat(finding_->records, " of the last ", Records(finding_->of), " became known more than ",
                     Days(terms.days, "instructional"), " after their event. Since what was recorded on ", Day(finding_->due),
                     " that is more than ", terms.percent, " % of the last ", terms.records, " or so, and it has not come down to ",
                     terms.clear_percent, " % since."));
    why_.remedy = absl::StrCat("It ends once at most ", terms.clear_percent, " % of the last ",
                               Records(static_cast<uint64_t>(terms.records)),
                               " have become known later than that, with the next one recorded on a later date.");
  }

  void Say(const ActionWithoutEvidenceTerms& terms) {
    const LinkedAction& action = ruled_.actions[*finding_->action];
    const Inquiry& inquiry = ruled_.inquiries[action.inquiry];
    std::vector<std::string> leading;
    std::vector<IndicatorNumber> awaited;
    for (const IndicatorNumber number : *action.linked) {
      const Indicator* const indicator = reader_->catalog()->FindIndicator(number);
      if (indicator == nullptr || indicator->role != IndicatorRole::kLeading) continue;
      leading.push_back(Quoted(indicator->id));
      awaited.push_back(number);
    }
    const bool ended = action.end && *action.end <= Today();
    Add(absl::StrCat("Action ", Quoted(inquiry.actions[action.action].id), " of inquiry ", Quoted(inquiry.id),
                     ended ? absl::StrCat(" was taken from ", Day(action.start), " to ", Day(*action.end - 1))
                           : absl::StrCat(" has been taken since ", Day(action.start)),
                     leading.empty() ? ", and the inquiry is linked to no leading indicator."
                                     : absl::StrCat(", and no record of ", absl::StrJoin(leading, " or "), " is dated after it began.")));
    AddCount("allows", terms.days);
    if (!alert_.record.closed && AreSilent(reader_->catalog()->FeedersOf(alert_.record.team, awaited))) {
      Add("Every source that feeds such records is silent now: they may be there and have not come.");
    }
    why_.remedy = absl::StrCat(leading.empty() ? "A leading indicator that the inquiry is linked to, and a record of it dated after "
                                               : absl::StrCat("A record of ", absl::StrJoin(leading, " or "), " dated after "),
                               Day(action.start), " would end it; so does the inquiry once it is done or stopped, or says that the action "
                               "was over on ", Day(finding_->due), ". If the action begins later, so does the count.");
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
    if (found == nullptr || found->direction == Direction::kUnspecified) return "";
    const bool better = (found->direction == Direction::kHigherIsBetter) == (side > 0);
    return better ? " (the better side)" : " (the worse side)";
  }

  // "The rule … allows 40 instructional days; counting 40 … gives the due date …".
  void AddCount(const char* what, int days) {
    Skips skips = SkipsIn(*world_.calendar, finding_->from, finding_->due);
    Add(absl::StrCat("The rule ", Quoted(alert_.expectation), " ", what, " ", Days(days, "instructional"), "; counting ",
                     Days(days, "instructional"), " from ", finding_->from.ToString(), SkipWords(skips), " gives the due date ",
                     Day(finding_->due), "."));
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
  RuledTeam ruled_;
  std::optional<RuleFinding> finding_;
  AlertWhy why_;
};

}  // namespace

absl::StatusOr<AlertWhy> ExplainRuleAlert(const DistrictReader& reader, const AlertAnswer& alert, const std::vector<TimelineFlip>& flips) {
  return RuleExplanation(reader, alert, flips).Run();
}

}  // namespace leadlag
