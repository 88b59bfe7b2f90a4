#include "client/cli/ics_calendar.h"

#include <libical/ical.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/problem.h"

namespace leadlag::cli {
namespace {

struct FreeComponent {
  void operator()(icalcomponent* component) const { icalcomponent_free(component); }
};
using ComponentOwner = std::unique_ptr<icalcomponent, FreeComponent>;

// Without their values the dates of an event would be others.
constexpr std::array kDateProperties = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE"};

struct Event {
  icalcomponent* component = nullptr;
  int line = 0;
  std::string summary;
  std::vector<std::string> categories;  // {""} where it has none
};

struct EventDates {
  Date first;
  Date last;  // inclusive
};

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(absl::string_view(text.data(), text.size())); }

// The lines on which events begin. libical keeps no positions but does keep the order, and events do not nest.
std::vector<int> EventLines(std::string_view text) {
  std::vector<int> lines;
  int line = 0;
  while (!text.empty()) {
    ++line;
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view content = text.substr(0, end);
    while (!content.empty() && (content.back() == '\r' || content.back() == ' ')) content.remove_suffix(1);
    if (Lower(content) == "begin:vevent") lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> CategoriesOf(icalcomponent* event) {
  std::vector<std::string> categories;
  for (icalproperty* property = icalcomponent_get_first_property(event, ICAL_CATEGORIES_PROPERTY); property != nullptr;
       property = icalcomponent_get_next_property(event, ICAL_CATEGORIES_PROPERTY)) {
    const char* text = icalproperty_get_categories(property);
    if (text == nullptr) continue;
    // libical 3 gives a list either as one property an item or as one text with commas, depending on how it was
    // written.
    for (const auto& part : absl::StrSplit(text, ',')) {
      std::string category(absl::StripAsciiWhitespace(part));
      if (!category.empty()) categories.push_back(std::move(category));
    }
  }
  if (categories.empty()) categories.emplace_back();
  return categories;
}

// The date of a property's time. libical reads digits, and takes 2025-02-30 at 25:00 for a time.
absl::StatusOr<Date> DateOf(const std::string& property, const icaltimetype& time) {
  char text[64];
  snprintf(text, sizeof(text), "%04d-%02d-%02d", time.year, time.month, time.day);
  const absl::StatusOr<Date> date = Date::Parse(text);
  if (!date.ok()) return absl::InvalidArgumentError(property + ": " + std::string(date.status().message()));
  const bool in_a_day = time.hour >= 0 && time.hour <= 23 && time.minute >= 0 && time.minute <= 59 &&
                        time.second >= 0 && time.second <= 60;  // a leap second
  if (!time.is_date && !in_a_day) {
    snprintf(text, sizeof(text), "%02d:%02d:%02d", time.hour, time.minute, time.second);
    return absl::InvalidArgumentError(property + ": " + text + " is not a time of day");
  }
  return *date;
}

// What libical could not read and left out, in its words; OK where that does not matter. An empty text ("LOCATION:")
// does not: many programs write it.
absl::Status ReadWhole(icalcomponent* event) {
  constexpr std::string_view kEmpty = "No value for ";
  for (icalproperty* error = icalcomponent_get_first_property(event, ICAL_XLICERROR_PROPERTY); error != nullptr;
       error = icalcomponent_get_next_property(event, ICAL_XLICERROR_PROPERTY)) {
    const char* given = icalproperty_get_xlicerror(error);
    const std::string_view text = given == nullptr ? "" : given;
    if (text.starts_with(kEmpty)) {
      const std::string_view name = text.substr(kEmpty.size(), text.find(' ', kEmpty.size()) - kEmpty.size());
      const auto is_name = [&](std::string_view dated) { return name == dated; };
      if (std::none_of(kDateProperties.begin(), kDateProperties.end(), is_name)) continue;
    }
    return absl::InvalidArgumentError("a line of the event cannot be read: " + std::string(text));
  }
  return absl::OkStatus();
}

// Why the dates of an event cannot be told, or its dates.
absl::StatusOr<EventDates> DatesOf(icalcomponent* event) {
  if (absl::Status whole = ReadWhole(event); !whole.ok()) return whole;
  if (icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY) != nullptr ||
      icalcomponent_get_first_property(event, ICAL_RDATE_PROPERTY) != nullptr) {
    return absl::InvalidArgumentError("the event recurs (RRULE or RDATE); write its dates as events of their own");
  }
  const icaltimetype start = icalcomponent_get_dtstart(event);
  if (icaltime_is_null_time(start)) return absl::InvalidArgumentError("the event has no DTSTART that is a date");
  const absl::StatusOr<Date> first = DateOf("DTSTART", start);
  if (!first.ok()) return first.status();
  const icaltimetype end = icalcomponent_get_dtend(event);  // from DURATION too
  if (icaltime_is_utc(start) || icaltime_is_utc(end)) {
    return absl::InvalidArgumentError("the event is given in UTC, so its local date is unknown; use VALUE=DATE");
  }
  if (icaltime_is_null_time(end)) return EventDates{*first, *first};
  const absl::StatusOr<Date> after = DateOf("DTEND", end);
  if (!after.ok()) return after.status();
  // DTEND is exclusive: a date stands for its midnight, and an event that ends at midnight does not touch that day.
  const bool at_midnight = end.is_date || (end.hour == 0 && end.minute == 0 && end.second == 0);
  const Date last = at_midnight ? *after - 1 : *after;
  if (*after < *first) return absl::InvalidArgumentError("the event ends before it begins");
  return EventDates{*first, std::max(*first, last)};
}

const IcsRule* RuleFor(const std::vector<IcsRule>& rules, const std::string& category, const Event& event) {
  for (const IcsRule& rule : rules) {
    if (!absl::EqualsIgnoreCase(rule.category, category)) continue;
    if (rule.summary.empty() || Lower(event.summary).find(Lower(rule.summary)) != std::string::npos) return &rule;
  }
  return nullptr;
}

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

class IcsReader {
 public:
  IcsReader(const std::string& file, const std::vector<IcsRule>& rules, const IcsSchoolYear& year)
      : file_(file), rules_(rules), asked_(year) {}

  absl::StatusOr<IcsCalendar> Read(const std::string& text) {
    const ComponentOwner root(icalparser_parse_string(text.c_str()));
    if (root == nullptr || !CollectEvents(root.get(), EventLines(text))) {
      return InvalidField(file_ + ":1", "this is not an iCalendar file (BEGIN:VCALENDAR … END:VCALENDAR)");
    }
    RequireRules();
    if (problems_.empty()) Interpret();
    if (problems_.empty()) FindYear();
    if (problems_.empty()) KeepExceptions();
    if (!problems_.empty()) return AsStatus(problems_);
    return std::move(result_);
  }

 private:
  struct Meant {
    const Event* event;
    const IcsRule* rule;
    EventDates dates;
  };

  void Refuse(int line, std::string reason) {
    problems_.push_back({absl::StatusCode::kInvalidArgument, file_ + ":" + std::to_string(line), std::move(reason)});
  }

  bool CollectEvents(icalcomponent* root, const std::vector<int>& lines) {
    const icalcomponent_kind kind = icalcomponent_isa(root);
    if (kind == ICAL_VCALENDAR_COMPONENT) {
      CollectFrom(root, lines);
      return true;
    }
    bool found = false;
    for (icalcomponent* calendar = icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT);
         calendar != nullptr; calendar = icalcomponent_get_next_component(root, ICAL_VCALENDAR_COMPONENT)) {
      CollectFrom(calendar, lines);
      found = true;
    }
    return found;
  }

  void CollectFrom(icalcomponent* calendar, const std::vector<int>& lines) {
    for (icalcomponent* event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); event != nullptr;
         event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
      const int line = seen_ < lines.size() ? lines[seen_] : 1;
      ++seen_;
      if (icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED) {
        ++result_.cancelled_count;
        continue;
      }
      const char* summary = icalcomponent_get_summary(event);
      events_.push_back({event, line, summary == nullptr ? "" : summary, CategoriesOf(event)});
    }
  }

