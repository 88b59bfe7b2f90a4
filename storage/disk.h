// Where a data directory lives: the machine's file system, or memory for tests.
//
// A Disk in memory outlives the stores on it as long as someone holds it, so that a test can close a store and open
// it again; it can fail, and it can lose its power, and then forgets what was never synced. Thread safe. Shared by
// whoever uses it.
//
//   auto disk = Disk::InMemory();
//   auto store = Store::Open({.directory = "/view", .disk = disk});
#pragma once

#include <map>
#include <memory>
#include <string>

namespace rocksdb {
class Env;
}

namespace leadlag {

class Disk {
 public:
  static std::shared_ptr<Disk> Machine();   // one, for ever
  static std::shared_ptr<Disk> InMemory();  // a new, empty one

  // Files by path: what a copy of the directory, taken at that moment, would hold. Without RocksDB's LOCK and LOG,
  // which say nothing.
  using Contents = std::map<std::string, std::string>;
  static std::shared_ptr<Disk> InMemory(const Contents& contents);
  Contents ReadAll() const;  // REQUIRES: in memory. While stores are open it is what a crash of the process leaves.

  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // From now on every write and sync fails (UNAVAILABLE at whoever writes), or succeeds again. What an open store
  // makes of it is part of what it promises. REQUIRES: in memory.
  void FailWrites(bool fail);
  // The sync of a file whose name contains `name` fails, once, after `skip` that succeed; what it was to make durable
  // stays readable. REQUIRES: in memory.
  void FailOneSync(const std::string& name, int skip);
  // Drops every byte that was never synced, as a power cut does, and lets writes succeed again. REQUIRES: in memory;
  // nothing on it is open. So: FailWrites(true), destroy the stores (nothing they do at the end reaches the disk),
  // LosePower(), open again.
  void LosePower();

  rocksdb::Env* env() const;  // for storage/ alone

 private:
  class MemoryEnv;
  explicit Disk(std::unique_ptr<MemoryEnv> memory);

  const std::unique_ptr<MemoryEnv> memory_;  // null: the machine's
};

}  // namespace leadlag
