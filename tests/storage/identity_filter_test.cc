#include "storage/identity_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

namespace leadlag {
namespace {

TEST(IdentityFilterTest, NeverDeniesWhatWasAddedAndSeldomAffirmsWhatWasNot) {
  for (const uint64_t expected : {uint64_t{0}, uint64_t{100'000}}) {
    std::mt19937_64 random(7);
    IdentityFilter filter(expected);
    EXPECT_FALSE(filter.MayContain(0));
    std::vector<uint64_t> added;
    for (int i = 0; i < 100'000; ++i) {
      added.push_back(random());
      filter.Add(added.back());
    }
    for (const uint64_t fingerprint : added) ASSERT_TRUE(filter.MayContain(fingerprint));
    int wrong = 0;
    for (int i = 0; i < 100'000; ++i) wrong += filter.MayContain(random());
    // With every part that it has grown by it errs a little more often.
    EXPECT_LT(wrong, expected == 0 ? 5'000 : 1'500);
    EXPECT_LT(filter.bytes(), expected == 0 ? 400'000u : 160'000u);
  }
}

TEST(IdentityFilterTest, MayBeAskedWhileItGrows) {
  IdentityFilter filter(0);
  std::atomic<uint64_t> added{0};
  const auto fingerprint = [](uint64_t i) { return i * 0x9e3779b97f4a7c15u; };
  std::thread asker([&] {
    for (uint64_t seen = 0; seen < 200'000; seen = added.load(std::memory_order_acquire)) {
      if (seen > 0) {
        ASSERT_TRUE(filter.MayContain(fingerprint(seen)));
      }
    }
  });
  for (uint64_t i = 1; i <= 200'000; ++i) {
    filter.Add(fingerprint(i));
    added.store(i, std::memory_order_release);
  }
  asker.join();
}

}  // namespace
}  // namespace leadlag
