// Random lives of a watch: core's machine, driven at every pace, and the naive model make the same flips.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/random_world.h"
#include "tests/support/watch_story.h"

namespace leadlag {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;

std::vector<std::string> InUtc(const std::vector<WatchFlip>& flips) {
  std::vector<std::string> lines;
  for (const WatchFlip& flip : flips) lines.push_back(std::string(ToString(flip.from)) + " > " + Describe(flip, Utc()));
  return lines;
}

constexpr Pace kPaces[] = {Pace::kHappenings, Pace::kNextMoments, Pace::kHourly};

bool Agree(const WatchStory& story) {
  const std::vector<WatchFlip> naive = NaiveFlips(story);
  for (Pace pace : kPaces) {
    const CoreLife life = LiveInCore(story, pace);
    if (life.flips != naive || !life.broken.empty()) return false;
  }
  return true;
}

// The same disagreement in as few happenings as leaving out one at a time can reach.
WatchStory Shrink(WatchStory story) {
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (size_t i = story.happenings.size(); i-- > 1;) {
      WatchStory without = story;
      without.happenings.erase(without.happenings.begin() + static_cast<std::ptrdiff_t>(i));
      if (Agree(without)) continue;
      story = without;
      shorter = true;
    }
    for (size_t i = story.downtimes.size(); i-- > 0;) {
      WatchStory without = story;
      without.downtimes.erase(without.downtimes.begin() + static_cast<std::ptrdiff_t>(i));
      if (Agree(without)) continue;
      story = without;
      shorter = true;
    }
  }
  return story;
}

TEST(WatchProperty, CoreFlipsLikeTheNaiveModel) {
  for (uint64_t seed : Seeds(400, 10000)) {
    Random random(seed);
    const WatchStory story = RandomStory(random);
    if (Agree(story)) continue;
    const WatchStory shortest = Shrink(story);
    for (Pace pace : kPaces) {
      const CoreLife life = LiveInCore(shortest, pace);
      EXPECT_THAT(InUtc(life.flips), ElementsAreArray(InUtc(NaiveFlips(shortest))))
          << "pace " << static_cast<int>(pace);
      EXPECT_THAT(life.broken, IsEmpty()) << "pace " << static_cast<int>(pace);
    }
    FAIL() << Replay(seed) << ", shortened to\n" << Describe(shortest);
  }
}

// What every stream of flips promises, whoever makes it.
TEST(WatchProperty, FlipsChainAndTimesNeverDecrease) {
  for (uint64_t seed : Seeds(200, 5000)) {
    Random random(seed);
    const WatchStory story = RandomStory(random);
    WatchState state = WatchState::kPaused;
    Instant effective;
    for (const WatchFlip& flip : LiveInCore(story, Pace::kHappenings).flips) {
      EXPECT_EQ(flip.from, state) << Replay(seed);
      EXPECT_LE(effective, flip.effective) << Replay(seed);
      EXPECT_LT(flip.effective, story.end) << Replay(seed);
      EXPECT_TRUE(flip.to != WatchState::kPaused || !flip.due) << Replay(seed);
      EXPECT_TRUE(flip.from != flip.to || (HasAlert(flip.to) && flip.reason == FlipReason::kUpdated)) << Replay(seed);
      state = flip.to;
      effective = flip.effective;
    }
  }
}

}  // namespace
}  // namespace leadlag
