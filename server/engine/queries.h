// Questions about a district, answered from its state: cadence, latency, timeline, evidence, reviews, inquiries, alerts.
//
// Concepts: a query takes a DistrictReader (the state held still) and core values, and returns core values; server/rpc converts. No
// query changes anything. Errors: NOT_FOUND with the field for an id the catalog does not have, INVALID_ARGUMENT for a bad window,
// DATA_LOSS for damaged bytes. Thread safe as the reader is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "core/action_latency.h"
#include "core/cadence.h"
#include "core/cycle.h"
#include "core/latency.h"
#include "core/run_phases.h"
#include "server/engine/engine.h"

namespace leadlag {

// From when an answer is.
struct AnswerBasis {
  Instant answered;
  uint32_t catalog_version = 0;
  bool recalculating = false;
};
AnswerBasis BasisOf(const DistrictReader& reader);

// The team's number; NOT_FOUND (field "name") where the catalog in force has no such team.
absl::StatusOr<TeamNumber> FindTeam(const DistrictReader& reader, std::string_view team);

// ── cadence ──
struct CadenceQuery {
  SignalKind kind;
  std::optional<Date> from;  // none: the start of the school year that holds today (or, between years, of the last one before)
  std::optional<Date> to;    // none: the end of the school year that holds `from`
  bool completions = false;
  bool dimensions = false;  // with their coverage
};
struct DimensionCoverage {
  Dimension dimension = Dimension::kUnspecified;
  int indicators = 0;  // of the catalog, that say something of it
  CycleCadence weeks, months;
};
struct TeamCadenceAnswer {
  DateRange window;
  Date today;                    // min(today in the team's zone, window.to)
  Cadence cadence;
  // Whose terms gave the on-track share: of those that watch the kind, the one with the shortest interval; empty: none.
  std::string expectation;
  // Evidence debt, over all the team's watches not PAUSED (an ANY_LEADING one only where no category watch applies).
  int days_past_due = 0;
  uint64_t unreviewed = 0;       // evidence debt, second number
  std::vector<DimensionCoverage> dimensions;
};
absl::StatusOr<TeamCadenceAnswer> GetTeamCadence(const DistrictReader& reader, std::string_view team, const CadenceQuery& query);

// Whose watch it is: of a team, an expectation's or a rule's; or a source's.
struct WatchNames {
  std::string team;         // empty, as the next, of a source
  std::string expectation;
  std::string source;       // empty of a team
};
WatchNames NamesOf(const DistrictReader& reader, WatchId id);

struct WatchStanding {
  std::string expectation;
  WatchRecord record;
  AlertHandling handling;  // of its open alert
  AlertKind kind = AlertKind::kSignalOverdue;
  Severity severity = Severity::kWarning;  // of a rule or a source
  std::string source{};                    // of a source's, which has no expectation
};
// As the reader has it. REQUIRES: it has the watch.
WatchStanding StandingOf(const DistrictReader& reader, WatchId id, const WatchRecord& record);
struct TeamOverview {
  std::string team;
  // The worst state among the watches asked for: an alert, then UNKNOWN, as nobody can say that all is well, then NOT_STARTED, ON_TRACK,
  // and PAUSED; none where nothing watches.
  std::optional<WatchState> state;
  std::optional<Date> due;
  std::optional<Date> last_signal;  // in today's school year
  int open_gap = 0;
  int days_past_due = 0;
  uint64_t unreviewed = 0;
  int unknown = 0;  // of the watches asked for, those that are UNKNOWN
  std::vector<WatchStanding> watches;  // by expectation id
};
// Teams by id from `after` (exclusive; empty: the first) on, at most `limit`; `more`: there are further ones. `kind` none: every kind for
// the state, ANY_LEADING for last signal and open gap.
struct TeamPage {
  std::vector<TeamNumber> teams;
  bool more = false;
};
TeamPage PageOfTeams(const DistrictReader& reader, const Labels& labels, std::string_view after, size_t limit);
// In the order of `teams`, which the catalog has. Depends on the reader's catalog_version, on the ChangeOf of each team, and on its
// today, and on nothing else.
absl::StatusOr<std::vector<TeamOverview>> OverviewOf(const DistrictReader& reader, const std::optional<SignalKind>& kind,
                                                     const std::vector<TeamNumber>& teams);
struct OverviewPage {
  std::vector<TeamOverview> teams;
  bool more = false;
};
absl::StatusOr<OverviewPage> ListTeamCadence(const DistrictReader& reader, const std::optional<SignalKind>& kind, const Labels& labels,
                                             std::string_view after, size_t limit);

// ── latency ──
struct LatencyQuery {
  CadenceQuery evidence;
  std::optional<CycleUnit> cycle;  // by which it is told as well
  bool previous = false;           // with the window before
};
struct LatencyAnswer {
  DateRange window;
  Latency latency;
  ActionLatency actions;  // of any kind of evidence
  int teams = 0;          // that had a record in the window
  // Of a part of the window, or of another one.
  struct Part {
    DateRange dates;
    Latency latency;
    ActionLatency actions;
  };
  std::vector<Part> cycles;  // in order; those that have a record of the kind, or an action that starts in them
  std::optional<Part> previous;
};
// Of one team, or with an empty `team` of every team whose labels match (window by the district's calendar and zone).
absl::StatusOr<LatencyAnswer> GetEvidenceLatency(const DistrictReader& reader, std::string_view team, const Labels& labels,
                                                 const LatencyQuery& query);
struct PastLatencyAnswer {
  LatencyAnswer answer;
  uint32_t catalog_version = 0;  // in force then
};
struct PastMoment;
// Of one team, from what had been recorded by then. Errors besides: server/engine/past_team.h. Reads all of the team's records.
absl::StatusOr<PastLatencyAnswer> GetPastEvidenceLatency(const PastMoment& moment, const LatencyQuery& query);

// ── run charts ──
struct RunChartQuery {
  std::string indicator;
  ChartUnit unit = ChartUnit::kWeek;
  std::optional<Date> from;  // none: as CadenceQuery's
  std::optional<Date> to;
  // A frozen centre, or until when (exclusive) the points count whose median it is; at most one of them.
  std::optional<double> baseline;
  std::optional<Date> baseline_until;
  std::string inquiry;  // whose actions begin phases; empty: none
};
// To the surveys of one point; 0 where there are none.
struct Responses {
  double answered = 0;
  double invited = 0;
};
struct SeriesChart {
  std::string indicator;
  Direction direction = Direction::kUnspecified;
  std::vector<RunPoint> points;  // their dates as far as they lie in the window
  std::vector<Responses> responses;  // of each point
  std::vector<RunPhase> phases;  // of those that are over
  uint64_t hidden = 0;           // records in the window that are no part of it: core/privacy.h
};
struct RunChartAnswer {
  DateRange window;
  Date today;  // the team's
  ChartUnit unit = ChartUnit::kWeek;
  SeriesChart chart;
  std::vector<SeriesChart> outcomes;
  // What the inquiry's actions are that have begun, by the date on which they did.
  std::vector<std::pair<Date, std::string>> actions;
  // More may come to it.
  bool UnderWay(const RunPoint& point) const { return point.dates.to > today; }
};
// INVALID_ARGUMENT (field "start_date") too where the records would be too many.
absl::StatusOr<RunChartAnswer> GetRunChart(const DistrictReader& reader, std::string_view team, const RunChartQuery& query);
// Whether values on that side of a centre (above it 1, below it -1) are the better ones; none where nobody has said which are.
std::optional<bool> IsBetterSide(Direction direction, int side);
// Whether it ends with too long a run on the better side. One further back may be what has been lost since.
bool IsSmallWin(const RunChart& chart, Direction direction);

// ── timeline ──
struct TimelineSignal {
  std::string indicator;
  uint64_t records = 0;
};
struct TimelineReview {
  std::string review;
  std::string decision;
  std::optional<ReviewVerdict> verdict;
};
struct TimelineFlip {
  uint64_t sequence = 0;
  FlipRecord record;
};
struct TimelineClosure {
  std::string label;
};
struct TimelineItem {
  Date date;
  std::variant<TimelineClosure, TimelineSignal, TimelineReview, TimelineFlip> item;
};
absl::StatusOr<std::vector<TimelineItem>> GetTimeline(const DistrictReader& reader, std::string_view team, DateRange window);
// The first date from which on none of the team's flips has left the log; none where none has at all. REQUIRES: the catalog has the team.
std::optional<Date> FlipsFrom(const DistrictReader& reader, TeamNumber team);

// ── evidence and reviews ──
struct EvidenceAnswer {
  std::string source;        // id
  std::string evidence_id;
  EvidenceRevision current;
  bool hidden = false;  // its value is 0 and its note empty: core/privacy.h
  bool voided = false;
  bool pending_calendar = false;
  std::optional<Date> reviewed;
  uint32_t revision_count = 0;
};
struct EvidenceHistory {
  EvidenceAnswer evidence;
  struct Shown {
    EvidenceRevision revision;
    bool hidden = false;  // as above
  };
  std::vector<Shown> revisions;  // oldest first
};
absl::StatusOr<EvidenceHistory> GetEvidence(const DistrictReader& reader, std::string_view source, std::string_view evidence_id);

// By indicator number, event date, arrival. `cursor`: opaque, from the page before; empty for the first and returned on the last.
struct EvidencePage {
  std::vector<EvidenceAnswer> evidence;
  std::string next;
};
struct EvidenceQuery {
  std::string indicator;            // id; empty: all
  std::optional<Date> from, to;     // [from, to)
  bool voided = false;
};
absl::StatusOr<EvidencePage> ListEvidence(const DistrictReader& reader, std::string_view team, const EvidenceQuery& query,
                                          std::string_view cursor, size_t limit);

struct ReviewPage {
  std::vector<Review> reviews;  // by id
  bool more = false;
};
absl::StatusOr<ReviewPage> ListReviews(const DistrictReader& reader, std::string_view team, std::string_view after, size_t limit);

// ── inquiries ──
struct InquiryHistory {
  std::vector<Inquiry> revisions;  // oldest first; the last one stands
};
absl::StatusOr<InquiryHistory> GetInquiry(const DistrictReader& reader, const std::string& id);

struct InquiryQuery {
  std::string theme;              // id; empty: any
  bool without_priority = false;  // only those that serve no district priority
};
// As they stand, by team in the order in which teams were first applied, then by id. `next`: the cursor of the page that follows; empty on
// the last. A page may be empty and yet not the last: at most kInquiriesPerPageRead are looked through for it.
struct InquiryPage {
  std::vector<Inquiry> inquiries;
  std::string next;
};
// Of one team, or with an empty `team` of the district, those of teams no longer in the catalog included.
absl::StatusOr<InquiryPage> ListInquiries(const DistrictReader& reader, std::string_view team, const InquiryQuery& query,
                                          std::string_view cursor, size_t limit);
// Where the page begins that follows this one.
std::string CursorAfter(const Inquiry& inquiry);

// ── alerts ──
struct AlertFilter {
  std::vector<std::string> teams;         // ids; any of them; empty: all
  std::vector<std::string> expectations;  // ids; any of them; empty: all
  Labels labels;                          // all of them
  std::vector<AlertKind> kinds;           // any of them; empty: all, those too that are yet to come
  bool alerts_only = false;               // flips that open, change or close an alert
  bool MatchesFlip(const FlipRecord& flip) const;
  bool MatchesKind(AlertKind kind) const;
  // Stable over releases and machines: bound into tokens. Order and repeats in the lists do not matter.
  uint64_t Hash() const;
};
struct AlertAnswer {
  uint64_t id = 0;
  std::string team;         // as WatchNames
  std::string expectation;
  std::string source;
  AlertRecord record;
};
struct AlertPage {
  std::vector<AlertAnswer> alerts;  // by id, that is in order of opening
  bool more = false;
};
absl::StatusOr<AlertPage> ListAlerts(const DistrictReader& reader, const AlertFilter& filter, bool closed, uint64_t after, size_t limit);
// NOT_FOUND, with every problem, fields under `field`, where the filter names a team, an expectation or an alert rule that no catalog of
// the district has ever had: an id that is gone may have alerts still; or labels that no team in force has.
absl::Status CheckKnown(const DistrictReader& reader, const AlertFilter& filter, std::string_view field);

struct SkippedDate {
  Date date;
  std::string label;
};
struct AlertWhy {
  std::string text;           // in sentences
  std::string remedy;
  std::string school_year;
  WatchTerms terms;
  std::optional<WatchDates> dates;    // none where the watch's run is gone
  int counted_days = 0;               // instructional days counted to the due date
  std::vector<SkippedDate> skipped;   // named closures in between
  int other_skipped_days = 0;
  uint32_t catalog_version = 0;
};
struct AlertDetail {
  AlertAnswer alert;
  AlertWhy why;
  std::vector<TimelineFlip> flips;  // that are kept, in order
  bool flips_trimmed = false;       // the first ones are not
};
// NOT_FOUND where there is no such alert.
absl::StatusOr<AlertAnswer> FindAlert(const DistrictReader& reader, uint64_t id);
// The same with all that is behind it.
absl::StatusOr<AlertDetail> GetAlert(const DistrictReader& reader, uint64_t id);
// The date at whose end the alert closes while it is snoozed still: the last of its watch's run. None where it is not open, not snoozed,
// or shows again before.
std::optional<Date> ClosesSnoozed(const DistrictReader& reader, const AlertAnswer& alert);

// One flip. DATA_LOSS where it is not stored: from the district's first_sequence on all are.
absl::StatusOr<FlipRecord> ReadFlip(const DistrictReader& reader, uint64_t sequence);
// Flips with sequence in [from, from + limit) that are kept, in order; fewer at the end of the log.
absl::StatusOr<std::vector<TimelineFlip>> ReadFlips(const DistrictReader& reader, uint64_t from, size_t limit);

// ── verify ──
// What is wrong: rows, counters and watches rebuilt from evidence, reviews, catalog and flips and compared; identities, revisions,
// series, alerts and the flip log checked against each other. Empty: clean. At most `findings_max`. Takes as long as reading everything
// takes: give it a frozen reader. Once `stop` (null: never) says true it returns with what it has.
std::vector<std::string> VerifyDistrict(const DistrictReader& reader, size_t findings_max,
                                        const std::function<bool()>* stop = nullptr);

}  // namespace leadlag
