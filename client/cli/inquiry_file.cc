#include "client/cli/inquiry_file.h"

#include <utility>

#include "client/cli/message_reader.h"
#include "leadlag/v1/inquiry_service.pb.h"

namespace leadlag::cli {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

class InquiryReader : public MessageReader {
 public:
  InquiryReader(std::string path, InquiryFile& file) : MessageReader(std::move(path), file.places_), file_(file) {}

 private:
  const FieldDescriptor* FieldOf(const Descriptor& type, const std::string& key) const override {
    const bool is_part = &type == v1::Inquiry::descriptor() && (key == "if" || key == "then" || key == "so_that" || key == "soThat");
    return FindField(type, !is_part ? key : key == "soThat" ? "so_that_text" : key + "_text");
  }
  bool ReadOtherKey(const std::string& key, const YAML::Node& at, const YAML::Node& value, Message& message, const std::string&) override {
    if (message.GetDescriptor() != v1::Inquiry::descriptor() || key != "id") return false;
    NotePlace("name", at.Mark());
    file_.id_ = Text(value);
    return true;
  }
  // As `leadlag inquiry show` and `record` print it.
  std::vector<const FieldDescriptor*> HeldBy() const override {
    return {v1::GetInquiryResponse::descriptor()->FindFieldByName("inquiry"),
            v1::RecordInquiryResponse::descriptor()->FindFieldByName("inquiry")};
  }
  std::vector<std::string> OtherKeys(const Descriptor& type) const override {
    return &type == v1::Inquiry::descriptor() ? std::vector<std::string>{"id", "if", "then", "so_that"} : std::vector<std::string>{};
  }
  void EndMessage(Message& message, const std::string&) override {
    if (message.GetDescriptor() != v1::Inquiry::descriptor()) return;
    const bool named = !file_.inquiry_.name().empty();
    if (named == file_.id_.empty()) return;
    RefuseAt(places().PlaceOf("name"), named ? "give either \"id\" or \"name\", not both"
                                             : "the inquiry has no id; choose one: \"id: discourse\"");
  }

  InquiryFile& file_;
};

absl::StatusOr<InquiryFile> InquiryFile::Load(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  return Parse(*text, path);
}

absl::StatusOr<InquiryFile> InquiryFile::Parse(const std::string& text, const std::string& path) {
  InquiryFile file;
  absl::Status read = InquiryReader(path, file).Read(text, "an inquiry", "id: …", file.inquiry_);
  if (!read.ok()) return read;
  if (file.expected_revision()) file.places_.Set("expected_revision", file.places_.PlaceOf("revision"));
  return file;
}

}  // namespace leadlag::cli
