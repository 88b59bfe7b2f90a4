// Writes layers of memory as files of sorted keys that RocksDB can take in. Internal to storage.
//
// Concepts. Keys go as they are, the newest change of each. Evidence goes in blocks, a series' month, a bucket of identities, some
// dozens of records each (storage/evidence_blocks.h): so few keys that what RocksDB spends on each matters no more. Many records get files
// of their own: those hold numbers above all before, so that RocksDB puts them where they stay, and no compaction writes them again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"
#include "rocksdb/status.h"
#include "storage/layers.h"

namespace leadlag {

class RunWriter {
 public:
  // `next_name` names the next file, in a directory of the database's disk.
  RunWriter(rocksdb::Options options, std::function<std::string()> next_name)
      : options_(std::move(options)), next_name_(std::move(next_name)) {}

  // Writes all of the layers and finishes the last file; what was begun before an error is in files(), too. REQUIRES: wherever there is
  // evidence of a district, there is its applied position.
  rocksdb::Status Write(const Layers& layers);

  const std::vector<std::string>& files() const { return files_; }
  // By district, ascending.
  const std::map<uint32_t, std::vector<EvidenceIdentityEntry>>& identities() const { return identities_; }

 private:
  class Keys;  // the changed keys of all layers
  using Parts = std::vector<const EvidenceLayer::Part*>;  // a district's, oldest first

  rocksdb::Status WriteEvidence(const Layers& layers, uint32_t district, Keys& keys);
  rocksdb::Status WriteSeries(uint32_t district, uint64_t position, const Parts& parts);
  rocksdb::Status WriteIdentities(uint32_t district, uint64_t position, const Parts& parts);
  rocksdb::Status WriteRecords(uint32_t district, const Parts& parts);
  // A file is open.
  rocksdb::Status Ensure();
  rocksdb::Status Put(const std::string& key, const std::string& value);
  rocksdb::Status FinishLargeFile();
  rocksdb::Status FinishFile();

  const rocksdb::Options options_;
  const std::function<std::string()> next_name_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;  // null: no file is open
  std::vector<std::string> files_;
  std::map<uint32_t, std::vector<EvidenceIdentityEntry>> identities_;
};

// The key of how far the view has applied a district's commands.
std::string AppliedPositionKey(uint32_t district);
// What it has as its value: the position.
std::string EncodeAppliedPosition(uint64_t position);
absl::StatusOr<uint64_t> DecodeAppliedPosition(uint32_t district, std::string_view value);

}  // namespace leadlag
