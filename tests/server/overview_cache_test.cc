#include "server/rpc/overview_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "leadlag/v1/cadence_service.pb.h"
#include "tests/server/small_district.h"
#include "tests/support/random_seed.h"

namespace leadlag {
namespace {

const SignalKind kWalkthroughs{SignalKind::Of::kCategory, Category::kWalkthrough, ""};

std::string AnswerOf(OverviewCache& cache, const DistrictReader& reader, const std::optional<SignalKind>& kind) {
  const TeamPage page = PageOfTeams(reader, {}, "", 100);
  const auto rows = cache.RowsOf(reader, kind, page.teams);
  EXPECT_TRUE(rows.ok()) << rows.status();
  std::string bytes;
  for (const OverviewCache::Row& row : *rows) bytes += *row;
  v1::ListTeamCadenceResponse answer;
  EXPECT_TRUE(answer.ParseFromString(bytes));
  return answer.DebugString();
}

// Whatever happens, what is kept says what would be said anew.
TEST(OverviewCacheTest, NeverTellsWhatWas) {
  for (const uint64_t seed : Seeds(4, 60)) {
    SCOPED_TRACE(Replay(seed));
    Random random(seed);
    SmallDistrict district("2025-09-01");
    OverviewCache kept;
    Date today = DateOf("2025-09-01");
    std::vector<std::string> ids;
    const std::vector<std::string> teams = {"north", "south"}, indicators = {"walks", "climate"};
    int changes = 0;
    std::string before;
    for (int step = 0; step < 120; ++step) {
      const std::string& team = teams[static_cast<size_t>(random.Between(0, 1))];
      const Date date = today - static_cast<int>(random.Between(0, 10));
      switch (random.Between(0, 6)) {
        case 0:
        case 1:
          ids.push_back(absl::StrCat("r", step));
          district.RecordOne(team, indicators[static_cast<size_t>(random.Between(0, 1))], date.ToString(), ids.back());
          break;
        case 2:
          if (ids.empty()) break;
          district.Void(ids.back());
          ids.pop_back();
          break;
        case 3:
          district.Hold(absl::StrCat("review-", step), team, date.ToString(), {"walks", "climate"}, {});
          break;
        case 4: {
          Catalog catalog = SmallDistrict::MakeCatalog();
          catalog.expectations[0].every_days = static_cast<int>(random.Between(2, 30));
          district.Apply(catalog);
          break;
        }
        default:
          today = today + static_cast<int>(random.Between(1, 4));
          district.GoTo(today.ToString());
      }
      OverviewCache anew;
      const std::string all = AnswerOf(kept, district.Read(), std::nullopt);
      const std::string all_anew = AnswerOf(anew, district.Read(), std::nullopt);
      ASSERT_EQ(all, all_anew) << "step " << step;
      const std::string walkthroughs = AnswerOf(kept, district.Read(), kWalkthroughs);
      const std::string walkthroughs_anew = AnswerOf(anew, district.Read(), kWalkthroughs);
      ASSERT_EQ(walkthroughs, walkthroughs_anew) << "step " << step;
      changes += all != before ? 1 : 0;
      before = all;
    }
    EXPECT_GT(changes, 30);
  }
}

TEST(OverviewCacheTest, KeepsRowsOfTeamsThatNothingBefell) {
  SmallDistrict district("2025-09-01");
  OverviewCache cache;
  const auto rows = [&] {
    const DistrictReader reader = district.Read();
    return *cache.RowsOf(reader, std::nullopt, PageOfTeams(reader, {}, "", 100).teams);
  };
  const std::vector<OverviewCache::Row> first = rows();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(rows(), first);  // the very same
  district.RecordOne("south", "walks", "2025-09-01", "a");
  const std::vector<OverviewCache::Row> second = rows();
  EXPECT_EQ(second[0], first[0]);
  EXPECT_NE(second[1], first[1]);
  const SignalKind unknown{SignalKind::Of::kIndicator, Category::kWalkthrough, "nothing"};
  EXPECT_EQ(cache.RowsOf(district.Read(), unknown, {}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace leadlag
