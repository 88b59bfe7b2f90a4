// The small parts that the encodings of storage/records.h, and of a district's state, are made of.
//
//   date       Signed: days since 1970-01-01
//   instant    Signed: microseconds since 1970-01-01T00:00:00Z
//   enum       U8, one of its numbers
//   labels     Varint of the pairs, then key and value as Strings, keys ascending
// Every decoder fails the reader for what its encoder does not make, and then returns something that means nothing.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/catalog.h"
#include "core/codec.h"
#include "core/date.h"
#include "core/instant.h"

namespace leadlag {

inline void PutDate(ByteWriter& out, Date date) { out.PutSigned(date.days()); }
// Any date that a document may name, so that what a client sent reads back as it was, whatever we think of it.
inline Date GetDate(ByteReader& in) {
  return Date(static_cast<int32_t>(
      in.GetSigned(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max())));
}
// A date that the service itself resolved: one it accepts.
inline Date GetServiceDate(ByteReader& in) {
  return Date(static_cast<int32_t>(in.GetSigned(Date::Min().days(), Date::Max().days())));
}

inline void PutDateRange(ByteWriter& out, DateRange range) {
  PutDate(out, range.from);
  PutDate(out, range.to);
}
inline DateRange GetDateRange(ByteReader& in) {
  const Date from = GetDate(in);
  return {from, GetDate(in)};
}

inline void PutInstant(ByteWriter& out, Instant instant) { out.PutSigned(instant.micros); }
inline Instant GetInstant(ByteReader& in) { return Instant{in.GetSigned()}; }

template <typename Enum>
void PutEnum(ByteWriter& out, Enum value) {
  out.PutU8(static_cast<uint8_t>(value));
}
template <typename Enum>
Enum GetEnum(ByteReader& in, Enum first, Enum last) {
  const uint8_t number = in.GetU8(static_cast<uint8_t>(last));
  if (number < static_cast<uint8_t>(first)) in.Fail();
  return static_cast<Enum>(number);
}

inline uint32_t GetU32(ByteReader& in) {
  return static_cast<uint32_t>(in.GetVarint(std::numeric_limits<uint32_t>::max()));
}
inline int32_t GetI32(ByteReader& in) {
  return static_cast<int32_t>(
      in.GetSigned(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}
inline bool GetBool(ByteReader& in) { return in.GetU8(1) != 0; }

inline void PutLabels(ByteWriter& out, const Labels& labels) {
  out.PutVarint(labels.size());
  for (const auto& [key, value] : labels) {
    out.PutString(key);
    out.PutString(value);
  }
}
inline Labels GetLabels(ByteReader& in) {
  constexpr size_t kPairSizeMin = 2;
  Labels labels;
  const size_t size = in.GetCount(kPairSizeMin);
  for (size_t i = 0; i < size && in.ok(); ++i) {
    std::string key(in.GetString());
    if (!labels.empty() && labels.rbegin()->first >= key) in.Fail();
    std::string value(in.GetString());
    labels.emplace_hint(labels.end(), std::move(key), std::move(value));
  }
  return labels;
}

// The format byte that opens a record. FAILED_PRECONDITION where it is newer than `format`; the reader fails where no
// program made it.
inline absl::Status ReadFormat(ByteReader& in, uint8_t format, std::string_view what) {
  const uint8_t found = in.GetU8();
  if (in.ok() && found > format) {
    return absl::FailedPreconditionError(
        absl::StrCat(absl::string_view(what.data(), what.size()), " is in format ", static_cast<int>(found),
                     ", newer than this program, which reads ", static_cast<int>(format),
                     "; use the version that wrote it, or a newer one"));
  }
  if (found == 0) in.Fail();
  return absl::OkStatus();
}

}  // namespace leadlag
