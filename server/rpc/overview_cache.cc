#include "server/rpc/overview_cache.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "leadlag/v1/cadence_service.pb.h"
#include "server/engine/query_terms.h"
#include "server/rpc/convert_cadence.h"

namespace leadlag {
namespace {

// Rows that are kept, of all districts and kinds together, at some 200 bytes: those of the last question in any case.
constexpr size_t kRowsMax = 200'000;

std::string NameOf(const DistrictReader& reader, const std::optional<SignalKind>& kind) {
  if (!kind) return reader->id();
  return absl::StrCat(reader->id(), "/", static_cast<int>(kind->of), "/", static_cast<int>(kind->category), "/", kind->indicator);
}

OverviewCache::Row Serialized(const DistrictReader& reader, const TeamOverview& overview) {
  v1::ListTeamCadenceResponse one;
  *one.add_teams() = ToProto(reader->id(), overview, /*include_watches=*/false);
  return std::make_shared<const std::string>(one.SerializeAsString());
}

}  // namespace

OverviewCache::Question& OverviewCache::QuestionOf(const std::string& name, size_t teams) {
  Question& question = questions_[name];
  question.used = ++uses_;
  if (question.rows.size() < teams) question.rows.resize(teams);
  size_t rows = 0;
  for (const auto& [other, kept] : questions_) rows += kept.rows.size();
  const auto by_use = [](const auto& a, const auto& b) { return a.second.used < b.second.used; };
  while (rows > kRowsMax && questions_.size() > 1) {
    const auto oldest = std::min_element(questions_.begin(), questions_.end(), by_use);
    rows -= oldest->second.rows.size();
    questions_.erase(oldest);
  }
  return question;
}

absl::StatusOr<std::vector<OverviewCache::Row>> OverviewCache::RowsOf(const DistrictReader& reader, const std::optional<SignalKind>& kind,
                                                                      const std::vector<TeamNumber>& teams) {
  if (absl::Status status = CheckKind(reader, kind.value_or(SignalKind{})); !status.ok()) return status;
  const std::string name = NameOf(reader, kind);
  const size_t teams_max = reader->interned().teams.size();
  std::vector<Row> rows(teams.size());
  std::vector<Basis> bases(teams.size());
  std::vector<size_t> missing;
  for (size_t i = 0; i < teams.size(); ++i) {
    bases[i] = {reader->ChangeOf(teams[i]), reader->catalog_version(), TeamNowOf(reader, teams[i]).today};
  }
  {
    absl::MutexLock lock(&mu_);
    const Question& question = QuestionOf(name, teams_max);
    for (size_t i = 0; i < teams.size(); ++i) {
      const Kept& kept = question.rows[teams[i]];
      if (kept.basis == bases[i]) {
        rows[i] = kept.row;
      } else {
        missing.push_back(i);
      }
    }
  }
  std::vector<TeamNumber> missing_teams;
  for (const size_t i : missing) missing_teams.push_back(teams[i]);
  const absl::StatusOr<std::vector<TeamOverview>> made = OverviewOf(reader, kind, missing_teams);
  if (!made.ok()) return made.status();
  for (size_t i = 0; i < missing.size(); ++i) rows[missing[i]] = Serialized(reader, (*made)[i]);
  absl::MutexLock lock(&mu_);
  Question& question = QuestionOf(name, teams_max);
  for (const size_t i : missing) question.rows[teams[i]] = {bases[i], rows[i]};
  return rows;
}

}  // namespace leadlag
