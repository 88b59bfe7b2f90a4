// leadlag calendar show|nth|between: which days count, of a file or of a district.
#include "client/cli/calendar_questions.h"
#include "client/cli/catalog_file.h"
#include "client/cli/command_set.h"
#include "client/cli/enum_name.h"
#include "client/cli/ics_calendar.h"
#include "client/cli/number.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "The calendar is of --file (a catalog in YAML or JSON, or an .ics with --rule and --school_year), else of "
    "--district.\n"
    "Rules for an .ics: CATEGORY=KIND (HOLIDAY, BREAK, TEACHER_ONLY_DAY, MAKE_UP_DAY, EARLY_DISMISSAL, …), "
    "CATEGORY=first_day,\n"
    "CATEGORY=last_day or CATEGORY=ignore.\n"
    "Examples: leadlag calendar between 2025-09-04 2025-10-03       instructional days after the first date, through "
    "the second\n"
    "          leadlag calendar nth 2025-09-04 10                   the 10th instructional day after a date\n"
    "          leadlag calendar show --file main.ics --school_year 2025-26 --rule holiday=HOLIDAY --rule "
    "first-day=first_day …";

struct Flags {
  std::string file;
  std::string calendar;
  std::string school_year;
  std::vector<std::string> rules;
};

absl::StatusOr<IcsRule> ParseRule(const std::string& text) {
  const size_t at = text.rfind('=');
  if (at == std::string::npos) return absl::InvalidArgumentError("give --rule CATEGORY=KIND, not \"" + text + "\"");
  IcsRule rule{.category = text.substr(0, at)};
  const std::string meaning = text.substr(at + 1);
  if (meaning == "first_day") {
    rule.meaning = IcsRule::Meaning::kFirstDay;
  } else if (meaning == "last_day") {
    rule.meaning = IcsRule::Meaning::kLastDay;
  } else if (meaning == "ignore") {
    rule.meaning = IcsRule::Meaning::kIgnore;
  } else if (const auto* kind = FindEnumValue(*v1::CalendarExceptionKind_descriptor(), meaning)) {
    rule.meaning = IcsRule::Meaning::kException;
    rule.kind = static_cast<v1::CalendarExceptionKind>(kind->number());
  } else {
    return absl::InvalidArgumentError("a rule's meaning is first_day, last_day, ignore or one of " +
                                      ShortNames(*v1::CalendarExceptionKind_descriptor()) + ", not \"" + meaning +
                                      "\"");
  }
  return rule;
}

absl::StatusOr<std::vector<IcsRule>> ParseRules(const Flags& flags) {
  std::vector<IcsRule> rules;
  for (const std::string& text : flags.rules) {
    const absl::StatusOr<IcsRule> rule = ParseRule(text);
    if (!rule.ok()) return rule.status();
    rules.push_back(*rule);
  }
  return rules;
}

// What the command line itself gets wrong, whatever the calendar holds: exit code 2.
absl::Status CheckUsage(const RunContext& context, const Flags& flags) {
  if (flags.file.empty()) {
    return context.DistrictName().ok()
               ? absl::OkStatus()
               : absl::InvalidArgumentError("which calendar? give --file, or --district for a district's");
  }
  if (absl::Status read = ReadFile(flags.file).status(); !read.ok()) return read;
  if (!flags.file.ends_with(".ics")) return absl::OkStatus();
  if (flags.school_year.empty())
    return absl::InvalidArgumentError("an .ics file needs --school_year, for example 2025-26");
  return ParseRules(flags).status();
}

absl::StatusOr<v1::Calendar> FromIcs(const Flags& flags) {
  const absl::StatusOr<std::vector<IcsRule>> rules = ParseRules(flags);
  if (!rules.ok()) return rules.status();
  const absl::StatusOr<std::string> text = ReadFile(flags.file);
  if (!text.ok()) return text.status();
  const absl::StatusOr<IcsCalendar> read = ReadIcsCalendar(*text, flags.file, *rules, {.id = flags.school_year});
  if (!read.ok()) return read.status();
  v1::Calendar calendar;
  calendar.set_id("ics");
  *calendar.add_years() = read->year;
  for (const v1::CalendarException& exception : read->exceptions) *calendar.add_exceptions() = exception;
  return calendar;
}

absl::StatusOr<v1::Calendar> FromCatalog(const v1::Catalog& catalog, const std::string& asked) {
  const std::string id = asked.empty() ? catalog.default_calendar() : asked;
  std::string known;
  for (const v1::Calendar& calendar : catalog.calendars()) {
    if (calendar.id() == id) return calendar;
    known += " " + calendar.id();
  }
  return absl::NotFoundError("no calendar \"" + id + "\"; there are:" + known);
}

absl::StatusOr<v1::Calendar> Find(RunContext& context, const Flags& flags) {
  if (flags.file.ends_with(".ics")) return FromIcs(flags);
  if (!flags.file.empty()) {
    const absl::StatusOr<CatalogFile> file = CatalogFile::Load(flags.file);
    if (!file.ok()) return file.status();
    return FromCatalog(file->catalog(), flags.calendar);
  }
  const absl::StatusOr<std::string> name = context.DistrictName();
  if (!name.ok()) return name.status();
  v1::ExportCatalogRequest request;
  request.set_name(*name);
  const absl::StatusOr<v1::ExportCatalogResponse> response = context.client().ExportCatalog(request, context.Call());
  if (!response.ok()) return response.status();
  return FromCatalog(response->catalog(), flags.calendar);
}

