// leadlag apply FILE: makes a file the district's catalog.
#include "client/cli/catalog_file.h"
#include "client/cli/command_set.h"
#include "client/cli/enum_name.h"
#include "client/cli/number.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "FILE is YAML or JSON with the structure of leadlag.v1.Catalog; `leadlag export` prints one. What is absent from "
    "it is no longer\n"
    "in force; evidence is never touched. Calendars may come from .ics files, by rules:\n"
    "  calendars:\n"
    "    - id: main\n"
    "      ics: {file: main.ics, school_year: {id: 2025-26}, rules: [{category: holiday, kind: HOLIDAY}, …]}\n"
    "--dry_run checks it and prints what would change. Errors name file and line; after an error nothing has changed.";

struct Flags {
  std::string file;
  bool dry_run = false;
  std::optional<int> expected_version;
};

char SignOf(v1::CatalogChangeKind kind) {
  switch (kind) {
    case v1::CATALOG_CHANGE_KIND_ADDED:
      return '+';
    case v1::CATALOG_CHANGE_KIND_REMOVED:
      return '-';
    default:
      return '~';
  }
}

void PrintChanges(RunContext& context, const v1::ApplyCatalogResponse& response, bool dry_run) {
  if (context.output == Output::kCsv) {
    Table table({{"kind", ""}, {"path", ""}, {"detail", ""}});
    for (const v1::CatalogChange& change : response.changes()) {
      table.AddRow({EnumText(change.kind()), change.path(), change.detail()});
    }
    return context.Print(table);
  }
  for (const v1::CatalogChange& change : response.changes()) {
    const char sign = SignOf(change.kind());
    const Tone tone = sign == '+' ? Tone::kGood : sign == '-' ? Tone::kBad : Tone::kWarning;
    const std::string text = Printable(change.path() + (change.detail().empty() ? "" : ": " + change.detail()));
    context.out() << Coloured(std::string(1, sign) + " " + text, tone, context.colour()) << '\n';
  }
  const int more = response.change_count() - response.changes_size();
  if (more > 0) context.Say("and " + std::to_string(more) + " more");
  const std::string version = "version " + std::to_string(response.catalog().version());
  if (dry_run) {
    context.Say(response.change_count() == 0 ? "dry run: nothing would change; " + version + " is in force"
                                             : "dry run: " + Counted(response.change_count(), "change") + " to " +
                                                   version + "; nothing was stored");
  } else {
    context.Say(response.change_count() == 0 ? "nothing changed; " + version + " is in force"
                                             : version + " is in force");
  }
  if (response.recalculating()) context.Say("states of some teams are still being worked out");
}

int Apply(RunContext& context, const Flags& flags) {
  const absl::StatusOr<CatalogFile> file = CatalogFile::Load(flags.file);
  if (!file.ok())
    return absl::IsNotFound(file.status()) ? context.FailUsage(file.status()) : context.Fail(file.status());
  for (const std::string& note : file->notes()) context.Note("leadlag: " + note);
  if (!context.district.empty() && context.district != file->catalog().district()) {
    return context.Fail(
        InvalidField(file->PlaceOf("district"), "the catalog is of district \"" + file->catalog().district() +
                                                    "\", --district says \"" + context.district + "\""));
  }
  v1::ApplyCatalogRequest request;
  *request.mutable_catalog() = file->catalog();
  request.set_dry_run(flags.dry_run);
  if (flags.expected_version) request.set_expected_version(*flags.expected_version);
  const absl::StatusOr<v1::ApplyCatalogResponse> response = context.client().ApplyCatalog(request, context.Call());
  if (!response.ok()) return context.Fail(file->Placed(response.status()));
  if (!context.PrintedJson(*response)) PrintChanges(context, *response, flags.dry_run);
  return kExitOk;
}

}  // namespace

void AddApply(CommandSet& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* apply = commands.Add(nullptr, "apply", "Make a file the district's catalog", kText);
  apply->add_option("file", flags->file, "The catalog, YAML or JSON")->required()->type_name("FILE");
  apply->add_flag("--dry_run", flags->dry_run, "Only check it and print what would change");
  apply
      ->add_option("--expected_version", flags->expected_version, "Apply only if this version is in force (0: none is)")
      ->type_name("VERSION");
  commands.OnRun(apply, [&commands, flags] { return Apply(commands.context(), *flags); });
}

}  // namespace leadlag::cli
