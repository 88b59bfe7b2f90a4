// A school year of 200 teams with evidence that comes late, is corrected, voided, reviewed or not, inquiries that change and days on which
// schools stay closed: every latency figure, of a team, of teams that labels pick and of the district, is the naive model's; and what was
// answered of a team on each day is what is answered as of it at the end.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/engine/past_team.h"
#include "server/engine/queries.h"
#include "server/engine/zone_database.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/naive_calendar.h"
#include "tests/support/naive_latency.h"
#include "tests/support/random_seed.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

constexpr char kDistrictZone[] = "America/New_York";
const std::vector<std::string> kZones = {"", "", "America/Chicago", "Pacific/Honolulu"};
const DateRange kYear{D("2025-07-01"), D("2026-07-01")};

const ZoneRules& Zone(const std::string& name) {
  static auto& known = *new std::map<std::string, ZoneRules>;
  const auto [found, missing] = known.try_emplace(name);
  if (missing) found->second = LoadZone(name.empty() ? kDistrictZone : name).value();
  return found->second;
}

// ---- an answer, in words ----

std::string Show(const std::optional<LatencyFigure>& figure) {
  return !figure ? "-" : absl::StrCat(figure->at_least ? ">=" : "", figure->days);
}
std::string Show(const LatencyDays& days) {
  return absl::StrCat(days.closed, "+", days.open, " oldest ", days.oldest_open_days.value_or(-1), " p50 ", Show(days.p50), " p90 ",
                      Show(days.p90), " max ", Show(days.max));
}
std::string Show(const std::optional<HoursSpan>& span) { return !span ? "-" : absl::StrCat(span->low, "-", span->high); }
std::string Show(const Latency& latency, const ActionLatency& actions) {
  const LatencyHours& hours = latency.collection_hours;
  return absl::StrCat("\n  collection ", Show(latency.collection), "\n  interpretation ", Show(latency.interpretation), "\n  total ",
                      Show(latency.total), "\n  hours of ", hours.count, " p50 ", Show(hours.p50), " p90 ", Show(hours.p90), " max ",
                      Show(hours.max), "\n  to leading ", Show(actions.to_leading), "\n  to lagging ", Show(actions.to_lagging),
                      "\n  head start ", Show(actions.head_start));
}
std::string Show(const LatencyAnswer& answer) {
  std::string text = absl::StrCat("[", answer.window.from.ToString(), ", ", answer.window.to.ToString(), ") ", answer.teams, " teams",
                                  Show(answer.latency, answer.actions));
  const auto add = [&text](const char* what, const LatencyAnswer::Part& part) {
    absl::StrAppend(&text, "\n", what, " [", part.dates.from.ToString(), ", ", part.dates.to.ToString(), ")",
                    Show(part.latency, part.actions));
  };
  if (answer.previous) add("before", *answer.previous);
  for (const LatencyAnswer::Part& cycle : answer.cycles) add("cycle", cycle);
  return text;
}

// ---- the naive model ----

struct Revision {
  Instant recorded{};
  Date recorded_date{}, event{}, known{};
  std::optional<int64_t> micros_to_known{};
  std::string indicator{};
  bool voided = false;
};
struct Sent {
  std::string id, team;
  std::vector<Revision> revisions;
};
struct Told {
  Instant at;
  Inquiry inquiry;
};

// All that was done to the district, looked at from the beginning with every question.
struct History {
  std::vector<std::pair<Instant, Catalog>> catalogs;
  std::deque<Sent> records;
  std::map<std::string, std::vector<size_t>> records_of;  // by team
  std::vector<std::pair<Instant, Review>> reviews;
  std::vector<Told> inquiries;  // revisions, in order

  const Catalog& CatalogAt(Instant at) const {
    const Catalog* found = nullptr;
    for (const auto& [applied, catalog] : catalogs) found = applied <= at ? &catalog : found;
    return *found;
  }
};

