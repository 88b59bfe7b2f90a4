#include "client/cli/query_flags.h"

#include "client/cli/enum_name.h"
#include "core/instant.h"

namespace leadlag::cli {
namespace {

constexpr std::string_view kIndicatorPrefix = "indicator:";

}  // namespace

absl::StatusOr<std::optional<v1::SignalKind>> ParseKind(std::string_view text) {
  if (text.empty()) return std::optional<v1::SignalKind>();
  v1::SignalKind kind;
  if (text == "any") {
    kind.set_any_leading(true);
  } else if (text.starts_with(kIndicatorPrefix) && text.size() > kIndicatorPrefix.size()) {
    kind.set_indicator(std::string(text.substr(kIndicatorPrefix.size())));
  } else if (const auto* category = FindEnumValue(*v1::Category_descriptor(), text)) {
    kind.set_category(static_cast<v1::Category>(category->number()));
  } else {
    return absl::InvalidArgumentError("--kind is any, indicator:ID or one of " +
                                      ShortNames(*v1::Category_descriptor()) + ", not \"" + std::string(text) + "\"");
  }
  return std::optional<v1::SignalKind>(kind);
}

std::string KindText(const v1::SignalKind& kind) {
  switch (kind.of_case()) {
    case v1::SignalKind::kCategory:
      return EnumText(kind.category());
    case v1::SignalKind::kIndicator:
      return std::string(kIndicatorPrefix) + kind.indicator();
    default:
      return "any leading";
  }
}

absl::Status AddLabels(const std::vector<std::string>& pairs, google::protobuf::Map<std::string, std::string>& labels) {
  for (const std::string& pair : pairs) {
    const size_t at = pair.find('=');
    if (at == std::string::npos || at == 0)
      return absl::InvalidArgumentError("give --label key=value, not \"" + pair + "\"");
    labels[pair.substr(0, at)] = pair.substr(at + 1);
  }
  return absl::OkStatus();
}

void AddKindFlag(CLI::App& command, WindowFlags& flags) {
  command.add_option("--kind", flags.kind, "any (leading), a category such as WALKTHROUGH, or indicator:ID [any]")
      ->type_name("KIND");
  command.add_flag("--include_completions", flags.include_completions, "Count ticked boxes too");
}

void AddDateFlags(CLI::App& command, WindowFlags& flags, const std::string& start_default,
                  const std::string& end_default) {
  command.add_option("--start", flags.start, "First date, inclusive [" + start_default + "]")->type_name("DATE");
  command.add_option("--end", flags.end, "Exclusive [" + end_default + "]")->type_name("DATE");
}

void AddLabelFlag(CLI::App& command, WindowFlags& flags) {
  command.add_option("--label", flags.labels, "Only teams with this label; repeatable")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return Instant{time.seconds() * kMicrosPerSecond + time.nanos() / 1000}.ToString();
}

Cell StateCell(v1::WatchState state) {
  switch (state) {
    case v1::WATCH_STATE_ON_TRACK:
      return Cell(EnumText(state), Tone::kGood);
    case v1::WATCH_STATE_LATE:
    case v1::WATCH_STATE_RAISED:
      return Cell(EnumText(state), Tone::kWarning);
    case v1::WATCH_STATE_OVERDUE:
      return Cell(EnumText(state), Tone::kBad);
    case v1::WATCH_STATE_UNSPECIFIED:
      return Cell("-", Tone::kDim);
    default:
      return Cell(EnumText(state), Tone::kDim);
  }
}

}  // namespace leadlag::cli
