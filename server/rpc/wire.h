// Messages as bytes: parsed from and serialized into grpc::ByteBuffer by ourselves, not by generated handlers.
//
// Why: proto3 strings must be UTF-8, and protobuf refuses a whole message in which one is not. gRPC 1.51 then answers a unary call
// with UNIMPLEMENTED and no text, and ends a stream as if the client had closed it. A data clerk whose export is in Latin-1
// deserves better. So the services register their methods raw, and Parse repairs what it can and says where: each byte that is no
// UTF-8 becomes "?", which keeps every length on the wire.
//
// Pure functions; thread safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/byte_buffer.h"

namespace leadlag {

// Replaces what is no UTF-8 in every string field of a serialized message; paths of the fields, in the order of the bytes:
// "records[7].note", "labels". INVALID_ARGUMENT where the bytes are no such message; `bytes` is then to be dropped.
absl::Status RepairUtf8(const google::protobuf::Descriptor& type, std::string& bytes, std::vector<std::string>& paths);

// Reads `bytes` into `message` (cleared first, its memory reused). `repaired`: fields that were not UTF-8. INVALID_ARGUMENT where
// the bytes are no such message.
absl::Status Parse(const grpc::ByteBuffer& bytes, google::protobuf::Message& message, std::vector<std::string>& repaired);

// Parse, but INVALID_ARGUMENT, a problem a field, where anything had to be repaired.
absl::Status ParseStrictly(const grpc::ByteBuffer& bytes, google::protobuf::Message& message);

// What a repaired field is refused with.
inline constexpr char kNotUtf8[] = "is not valid UTF-8; send text as UTF-8";

grpc::ByteBuffer Serialize(const google::protobuf::Message& message);

// A message that is serialized already.
struct Serialized {
  std::string bytes;
};
grpc::ByteBuffer Serialize(const Serialized& message);

}  // namespace leadlag
