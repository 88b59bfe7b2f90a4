// leadlag timeline TEAM: what happened to one team, date by date.
#include "client/cli/command_set.h"
#include "client/cli/enum_name.h"
#include "client/cli/query_flags.h"

namespace leadlag::cli {
namespace {

// What an item is and what it says.
std::pair<std::string, std::string> Described(const v1::TimelineItem& item) {
  switch (item.item_case()) {
    case v1::TimelineItem::kSignal:
      return {"signal",
              item.signal().indicator() + (item.signal().record_count() == 1
                                               ? ""
                                               : " (" + std::to_string(item.signal().record_count()) + " records)")};
    case v1::TimelineItem::kReview:
      return {"review",
              item.review().review() +
                  (item.review().verdict() == v1::REVIEW_VERDICT_UNSPECIFIED ? "" : ", " + EnumText(item.review().verdict())) +
                  (item.review().decision().empty() ? "" : ": " + item.review().decision())};
    case v1::TimelineItem::kFlip: {
      const v1::Flip& flip = item.flip();
      return {"flip", flip.expectation() + ": " + EnumText(flip.from_state()) + " to " + EnumText(flip.to_state()) +
                          ", " + EnumText(flip.reason()) + (flip.by().empty() ? "" : " by " + flip.by()) +
                          (flip.due_date().empty() ? "" : ", due " + flip.due_date()) +
                          (flip.snoozed_until().empty() ? "" : ", snoozed until " + flip.snoozed_until())};
    }
    case v1::TimelineItem::kClosure:
      return {"closure", item.closure().label()};
    case v1::TimelineItem::ITEM_NOT_SET:
      break;
  }
  return {"", ""};
}

int Timeline(RunContext& context, const std::string& team, const WindowFlags& flags) {
  const absl::StatusOr<std::string> name = context.NameIn("teams", team);
  if (!name.ok()) return context.FailUsage(name.status());
  v1::GetTimelineRequest request;
  request.set_name(*name);
  request.set_start_date(flags.start);
  request.set_end_date(flags.end);
  const absl::StatusOr<v1::GetTimelineResponse> response = context.client().GetTimeline(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  Table table({{"date", "DATE"}, {"what", "WHAT"}, {"detail", "DETAIL"}});
  for (const v1::TimelineItem& item : response->items()) {
    auto [what, detail] = Described(item);
    const Tone tone = item.has_closure() ? Tone::kDim
                      : item.has_flip()  ? StateCell(item.flip().to_state()).tone
                                         : Tone::kPlain;
    table.AddRow({item.date(), Cell(std::move(what), tone), std::move(detail)});
  }
  context.Print(table);
  if (!response->flips_from_date().empty()) {
    context.Note("leadlag: flips before " + response->flips_from_date() + " are no longer all kept");
  }
  return kExitOk;
}

}  // namespace

void AddTimeline(CommandSet& commands) {
  auto flags = std::make_shared<WindowFlags>();
  auto team = std::make_shared<std::string>();
  CLI::App* timeline = commands.Add(nullptr, "timeline", "What happened to a team: signals, reviews, flips, closures");
  timeline->add_option("team", *team, "The team's id")->required()->type_name("TEAM");
  AddDateFlags(*timeline, *flags, "90 days before the end", "the day after tomorrow");
  commands.OnRun(timeline, [&commands, flags, team] { return Timeline(commands.context(), *team, *flags); });
}

}  // namespace leadlag::cli
