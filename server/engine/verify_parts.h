// The parts of VerifyDistrict (server/engine/queries.h). Internal to server/engine.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/engine/queries.h"
#include "storage/keys.h"

namespace leadlag {

// What was found, up to a number; the rest is not collected.
class Findings {
 public:
  // Once `stop` says true nothing more is looked for; null: never.
  Findings(size_t max, const std::function<bool()>* stop) : max_(max), stop_(stop) {}
  void Add(std::string finding) {
    if (!full()) found_.push_back(std::move(finding));
  }
  // Adds what is wrong with some bytes; nothing where the status is OK.
  void AddDamage(std::string_view where, const absl::Status& status) {
    if (status.ok()) return;
    const absl::string_view message = status.message();
    Add(absl::StrCat(absl::string_view(where.data(), where.size()), ": ", message));
  }
  bool full() const { return found_.size() >= max_ || (stop_ != nullptr && (*stop_)()); }
  std::vector<std::string> Take() && { return std::move(found_); }

 private:
  size_t max_;
  const std::function<bool()>* stop_;
  std::vector<std::string> found_;
};

// Visits every entry of a range whose key and value decode; the others are findings. `Decode` is a value's decoder.
template <typename Key, typename Decode, typename Visit>
void VisitTable(const DistrictReader& reader, const KeyRange& range, std::string_view what, Findings& findings,
                Decode decode, Visit visit) {
  const absl::Status scanned = reader->store().ScanOnce(range, [&](std::string_view key_bytes, std::string_view bytes) {
    auto key = Key::Decode(key_bytes);
    auto value = decode(bytes);
    findings.AddDamage(what, key.status());
    findings.AddDamage(what, value.status());
    if (key.ok() && value.ok()) visit(*key, *std::move(value));
    return !findings.full();
  });
  findings.AddDamage(what, scanned);
}

using ReviewsByTeam = std::map<TeamNumber, TeamReviews>;

// Reviews, their ids and their number.
ReviewsByTeam VerifyReviews(const DistrictReader& reader, Findings& findings);
// Records, their identities, places, revisions and numbers; every day row against the one that they and the reviews give.
void VerifyEvidence(const DistrictReader& reader, const ReviewsByTeam& reviews, Findings& findings);
// Inquiries, their revisions and their ids.
void VerifyInquiries(const DistrictReader& reader, Findings& findings);
// The flip log, the alerts it tells of, and the watches at its end.
void VerifyFlips(const DistrictReader& reader, Findings& findings);
// Every watch against the catalog and the evidence. REQUIRES: no catalog change is being worked through.
void VerifyWatches(const DistrictReader& reader, Findings& findings);

}  // namespace leadlag