class NaiveAnswer {
 public:
  NaiveAnswer(const History& history, Instant at, const std::vector<std::string>& teams, const NaiveCalendar& calendar, Date today,
              DateRange window, const LatencyQuery& query)
      : history_(history), at_(at), catalog_(history.CatalogAt(at)), calendar_(calendar), today_(today), query_(query) {
    for (const std::string& team : teams) AddTeam(team);
    answer_.window = window;
    const LatencyAnswer::Part whole = PartOf(window);
    answer_.latency = whole.latency;
    answer_.actions = whole.actions;
    for (const NaiveLatencyTeam& team : teams_) answer_.teams += NaiveLatency(window, {team}).collection.closed > 0 ? 1 : 0;
    if (query.previous) answer_.previous = PartOf({window.from - (window.to - window.from), window.from});
    if (query.cycle) AddCycles(window, *query.cycle);
  }
  const LatencyAnswer& answer() const { return answer_; }

 private:
  struct Action {
    Date start;
    bool leads = false, lags = false;
    std::optional<Date> leading{}, lagging{};
  };

  const Indicator& IndicatorOf(const std::string& id) const {
    return *std::find_if(catalog_.indicators.begin(), catalog_.indicators.end(), [&](const Indicator& i) { return i.id == id; });
  }

  std::optional<Date> ReviewedOn(const Sent& record, const Revision& current, Date start) const {
    std::optional<Date> first;
    for (const auto& [entered, review] : history_.reviews) {
      if (entered > at_ || review.team != record.team || current.recorded >= entered || start > review.date) continue;
      const bool lists = std::any_of(review.evidence.begin(), review.evidence.end(),
                                     [&](const auto& listed) { return listed.evidence_id == record.id; });
      const bool is_of = std::count(review.indicators.begin(), review.indicators.end(), current.indicator) > 0;
      if (!lists && !(is_of && current.event <= review.date)) continue;
      if (!first || review.date < *first) first = review.date;
    }
    return first;
  }

  void AddTeam(const std::string& id) {
    NaiveLatencyTeam team{.calendar = &calendar_, .today = today_, .records = {}};
    struct Standing {
      std::string indicator;
      Date first_event, known;
    };
    std::vector<Standing> standing;
    const auto records = history_.records_of.find(id);
    for (const size_t place : records == history_.records_of.end() ? std::vector<size_t>() : records->second) {
      const Sent& record = history_.records[place];
      std::vector<Revision> then;
      for (const Revision& revision : record.revisions) {
        if (revision.recorded <= at_) then.push_back(revision);
      }
      if (then.empty() || then.back().voided) continue;
      const Revision& first = then.front();
      const Revision& current = then.back();
      standing.push_back({current.indicator, first.event, first.known});
      if (!query_.evidence.kind.Counts(IndicatorOf(current.indicator), query_.evidence.completions)) continue;
      const Date start = then.size() == 1 ? first.known : current.recorded_date;
      team.records.push_back({.first_event = first.event,
                              .event = current.event,
                              .known = first.known,
                              .interpretation_start = start,
                              .reviewed = ReviewedOn(record, current, start),
                              .micros_to_known = first.micros_to_known});
    }
    teams_.push_back(std::move(team));

    std::map<std::string, Inquiry> inquiries;
    for (const Told& told : history_.inquiries) {
      if (told.at <= at_ && told.inquiry.team == id) inquiries[told.inquiry.id] = told.inquiry;
    }
    for (const auto& [inquiry_id, inquiry] : inquiries) {
      if (inquiry.status == InquiryStatus::kPlanned) continue;
      for (const InquiryAction& taken : inquiry.actions) {
        Action action{.start = taken.start};
        for (const InquiryLink& link : inquiry.links) {
          const bool leads = IndicatorOf(link.indicator).role == IndicatorRole::kLeading;
          (leads ? action.leads : action.lags) = true;
          std::optional<Date>& known = leads ? action.leading : action.lagging;
          for (const Standing& record : standing) {
            if (record.indicator != link.indicator || record.first_event <= action.start || !calendar_.YearOf(record.first_event)) continue;
            if (!known || record.known < *known) known = record.known;
          }
        }
        actions_.push_back(action);
      }
    }
  }

