#include "core/problem.h"

#include <algorithm>
#include <optional>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "core/check.h"
#include "core/codec.h"
#include "core/limits.h"

namespace leadlag {
namespace {

// The payload's name in a Status. Its bytes are this process's own affair: only ProblemsOf reads them, and clients get
// leadlag.v1.ErrorDetails instead.
constexpr char kPayloadUrl[] = "leadlag.v1.ErrorDetails";

// A code and two empty strings.
constexpr size_t kMinProblemBytes = 3;

std::string Encode(const std::vector<Problem>& problems) {
  ByteWriter writer;
  writer.PutVarint(problems.size());
  for (const Problem& problem : problems) {
    writer.PutVarint(static_cast<uint64_t>(problem.code));
    writer.PutString(problem.field);
    writer.PutString(problem.reason);
  }
  return std::move(writer).Take();
}

std::vector<Problem> Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<Problem> problems(reader.GetCount(kMinProblemBytes));
  for (Problem& problem : problems) {
    problem.code =
        static_cast<absl::StatusCode>(reader.GetVarint(static_cast<uint64_t>(absl::StatusCode::kUnauthenticated)));
    problem.field = reader.GetString();
    problem.reason = reader.GetString();
  }
  return reader.Finish("problems").ok() ? problems : std::vector<Problem>{};
}

std::string MessageOf(const std::vector<Problem>& problems) {
  std::string message;
  const size_t shown = std::min(problems.size(), kMaxProblemsInMessage);
  for (size_t i = 0; i < shown; ++i) {
    if (i > 0) message += "; ";
    if (!problems[i].field.empty()) message += problems[i].field + ": ";
    message += problems[i].reason;
  }
  if (shown < problems.size()) message += "; and " + std::to_string(problems.size() - shown) + " more";
  return message;
}

// The length of the UTF-8 sequence at the front of `text`; 0 where there is none. Unicode 15, table 3-7: no overlong
// form, no surrogate, nothing above U+10FFFF.
size_t SequenceSize(std::string_view text) {
  const auto byte = [text](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto continues = [byte](size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    return !overlong && !surrogate && continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && byte(1) < 0x90;
    const bool too_high = lead == 0xF4 && byte(1) > 0x8F;
    return !overlong && !too_high && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool IsControl(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; }

}  // namespace

absl::Status AsStatus(const std::vector<Problem>& problems) {
  LEADLAG_CHECK(!problems.empty() && problems[0].code != absl::StatusCode::kOk);
  absl::Status status(problems[0].code, MessageOf(problems));
  status.SetPayload(kPayloadUrl, absl::Cord(Encode(problems)));
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view reason) {
  return AsStatus(Problem{absl::StatusCode::kInvalidArgument, std::string(field), std::string(reason)});
}

std::vector<Problem> ProblemsOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  return payload ? Decode(std::string(*payload)) : std::vector<Problem>{};
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t size = SequenceSize(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string Clip(std::string_view text, size_t max_bytes) {
  constexpr std::string_view kEllipsis = "…";
  if (text.size() <= max_bytes) return std::string(text);
  size_t end = max_bytes < kEllipsis.size() ? 0 : max_bytes - kEllipsis.size();
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;  // never cut a character in two
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::string Quoted(std::string_view text) {
  const std::string shown = Clip(text, kMaxQuotedBytes);
  const bool plain = IsUtf8(shown) && std::none_of(shown.begin(), shown.end(), IsControl);
  return '"' + (plain ? shown : absl::CHexEscape(shown)) + '"';
}

}  // namespace leadlag
