// leadlag admin verify|stats: for operators.
#include "client/cli/command_set.h"

namespace leadlag::cli {
namespace {

constexpr double kVerifySeconds = 1'800;  // a large store takes minutes

Table StatsTable(const google::protobuf::RepeatedPtrField<v1::DistrictStats>& districts) {
  Table table({{"district", "DISTRICT"},
               {"applied_position", "POSITION", true},
               {"evidence", "EVIDENCE", true},
               {"revisions", "REVISIONS", true},
               {"reviews", "REVIEWS", true},
               {"inquiries", "INQUIRIES", true},
               {"watches", "WATCHES", true},
               {"flips", "FLIPS", true},
               {"open_alerts", "OPEN ALERTS", true}});
  for (const v1::DistrictStats& district : districts) {
    table.AddRow({district.name(), district.applied_position(), district.evidence_count(), district.revision_count(),
                  district.review_count(), district.inquiry_count(), district.watch_count(), district.flip_count(),
                  district.open_alert_count()});
  }
  return table;
}

int Verify(RunContext& context) {
  v1::VerifyRequest request;
  if (!context.district.empty()) request.set_name("districts/" + context.district);
  context.Progress("verifying…");
  const absl::StatusOr<v1::VerifyResponse> response = context.client().Verify(request, context.Call(kVerifySeconds));
  if (!response.ok()) return context.Fail(response.status());
  if (!context.PrintedJson(*response)) {
    context.Print(StatsTable(response->districts()));
    for (const std::string& finding : response->findings()) context.Note(finding);
    const int64_t more = response->finding_count() - response->findings_size();
    if (more > 0) context.Note("and " + std::to_string(more) + " more");
    context.Say(response->finding_count() == 0 ? "clean" : std::to_string(response->finding_count()) + " findings");
  }
  return response->finding_count() == 0 ? kExitOk : kExitDataLoss;
}

int Stats(RunContext& context) {
  const absl::StatusOr<v1::GetStatsResponse> response =
      context.client().GetStats(v1::GetStatsRequest(), context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  context.Print(StatsTable(response->districts()));
  context.Say(std::to_string(response->bytes_on_disk()) + " bytes on disk, " +
              std::to_string(response->evidence_streams()) + " evidence streams, " +
              std::to_string(response->alert_streams()) + " alert streams, leadlagd " + response->version());
  return kExitOk;
}

}  // namespace

void AddAdmin(CommandSet& commands) {
  CLI::App* admin = commands.Add(nullptr, "admin", "For operators");
  CLI::App* verify = commands.Add(admin, "verify", "Check what is stored against itself",
                                  "Checks --district, or all. Exit code 4 where anything is wrong. May take minutes.");
  commands.OnRun(verify, [&commands] { return Verify(commands.context()); });
  CLI::App* stats = commands.Add(admin, "stats", "Sizes and counters");
  commands.OnRun(stats, [&commands] { return Stats(commands.context()); });
}

}  // namespace leadlag::cli