  LatencyAnswer::Part PartOf(DateRange window) const {
    std::vector<NaiveItem> leading, lagging, head_start;
    for (const Action& action : actions_) {
      if (!window.Contains(action.start) || action.start > today_ || !calendar_.YearOf(action.start)) continue;
      const auto days = [&](const std::optional<Date>& known) {
        return std::max(0, calendar_.Between(action.start, known.value_or(today_)));
      };
      if (action.leads) leading.push_back({days(action.leading), !action.leading});
      if (action.lags) lagging.push_back({days(action.lagging), !action.lagging});
      if (!action.leads || !action.lags || (!action.leading && !action.lagging)) continue;
      const bool led = action.leading.has_value();
      head_start.push_back({led ? std::max(0, days(action.lagging) - days(action.leading)) : 0, led && !action.lagging});
    }
    return {window, NaiveLatency(window, teams_), {NaiveRank(leading), NaiveRank(lagging), NaiveRank(head_start)}};
  }

  void AddCycles(DateRange window, CycleUnit unit) {
    for (Date from = window.from; from < window.to;) {
      Date to = from + 1;
      const auto begins = [unit](Date date) { return unit == CycleUnit::kMonth ? date.day() == 1 : date.weekday() == Weekday::kMonday; };
      while (to < window.to && !begins(to)) to = to + 1;
      const LatencyAnswer::Part part = PartOf({from, to});
      const LatencyDays &records = part.latency.collection, &leading = part.actions.to_leading, &lagging = part.actions.to_lagging;
      if (records.closed + leading.closed + leading.open + lagging.closed + lagging.open > 0) answer_.cycles.push_back(part);
      from = to;
    }
  }

  const History& history_;
  const Instant at_;
  const Catalog& catalog_;
  const NaiveCalendar& calendar_;
  const Date today_;
  const LatencyQuery& query_;
  std::vector<NaiveLatencyTeam> teams_;
  std::vector<Action> actions_;
  LatencyAnswer answer_;
};

// ---- the year ----

class Year {
 public:
  Year(uint64_t seed, int teams) : random_(seed), district_({.start = At("2025-07-10 12:00")}), catalog_(SmallCatalog(teams)) {
    catalog_.calendars.push_back(catalog_.calendars[0]);
    catalog_.calendars[1].id = "south";
    catalog_.calendars[1].weekdays = 0b0011110;  // no Mondays
    for (Team& team : catalog_.teams) {
      team.time_zone = random_.Pick(kZones);
      if (random_.OneIn(3)) team.calendars = {{"south", std::nullopt}};
    }
    Apply();
  }

  void Live() {
    for (Date date = D("2025-08-18"); date < D("2026-06-24") && !testing::Test::HasFailure(); date = date + 1) {
      const bool school = date.weekday() <= Weekday::kFriday;
      if (!school && !random_.OneIn(4)) continue;
      district_.AdvanceTo(std::max(district_.now(), At(kDistrictZone, date, random_.Between(6 * 60, 23 * 60))));
      SendRecords(school ? random_.Between(10, 40) : random_.Between(0, 5));
      for (int n = random_.Between(0, 3); n > 0; --n) SendRevision();
      for (int n = random_.Between(0, 10); n > 0; --n) HoldReview();
      if (random_.OneIn(3)) TellInquiry();
      if (random_.OneIn(60)) CloseSchools(date);
      if (random_.OneIn(50)) {
        ASSERT_FALSE(district_.Restart().has_value());
      }
      AskOneTeam();
      if (random_.OneIn(15)) AskMany();
    }
  }

  // What was answered on each day is what is answered as of it.
  void AskAgain() {
    for (const Asked& asked : asked_) {
      const absl::StatusOr<PastMoment> moment = TakePastMoment(district_.Read(), asked.team, asked.at);
      ASSERT_TRUE(moment.ok()) << moment.status();
      const absl::StatusOr<PastLatencyAnswer> past = GetPastEvidenceLatency(*moment, asked.query);
      ASSERT_TRUE(past.ok()) << past.status();
      ASSERT_EQ(Show(past->answer), asked.answer) << asked.team << " as of " << asked.at.ToString();
    }
  }

