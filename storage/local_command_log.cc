// The command log on RocksDB. One keyspace, which docs/STORAGE.md describes:
//
//   district u32 | 0 u64                -> the district's entry
//   district u32 | first position u64   -> a group
//
// Every value ends in a CRC-32C over its key and the bytes before it, so that a value under another's key is found as
// well.
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "core/check.h"
#include "core/codec.h"
#include "rocksdb/write_batch.h"
#include "storage/command_log.h"
#include "storage/crc32c.h"
#include "storage/disk.h"
#include "storage/rocksdb_directory.h"

namespace leadlag {
namespace {

constexpr uint8_t kEntryFormat = 1;
constexpr uint8_t kGroupFormat = 1;
constexpr uint64_t kEntryPosition = 0;  // where a district's entry stands; its commands begin at 1
constexpr uint64_t kPositionMax = std::numeric_limits<uint64_t>::max();
constexpr size_t kChecksumBytes = 4;

struct LogKey {
  uint32_t district = 0;
  uint64_t position = 0;

  std::string Encode() const {
    ByteWriter out;
    out.PutFixed32(district);
    out.PutFixed64(position);
    return std::move(out).Take();
  }

  static absl::StatusOr<LogKey> Decode(std::string_view key) {
    ByteReader in(key);
    LogKey decoded;
    decoded.district = in.GetFixed32();
    decoded.position = in.GetFixed64();
    if (absl::Status status = in.Finish("a command log key"); !status.ok()) return status;
    return decoded;
  }
};

std::string Place(const LogKey& key) {
  return absl::StrCat("the command log's entry at district ", key.district, ", position ", key.position);
}

std::string Sealed(const LogKey& key, ByteWriter value) {
  value.PutFixed32(Crc32c(value.bytes(), Crc32c(key.Encode())));
  return std::move(value).Take();
}

// The value without its checksum, which holds.
absl::StatusOr<std::string_view> Unsealed(const LogKey& key, std::string_view value) {
  if (value.size() < kChecksumBytes) return absl::DataLossError(absl::StrCat(Place(key), " is cut off"));
  const std::string_view body = value.substr(0, value.size() - kChecksumBytes);
  ByteReader checksum(value.substr(body.size()));
  if (checksum.GetFixed32() != Crc32c(body, Crc32c(key.Encode()))) {
    return absl::DataLossError(absl::StrCat(Place(key), " does not match its checksum"));
  }
  return body;
}

absl::Status CheckFormat(const LogKey& key, uint8_t format, uint8_t newest) {
  if (format >= 1 && format <= newest) return absl::OkStatus();
  if (format == 0) return absl::DataLossError(absl::StrCat(Place(key), " has no format"));
  return absl::FailedPreconditionError(absl::StrCat(Place(key), " has format ", static_cast<int>(format),
                                                    ", newer than this program, which knows ",
                                                    static_cast<int>(newest)));
}

std::string EncodeEntry(const DistrictEntry& entry) {
  ByteWriter out;
  out.PutU8(kEntryFormat);
  out.PutString(entry.name);
  out.PutVarint(entry.epoch);
  out.PutVarint(entry.trimmed_to);
  return Sealed({entry.district_number, kEntryPosition}, std::move(out));
}

absl::StatusOr<DistrictEntry> DecodeEntry(const LogKey& key, std::string_view value) {
  const absl::StatusOr<std::string_view> body = Unsealed(key, value);
  if (!body.ok()) return body.status();
  ByteReader in(*body);
  if (absl::Status status = CheckFormat(key, in.GetU8(), kEntryFormat); !status.ok()) return status;
  DistrictEntry entry;
  entry.district_number = key.district;
  entry.name = std::string(in.GetString(kDistrictNameBytesMax));
  entry.epoch = in.GetVarint();
  entry.trimmed_to = in.GetVarint();
  entry.last_position = entry.trimmed_to;
  if (absl::Status status = in.Finish(Place(key)); !status.ok()) return status;
  return entry;
}

std::string EncodeGroup(const LogKey& key, uint64_t epoch, const std::vector<std::string>& commands) {
  ByteWriter out;
  out.PutU8(kGroupFormat);
  out.PutVarint(epoch);
  out.PutVarint(commands.size());
  for (const std::string& command : commands) out.PutString(command);
  return Sealed(key, std::move(out));
}

absl::StatusOr<LoggedGroup> DecodeGroup(const LogKey& key, std::string_view value) {
  const absl::StatusOr<std::string_view> body = Unsealed(key, value);
  if (!body.ok()) return body.status();
  ByteReader in(*body);
  if (absl::Status status = CheckFormat(key, in.GetU8(), kGroupFormat); !status.ok()) return status;
  LoggedGroup group;
  group.first_position = key.position;
  group.epoch = in.GetVarint();
  const size_t count = in.GetCount();
  if (count == 0) in.Fail();
  group.commands.reserve(count);
  for (size_t i = 0; i < count && in.ok(); ++i) group.commands.emplace_back(in.GetString());
  if (absl::Status status = in.Finish(Place(key)); !status.ok()) return status;
  return group;
}

size_t BytesOf(const std::vector<std::string>& commands) {
  size_t bytes = 0;
  for (const std::string& command : commands) bytes += command.size();
  return bytes;
}

rocksdb::Options LogOptions(rocksdb::Env* env) {
  rocksdb::Options options = BaseOptions(env);
  // A torn end is dropped; that it is one, and not damage, was checked before (storage/record_file.h).
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.recycle_log_file_num = 0;
  options.write_buffer_size = 128 << 20;  // most of it is trimmed before it would be written out
  return options;
}

class LocalCommandLog final : public CommandLog {
 public:
  static absl::StatusOr<std::unique_ptr<CommandLog>> Open(CommandLogOptions options);

