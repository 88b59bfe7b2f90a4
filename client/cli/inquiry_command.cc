// leadlag inquiry record|list|show|themes: theories of action, with the indicators and actions that go with them.
#include "client/cli/command_set.h"
#include "client/cli/enum_name.h"
#include "client/cli/inquiry_file.h"
#include "client/cli/query_flags.h"
#include "core/digits.h"

namespace leadlag::cli {
namespace {

constexpr char kRecordText[] =
    "FILE is YAML or JSON with the structure of leadlag.v1.Inquiry, with `id`, `if`, `then` and `so_that` for short:\n"
    "  id: discourse\n"
    "  team: rowan-elementary\n"
    "  theme: equity\n"
    "  if: we plan two questions for each lesson together\n"
    "  then: students explain their reasoning more often\n"
    "  so_that: more of them are on grade level in spring\n"
    "  start_date: 2025-09-08\n"
    "  links:\n"
    "    - {indicator: reasoning-seen, expected_direction: INCREASE, expected_change: 20}\n"
    "    - {indicator: math-benchmark, expected_direction: INCREASE}\n"
    "  actions:\n"
    "    - {id: plan, description: Plan together on Mondays, start_date: 2025-09-08}\n"
    "  cycle_days: 20\n"
    "  next_review_date: 2025-10-06\n"
    "  status: ACTIVE\n"
    "  district_priority: Mathematics for all\n"
    "The whole inquiry each time: other content is a new revision, the ones before are kept. The same file again changes\n"
    "nothing. Errors name file and line; after an error nothing has changed.\n"
    "What `leadlag inquiry show --output=json` prints can be edited and recorded as it is. Its `revision` is the one that was\n"
    "edited: where another stands by now it is refused. --expected_revision counts more; without either any may stand.\n"
    "`leadlag inquiry themes` lists the themes.";

struct RecordFlags {
  std::string file;
  std::optional<int> expected_revision;
};

std::string LastPart(const std::string& name) { return name.substr(name.rfind('/') + 1); }

using Inquiries = google::protobuf::RepeatedPtrField<v1::Inquiry>;

Table InquiryTable(const Inquiries& inquiries) {
  Table table({{"inquiry", "INQUIRY"},
               {"team", "TEAM"},
               {"theme", "THEME"},
               {"status", "STATUS"},
               {"start_date", "START"},
               {"next_review_date", "NEXT REVIEW"},
               {"links", "LINKS", true},
               {"actions", "ACTIONS", true},
               {"district_priority", "PRIORITY"},
               {"revision", "REVISION", true}});
  for (const v1::Inquiry& inquiry : inquiries) {
    table.AddRow({LastPart(inquiry.name()), inquiry.team(), inquiry.theme(), EnumText(inquiry.status()), inquiry.start_date(),
                  inquiry.next_review_date(), inquiry.links_size(), inquiry.actions_size(), inquiry.district_priority(),
                  inquiry.revision()});
  }
  return table;
}

int Record(RunContext& context, const RecordFlags& flags) {
  const absl::StatusOr<InquiryFile> file = InquiryFile::Load(flags.file);
  if (!file.ok()) return absl::IsNotFound(file.status()) ? context.FailUsage(file.status()) : context.Fail(file.status());
  v1::RecordInquiryRequest request;
  *request.mutable_inquiry() = file->inquiry();
  if (!file->id().empty()) {
    const absl::StatusOr<std::string> name = context.NameIn("inquiries", file->id());
    if (!name.ok()) return context.FailUsage(name.status());
    request.mutable_inquiry()->set_name(*name);
  }
  const std::optional<int> in_file = file->expected_revision();
  if (const std::optional<int> expected = flags.expected_revision ? flags.expected_revision : in_file) {
    request.set_expected_revision(*expected);
  }
  const absl::StatusOr<v1::RecordInquiryResponse> response = context.client().RecordInquiry(request, context.Call());
  if (!response.ok()) {
    const bool of_file = !flags.expected_revision && in_file.has_value();
    return context.Fail(file->places().Placed(response.status(), [of_file](std::string_view field) {
      return field.starts_with("inquiry") || (of_file && field == "expected_revision");
    }));
  }
  if (context.PrintedJson(*response)) return kExitOk;
  const v1::Inquiry& inquiry = response->inquiry();
  if (context.output == Output::kCsv) {
    Inquiries inquiries;
    *inquiries.Add() = inquiry;
    context.Print(InquiryTable(inquiries));
  }
  const bool same = response->outcome() == v1::RECORD_OUTCOME_KIND_SAME;
  context.Say("inquiry " + LastPart(inquiry.name()) + (same ? " stands already, as revision " : " is stored, as revision ") +
              std::to_string(inquiry.revision()));
  return kExitOk;
}

struct ListFlags {
  std::string team;
  std::string theme;
  bool without_priority = false;
};

int List(RunContext& context, const ListFlags& flags) {
  const absl::StatusOr<std::string> parent = flags.team.empty() ? context.DistrictName() : context.NameIn("teams", flags.team);
  if (!parent.ok()) return context.FailUsage(parent.status());
  v1::ListInquiriesRequest request;
  request.set_parent(*parent);
  request.set_theme(flags.theme);
  request.set_without_priority(flags.without_priority);
  request.set_page_size(1000);
  v1::ListInquiriesResponse all;
  do {
    absl::StatusOr<v1::ListInquiriesResponse> page = context.client().ListInquiries(request, context.Call());
    if (!page.ok()) return context.Fail(page.status());
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  if (context.PrintedJson(all)) return kExitOk;
  const Table table = InquiryTable(all.inquiries());
  context.Print(table);
  if (table.empty()) context.Say("no inquiries");
  return kExitOk;
}

Table LinkTable(const v1::Inquiry& inquiry) {
  Table table({{"role", "ROLE"}, {"indicator", "INDICATOR"}, {"expected", "EXPECTED"}, {"change", "BY", true}});
  for (const v1::InquiryLink& link : inquiry.links()) {
    table.AddRow({EnumText(link.role()), link.indicator(), EnumText(link.expected_direction()),
                  link.has_expected_change() ? FormatDecimal(link.expected_change()) : ""});
  }
  return table;
}

Table ActionTable(const v1::Inquiry& inquiry) {
  Table table({{"action", "ACTION"}, {"start_date", "START"}, {"end_date", "END"}, {"description", "DESCRIPTION"}});
  for (const v1::InquiryAction& action : inquiry.actions()) {
    table.AddRow({action.id(), action.start_date(), action.end_date(), action.description()});
  }
  return table;
}

void PrintInquiry(RunContext& context, const v1::Inquiry& inquiry) {
  Table facts({{"fact", "FACT"}, {"value", "VALUE"}});
  facts.AddRow({"team", inquiry.team()});
  facts.AddRow({"theme", inquiry.theme()});
  facts.AddRow({"if", inquiry.if_text()});
  facts.AddRow({"then", inquiry.then_text()});
  facts.AddRow({"so that", inquiry.so_that_text()});
  facts.AddRow({"status", EnumText(inquiry.status())});
  facts.AddRow({"from", inquiry.start_date()});
  if (inquiry.cycle_days() > 0) facts.AddRow({"cycle", std::to_string(inquiry.cycle_days()) + " instructional days"});
  if (!inquiry.next_review_date().empty()) facts.AddRow({"next review", inquiry.next_review_date()});
  facts.AddRow({"district priority", inquiry.district_priority().empty() ? "none" : inquiry.district_priority()});
  context.Print(facts);
  for (const Table& table : {LinkTable(inquiry), ActionTable(inquiry)}) {
    if (table.empty()) continue;
    context.out() << '\n';
    context.Print(table);
  }
  context.out() << '\n';
}

int Show(RunContext& context, const std::string& id) {
  const absl::StatusOr<std::string> name = context.NameIn("inquiries", id);
  if (!name.ok()) return context.FailUsage(name.status());
  v1::GetInquiryRequest request;
  request.set_name(*name);
  const absl::StatusOr<v1::GetInquiryResponse> response = context.client().GetInquiry(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  if (context.output == Output::kTable) PrintInquiry(context, response->inquiry());
  Table revisions({{"revision", "REVISION", true},
                   {"recorded_time", "RECORDED"},
                   {"status", "STATUS"},
                   {"next_review_date", "NEXT REVIEW"},
                   {"links", "LINKS", true},
                   {"actions", "ACTIONS", true},
                   {"district_priority", "PRIORITY"}});
  for (const v1::Inquiry& revision : response->revisions()) {
    revisions.AddRow({revision.revision(), TimeText(revision.recorded_time()), EnumText(revision.status()),
                      revision.next_review_date(), revision.links_size(), revision.actions_size(), revision.district_priority()});
  }
  context.Print(revisions);
  return kExitOk;
}

int Themes(RunContext& context) {
  const absl::StatusOr<std::string> parent = context.DistrictName();
  if (!parent.ok()) return context.FailUsage(parent.status());
  v1::ListThemesRequest request;
  request.set_parent(*parent);
  const absl::StatusOr<v1::ListThemesResponse> response = context.client().ListThemes(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (context.PrintedJson(*response)) return kExitOk;
  Table table({{"theme", "THEME"}, {"display_name", "NAME"}, {"of", "OF"}});
  for (const v1::ListedTheme& theme : response->themes()) {
    table.AddRow({theme.id(), theme.display_name(), theme.district_own() ? "this district" : "every district"});
  }
  context.Print(table);
  return kExitOk;
}

}  // namespace

void AddInquiry(CommandSet& commands) {
  CLI::App* inquiry = commands.Add(nullptr, "inquiry", "Theories of action: If, Then, So that");

  auto record_flags = std::make_shared<RecordFlags>();
  CLI::App* record = commands.Add(inquiry, "record", "Store an inquiry, or what has become of it", kRecordText);
  record->add_option("file", record_flags->file, "The inquiry, YAML or JSON")->required()->type_name("FILE");
  record
      ->add_option("--expected_revision", record_flags->expected_revision, "Store it only if this revision stands (0: none does)")
      ->type_name("REVISION");
  commands.OnRun(record, [&commands, record_flags] { return Record(commands.context(), *record_flags); });

  auto list_flags = std::make_shared<ListFlags>();
  CLI::App* list = commands.Add(inquiry, "list", "A district's inquiries, or a team's");
  list->add_option("--team", list_flags->team, "Only this team's")->type_name("ID");
  list->add_option("--theme", list_flags->theme, "Only those with this theme")->type_name("ID");
  list->add_flag("--without_priority", list_flags->without_priority, "Only those that serve no district priority");
  commands.OnRun(list, [&commands, list_flags] { return List(commands.context(), *list_flags); });

  CLI::App* themes = commands.Add(inquiry, "themes", "What an inquiry may be about");
  commands.OnRun(themes, [&commands] { return Themes(commands.context()); });

  auto id = std::make_shared<std::string>();
  CLI::App* show = commands.Add(inquiry, "show", "One inquiry, and its revisions");
  show->add_option("inquiry", *id, "The inquiry's id")->required()->type_name("ID");
  commands.OnRun(show, [&commands, id] { return Show(commands.context(), *id); });
}

}  // namespace leadlag::cli
