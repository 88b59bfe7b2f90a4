// A district's watches in memory, each with the moment at which it flips next, and which of them the store has not seen yet.
//
// Concepts. An array by team, a team's watches side by side in order of expectation: what evidence touches lies together, and a million
// watches cost little more than themselves. The sources' watches stand beside the teams', under kNoTeam. A change is written through to
// the store by WriteBack, not with each command: a watch that evidence moves twenty times between two checkpoints is encoded once.
//
// Thread safety: const methods may run concurrently with each other; everything else excludes all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "absl/functional/function_ref.h"
#include "server/engine/deadline_queue.h"
#include "storage/records.h"

namespace leadlag {

class Watches {
 public:
  struct Entry {
    ExpectationNumber expectation = 0;
    bool unwritten = false;
    WatchRecord record;
    Instant moment = kNever;
  };

  // The watch; null where there is none. Valid until one of the team's is added or removed.
  WatchRecord* Find(WatchId id);
  const WatchRecord* Find(WatchId id) const;
  // REQUIRES: there is none yet.
  WatchRecord& Add(WatchId id, const WatchRecord& record);
  void Remove(WatchId id);
  size_t size() const { return size_; }

  // A team's, by expectation. Valid as Find's.
  std::span<const Entry> OfTeam(TeamNumber team) const;
  // Have where a team's begin, and those, fetched.
  void PrefetchTeam(TeamNumber team) const {
    if (team < teams_.size()) __builtin_prefetch(&teams_[team]);
  }
  void PrefetchWatches(TeamNumber team) const {
    const std::span<const Entry> entries = OfTeam(team);
    for (size_t i = 0; i < entries.size() && i < kPrefetched; ++i) __builtin_prefetch(&entries[i], 1);
  }
  // All, by team, then expectation; the sources' last.
  template <typename Visit>  // void(WatchId, const WatchRecord&)
  void ForEach(Visit visit) const {
    for (TeamNumber team = 0; team < teams_.size(); ++team) {
      for (const Entry& entry : teams_[team]) visit(WatchId{team, entry.expectation}, entry.record);
    }
    for (const Entry& entry : sources_) visit(WatchId{kNoTeam, entry.expectation}, entry.record);
  }

  // The next moment at which the watch flips; none: nothing will happen to it. REQUIRES: it is here.
  void SetMoment(WatchId id, std::optional<Instant> moment);
  std::optional<Instant> MomentOf(WatchId id) const;  // none as well where there is no such watch
  // The earliest moment; none where nothing is waiting.
  std::optional<Instant> Earliest() const { return deadlines_.Earliest(); }
  // The first watch, by moment, then watch, whose moment is <= `through`; none where there is none.
  std::optional<WatchId> FirstDue(Instant through);

  // The store has not seen what the watch is now. REQUIRES: it is here.
  void SetUnwritten(WatchId id);
  size_t unwritten() const { return unwritten_.size(); }
  // Hands the oldest unwritten ones to `write` until at most `keep` are left.
  void WriteBack(size_t keep, absl::FunctionRef<void(WatchId, const WatchRecord&)> write);

 private:
  static constexpr Instant kNever{INT64_MAX};
  static constexpr size_t kPrefetched = 8;
  const Entry* Place(WatchId id) const;
  Entry* Place(WatchId id) { return const_cast<Entry*>(std::as_const(*this).Place(id)); }

  // Null where it has none.
  const std::vector<Entry>* EntriesOf(TeamNumber team) const {
    if (team == kNoTeam) return &sources_;
    return team < teams_.size() ? &teams_[team] : nullptr;
  }
  // Makes room where it has none.
  std::vector<Entry>& MutableEntriesOf(TeamNumber team);

  std::vector<std::vector<Entry>> teams_;
  std::vector<Entry> sources_;
  size_t size_ = 0;
  DeadlineQueue deadlines_;
  std::deque<WatchId> unwritten_;  // with some that have been removed meanwhile
};

}  // namespace leadlag
