// Evidence as an even flow, for benchmarks: so many records of leading indicators over a school year, from a seed.
//
// Records come in order of the time at which they were reported, as many on one school day as on another, teams and
// indicators in random order. The late share of them speaks of a day up to two weeks of school before; none is
// corrected or voided. An evidence id is 24 random hexadecimal digits, the worst order for an index; a note is 40 bytes
// of random words from a vocabulary of 20,000 that were made up for it, so that neither packs well.
//
// A record is a function of options and its index, so that thirty million need not be held. Thread safe: nothing
// changes.
//
//   const EvidenceFlow flow(options);  // options.records = 1'000'000
//   for (int64_t i = 0; i < flow.size(); ++i) flow.Fill(i, record);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/cli/simulated_catalog.h"
#include "core/date.h"
#include "leadlag/v1/evidence.pb.h"

namespace leadlag::cli {

class EvidenceFlow {
 public:
  // REQUIRES: CheckOptions(options) is OK, options.even_flow().
  explicit EvidenceFlow(const SimulationOptions& options);

  const SimulationOptions& options() const { return options_; }
  const SimulatedCatalog& catalog() const { return catalog_; }
  int64_t size() const { return options_.records; }

  // Replaces what `record` holds of an earlier one. REQUIRES: 0 <= index < size(); `record` empty, or filled by this.
  void Fill(int64_t index, v1::EvidenceRecord& record) const;

 private:
  const SimulationOptions options_;
  const SimulatedCatalog catalog_;
  std::vector<Date> days_;  // school days on which evidence is sent, ascending
  std::vector<std::string> words_;
};

}  // namespace leadlag::cli