  SimulatedDistrict& district() { return district_; }
  const History& history() const { return history_; }
  size_t asked() const { return asked_.size(); }
  int told() const { return told_; }

 private:
  struct Asked {
    Instant at;
    std::string team, answer;
    LatencyQuery query;
  };

  void Apply() {
    ASSERT_TRUE(district_.Apply(catalog_).ok());
    history_.catalogs.emplace_back(district_.last_command(), catalog_);
    for (const CalendarSpec& spec : catalog_.calendars) calendars_.insert_or_assign(spec.id, NaiveCalendar(spec));
  }

  const NaiveCalendar& CalendarOf(const Team& team) const {
    return calendars_.at(team.calendars.empty() ? catalog_.default_calendar : team.calendars[0].calendar);
  }
  Date TodayOf(const Team& team) const { return Zone(team.time_zone).LocalDate(district_.now()); }

  EvidenceItem ItemOf(const std::string& id, const std::string& team, const std::string& indicator, Date date) {
    EvidenceItem item = NumberRecord(id, team, indicator, date, ++content_);
    if (indicator == "voices") item.content.value = Proportion{content_, 1'000'000};
    if (indicator == "boxes") item.content.value = Completion{true};
    item.content.note = absl::StrCat("content ", content_);
    return item;
  }

  void Send(const std::vector<EvidenceItem>& items, size_t expected) {
    const absl::StatusOr<BatchOutcome> outcome = district_.Record("forms", items);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    for (const RecordFailure& failure : outcome->failures) FAIL() << failure.problem.field << ": " << failure.problem.reason;
    ASSERT_EQ(outcome->new_count + outcome->revised_count + outcome->voided_count, expected);
  }

  void SendRecords(int count) {
    static const std::vector<std::string> indicators = {"walks", "walks", "lessons", "voices", "results", "boxes"};
    std::vector<EvidenceItem> items;
    std::vector<Sent> sent;
    std::vector<std::optional<Instant>> happened, reported;
    for (int n = 0; n < count; ++n) {
      const Team& team = random_.Pick(catalog_.teams);
      const Date today = TodayOf(team);
      const Date date = random_.OneIn(25) ? today + 1 : today - (random_.OneIn(6) ? random_.Between(0, 40) : random_.Between(0, 3));
      const std::string& indicator = random_.Pick(indicators);
      items.push_back(ItemOf(absl::StrCat("r", history_.records.size() + sent.size() + 1), team.id, indicator, date));
      EvidenceContent& content = items.back().content;
      Revision first{.event = date, .indicator = indicator};
      std::optional<Instant> at, by;
      if (random_.OneIn(4)) {  // to the minute, some time ago
        at = Instant{district_.now().micros - random_.Between(0, 20 * 24 * 60) * kMicrosPerMinute};
        content.event_date.reset();
        content.event_time = at;
        first.event = Zone(team.time_zone).LocalDate(*at);
      }
      if (random_.OneIn(3) && first.event < today) {  // kept back since the event, or some days
        by = Instant{At(team.time_zone.empty() ? kDistrictZone : team.time_zone, first.event + 1, 0).micros};
        by = std::max(*by, Instant{district_.now().micros - random_.Between(0, 5 * 24 * 60) * kMicrosPerMinute});
        content.reported = by;
      }
      happened.push_back(at);
      reported.push_back(by);
      sent.push_back({items.back().evidence_id, team.id, {first}});
    }
    if (items.empty()) return;
    Send(items, items.size());
    const Instant recorded = district_.last_command();
    for (size_t i = 0; i < sent.size(); ++i) {
      Revision& first = sent[i].revisions[0];
      const ZoneRules& zone = Zone(TeamOf(sent[i].team).time_zone);
      first.recorded = recorded;
      first.recorded_date = zone.LocalDate(recorded);
      const Instant known = reported[i].value_or(recorded);
      first.known = zone.LocalDate(known);
      if (happened[i]) first.micros_to_known = known.micros - happened[i]->micros;
      history_.records_of[sent[i].team].push_back(history_.records.size());
      history_.records.push_back(std::move(sent[i]));
    }
  }