  absl::StatusOr<Ownership> Own(std::string_view name) override;
  void Append(std::vector<Group> groups, AppendDone done) override;
  absl::StatusOr<std::vector<LoggedGroup>> Read(uint32_t district_number, uint64_t from, size_t bytes_max) override;
  absl::Status Trim(uint32_t district_number, uint64_t up_to) override;
  absl::StatusOr<std::vector<DistrictEntry>> Districts() override;
  absl::Status Verify() override;

 private:
  struct District {
    DistrictEntry entry;
    bool owned = false;  // since the log was opened, and since the last UNKNOWN
  };

  explicit LocalCommandLog(CommandLogOptions options) : options_(std::move(options)) {}

  // Opens the database, closed before if need be, and learns its districts from it.
  absl::Status ReopenAfterFailure() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_) ABSL_LOCKS_EXCLUDED(state_mutex_);
  absl::Status Reopen() ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_) ABSL_LOCKS_EXCLUDED(state_mutex_);
  absl::Status Load() ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  absl::Status LoadDistrict(rocksdb::Iterator& it) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);

  // Writes with an fsync. After a failure nobody knows what was written, and nobody owns anything.
  absl::Status WriteDurably(rocksdb::WriteBatch& batch, std::string_view what)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(writer_mutex_) ABSL_LOCKS_EXCLUDED(state_mutex_);

  std::vector<AppendOutcome> AppendNow(const std::vector<Group>& groups) ABSL_LOCKS_EXCLUDED(writer_mutex_);
  bool Accepts(const Group& group, uint64_t last_position) const ABSL_SHARED_LOCKS_REQUIRED(state_mutex_);

  absl::StatusOr<const District*> Find(uint32_t district_number) const ABSL_SHARED_LOCKS_REQUIRED(state_mutex_);
  absl::Status CheckUsable() const ABSL_SHARED_LOCKS_REQUIRED(state_mutex_);
  // The first group that ends after `up_to` begins after the position returned.
  absl::StatusOr<uint64_t> EndOfGroupsUpTo(const DistrictEntry& entry, uint64_t up_to) const
      ABSL_SHARED_LOCKS_REQUIRED(state_mutex_);
  absl::StatusOr<std::vector<LoggedGroup>> ReadLocked(const DistrictEntry& entry, uint64_t from,
                                                      size_t bytes_max) const
      ABSL_SHARED_LOCKS_REQUIRED(state_mutex_);

  const CommandLogOptions options_;
  // Held by whoever changes the log, across its fsync. Taken before state_mutex_. What state_mutex_ guards changes
  // under both, so the one writer may rely on what it read under either.
  absl::Mutex writer_mutex_ ABSL_ACQUIRED_BEFORE(state_mutex_);
  // Held shared by readers and by a write, alone for the moment in which a write's outcome is noted.
  mutable absl::Mutex state_mutex_;
  std::unique_ptr<rocksdb::DB> db_ ABSL_GUARDED_BY(state_mutex_);        // null where it could not be opened again
  bool failed_ ABSL_GUARDED_BY(state_mutex_) = false;                    // a write is UNKNOWN: Reopen before the next
  std::vector<District> districts_ ABSL_GUARDED_BY(state_mutex_);        // [i] has number i + 1
  std::map<std::string, uint32_t, std::less<>> numbers_ ABSL_GUARDED_BY(state_mutex_);  // by name
};

