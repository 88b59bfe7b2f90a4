// leadlag evidence list|get|void: evidence as stored.
#include "client/cli/command_set.h"
#include "client/cli/query_flags.h"
#include "core/digits.h"

namespace leadlag::cli {
namespace {

std::string ValueText(const v1::EvidenceRecord& record) {
  switch (record.content_case()) {
    case v1::EvidenceRecord::kNumber:
      return FormatDecimal(record.number());
    case v1::EvidenceRecord::kProportion: {
      const v1::Proportion& proportion = record.proportion();
      const std::string text = std::to_string(proportion.numerator()) + "/" + std::to_string(proportion.denominator());
      if (!proportion.has_survey()) return text;
      return text + ", " + std::to_string(proportion.denominator()) + " of " + std::to_string(proportion.survey().invited()) + " answered";
    }
    case v1::EvidenceRecord::kCompleted:
      return record.completed() ? "done" : "not done";
    case v1::EvidenceRecord::kVoid:
      return "void";
    case v1::EvidenceRecord::CONTENT_NOT_SET:
      return "hidden";  // of too few people
  }
  return "";
}

// "{source}/{evidence_id}", as `get` and `void` take it.
std::string ShortEvidenceName(const std::string& name) {
  const size_t sources = name.find("/sources/");
  const size_t evidence = name.find("/evidence/");
  if (sources == std::string::npos || evidence == std::string::npos) return name;
  const size_t source = sources + std::string_view("/sources/").size();
  return name.substr(source, evidence - source) + "/" + name.substr(evidence + std::string_view("/evidence/").size());
}

absl::StatusOr<std::string> FullEvidenceName(const RunContext& context, const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size()) {
    return absl::InvalidArgumentError("name a record as SOURCE/EVIDENCE_ID, not \"" + text + "\"");
  }
  return context.NameIn("sources", text.substr(0, slash) + "/evidence/" + text.substr(slash + 1));
}

struct ListFlags {
  std::string team;
  std::string indicator;
  bool include_voided = false;
  WindowFlags window;
};

int List(RunContext& context, const ListFlags& flags) {
  const absl::StatusOr<std::string> parent = context.NameIn("teams", flags.team);
  if (!parent.ok()) return context.FailUsage(parent.status());
  v1::ListEvidenceRequest request;
  request.set_parent(*parent);
  request.set_indicator(flags.indicator);
  request.set_start_date(flags.window.start);
  request.set_end_date(flags.window.end);
  request.set_include_voided(flags.include_voided);
  request.set_page_size(1000);
  v1::ListEvidenceResponse all;
  do {
    absl::StatusOr<v1::ListEvidenceResponse> page = context.client().ListEvidence(request, context.Call());
    if (!page.ok()) return context.Fail(page.status());
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
    context.Progress(std::to_string(all.evidence_size()) + " records");
  } while (!request.page_token().empty());
  if (context.PrintedJson(all)) return kExitOk;
  Table table({{"event_date", "DATE"},
               {"indicator", "INDICATOR"},
               {"value", "VALUE", true},
               {"known_date", "KNOWN"},
               {"reviewed_date", "REVIEWED"},
               {"revisions", "REVISIONS", true},
               {"evidence", "EVIDENCE"},
               {"note", "NOTE"}});
  for (const v1::Evidence& evidence : all.evidence()) {
    const v1::EvidenceRevision& current = evidence.current();
    table.AddRow({current.event_date(), current.record().indicator(),
                  Cell(ValueText(current.record()), evidence.voided() ? Tone::kDim : Tone::kPlain),
                  current.known_date(), evidence.pending_calendar() ? "waits for a calendar" : evidence.reviewed_date(),
                  evidence.revision_count(), ShortEvidenceName(evidence.name()), current.record().note()});
  }
  context.Print(table);
  return kExitOk;
}

void PrintRevisions(RunContext& context, const google::protobuf::RepeatedPtrField<v1::EvidenceRevision>& revisions) {
  Table table({{"revision", "REVISION", true},
               {"recorded_time", "RECORDED"},
               {"team", "TEAM"},
               {"indicator", "INDICATOR"},
               {"event_date", "DATE"},
               {"value", "VALUE", true},
               {"known_date", "KNOWN"},
               {"note", "NOTE"}});
  for (const v1::EvidenceRevision& revision : revisions) {
    const v1::EvidenceRecord& record = revision.record();
    table.AddRow({revision.revision(), TimeText(revision.recorded_time()), record.team(), record.indicator(),
                  revision.event_date(), ValueText(record), revision.known_date(), record.note()});
  }
  context.Print(table);
}

int Get(RunContext& context, const std::string& name_text) {
  const absl::StatusOr<std::string> name = FullEvidenceName(context, name_text);
  if (!name.ok()) return context.FailUsage(name.status());
  v1::GetEvidenceRequest request;
  request.set_name(*name);
  const absl::StatusOr<v1::GetEvidenceResponse> response = context.client().GetEvidence(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  PrintRevisions(context, response->revisions());
  const v1::Evidence& evidence = response->evidence();
  context.Say("revision " + std::to_string(evidence.current().revision()) + " counts" +
              (evidence.voided() ? " (a void)" : "") +
              (evidence.pending_calendar() ? "; it waits for a calendar that covers its date" : "") +
              (evidence.reviewed_date().empty() ? "; not reviewed" : "; reviewed on " + evidence.reviewed_date()));
  return kExitOk;
}

struct VoidFlags {
  std::string name;
  std::string reason;
  std::optional<uint64_t> source_version;
};

int Void(RunContext& context, const VoidFlags& flags) {
  const absl::StatusOr<std::string> name = FullEvidenceName(context, flags.name);
  if (!name.ok()) return context.FailUsage(name.status());
  v1::VoidEvidenceRequest request;
  request.set_name(*name);
  request.set_reason(flags.reason);
  if (flags.source_version) request.set_source_version(*flags.source_version);
  const absl::StatusOr<v1::VoidEvidenceResponse> response = context.client().VoidEvidence(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  if (context.output == Output::kCsv) {
    google::protobuf::RepeatedPtrField<v1::EvidenceRevision> current;
    *current.Add() = response->evidence().current();
    PrintRevisions(context, current);
  }
  context.Say(flags.name + " no longer counts (revision " + std::to_string(response->evidence().current().revision()) +
              ")");
  return kExitOk;
}

}  // namespace

void AddEvidence(CommandSet& commands) {
  CLI::App* evidence = commands.Add(nullptr, "evidence", "Evidence as stored", "A record is named SOURCE/EVIDENCE_ID.");

  auto list_flags = std::make_shared<ListFlags>();
  CLI::App* list = commands.Add(evidence, "list", "A team's records, by indicator and date");
  list->add_option("team", list_flags->team, "The team's id")->required()->type_name("TEAM");
  list->add_option("--indicator", list_flags->indicator, "Only this indicator's")->type_name("ID");
  list->add_flag("--include_voided", list_flags->include_voided, "Voided records too");
  AddDateFlags(*list, list_flags->window, "the first", "after the last");
  commands.OnRun(list, [&commands, list_flags] { return List(commands.context(), *list_flags); });

  auto name = std::make_shared<std::string>();
  CLI::App* get = commands.Add(evidence, "get", "One record with all its revisions");
  get->add_option("name", *name, "The record")->required()->type_name("SOURCE/EVIDENCE_ID");
  commands.OnRun(get, [&commands, name] { return Get(commands.context(), *name); });

  auto void_flags = std::make_shared<VoidFlags>();
  CLI::App* voiding =
      commands.Add(evidence, "void", "Make one record not count", "The record and its revisions are kept.");
  voiding->add_option("name", void_flags->name, "The record")->required()->type_name("SOURCE/EVIDENCE_ID");
  voiding->add_option("--reason", void_flags->reason, "Why, for people")->type_name("TEXT");
  voiding->add_option("--source_version", void_flags->source_version, "Needed where the record's revisions carry one");
  commands.OnRun(voiding, [&commands, void_flags] { return Void(commands.context(), *void_flags); });
}

}  // namespace leadlag::cli