  const Team& TeamOf(const std::string& id) const {
    return *std::find_if(catalog_.teams.begin(), catalog_.teams.end(), [&](const Team& team) { return team.id == id; });
  }

  // A correction, or a void.
  void SendRevision() {
    static const std::vector<std::string> indicators = {"walks", "lessons", "voices", "results"};
    const int last = static_cast<int>(history_.records.size()) - 1;
    if (last < 0) return;
    Sent& record = history_.records[static_cast<size_t>(random_.Between(std::max(0, last - 400), last))];
    Revision revision = record.revisions.back();
    if (revision.voided || revision.indicator == "boxes") return;
    const Team& team = TeamOf(record.team);
    EvidenceItem item;
    if (random_.OneIn(3)) {
      revision.voided = true;
      item.evidence_id = record.id;
      item.content.value = Void{};
    } else {
      if (random_.OneIn(2)) revision.event = TodayOf(team) - random_.Between(0, 30);
      if (random_.OneIn(3)) revision.indicator = random_.Pick(indicators);
      item = ItemOf(record.id, record.team, revision.indicator, revision.event);  // another value every time
    }
    Send({item}, 1);
    revision.recorded = district_.last_command();
    revision.recorded_date = Zone(team.time_zone).LocalDate(revision.recorded);
    record.revisions.push_back(revision);
  }

  void HoldReview() {
    static const std::vector<std::string> indicators = {"walks", "lessons", "voices", "results", "boxes"};
    const Team& team = random_.Pick(catalog_.teams);
    Review review;
    review.id = absl::StrCat("v", history_.reviews.size() + 1);
    review.team = team.id;
    review.date = TodayOf(team) - (random_.OneIn(2) ? 0 : random_.Between(0, 10));
    const std::vector<size_t>& records = history_.records_of[team.id];
    if (random_.OneIn(3) && !records.empty()) {
      review.evidence.push_back({"forms", history_.records[random_.Pick(records)].id});
    } else {
      review.indicators = {random_.Pick(indicators)};
      if (random_.OneIn(2) && review.indicators[0] != "results") review.indicators.push_back("results");
    }
    const absl::StatusOr<ReviewOutcome> outcome = district_.RecordReview(review);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    history_.reviews.emplace_back(district_.last_command(), review);
  }

  void TellInquiry() {
    static const std::vector<std::string> linked = {"walks", "lessons", "voices", "results"};
    Inquiry inquiry;
    if (random_.OneIn(2) || history_.inquiries.empty()) {
      inquiry = InquiryOf(absl::StrCat("q", ++inquiries_), random_.Pick(catalog_.teams).id, D("2025-08-01"));
    } else {
      inquiry = random_.Pick(history_.inquiries).inquiry;
    }
    static const std::vector<InquiryStatus> statuses = {InquiryStatus::kPlanned, InquiryStatus::kActive, InquiryStatus::kActive,
                                                        InquiryStatus::kDone, InquiryStatus::kStopped};
    inquiry.status = random_.Pick(statuses);
    inquiry.links.clear();
    for (const std::string& indicator : linked) {
      if (random_.OneIn(2)) inquiry.links.push_back({indicator, ExpectedDirection::kIncrease});
    }
    inquiry.actions.clear();
    for (int n = random_.Between(0, 3); n > 0; --n) {
      const Date start = std::max(D("2025-08-01"), TodayOf(TeamOf(inquiry.team)) + random_.Between(-40, 10));
      inquiry.actions.push_back({absl::StrCat("a", n), absl::StrCat("Do it, ", ++content_), start});
    }
    const absl::StatusOr<InquiryOutcome> outcome = district_.RecordInquiry(inquiry);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    history_.inquiries.push_back({district_.last_command(), inquiry});
  }