absl::StatusOr<std::unique_ptr<CommandLog>> LocalCommandLog::Open(CommandLogOptions options) {
  if (options.disk == nullptr) options.disk = Disk::Machine();
  auto log = std::unique_ptr<LocalCommandLog>(new LocalCommandLog(std::move(options)));
  absl::MutexLock writer(&log->writer_mutex_);
  if (absl::Status status = log->Reopen(); !status.ok()) return status;
  return std::unique_ptr<CommandLog>(std::move(log));
}

absl::Status LocalCommandLog::Reopen() {
  absl::MutexLock state(&state_mutex_);
  db_.reset();
  absl::StatusOr<std::unique_ptr<rocksdb::DB>> db =
      OpenDatabase(LogOptions(options_.disk->env()), options_.directory, options_.create_if_missing, "the command log");
  if (!db.ok()) return db.status();
  db_ = *std::move(db);
  absl::Status status = Load();
  failed_ = !status.ok();
  if (!status.ok()) db_.reset();
  return status;
}

absl::Status LocalCommandLog::ReopenAfterFailure() {
  {
    absl::ReaderMutexLock state(&state_mutex_);
    if (!failed_) return absl::OkStatus();
  }
  return Reopen();
}

absl::Status LocalCommandLog::Load() {
  districts_.clear();
  numbers_.clear();
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions()));
  for (it->SeekToFirst(); it->Valid();) {
    if (absl::Status status = LoadDistrict(*it); !status.ok()) return status;
    const uint32_t next = static_cast<uint32_t>(districts_.size()) + 1;
    it->Seek(LogKey{next, kEntryPosition}.Encode());
  }
  return ToStatus(it->status(), "reading the command log");
}

// `it` stands on what must be the entry of the district after those known.
absl::Status LocalCommandLog::LoadDistrict(rocksdb::Iterator& it) {
  const uint32_t number = static_cast<uint32_t>(districts_.size()) + 1;
  const absl::StatusOr<LogKey> key = LogKey::Decode(ToView(it.key()));
  if (!key.ok()) return key.status();
  if (key->district != number || key->position != kEntryPosition) {
    return absl::DataLossError(absl::StrCat("the command log has ", Place(*key), " but no entry of district ", number));
  }
  absl::StatusOr<DistrictEntry> entry = DecodeEntry(*key, ToView(it.value()));
  if (!entry.ok()) return entry.status();

  it.SeekForPrev(LogKey{number, kPositionMax}.Encode());
  if (!it.Valid()) return ToStatus(it.status(), "reading the command log");
  const absl::StatusOr<LogKey> last_key = LogKey::Decode(ToView(it.key()));
  if (!last_key.ok()) return last_key.status();
  if (last_key->position != kEntryPosition) {
    const absl::StatusOr<LoggedGroup> last = DecodeGroup(*last_key, ToView(it.value()));
    if (!last.ok()) return last.status();
    if (last->first_position <= entry->trimmed_to) {
      return absl::DataLossError(absl::StrCat(Place(*last_key), " should have been trimmed"));
    }
    entry->last_position = last->last_position();
  }
  numbers_.emplace(entry->name, number);
  districts_.push_back({*std::move(entry), /*owned=*/false});
  return absl::OkStatus();
}

