// A district small enough to reckon by hand, on an engine in memory with a clock that stands until it is moved.
//
//   calendar  Mondays to Fridays from Mon 2025-09-01 to Fri 2026-06-12, but for Tue 2025-11-11 (Veterans Day),
//             Thu 2025-11-27 and Fri 28 (Thanksgiving) and 2025-12-22 to 2026-01-02 (Winter break); the school year is
//             July to July
//   teams     south (level=high) and north (level=primary), in this order, in New York
//   expects   "walkthroughs": WALKTHROUGH every 10 + 10 grace + 10 allowance; "leading": ANY_LEADING every 5 + 5 + 5,
//             north alone
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "server/engine/engine.h"
#include "server/engine/queries.h"

namespace leadlag {

class SmallDistrict {
 public:
  // It is 09:00 in New York on `today`, and the catalog is applied then.
  explicit SmallDistrict(std::string_view today);

  static Catalog MakeCatalog();

  Engine& engine() { return *engine_; }
  // Holds the state still: keep it no longer than a statement.
  DistrictReader Read() const;
  DistrictReader Freeze() const;  // its store has everything

  // Lets it be this time of the date in New York ("2025-11-06", "09:00"), with all that happened on the way.
  void GoTo(std::string_view date, std::string_view time = "09:00");

  BatchOutcome Record(std::vector<EvidenceItem> items);
  // One record that must be taken. Its id is "<indicator> <date>" unless given.
  void RecordOne(std::string_view team, std::string_view indicator, std::string_view date, std::string id = "");
  void Void(std::string_view id);
  ReviewOutcome Hold(std::string_view id, std::string_view team, std::string_view date,
                     std::vector<std::string> indicators, std::vector<std::string> evidence = {});
  void Apply(const Catalog& catalog);

  // Stops the engine and opens it again on what is stored.
  void Restart();

 private:
  std::unique_ptr<SimulatedClock> clock_;
  std::shared_ptr<Disk> disk_;
  std::unique_ptr<Engine> engine_;
};

// "2025-09-04". REQUIRES: a date.
Date DateOf(std::string_view text);
EvidenceItem Item(std::string_view team, std::string_view indicator, std::string_view date, std::string id);

}  // namespace leadlag
