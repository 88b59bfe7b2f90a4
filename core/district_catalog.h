// A catalog compiled for use: teams and expectations by number, each team's combined calendar and zone, and which
// expectation picks which team. Immutable, shared by pointer; thread safe.
//
// Concepts: numbers are interned for ever per district (the first team ever applied is 0, a removed one keeps its
// number), so that stored keys stay small and true. `Interned` is the growing table of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "core/calendar.h"
#include "core/catalog.h"
#include "core/privacy.h"
#include "core/watch.h"
#include "core/zone.h"

namespace leadlag {

using TeamNumber = uint32_t;
using IndicatorNumber = uint32_t;
using SourceNumber = uint32_t;
using ExpectationNumber = uint32_t;  // of an expectation or an alert rule: they share a table

// What the watch of an alert rule costs in watches of expectations: it reads every record of the year where those look at the last.
inline constexpr size_t kRuleWork = 10;
// Values of a charted series that cost as much as one watch of an expectation, read from the store.
inline constexpr size_t kChartedValuesPerWork = 10;

// What stands in a team's place in the watch of a source, whose number stands in the expectation's.
inline constexpr TeamNumber kNoTeam = UINT32_MAX;

// Names of one kind in order of first appearance: number i is names()[i]. Only grows.
class InternTable {
 public:
  // The name's number, a new one where it has none.
  uint32_t Intern(std::string_view name);
  std::optional<uint32_t> Find(std::string_view name) const;
  const std::string& NameOf(uint32_t number) const { return names_[number]; }
  uint32_t size() const { return static_cast<uint32_t>(names_.size()); }

 private:
  std::vector<std::string> names_;
  absl::flat_hash_map<std::string, uint32_t> numbers_;
};

struct Interned {
  InternTable teams, indicators, sources, expectations;
};

class DistrictCatalog {
 public:
  struct TeamEntry {
    const Team* team = nullptr;  // null: not in this catalog
    std::shared_ptr<const Calendar> calendar;
    const ZoneRules* zone = nullptr;
  };

  // Compiles `catalog`, interning its ids in `interned` (document order). `zones` holds the rules of every zone it
  // names. `apply_dates`: for each expectation, enabled rule and expected source without a stated `from`, by id (of a source: AppliedAs),
  // the date that stands for it; REQUIRES: complete. INVALID_ARGUMENT as ValidateStored, or where a zone is missing; `interned` is
  // unchanged then.
  static absl::StatusOr<std::shared_ptr<const DistrictCatalog>> Compile(Catalog catalog, std::vector<ZoneRules> zones,
                                                                        std::map<std::string, Date> apply_dates,
                                                                        Interned& interned);

  // Among the apply dates; no expectation's or rule's id.
  static std::string AppliedAs(const Source& source);

  const Catalog& catalog() const { return catalog_; }
  const std::vector<ZoneRules>& zones() const { return zones_; }
  const std::map<std::string, Date>& apply_dates() const { return apply_dates_; }
  const ZoneRules& district_zone() const { return *district_zone_; }
  const std::shared_ptr<const Calendar>& district_calendar() const { return district_calendar_; }

  // Null where this catalog has no such entry; of a rule, none that is enabled.
  const TeamEntry* FindTeam(TeamNumber number) const;
  const Indicator* FindIndicator(IndicatorNumber number) const;
  // Whether nobody is told what a record of the indicator says: core/privacy.h.
  bool IsHidden(IndicatorNumber indicator, const EvidenceValue& value) const {
    return leadlag::IsHidden(catalog_.settings, FindIndicator(indicator), value);
  }
  const Source* FindSource(SourceNumber number) const;
  const Expectation* FindExpectation(ExpectationNumber number) const;
  const AlertRule* FindRule(ExpectationNumber number) const;

