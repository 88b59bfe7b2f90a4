// The stories of a district's watches, for the naive model: who keeps it writes down what he does to a
// SimulatedDistrict, and gets for each watch what happened to it.
//
// It knows the rules by which a record counts (source_version aside: corrections are written down in the order in which
// they count) and by which a catalog gives a watch its world, and nothing of the engine. Not thread safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/catalog.h"
#include "tests/simulation/simulated_district.h"
#include "tests/support/naive_watch.h"

namespace leadlag {

class WatchStories {
 public:
  // A new document from `at` on.
  void Apply(Instant at, const Catalog& catalog);

  // One batch, without records that are refused. An item's current content: none for a void.
  struct Item {
    std::string id;
    std::string team;
    std::optional<std::string> indicator;  // none: voided
    Date date;
    bool is_new = false;
    std::optional<Instant> reported{};  // of a new one
    double value = 0, of = 1;           // where a rule asks for it: a number, or k of n
  };
  void Record(Instant at, const std::vector<Item>& items);

  // The batch was this source's; an empty one, too, is a batch. After its Record.
  void Heard(Instant at, const std::string& source, std::optional<Date> complete_through = std::nullopt);

  // A review of indicators, without a list of records.
  // It is recorded so.
  void Record(Instant at, const Inquiry& inquiry);
  void Review(Instant at, const std::string& team, Date date, const std::vector<std::string>& indicators);

  void Down(Instant from, Instant up);

  // Every watch there ever was, until `end`. The stories share their worlds and live as long as this.
  std::map<WatchName, WatchStory> Tell(Instant end) const;

 private:
  struct Kept {
    std::string team;
    std::optional<std::string> indicator;
    Date date;
    // Of the first content.
    Date first_date, recorded, known;
    std::optional<Date> corrected_on;
    Instant stands_since;
    double value = 0, of = 1;
  };
  // One watch, being written.
  struct Book {
    WatchStory story;
    std::set<std::string> counted;  // ids that count now
    std::vector<size_t> catalogs;   // of each of its worlds, by place in `catalogs_`
  };
  struct Batch {
    Instant at;
    std::optional<Date> complete_through;  // as it says
  };
  static bool IsSource(const WatchName& name) { return name.team.empty(); }
  bool IsRule(const WatchName& name) const { return IsSource(name) || rules_.contains(name.expectation); }
  std::vector<NaiveSilence> SilencesOf(const std::string& source, const WatchStory& story) const;
  // Whether the source feeds the team with the indicator.
  static bool Feeds(const Catalog& catalog, const Source& source, const std::string& team, const Indicator& indicator);
  // What the watch waits for, as far as there are several things that must all be beyond telling for it to be so: indicators, of which any
  // would do. A rule about actions waits for each of them.
  static std::vector<std::vector<std::string>> AwaitedBy(const Catalog& catalog, const WatchName& name, const NaiveTeamFacts* facts);
  // When nobody could tell, by the catalog and what a rule knew (null: an expectation's). `silences`: by source.
  static std::vector<NaiveSilence> UntoldBy(const Catalog& catalog, const WatchName& name, const NaiveTeamFacts* facts,
                                            const std::map<std::string, std::vector<NaiveSilence>>& silences);

  const AlertRule* RuleOf(const WatchName& name) const;
  Date LocalDate(const std::string& team, Instant at) const;
  // What a rule knows of the team now.
  std::shared_ptr<const NaiveTeamFacts> FactsFor(const WatchName& name) const;
  void Happen(const WatchName& name, Book& book, Happening happening);
  std::shared_ptr<const NaiveWorld> WorldOf(const WatchName& name) const;
  bool Counts(const std::string& expectation, const Kept& record) const;
  // The records among `ids` whose standing with the watch has changed.
  std::vector<EvidenceChange> ChangesOf(const std::string& expectation, Book& book, const std::vector<std::string>& ids,
                                        const std::set<std::string>& moved) const;

  Catalog catalog_;
  std::map<std::string, Date> apply_dates_;  // by expectation, of those in the catalog without a stated date
  std::map<std::string, SignalKind> kinds_;  // of every expectation there ever was
  std::map<std::string, Kept> records_;
  std::map<std::string, std::vector<std::string>> of_team_;  // records by team
  std::map<std::string, std::vector<NaiveReview>> reviews_;  // by team
  std::map<std::string, std::map<std::string, Inquiry>> inquiries_;  // by team and id, as they stand
  std::set<std::string> rules_;                              // ids of every rule there ever was
  std::map<WatchName, Book> books_;
  std::vector<Downtime> downtimes_;
  std::vector<std::pair<Instant, Catalog>> catalogs_;
  std::map<std::string, std::vector<Batch>> batches_;  // by source
};

// The first difference between the flips of a watch and those of the naive model, with the story; "" where there is
// none.
std::string FlipDifference(const WatchName& name, const WatchStory& story, const std::vector<WatchFlip>& flips);

}  // namespace leadlag