absl::Status LocalCommandLog::WriteDurably(rocksdb::WriteBatch& batch, std::string_view what) {
  rocksdb::WriteOptions durable;
  durable.sync = true;
  rocksdb::Status written;
  {
    absl::ReaderMutexLock state(&state_mutex_);
    written = db_->Write(durable, &batch);
  }
  if (written.ok()) return absl::OkStatus();
  absl::MutexLock state(&state_mutex_);
  failed_ = true;
  for (District& district : districts_) district.owned = false;
  return ToStatus(written, what);
}

absl::StatusOr<Ownership> LocalCommandLog::Own(std::string_view name) {
  if (name.empty() || name.size() > kDistrictNameBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("a district's name has 1 to ", kDistrictNameBytesMax, " bytes"));
  }
  absl::MutexLock writer(&writer_mutex_);
  if (absl::Status status = ReopenAfterFailure(); !status.ok()) return status;
  DistrictEntry entry;
  {
    absl::ReaderMutexLock state(&state_mutex_);
    const auto it = numbers_.find(name);
    if (it != numbers_.end()) {
      entry = districts_[it->second - 1].entry;
    } else {
      entry.name = std::string(name);
      entry.district_number = static_cast<uint32_t>(districts_.size()) + 1;
    }
  }
  ++entry.epoch;
  rocksdb::WriteBatch batch;
  batch.Put(LogKey{entry.district_number, kEntryPosition}.Encode(), EncodeEntry(entry));
  if (absl::Status status = WriteDurably(batch, "owning a district"); !status.ok()) return status;

  absl::MutexLock state(&state_mutex_);
  if (entry.district_number > districts_.size()) {
    numbers_.emplace(entry.name, entry.district_number);
    districts_.emplace_back();
  }
  const Ownership ownership{entry.district_number, entry.epoch, entry.last_position};
  districts_[entry.district_number - 1] = {std::move(entry), /*owned=*/true};
  return ownership;
}

void LocalCommandLog::Append(std::vector<Group> groups, AppendDone done) {
  for (const Group& group : groups) {
    LEADLAG_CHECK(!group.commands.empty());
    LEADLAG_CHECK(BytesOf(group.commands) <= kGroupBytesMax);
  }
  std::move(done)(AppendNow(groups));
}

std::vector<AppendOutcome> LocalCommandLog::AppendNow(const std::vector<Group>& groups) {
  std::vector<AppendOutcome> outcomes(groups.size(), AppendOutcome::kFenced);
  rocksdb::WriteBatch batch;
  std::map<uint32_t, uint64_t> last_positions;  // of the districts in this call, as it will leave them

  absl::MutexLock writer(&writer_mutex_);
  {
    absl::ReaderMutexLock state(&state_mutex_);
    if (failed_) return outcomes;
    for (size_t i = 0; i < groups.size(); ++i) {
      const Group& group = groups[i];
      const uint32_t number = group.district_number;
      if (number == 0 || number > districts_.size()) continue;
      uint64_t& last = last_positions.try_emplace(number, districts_[number - 1].entry.last_position).first->second;
      if (!Accepts(group, last)) continue;
      const LogKey key{number, last + 1};
      batch.Put(key.Encode(), EncodeGroup(key, group.epoch, group.commands));
      last += group.commands.size();
      outcomes[i] = AppendOutcome::kCommitted;
    }
  }
  if (batch.Count() == 0) return outcomes;

  if (!WriteDurably(batch, "appending").ok()) {
    std::replace(outcomes.begin(), outcomes.end(), AppendOutcome::kCommitted, AppendOutcome::kUnknown);
    return outcomes;
  }
  absl::MutexLock state(&state_mutex_);
  for (const auto& [number, last] : last_positions) districts_[number - 1].entry.last_position = last;
  return outcomes;
}