  void CloseSchools(Date date) {
    const Date closed = date + random_.Between(-15, 15);
    for (CalendarSpec& spec : catalog_.calendars) {
      const bool known = std::any_of(spec.exceptions.begin(), spec.exceptions.end(), [&](const CalendarException& exception) {
        return exception.date <= closed && closed <= exception.last_date;
      });
      if (!known && random_.OneIn(2)) spec.exceptions.push_back({closed, closed, ExceptionKind::kWeatherDay, "Storm"});
    }
    Apply();
  }

  LatencyQuery AnyQuery() {
    LatencyQuery query;
    query.evidence.from = kYear.from;
    query.evidence.to = kYear.to;
    if (random_.OneIn(2)) {
      query.evidence.from = D("2025-08-01") + random_.Between(0, 280);
      query.evidence.to = *query.evidence.from + random_.Between(1, 100);
    }
    query.evidence.completions = random_.OneIn(2);
    static const std::vector<SignalKind> kinds = {SignalKind(), SignalKind(), CategoryKind(Category::kWalkthrough),
                                                  CategoryKind(Category::kImplementation), CategoryKind(Category::kOutcome),
                                                  IndicatorKind("voices")};
    query.evidence.kind = random_.Pick(kinds);
    if (random_.OneIn(2)) query.cycle = random_.OneIn(2) ? CycleUnit::kIsoWeek : CycleUnit::kMonth;
    query.previous = random_.OneIn(2);
    return query;
  }

  void AskOneTeam() {
    const Team& team = random_.Pick(catalog_.teams);
    Asked asked{district_.Read().now(), team.id, "", AnyQuery()};
    const absl::StatusOr<LatencyAnswer> answer = GetEvidenceLatency(district_.Read(), team.id, {}, asked.query);
    ASSERT_TRUE(answer.ok()) << answer.status();
    asked.answer = Show(*answer);
    const DateRange window{*asked.query.evidence.from, *asked.query.evidence.to};
    const NaiveAnswer naive(history_, asked.at, {team.id}, CalendarOf(team), TodayOf(team), window, asked.query);
    ASSERT_EQ(asked.answer, Show(naive.answer())) << team.id << " on " << asked.at.ToString();
    told_ += answer->latency.collection.closed > 0 ? 1 : 0;
    asked_.push_back(std::move(asked));
  }

  // Those of a label, and the district.
  void AskMany() {
    for (const Labels& labels : {Labels{}, Labels{{"level", "high"}}, Labels{{"level", "nowhere"}}}) {
      std::vector<std::string> teams;
      for (const Team& team : catalog_.teams) {
        if (Matches(team.labels, labels)) teams.push_back(team.id);
      }
      const LatencyQuery query = AnyQuery();
      const absl::StatusOr<LatencyAnswer> answer = GetEvidenceLatency(district_.Read(), "", labels, query);
      ASSERT_TRUE(answer.ok()) << answer.status();
      const DateRange window{*query.evidence.from, *query.evidence.to};
      const NaiveAnswer naive(history_, district_.Read().now(), teams, calendars_.at(catalog_.default_calendar),
                              Zone("").LocalDate(district_.now()), window, query);
      ASSERT_EQ(Show(*answer), Show(naive.answer())) << teams.size() << " teams on " << district_.now().ToString();
    }
  }

  Random random_;
  SimulatedDistrict district_;
  Catalog catalog_;
  std::map<std::string, NaiveCalendar> calendars_;
  History history_;
  std::vector<Asked> asked_;
  int content_ = 0, inquiries_ = 0, told_ = 0;
};

TEST(LatencyYearTest, EveryFigureIsTheNaiveModelsAndEveryPastDayIsAnsweredAsThen) {
  for (const uint64_t seed : Seeds(1, 30)) {
    SCOPED_TRACE(Replay(seed));
    Year year(seed, 200);
    year.Live();
    ASSERT_FALSE(HasFailure());
    EXPECT_GT(year.history().records.size(), 4'000u);
    EXPECT_GT(year.asked(), 200u);
    EXPECT_GT(year.told(), 50);  // of the teams that were asked about, so many had evidence of the kind
    year.AskAgain();
    EXPECT_EQ(year.district().Inconsistencies(), "");
  }
}

}  // namespace
}  // namespace leadlag
