// An inquiry as a file: YAML or JSON with the structure of leadlag.v1.Inquiry's proto3 JSON (client/cli/message_reader.h), and comforts for
// those who write it: `id: discourse` stands for the name, which needs the district, and `if`, `then` and `so_that` for if_text, then_text
// and so_that_text.
//
//   id: discourse
//   team: rowan-elementary
//   theme: equity
//   if: we plan two questions for each lesson together
//   …
//
// It may also be what the service answers (`leadlag inquiry show --output=json`), as it is or edited. Then it has the revision of which it
// is an edit: whoever sends it back means that one, and no other that was recorded meanwhile.
//
// Every problem names file and line. Immutable; thread safe.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/field_places.h"
#include "leadlag/v1/inquiry.pb.h"

namespace leadlag::cli {

class InquiryFile {
 public:
  // Reads a file. NOT_FOUND where it cannot be read; else as Parse.
  static absl::StatusOr<InquiryFile> Load(const std::string& path);
  // `path` names the text in messages. INVALID_ARGUMENT with every problem found, its field being "file:line". What only the server knows
  // is not looked at.
  static absl::StatusOr<InquiryFile> Parse(const std::string& text, const std::string& path);

  // Its name is empty where the file has an id.
  const v1::Inquiry& inquiry() const { return inquiry_; }
  // The revision that must stand for it to be recorded, where it says so.
  std::optional<int> expected_revision() const {
    return inquiry_.revision() != 0 ? std::optional<int>(inquiry_.revision()) : std::nullopt;
  }
  const std::string& id() const { return id_; }  // empty where the file has a name
  const FieldPlaces& places() const { return places_; }

 private:
  friend class InquiryReader;
  v1::Inquiry inquiry_;
  std::string id_;
  FieldPlaces places_{"inquiry."};
};

}  // namespace leadlag::cli