bool LocalCommandLog::Accepts(const Group& group, uint64_t last_position) const {
  const District& district = districts_[group.district_number - 1];
  return district.owned && group.epoch == district.entry.epoch && group.expected_position == last_position;
}

absl::StatusOr<const LocalCommandLog::District*> LocalCommandLog::Find(uint32_t district_number) const {
  if (district_number == 0 || district_number > districts_.size()) {
    return absl::NotFoundError(absl::StrCat("the command log has no district ", district_number));
  }
  return &districts_[district_number - 1];
}

absl::Status LocalCommandLog::CheckUsable() const {
  if (db_ != nullptr) return absl::OkStatus();
  return absl::UnavailableError("the command log failed and could not be opened again yet; own a district to try");
}

absl::StatusOr<std::vector<LoggedGroup>> LocalCommandLog::Read(uint32_t district_number, uint64_t from,
                                                               size_t bytes_max) {
  absl::ReaderMutexLock state(&state_mutex_);
  if (absl::Status status = CheckUsable(); !status.ok()) return status;
  const absl::StatusOr<const District*> district = Find(district_number);
  if (!district.ok()) return district.status();
  const DistrictEntry& entry = (*district)->entry;
  if (from <= entry.trimmed_to || from > entry.last_position + 1) {
    return absl::OutOfRangeError(absl::StrCat("position ", from, " of district ", district_number, " is not in (",
                                              entry.trimmed_to, ", ", entry.last_position + 1, "]"));
  }
  return ReadLocked(entry, from, bytes_max);
}

absl::StatusOr<std::vector<LoggedGroup>> LocalCommandLog::ReadLocked(const DistrictEntry& entry, uint64_t from,
                                                                     size_t bytes_max) const {
  std::vector<LoggedGroup> groups;
  const uint32_t number = entry.district_number;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions()));
  size_t bytes = 0;
  uint64_t next = from;
  for (it->SeekForPrev(LogKey{number, from}.Encode()); next <= entry.last_position; it->Next()) {
    if (!groups.empty() && bytes >= bytes_max) break;
    if (!it->Valid()) {
      if (absl::Status status = ToStatus(it->status(), "reading the command log"); !status.ok()) return status;
      return absl::DataLossError(absl::StrCat(Place({number, next}), " is missing"));
    }
    const absl::StatusOr<LogKey> key = LogKey::Decode(ToView(it->key()));
    if (!key.ok()) return key.status();
    // Only the first group may begin before `next`, and then it reaches it.
    const bool follows = key->district == number && key->position != kEntryPosition &&
                         (key->position == next || (groups.empty() && key->position < next));
    if (!follows) return absl::DataLossError(absl::StrCat(Place({number, next}), " is missing"));
    absl::StatusOr<LoggedGroup> group = DecodeGroup(*key, ToView(it->value()));
    if (!group.ok()) return group.status();
    if (group->last_position() < next) {
      return absl::DataLossError(absl::StrCat(Place({number, next}), " is missing"));
    }
    group->commands.erase(group->commands.begin(),
                          group->commands.begin() + static_cast<ptrdiff_t>(next - group->first_position));
    group->first_position = next;
    next = group->last_position() + 1;
    bytes += BytesOf(group->commands);
    groups.push_back(*std::move(group));
  }
  return groups;
}

