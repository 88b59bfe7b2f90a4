// leadlag export: the district's catalog as a file that `leadlag apply` takes.
#include "client/cli/catalog_yaml.h"
#include "client/cli/command_set.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "Prints YAML, or with --output=json the response, whose `catalog` is the same document in proto3 JSON; `leadlag apply` takes\n"
    "either.\n"
    "Example: leadlag --district north export > catalog.yaml";

int Export(RunContext& context, int version) {
  const absl::StatusOr<std::string> name = context.DistrictName();
  if (!name.ok()) return context.FailUsage(name.status());
  if (context.output == Output::kCsv)
    return context.FailUsage(absl::InvalidArgumentError("a catalog has no form as CSV"));
  v1::ExportCatalogRequest request;
  request.set_name(*name);
  request.set_version(version);
  const absl::StatusOr<v1::ExportCatalogResponse> response = context.client().ExportCatalog(request, context.Call());
  if (!response.ok()) return context.Fail(response.status());
  if (!context.PrintedJson(*response)) context.out() << CatalogYaml(response->catalog());
  return kExitOk;
}

}  // namespace

void AddExport(CommandSet& commands) {
  auto version = std::make_shared<int>(0);
  CLI::App* command = commands.Add(nullptr, "export", "Print the district's catalog", kText);
  command->add_option("--catalog_version", *version, "An older version [the one in force]")->type_name("VERSION");
  commands.OnRun(command, [&commands, version] { return Export(commands.context(), *version); });
}

}  // namespace leadlag::cli
