// A district under load, and what must be true of it whenever its server comes back: shared by the tests that kill,
// drain or damage one.
//
// Concepts. Each worker owns the records of one source. Of each record it keeps what it sent, in order, and how much of
// that was acknowledged; what a server may then hold is what comes of any prefix of what was sent that is no shorter
// than what was acknowledged. Most content is new; some repeats older content (which changes nothing), some is a void.
// The real clock runs, so that flips are made by evidence, voids and catalogs (whose variants make teams inactive and
// active again) and, where a minute ends, by the clock: notify time is always the next minute.
//
// A load is used by one thread at a time; CatalogLoad, FlipWatcher and ReviewLoad likewise.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/date.h"
#include "tests/support/random_seed.h"
#include "tests/support/stream_promises.h"
#include "tests/support/stubs.h"

namespace leadlag {

inline constexpr char kBusyDistrict[] = "districts/busy";
inline constexpr int kBusySources = 4;

// "t-007".
std::string BusyTeam(int number);

// Variant 0, 1, … of the catalog, with so many teams, around `today`. Equal variants are equal documents but for
// notify time.
v1::Catalog BusyCatalog(int variant, int teams, Date today);

// Today in UTC, which is the district's zone.
Date TodayInUtc();

class EvidenceLoad {
 public:
  EvidenceLoad(int source, uint64_t seed, Date today);

  // What may be used from now on: new records for teams [0, teams), at most `new_records` of them until the next call.
  void Allow(int teams, int new_records);

  // Sends batches, over one StreamEvidence call with a few on their way, or unary, until the server does not answer
  // with OK; what it said then. OK where `batches_max` have been acknowledged.
  grpc::Status RunStream(Stubs& stubs, int batches_max);
  grpc::Status RunUnary(Stubs& stubs, int batches_max);

  // What a recovered server holds is what was sent and acknowledged, each record once; "" or what is wrong. From here
  // on the load knows what became of what was not acknowledged. `exactly`: nothing that was not acknowledged is there.
  // REQUIRES: nothing is on its way.
  std::string Settle(Stubs& stubs, bool exactly);

  size_t acknowledged_batches() const { return acknowledged_batches_; }
  size_t records() const { return stories_.size(); }
  // What the server said that it should not have said; "".
  const std::string& complaint() const { return complaint_; }

 private:
  struct Story {
    std::vector<v1::EvidenceRecord> sent;
    size_t acknowledged = 0;
  };
  struct Sent {
    std::vector<std::string> ids;  // one a good record
    int bad = 0;
  };

  template <typename Batch>
  Sent Fill(Batch& batch);
  v1::EvidenceRecord NextContent(const std::string& id);
  void Acknowledge(const Sent& sent, const v1::BatchResult& result);
  // The revisions that the first `count` of what was sent make.
  static std::vector<const v1::EvidenceRecord*> RevisionsOf(const Story& story, size_t count);
  static std::string SettleOne(Story& story, const v1::Evidence* stored, bool exactly);
  std::string CheckRevisions(Stubs& stubs, const std::string& id) const;

  const std::string parent_;
  Random random_;
  const Date today_;
  int teams_ = 0;
  int new_records_ = 0;
  uint64_t next_number_ = 1;
  std::map<std::string, Story> stories_;  // by evidence id
  std::vector<std::string> ids_;
  size_t acknowledged_batches_ = 0;
  std::string complaint_;
};

// Applies variants of the catalog.
class CatalogLoad {
 public:
  explicit CatalogLoad(Date today) : today_(today) {}
  // One variant; the next time another.
  grpc::Status Apply(Stubs& stubs, int teams);
  // The version in force is at least the last acknowledged one, and every version up to it is there; "" or what is
  // wrong.
  std::string Settle(Stubs& stubs);

 private:
  const Date today_;
  int next_variant_ = 0;
  int acknowledged_version_ = 0;
};

// Holds reviews.
class ReviewLoad {
 public:
  explicit ReviewLoad(Date today) : today_(today) {}
  grpc::Status Hold(Stubs& stubs, int team);
  // Every acknowledged review is there once, and no unknown one; "" or what is wrong.
  std::string Settle(Stubs& stubs);

 private:
  const Date today_;
  std::map<std::string, bool> acknowledged_;  // by name
};

// Follows all flips with its stored token, and keeps them.
class FlipWatcher {
 public:
  // Subscribes (earliest, or after the last token) and takes messages until the stream ends; how it ended. `context`
  // may be cancelled.
  grpc::Status Follow(Stubs& stubs, grpc::ClientContext& context);

  // The whole log of a recovered server, from the earliest flip: dense from 1, and what was ever seen of it is
  // unchanged; "" or what is wrong. REQUIRES: Follow is not running.
  std::string Settle(Stubs& stubs);

  // What all calls up to now brought, held against the log as it was at the last Settle, by every promise of the
  // stream; "" where all are kept. REQUIRES: Settle came after the last Follow.
  std::string BrokenPromisesSoFar() const;

  size_t flips() const { return seen_.size(); }

 private:
  std::string Take(const v1::SubscribeResponse& message, std::vector<std::string>& flips) const;

  std::string token_;
  std::vector<std::string> seen_;  // as bytes, by sequence from 1
  std::vector<std::string> log_;   // the same of the whole log
  std::vector<StreamSession> sessions_;
  std::string complaint_;
};

// AdminService.Verify is clean; "" or what it found.
std::string VerifyFindings(Stubs& stubs);

struct BusyLoads {
  BusyLoads(uint64_t seed, Date today);
  // Everything that must be true of a server that has just come back; "" or what is wrong. `exactly` as
  // EvidenceLoad::Settle.
  std::string Settle(const std::string& target, bool exactly);

  std::vector<EvidenceLoad> evidence;
  CatalogLoad catalogs;
  ReviewLoad reviews;
  FlipWatcher flips;
};

// All loads at once against one server, on threads, until it ends.
class Onslaught {
 public:
  // `loads` is borrowed. REQUIRES: the district exists.
  Onslaught(BusyLoads& loads, const std::string& target, int teams, uint64_t seed);
  ~Onslaught() { Join(); }

  // To be called before the server is ended: from here on calls may end, with UNAVAILABLE.
  void ExpectEnd();
  // Waits for every call's end; what ended too early, or otherwise than with UNAVAILABLE, or "".
  std::string Join();

 private:
  void Start(const std::string& what, bool is_stream, std::function<grpc::Status()> work);

  absl::Mutex mutex_;
  bool end_expected_ ABSL_GUARDED_BY(mutex_) = false;
  std::string complaint_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace leadlag
