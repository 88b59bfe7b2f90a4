// Bytes for what is stored and logged: fixed and variable-length integers, doubles and strings, one after the other.
//
// Concepts. A value has exactly one encoding ("same commands, same bytes"), and ByteReader refuses every other: an
// integer longer than it need be is as corrupt as one cut off. The bytes carry no names and no types: each format
// starts with a version byte of its own, and whoever owns the format reads what it wrote, in the same order.
//   U8        1 byte
//   Fixed32   4 bytes, big-endian, so that encodings sort as the numbers do
//   Fixed64   8 bytes, big-endian, likewise
//   Varint    1 to 10 bytes of 7 bits, lowest first, the top bit set on all but the last; none is needless
//   Signed    Varint of the zigzag form (0, -1, 1, -2, ...), so that small negative numbers stay short
//   Double    8 bytes: the IEEE 754 bits as Fixed64 (NaN payloads and -0.0 survive)
//   String    Varint of the length in bytes, then the bytes
//
// A reader's failure is sticky: the first read that fails returns 0 or "", and so does every later one, so that a
// decoder may read all its fields and ask once. Values read after a failure mean nothing: ask ok() or Finish() before
// using any.
//
//   ByteWriter writer;                         ByteReader reader(bytes);
//   writer.PutU8(kFormat);                     if (reader.GetU8() != kFormat) return ...;
//   writer.PutVarint(count);                   const uint64_t count = reader.GetVarint(kCountMax);
//   writer.PutString(name);                    const std::string name(reader.GetString());
//   return std::move(writer).Take();           return reader.Finish("a team");
//
// Not thread safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace leadlag {

class ByteWriter {
 public:
  ByteWriter() = default;
  // Appends to `prefix`.
  explicit ByteWriter(std::string prefix) : bytes_(std::move(prefix)) {}

  void PutU8(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void PutFixed32(uint32_t value);
  void PutFixed64(uint64_t value);
  void PutVarint(uint64_t value);
  void PutSigned(int64_t value);
  void PutDouble(double value);
  void PutString(std::string_view value);
  // The bytes as they are, without a length: the reader must know it.
  void PutRaw(std::string_view bytes) { bytes_.append(bytes); }

  size_t size() const { return bytes_.size(); }
  const std::string& bytes() const { return bytes_; }
  // The bytes; leaves the writer empty.
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads borrowed bytes: they must outlive the reader and every string_view it returned.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  // Each fails where the bytes end too early, the encoding is not the one ByteWriter makes, or the value lies outside
  // the limits.
  uint8_t GetU8(uint8_t max = std::numeric_limits<uint8_t>::max());
  uint32_t GetFixed32();
  uint64_t GetFixed64();
  uint64_t GetVarint(uint64_t max = std::numeric_limits<uint64_t>::max());
  int64_t GetSigned(int64_t min = std::numeric_limits<int64_t>::min(),
                    int64_t max = std::numeric_limits<int64_t>::max());
  double GetDouble();
  std::string_view GetString(size_t max_size = std::numeric_limits<size_t>::max());
  std::string_view GetRaw(size_t size);

  // A Varint that announces how many items follow, each at least `item_size_min` bytes long. Fails where the rest
  // cannot hold them, so that no corrupt count makes its reader allocate more than the bytes could fill.
  // REQUIRES: item_size_min >= 1.
  size_t GetCount(size_t item_size_min = 1);

  // Makes the reader fail: for a decoder that finds a value which its format does not allow.
  void Fail();

  bool ok() const { return ok_; }
  bool AtEnd() const { return rest_.empty(); }  // true after a failure, so that no loop runs on
  size_t remaining() const { return rest_.size(); }

  // OK where every read succeeded and nothing is left over; otherwise DATA_LOSS that names `what` ("a day row").
  absl::Status Finish(std::string_view what) const;

 private:
  bool ok_ = true;
  std::string_view rest_;
};

}  // namespace leadlag
