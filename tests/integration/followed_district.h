// A district that subscribers follow, on a server in the test's own process: what befalls it at random, and what its flip log has held.
//
//   class SubscriberTest : public FollowedDistrictTest {};
//   Step(); Archive();   // something happens; log_ has every flip there ever was
//
// Subscribers may run on threads of their own: address_ tells them where the server is. The rest is for one thread.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/clock.h"
#include "tests/support/random_seed.h"
#include "tests/support/stubs.h"
#include "tests/support/test_server.h"

namespace leadlag {

inline constexpr char kFollowedDistrict[] = "districts/followed";
inline constexpr int kFollowedTeams = 12;

// REQUIRES: an instant.
Instant At(const std::string& text);

// Labels, activity and what is expected differ from variant to variant.
v1::Catalog FollowedCatalog(int variant, Date today);

struct FollowedFilter {
  std::string name;
  v1::AlertFilter filter;
};
// Of each sort; that of kNothingMatches is for no flip.
std::vector<FollowedFilter> FollowedFilters();
inline constexpr size_t kNothingMatches = 5;

// Where the server is; it moves with each restart.
class ServerAddress {
 public:
  void Set(std::string target) {
    absl::MutexLock lock(&mutex_);
    target_ = std::move(target);
  }
  std::string Get() const {
    absl::MutexLock lock(&mutex_);
    return target_;
  }
  // Waits until it is another one than `old`, but not for ever: a server that is busy has the same address still.
  void AwaitOther(const std::string& old) const {
    absl::MutexLock lock(&mutex_);
    const auto moved = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return target_ != old; };
    mutex_.AwaitWithTimeout(absl::Condition(&moved), absl::Milliseconds(50));
  }

 private:
  mutable absl::Mutex mutex_;
  std::string target_ ABSL_GUARDED_BY(mutex_);
};

class FollowedDistrictTest : public testing::Test {
 protected:
  static TestServerOptions Options(Instant now);

  // The district is made on 2025-08-30.
  FollowedDistrictTest();

  Date Today() { return Date(static_cast<int32_t>(server_.clock().Now().micros / kMicrosPerDay)); }

  // The next variant of the catalog, with retention_days_.
  void Apply();
  // Evidence and voids.
  void Record();
  // Acknowledges or snoozes one of the open alerts.
  void Handle();
  // One of these, or time passes.
  void Step();

  // All of log_ anew, with no retention. Unique: what the log held once, it holds for ever.
  void ReadLog();
  // Adds to log_ what has come since the last time: before it leaves.
  void Archive();

  const uint64_t seed_;
  Random random_;
  TestServer server_;
  ServerAddress address_;
  int variant_ = 0;
  int records_ = 0;
  int retention_days_ = 0;
  std::vector<v1::Flip> log_;
  std::string archived_;  // the token of its last flip
};

}  // namespace leadlag