  // What picks the team, expectations and enabled alert rules, ascending; empty for a team that is not in this catalog.
  const std::vector<ExpectationNumber>& SubjectsOf(TeamNumber team) const;
  // The expectations among them.
  const std::vector<ExpectationNumber>& ExpectationsOf(TeamNumber team) const;
  // Those whose alerts are of the kind.
  std::vector<ExpectationNumber> SubjectsOf(TeamNumber team, AlertKind kind) const;
  // What the subject's watch, and all that pick the team, cost, in watches of expectations; the most that any team has, and the most that
  // one record of a team counts for.
  size_t WorkOf(ExpectationNumber subject) const { return FindRule(subject) == nullptr ? 1 : kRuleWork; }
  size_t WorkOfTeam(TeamNumber team) const { return WorkOfAll(SubjectsOf(team)); }
  size_t work_of_a_team_max() const { return work_of_a_team_max_; }
  size_t work_of_a_record_max() const { return work_of_a_record_max_; }
  // Indicators whose evidence counts for the expectation, or may change what the rule says; ascending.
  const std::vector<IndicatorNumber>& IndicatorsOf(ExpectationNumber expectation) const;
  // Expectations and rules for which an indicator's evidence counts, ascending.
  const std::vector<ExpectationNumber>& CountedBy(IndicatorNumber indicator) const;
  // Indicators whose values a rule for the team asks for, ascending.
  std::vector<IndicatorNumber> ChartedOf(TeamNumber team) const;

  // The sources that feed the team with something that the watch of the subject waits for, ascending: while all of them are silent, nobody
  // can tell how it stands. Empty: that never happens to it.
  std::vector<SourceNumber> FeedersOf(TeamNumber team, ExpectationNumber subject) const;
  // Those that feed the team with any of these indicators, ascending.
  std::vector<SourceNumber> FeedersOf(TeamNumber team, const std::vector<IndicatorNumber>& indicators) const;
  // Whether the source feeds the team with anything.
  bool Feeds(SourceNumber source, TeamNumber team) const;

  // How bad an alert of a rule or, with kNoTeam, of a source is; WARNING of anything else.
  Severity SeverityOf(TeamNumber team, ExpectationNumber subject) const;

  // The world of a watch, or with kNoTeam that of a source, which has one where it is expected. Where this catalog has no such watch,
  // `calendar` is null; zone and active periods are the team's as far as there is one, else the district's zone and no period: never
  // null. Borrowed from this.
  WatchWorld World(TeamNumber team, ExpectationNumber expectation) const;

 private:
  DistrictCatalog() = default;
  void LinkTeams(InternTable& table);
  // Of every expectation or rule: its terms, teams and indicators.
  void LinkSubjects();
  template <typename Entry>
  void LinkTerms(ExpectationNumber number, const Entry& entry, WatchTerms terms);
  // The stated date, or the one that stands for it.
  template <typename Entry>
  Date FromOf(const Entry& entry, const std::string& applied_as) const;
  template <typename Entry, typename Visit>  // void(TeamNumber), ascending
  void ForEachPicked(const Entry& entry, Visit visit) const;
  void LinkSources();
  void LinkFeeders();
  size_t WorkOfAll(const std::vector<ExpectationNumber>& subjects) const;
  // Whether the source feeds anybody with any of these indicators.
  bool FeedsAnyOf(SourceNumber source, const std::vector<IndicatorNumber>& indicators) const;
  // Whether the subject, which the indicator concerns, waits for its evidence.
  bool Awaits(ExpectationNumber subject, IndicatorNumber indicator) const;
  WatchWorld SourceWorld(SourceNumber source) const;

  Catalog catalog_;
  std::vector<ZoneRules> zones_;
  std::map<std::string, Date> apply_dates_;
  const ZoneRules* district_zone_ = nullptr;
  std::shared_ptr<const Calendar> district_calendar_;
  std::vector<TeamEntry> teams_;  // by number
  std::vector<const Indicator*> indicators_;
  std::vector<const Source*> sources_;
  struct Feed {
    std::vector<bool> indicators;  // by number; empty: every one
    std::vector<bool> teams;       // likewise
    bool any = false;              // it feeds something
  };
  std::vector<Feed> feeds_;                // by source
  std::vector<std::vector<SourceNumber>> feeders_;  // by subject, ascending: those with something that it waits for, of any team
  std::vector<WatchTerms> source_terms_;   // likewise
  std::vector<const Expectation*> expectations_;
  std::vector<const AlertRule*> rules_;  // by the same numbers
  std::vector<WatchTerms> terms_;                                  // by expectation
  std::vector<std::vector<ExpectationNumber>> team_subjects_;      // by team
  std::vector<std::vector<ExpectationNumber>> team_expectations_;  // by team
  size_t work_of_a_team_max_ = 0;
  size_t work_of_a_record_max_ = 0;
  std::vector<std::vector<IndicatorNumber>> counted_indicators_;   // by expectation
  std::vector<std::vector<ExpectationNumber>> counted_by_;         // by indicator
};

}  // namespace leadlag