  // Every category must have a rule that fits; all that have none are named at once.
  void RequireRules() {
    std::map<std::string, std::pair<const Event*, int>> unnamed;  // first event, count
    for (const Event& event : events_) {
      for (const std::string& category : event.categories) {
        if (RuleFor(rules_, category, event) != nullptr) continue;
        auto& [first, count] = unnamed.try_emplace(category, &event, 0).first->second;
        ++count;
      }
    }
    for (const auto& [category, found] : unnamed) {
      const auto& [event, count] = found;
      const std::string name = category.empty() ? "no category" : "category " + Quoted(category);
      Refuse(event->line, std::to_string(count) + (count == 1 ? " event" : " events") + " of " + name + " (" +
                              Quoted(event->summary) +
                              ") that no rule explains; add for example {category: " + Quoted(category) +
                              ", kind: HOLIDAY} or {category: " + Quoted(category) + ", ignore: true}");
    }
  }

  void Interpret() {
    for (const Event& event : events_) {
      for (const std::string& category : event.categories) {
        const IcsRule* rule = RuleFor(rules_, category, event);
        if (rule->meaning == IcsRule::Meaning::kIgnore) continue;
        const absl::StatusOr<EventDates> dates = DatesOf(event.component);
        if (!dates.ok()) {
          Refuse(event.line, Quoted(event.summary) + ": " + std::string(dates.status().message()));
        } else {
          meant_.push_back({&event, rule, *dates});
        }
      }
    }
  }

