#include "core/inquiry.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/limits.h"

namespace leadlag {
namespace {

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class Problems {
 public:
  explicit Problems(std::string_view path) : prefix_(std::string(path) + ".") {}

  template <typename... Reason>
  void Add(absl::StatusCode code, const std::string& field, const Reason&... reason) {
    if (list_.size() < kMaxProblems) list_.push_back({code, prefix_ + field, absl::StrCat(reason...)});
  }
  template <typename... Reason>
  void Invalid(const std::string& field, const Reason&... reason) {
    Add(absl::StatusCode::kInvalidArgument, field, reason...);
  }

  void CheckId(const std::string& field, const std::string& id) {
    if (IsId(id)) return;
    Invalid(field, Quoted(id), " is not an id; give 1 to ", kMaxIdBytes, " of the characters a to z, 0 to 9 and \"-\"");
  }
  void CheckText(const std::string& field, const std::string& text, size_t max, const char* missing) {
    if (IsBlank(text)) return Invalid(field, "is required; ", missing);
    CheckSize(field, text, max);
  }
  void CheckSize(const std::string& field, const std::string& text, size_t max) {
    if (text.size() > max) Invalid(field, "has ", text.size(), " bytes; shorten it to at most ", max);
  }
  void CheckCount(const std::string& field, size_t count, size_t max) {
    if (count > max) Invalid(field, count, " entries are too many; give at most ", max);
  }

  std::vector<Problem> Take() && { return std::move(list_); }

 private:
  const std::string prefix_;
  std::vector<Problem> list_;
};

std::string At(const char* list, size_t index) { return absl::StrCat(list, "[", index, "]"); }

void CheckLinks(const Inquiry& inquiry, Problems& problems) {
  problems.CheckCount("links", inquiry.links.size(), kInquiryLinksMax);
  std::set<std::string_view> linked;
  for (size_t i = 0; i < inquiry.links.size(); ++i) {
    const InquiryLink& link = inquiry.links[i];
    problems.CheckId(At("links", i) + ".indicator", link.indicator);
    if (!linked.insert(link.indicator).second) {
      problems.Invalid(At("links", i) + ".indicator", Quoted(link.indicator), " is linked already; link an indicator once");
    }
    if (link.direction != ExpectedDirection::kIncrease && link.direction != ExpectedDirection::kDecrease) {
      problems.Invalid(At("links", i) + ".expected_direction", "is required; give INCREASE or DECREASE");
    }
    if (link.change && !(std::isfinite(*link.change) && *link.change > 0)) {
      problems.Invalid(At("links", i) + ".expected_change",
                       "is not a number above 0; give by how much it is to change, the direction says which way");
    }
  }
}

// As Date::Parse has it, for those that did not come as texts.
void CheckDate(const std::string& field, Date date, Problems& problems) {
  if (date >= Date::Min() && date < Date::Max()) return;
  problems.Invalid(field, date.ToString(), " is out of range; give a date from ", Date::Min().ToString(), " to ",
                   (Date::Max() - 1).ToString());
}

void CheckActions(const Inquiry& inquiry, Problems& problems) {
  problems.CheckCount("actions", inquiry.actions.size(), kInquiryActionsMax);
  std::set<std::string_view> ids;
  for (size_t i = 0; i < inquiry.actions.size(); ++i) {
    const InquiryAction& action = inquiry.actions[i];
    const std::string path = At("actions", i);
    problems.CheckId(path + ".id", action.id);
    if (!ids.insert(action.id).second) {
      problems.Invalid(path + ".id", Quoted(action.id), " is the id of an action before it; give each its own");
    }
    problems.CheckText(path + ".description", action.description, kInquiryActionBytesMax, "say what is done");
    CheckDate(path + ".start_date", action.start, problems);
    if (action.end) CheckDate(path + ".end_date", *action.end, problems);
    if (action.start < inquiry.start) {
      problems.Invalid(path + ".start_date", action.start.ToString(), " lies before the inquiry's start_date ", inquiry.start.ToString(),
                       "; start the inquiry with its first action");
    }
    if (action.end && *action.end <= action.start) {
      problems.Invalid(path + ".end_date", action.end->ToString(), " is not after start_date ", action.start.ToString(),
                       "; it is the first date on which the action is no longer taken");
    }
  }
}

}  // namespace

bool Inquiry::SameContent(const Inquiry& other) const {
  const auto content = [](const Inquiry& i) {
    return std::tie(i.id, i.team, i.theme, i.if_text, i.then_text, i.so_that_text, i.start, i.status, i.cycle_days, i.next_review,
                    i.district_priority, i.links, i.actions);
  };
  return content(*this) == content(other);
}

const std::vector<InquiryTheme>& DefaultInquiryThemes() {
  static const auto& themes = *new std::vector<InquiryTheme>{
      {"equity", "Equity"},
      {"engagement-and-belonging", "Engagement and belonging"},
      {"attendance", "Attendance"},
      {"multilingual-learners", "Multilingual learners"},
      {"tier-1-and-mtss", "Tier 1 and MTSS"},
      {"data-use", "Data use"},
      {"collaboration", "Collaboration"},
      {"alignment-and-coherence", "Alignment and coherence"},
      {"behavior-and-sel", "Behavior and SEL"},
      {"leadership-capacity", "Leadership capacity"},
  };
  return themes;
}

std::vector<ListedTheme> ListThemes(const Catalog& catalog) {
  std::vector<ListedTheme> listed;
  for (const InquiryTheme& theme : DefaultInquiryThemes()) listed.push_back({theme, false});
  for (const InquiryTheme& theme : catalog.inquiry_themes) listed.push_back({theme, true});
  std::sort(listed.begin(), listed.end(), [](const ListedTheme& a, const ListedTheme& b) {
    return std::tie(a.district_own, a.theme.id) < std::tie(b.district_own, b.theme.id);
  });
  return listed;
}

const InquiryTheme* FindInquiryTheme(const Catalog& catalog, std::string_view id) {
  for (const std::vector<InquiryTheme>* themes : {&DefaultInquiryThemes(), &catalog.inquiry_themes}) {
    for (const InquiryTheme& theme : *themes) {
      if (theme.id == id) return &theme;
    }
  }
  return nullptr;
}

std::vector<Problem> Validate(const Inquiry& inquiry, std::string_view path) {
  Problems problems(path);
  problems.CheckId("name", inquiry.id);
  problems.CheckId("team", inquiry.team);
  problems.CheckId("theme", inquiry.theme);
  problems.CheckText("if_text", inquiry.if_text, kInquiryTextBytesMax, "say what the team will do");
  problems.CheckText("then_text", inquiry.then_text, kInquiryTextBytesMax, "say what will change first");
  problems.CheckText("so_that_text", inquiry.so_that_text, kInquiryTextBytesMax, "say what will come of it for students");
  problems.CheckSize("district_priority", inquiry.district_priority, kMaxTextBytes);
  if (!inquiry.district_priority.empty() && IsBlank(inquiry.district_priority)) {
    problems.Invalid("district_priority", "is blank; name the priority, or leave it out");
  }
  if (inquiry.status < InquiryStatus::kPlanned || inquiry.status > InquiryStatus::kStopped) {
    problems.Invalid("status", "not a status; give PLANNED, ACTIVE, DONE or STOPPED");
  }
  if (inquiry.cycle_days < 0 || inquiry.cycle_days > kMaxExpectationDays) {
    problems.Invalid("cycle_days", inquiry.cycle_days, " is out of range; give 1 to ", kMaxExpectationDays,
                     " instructional days, or 0 to leave it open");
  }
  CheckDate("start_date", inquiry.start, problems);
  if (inquiry.next_review) CheckDate("next_review_date", *inquiry.next_review, problems);
  if (inquiry.next_review && *inquiry.next_review < inquiry.start) {
    problems.Invalid("next_review_date", inquiry.next_review->ToString(), " lies before start_date ", inquiry.start.ToString(),
                     "; give a date from there on");
  }
  CheckLinks(inquiry, problems);
  CheckActions(inquiry, problems);
  return std::move(problems).Take();
}

std::vector<Problem> ValidateReferences(const Inquiry& inquiry, const Catalog& catalog, std::string_view path) {
  constexpr absl::StatusCode kNotFound = absl::StatusCode::kNotFound;
  Problems problems(path);
  const auto has_id = [](std::string_view id) { return [id](const auto& entry) { return entry.id == id; }; };
  if (std::none_of(catalog.teams.begin(), catalog.teams.end(), has_id(inquiry.team))) {
    problems.Add(kNotFound, "team", "there is no team ", Quoted(inquiry.team), "; correct the id");
  }
  if (FindInquiryTheme(catalog, inquiry.theme) == nullptr) {
    std::string known;
    for (const InquiryTheme& theme : DefaultInquiryThemes()) absl::StrAppend(&known, known.empty() ? "" : ", ", theme.id);
    problems.Add(kNotFound, "theme", "there is no theme ", Quoted(inquiry.theme), "; give ", known,
                 ", or add it to the catalog's inquiry_themes");
  }
  for (size_t i = 0; i < inquiry.links.size(); ++i) {
    const std::string& id = inquiry.links[i].indicator;
    const std::string field = At("links", i) + ".indicator";
    const auto indicator = std::find_if(catalog.indicators.begin(), catalog.indicators.end(), has_id(id));
    if (indicator == catalog.indicators.end()) {
      problems.Add(kNotFound, field, "there is no indicator ", Quoted(id), "; correct the id");
    } else if (indicator->measure == Measure::kCompletion) {
      problems.Invalid(field, Quoted(id), " is a COMPLETION, which is no evidence; link one with measure NUMBER or PROPORTION");
    } else if (indicator->role == IndicatorRole::kBalancing) {
      problems.Invalid(field, Quoted(id), " is BALANCING; link leading and lagging indicators");
    }
  }
  return std::move(problems).Take();
}

}  // namespace leadlag