absl::StatusOr<uint64_t> LocalCommandLog::EndOfGroupsUpTo(const DistrictEntry& entry, uint64_t up_to) const {
  if (up_to <= entry.trimmed_to) return entry.trimmed_to;
  const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(rocksdb::ReadOptions()));
  it->SeekForPrev(LogKey{entry.district_number, up_to}.Encode());
  if (!it->Valid()) return ToStatus(it->status(), "reading the command log");
  const absl::StatusOr<LogKey> key = LogKey::Decode(ToView(it->key()));
  if (!key.ok()) return key.status();
  if (key->district != entry.district_number || key->position <= entry.trimmed_to) {
    return absl::DataLossError(absl::StrCat(Place({entry.district_number, up_to}), " is missing"));
  }
  const absl::StatusOr<LoggedGroup> group = DecodeGroup(*key, ToView(it->value()));
  if (!group.ok()) return group.status();
  return group->last_position() <= up_to ? group->last_position() : group->first_position - 1;
}

absl::Status LocalCommandLog::Trim(uint32_t district_number, uint64_t up_to) {
  absl::MutexLock writer(&writer_mutex_);
  if (absl::Status status = ReopenAfterFailure(); !status.ok()) return status;
  DistrictEntry entry;
  rocksdb::WriteBatch batch;
  {
    absl::ReaderMutexLock state(&state_mutex_);
    const absl::StatusOr<const District*> district = Find(district_number);
    if (!district.ok()) return district.status();
    entry = (*district)->entry;
    if (up_to > entry.last_position) {
      return absl::OutOfRangeError(absl::StrCat("district ", district_number, " cannot be trimmed to ", up_to,
                                                ": its last position is ", entry.last_position));
    }
    const absl::StatusOr<uint64_t> trimmed_to = EndOfGroupsUpTo(entry, up_to);
    if (!trimmed_to.ok()) return trimmed_to.status();
    if (*trimmed_to == entry.trimmed_to) return absl::OkStatus();
    batch.DeleteRange(LogKey{district_number, entry.trimmed_to + 1}.Encode(),
                      LogKey{district_number, *trimmed_to + 1}.Encode());
    entry.trimmed_to = *trimmed_to;
    batch.Put(LogKey{district_number, kEntryPosition}.Encode(), EncodeEntry(entry));
  }
  if (absl::Status status = WriteDurably(batch, "trimming the command log"); !status.ok()) return status;
  absl::MutexLock state(&state_mutex_);
  districts_[district_number - 1].entry.trimmed_to = entry.trimmed_to;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DistrictEntry>> LocalCommandLog::Districts() {
  absl::ReaderMutexLock state(&state_mutex_);
  if (absl::Status status = CheckUsable(); !status.ok()) return status;
  std::vector<DistrictEntry> entries;
  entries.reserve(districts_.size());
  for (const District& district : districts_) entries.push_back(district.entry);
  return entries;
}

absl::Status LocalCommandLog::Verify() {
  absl::StatusOr<std::vector<DistrictEntry>> entries = Districts();
  if (!entries.ok()) return entries.status();
  for (const DistrictEntry& entry : *entries) {
    uint64_t next = entry.trimmed_to + 1;
    while (next <= entry.last_position) {
      const absl::StatusOr<std::vector<LoggedGroup>> groups = Read(entry.district_number, next, kGroupBytesMax);
      if (groups.status().code() == absl::StatusCode::kOutOfRange) break;  // trimmed meanwhile
      if (!groups.ok()) return groups.status();
      next = groups->back().last_position() + 1;
    }
  }
  absl::ReaderMutexLock state(&state_mutex_);
  if (absl::Status status = CheckUsable(); !status.ok()) return status;
  rocksdb::ReadOptions uncached;
  uncached.fill_cache = false;
  if (absl::Status status = ToStatus(db_->VerifyChecksum(uncached), "verifying the command log"); !status.ok()) {
    return status;
  }
  return ToStatus(db_->VerifyFileChecksums(uncached), "verifying the command log");
}

}  // namespace

absl::StatusOr<std::unique_ptr<CommandLog>> OpenLocalCommandLog(CommandLogOptions options) {
  return LocalCommandLog::Open(std::move(options));
}

}  // namespace leadlag