absl::StatusOr<Calendar> Compiled(RunContext& context, const Flags& flags) {
  const absl::StatusOr<v1::Calendar> calendar = Find(context, flags);
  if (!calendar.ok()) return calendar.status();
  return CompileCalendar(*calendar);
}

int Show(RunContext& context, const Flags& flags, const std::string& view) {
  if (absl::Status usage = CheckUsage(context, flags); !usage.ok()) return context.FailUsage(usage);
  const absl::StatusOr<v1::Calendar> document = Find(context, flags);
  if (!document.ok()) return context.Fail(document.status());
  if (context.PrintedJson(*document)) return kExitOk;
  const absl::StatusOr<Calendar> calendar = CompileCalendar(*document);
  if (!calendar.ok()) return context.Fail(calendar.status());
  bool shown = false;
  for (const SchoolYear& year : calendar->years()) {
    const bool wanted = flags.school_year.empty() || flags.school_year == year.id;
    if (!wanted) continue;
    shown = true;
    const std::string days = std::to_string(InstructionalDays(*calendar, year.bounds)) + " instructional days";
    context.Say(year.id + ": " + days +
                (year.first_day ? ", " + year.first_day->ToString() + " to " + year.last_day->ToString() : ""));
    if (view == "counts") context.Print(MonthTable(*calendar, year));
    if (view == "list") context.Print(ClosureTable(*calendar, year, SchoolWeek(*document)));
    if (view != "months" || !year.first_day) continue;
    if (context.output == Output::kCsv)
      return context.FailUsage(absl::InvalidArgumentError("--view=months has no form as CSV"));
    for (Date month = year.first_day->StartOfMonth(); month <= *year.last_day; month = month.StartOfNextMonth()) {
      context.out() << '\n' << MonthGrid(*calendar, month, SchoolWeek(*document));
    }
  }
  if (!shown) return context.Fail(absl::NotFoundError("no school year \"" + flags.school_year + "\" in the calendar"));
  return kExitOk;
}

int Nth(RunContext& context, const Flags& flags, const std::string& date_text, int n) {
  const absl::StatusOr<Date> date = Date::Parse(date_text);
  if (!date.ok()) return context.FailUsage(date.status());
  if (n < 1) return context.FailUsage(absl::InvalidArgumentError("N is at least 1"));
  if (absl::Status usage = CheckUsage(context, flags); !usage.ok()) return context.FailUsage(usage);
  const absl::StatusOr<Calendar> calendar = Compiled(context, flags);
  if (!calendar.ok()) return context.Fail(calendar.status());
  const std::optional<Date> found = calendar->NthAfter(*date, n);
  if (!found) return context.Fail(absl::NotFoundError("the calendar has fewer instructional days after " + date_text));
  context.out() << found->ToString() << '\n';
  return kExitOk;
}

int Between(RunContext& context, const Flags& flags, const std::string& after_text, const std::string& through_text) {
  const absl::StatusOr<Date> after = Date::Parse(after_text);
  if (!after.ok()) return context.FailUsage(after.status());
  const absl::StatusOr<Date> through = Date::Parse(through_text);
  if (!through.ok()) return context.FailUsage(through.status());
  if (absl::Status usage = CheckUsage(context, flags); !usage.ok()) return context.FailUsage(usage);
  const absl::StatusOr<Calendar> calendar = Compiled(context, flags);
  if (!calendar.ok()) return context.Fail(calendar.status());
  context.out() << calendar->Between(*after, *through) << '\n';
  return kExitOk;
}

}  // namespace

void AddCalendar(CommandSet& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* calendar = commands.Add(nullptr, "calendar", "Which days are instructional", kText);
  calendar->add_option("--file", flags->file, "A catalog or an .ics file [the district's catalog]")->type_name("FILE");
  calendar->add_option("--calendar", flags->calendar, "A calendar's id [the default one]")->type_name("ID");
  calendar->add_option("--school_year", flags->school_year, "Only this one; required for an .ics")->type_name("ID");
  calendar->add_option("--rule", flags->rules, "What a category of an .ics means; repeatable")
      ->allow_extra_args(false)
      ->type_name("CATEGORY=KIND");

  auto view = std::make_shared<std::string>("counts");
  CLI::App* show = commands.Add(calendar, "show", "Instructional days of each school year");
  show->add_option("--view", *view, "counts (by month), months (grids) or list (closures)")
      ->check(CLI::IsMember({"counts", "months", "list"}).description(""))
      ->capture_default_str()
      ->type_name("VIEW");
  commands.OnRun(show, [&commands, flags, view] { return Show(commands.context(), *flags, *view); });

  auto date = std::make_shared<std::string>();
  auto n = std::make_shared<int>(1);
  CLI::App* nth = commands.Add(calendar, "nth", "The N-th instructional day after a date");
  nth->add_option("date", *date, "Exclusive")->required()->type_name("DATE");
  nth->add_option("n", *n, "At least 1")->required()->type_name("N");
  commands.OnRun(nth, [&commands, flags, date, n] { return Nth(commands.context(), *flags, *date, *n); });

  auto after = std::make_shared<std::string>();
  auto through = std::make_shared<std::string>();
  CLI::App* between = commands.Add(calendar, "between", "Instructional days after one date, through another");
  between->add_option("after", *after, "Exclusive")->required()->type_name("DATE");
  between->add_option("through", *through, "Inclusive")->required()->type_name("DATE");
  commands.OnRun(between,
                 [&commands, flags, after, through] { return Between(commands.context(), *flags, *after, *through); });
}

}  // namespace leadlag::cli
