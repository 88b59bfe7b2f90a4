// An inquiry: a team's theory of action (If, Then, So that), the indicators by which it will be told early and late whether that holds, and
// the actions that it takes. DOMAIN.md, "Words".
//
// Concepts. An inquiry stays with its team. Each time it is told with other content that is a new revision; all are kept, with when they
// were recorded. What it is linked to is told by id: whether an indicator is leading or lagging, its catalog says. Plain values; the
// functions are pure. Thread safe while not changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog.h"
#include "core/date.h"
#include "core/instant.h"
#include "core/problem.h"

namespace leadlag {

// The numbers below are stored and sent: never change one, only add.
enum class InquiryStatus : uint8_t {
  kPlanned = 1,  // not begun
  kActive = 2,
  kDone = 3,     // carried through
  kStopped = 4,  // given up
};
enum class ExpectedDirection : uint8_t { kIncrease = 1, kDecrease = 2 };

struct InquiryLink {
  std::string indicator;  // id; once an inquiry
  ExpectedDirection direction = ExpectedDirection::kIncrease;
  std::optional<double> change;  // by how much, > 0, in the indicator's unit (of a proportion: percentage points); none: not said
  friend bool operator==(const InquiryLink&, const InquiryLink&) = default;
};

struct InquiryAction {
  std::string id;  // the inquiry's own
  std::string description;
  Date start;
  std::optional<Date> end;  // the first date on which it is no longer taken; none: it goes on
  friend bool operator==(const InquiryAction&, const InquiryAction&) = default;
};

struct Inquiry {
  std::string id;
  std::string team;   // id
  std::string theme;  // id of one of DefaultInquiryThemes, or of the catalog's own
  std::string if_text, then_text, so_that_text;
  Date start;
  InquiryStatus status = InquiryStatus::kActive;
  int32_t cycle_days = 0;            // instructional days of one cycle; 0: not said
  std::optional<Date> next_review;
  std::string district_priority;     // that it serves; empty: none
  std::vector<InquiryLink> links;
  std::vector<InquiryAction> actions;
  uint32_t revision = 0;             // 1, 2, … once stored
  Instant recorded;                  // when this revision was
  bool SameContent(const Inquiry& other) const;  // all but the last two
  friend bool operator==(const Inquiry&, const Inquiry&) = default;
};

// The themes that every district has: those of a statewide series for school leadership teams. A catalog may add its own.
const std::vector<InquiryTheme>& DefaultInquiryThemes();
// All themes that the catalog's inquiries may have: the defaults first, then its own, both by id.
struct ListedTheme {
  InquiryTheme theme;
  bool district_own = false;  // else every district has it
  friend bool operator==(const ListedTheme&, const ListedTheme&) = default;
};
std::vector<ListedTheme> ListThemes(const Catalog& catalog);
// Of the defaults or of the catalog's own; null where it is neither.
const InquiryTheme* FindInquiryTheme(const Catalog& catalog, std::string_view id);

// What is wrong with the inquiry by itself: ids, texts that are missing or too long, numbers, the order of dates, limits. Fields under
// `path` ("inquiry"), in the words of the public Inquiry message; at most kMaxProblems, empty when good. That texts are printable and name
// nobody is asked where they come in.
std::vector<Problem> Validate(const Inquiry& inquiry, std::string_view path);
// What is wrong with what it refers to. NOT_FOUND for a team, theme or indicator that the catalog does not have; INVALID_ARGUMENT for an
// indicator that can be no evidence of it, one with measure COMPLETION or a BALANCING one.
std::vector<Problem> ValidateReferences(const Inquiry& inquiry, const Catalog& catalog, std::string_view path);

}  // namespace leadlag
