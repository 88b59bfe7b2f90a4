// Rows of a district's overview, kept as they go onto the wire until something that they say may have changed.
//
// Concepts. A district looks at "who is late?" again and again, and between two looks little has happened: a row is made anew only
// where its team has changed, its day has, or the catalog. The first look after a start, or at a kind that nobody has asked about for
// a while, makes them all.
//
// Thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/engine/queries.h"

namespace leadlag {

class OverviewCache {
 public:
  // A serialized ListTeamCadenceResponse with one team, without its watches: such rows after each other, and the rest of the answer
  // behind them, are an answer.
  using Row = std::shared_ptr<const std::string>;

  // Rows of the teams, in their order. Errors as OverviewOf (server/engine/queries.h). REQUIRES: the catalog has the teams.
  absl::StatusOr<std::vector<Row>> RowsOf(const DistrictReader& reader, const std::optional<SignalKind>& kind,
                                          const std::vector<TeamNumber>& teams);

 private:
  // All that a row depends on.
  struct Basis {
    uint64_t change = 0;
    uint32_t catalog_version = 0;  // 0: nothing is kept
    Date today;
    friend bool operator==(const Basis&, const Basis&) = default;
  };
  struct Kept {
    Basis basis;
    Row row;
  };
  // One district's rows for one kind, by team.
  struct Question {
    std::vector<Kept> rows;
    uint64_t used = 0;  // when, by uses_
  };
  Question& QuestionOf(const std::string& name, size_t teams) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  uint64_t uses_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, Question> questions_ ABSL_GUARDED_BY(mu_);
};

}  // namespace leadlag
