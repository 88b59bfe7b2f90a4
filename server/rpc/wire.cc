#include "server/rpc/wire.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>

#include "core/check.h"
#include "core/limits.h"
#include "core/problem.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/proto_buffer_writer.h"

namespace leadlag {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// As deep as protobuf's own parser goes.
constexpr int kMaxDepth = 100;
constexpr size_t kMaxUtf8Bytes = 4;

// The wire format (protobuf.dev/programming-guides/encoding).
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

// Replaces each byte that is no part of a UTF-8 character. False where there was none.
bool RepairText(char* text, size_t size) {
  if (IsUtf8(std::string_view(text, size))) return false;
  for (size_t at = 0; at < size;) {
    size_t length = 1;
    const size_t longest = std::min(kMaxUtf8Bytes, size - at);
    while (length <= longest && !IsUtf8(std::string_view(text + at, length))) ++length;
    if (length > longest) {
      text[at] = '?';
      length = 1;
    }
    at += length;
  }
  return true;
}

// Walks one serialized message.
class Walk {
 public:
  Walk(char* begin, char* end, std::vector<std::string>& paths) : at_(begin), end_(end), paths_(paths) {}

  // False where the bytes are no message.
  bool Run(const Descriptor& type, const std::string& prefix, int depth) {
    if (depth == 0) return false;
    std::map<int, size_t> seen;  // field number -> values so far, for indices
    while (at_ < end_) {
      const std::optional<uint64_t> tag = TakeVarint();
      if (!tag || *tag > std::numeric_limits<uint32_t>::max()) return false;
      const int number = static_cast<int>(*tag >> 3);
      const FieldDescriptor* const field = type.FindFieldByNumber(number);
      if (number == 0 || !TakeValue(static_cast<uint32_t>(*tag & 7), field, prefix, seen[number], depth)) return false;
    }
    return true;
  }

 private:
  bool TakeValue(uint32_t wire_type, const FieldDescriptor* field, const std::string& prefix, size_t& index, int depth) {
    switch (wire_type) {
      case kVarint: return TakeVarint().has_value();
      case kFixed64: return Skip(8);
      case kFixed32: return Skip(4);
      case kLengthDelimited: break;
      default: return false;  // groups: proto3 has none
    }
    const std::optional<uint64_t> size = TakeVarint();
    if (!size || *size > static_cast<uint64_t>(end_ - at_)) return false;
    char* const value = at_;
    at_ += *size;
    if (field == nullptr) return true;
    const size_t position = index++;
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      if (RepairText(value, *size)) AddPath(PathOf(*field, prefix, position));
      return true;
    }
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) return true;
    const std::string path = PathOf(*field, prefix, position);
    return Walk(value, at_, paths_).Run(*field->message_type(), field->is_map() ? path : path + ".", depth - 1);
  }

  // A map's entries have no index, and their key and value no name: whoever sent them does not know them as such.
  static std::string PathOf(const FieldDescriptor& field, const std::string& prefix, size_t position) {
    if (field.containing_type()->options().map_entry()) return prefix;
    std::string path = prefix + field.name();
    if (field.is_repeated() && !field.is_map()) path += "[" + std::to_string(position) + "]";
    return path;
  }

  void AddPath(std::string path) {
    if (paths_.empty() || paths_.back() != path) paths_.push_back(std::move(path));
  }

  std::optional<uint64_t> TakeVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ < end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  bool Skip(ptrdiff_t size) {
    if (end_ - at_ < size) return false;
    at_ += size;
    return true;
  }

  char* at_;
  char* const end_;
  std::vector<std::string>& paths_;
};

absl::Status NoMessage(const Descriptor& type) {
  return absl::InvalidArgumentError("the request is not a " + type.full_name() + " message");
}

// The bytes in one piece.
std::string Flatten(const grpc::ByteBuffer& bytes) {
  std::string flat;
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) return flat;
  flat.reserve(bytes.Length());
  for (const grpc::Slice& slice : slices) flat.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return flat;
}

}  // namespace

absl::Status RepairUtf8(const Descriptor& type, std::string& bytes, std::vector<std::string>& paths) {
  if (!Walk(bytes.data(), bytes.data() + bytes.size(), paths).Run(type, "", kMaxDepth)) return NoMessage(type);
  return absl::OkStatus();
}

absl::Status Parse(const grpc::ByteBuffer& bytes, google::protobuf::Message& message, std::vector<std::string>& repaired) {
  repaired.clear();
  {
    grpc::ByteBuffer shared(bytes);  // the reader wants a mutable one; slices are counted, not copied
    grpc::ProtoBufferReader reader(&shared);
    if (reader.status().ok() && message.ParseFromZeroCopyStream(&reader)) return absl::OkStatus();
  }
  std::string flat = Flatten(bytes);
  const Descriptor& type = *message.GetDescriptor();
  if (absl::Status status = RepairUtf8(type, flat, repaired); !status.ok()) return status;
  if (!message.ParseFromString(flat)) return NoMessage(type);
  return absl::OkStatus();
}

absl::Status ParseStrictly(const grpc::ByteBuffer& bytes, google::protobuf::Message& message) {
  std::vector<std::string> repaired;
  if (absl::Status status = Parse(bytes, message, repaired); !status.ok()) return status;
  if (repaired.empty()) return absl::OkStatus();
  std::vector<Problem> problems;
  for (const std::string& path : repaired) {
    if (problems.size() == kMaxProblems) break;
    problems.push_back({absl::StatusCode::kInvalidArgument, path, kNotUtf8});
  }
  return AsStatus(problems);
}

grpc::ByteBuffer Serialize(const google::protobuf::Message& message) {
  grpc::ByteBuffer bytes;
  const size_t size = message.ByteSizeLong();
  LEADLAG_CHECK(size <= static_cast<size_t>(std::numeric_limits<int>::max()));  // every answer is bounded far below
  grpc::ProtoBufferWriter writer(&bytes, grpc::kProtoBufferWriterMaxBufferLength, static_cast<int>(size));
  LEADLAG_CHECK(message.SerializeToZeroCopyStream(&writer));
  return bytes;
}

grpc::ByteBuffer Serialize(const Serialized& message) {
  const grpc::Slice slice(message.bytes);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace leadlag