  bool InBounds(Date date) const {
    return (!asked_.start || *asked_.start <= date) && (!asked_.end || date < *asked_.end);
  }

  // The only event with this meaning inside the bounds that were given.
  const Meant* TheOnly(IcsRule::Meaning meaning, const std::string& name) {
    std::vector<const Meant*> found;
    for (const Meant& meant : meant_) {
      if (meant.rule->meaning == meaning && InBounds(meant.dates.first)) found.push_back(&meant);
    }
    if (found.size() == 1) return found[0];
    if (found.empty()) {
      Refuse(1, "no event is the " + name + " of school year " + asked_.id + ": add a rule {category: …, " +
                    (meaning == IcsRule::Meaning::kFirstDay ? "first_day" : "last_day") + ": true}, or mend its dates");
    } else {
      Refuse(found[1]->event->line,
             "a second " + name + " of school year " + asked_.id + " (the first is in line " +
                 std::to_string(found[0]->event->line) +
                 "); give the school year's start_date and end_date where the file holds several years");
    }
    return nullptr;
  }

  void FindYear() {
    const Meant* first = TheOnly(IcsRule::Meaning::kFirstDay, "first day");
    const Meant* last = TheOnly(IcsRule::Meaning::kLastDay, "last day");
    if (first == nullptr || last == nullptr) return;
    const Date first_day = first->dates.first;
    const Date last_day = last->dates.last;
    if (last_day < first_day)
      return Refuse(last->event->line, "the last day lies before the first (" + first_day.ToString() + ")");
    start_ =
        asked_.start.value_or(Date::FromYmd(first_day.month() >= 7 ? first_day.year() : first_day.year() - 1, 7, 1));
    end_ = asked_.end.value_or(Date::FromYmd(start_.year() + 1, start_.month(), std::min(start_.day(), 28)));
    result_.year.set_id(asked_.id);
    result_.year.set_start_date(start_.ToString());
    result_.year.set_end_date(end_.ToString());
    v1::Term* term = result_.year.add_terms();
    term->set_first_day(first_day.ToString());
    term->set_last_day(last_day.ToString());
    result_.year_line = first->event->line;
  }

  void KeepExceptions() {
    std::vector<const Meant*> kept;
    for (const Meant& meant : meant_) {
      const bool inside = meant.dates.first < end_ && start_ <= meant.dates.last;
      if (!inside) ++result_.outside_count;
      if (inside && meant.rule->meaning == IcsRule::Meaning::kException) kept.push_back(&meant);
    }
    std::stable_sort(kept.begin(), kept.end(),
                     [](const Meant* a, const Meant* b) { return a->dates.first < b->dates.first; });
    for (const Meant* meant : kept) {
      v1::CalendarException exception;
      exception.set_date(std::max(meant->dates.first, start_).ToString());
      const Date last = std::min(meant->dates.last, end_ - 1);
      if (last.ToString() != exception.date()) exception.set_last_date(last.ToString());
      exception.set_kind(meant->rule->kind);
      exception.set_label(meant->event->summary);
      result_.exceptions.push_back(std::move(exception));
      result_.exception_lines.push_back(meant->event->line);
    }
  }

  const std::string& file_;
  const std::vector<IcsRule>& rules_;
  const IcsSchoolYear& asked_;
  std::vector<Problem> problems_;
  std::vector<Event> events_;
  std::vector<Meant> meant_;
  size_t seen_ = 0;
  Date start_;
  Date end_;
  IcsCalendar result_;
};

}  // namespace

absl::StatusOr<IcsCalendar> ReadIcsCalendar(const std::string& text, const std::string& file,
                                            const std::vector<IcsRule>& rules, const IcsSchoolYear& year) {
  return IcsReader(file, rules, year).Read(text);
}

}  // namespace leadlag::cli
