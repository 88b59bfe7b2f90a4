// Evidence: one dated record of one indicator for one team, its revisions, and the reviews that interpret it.
//
// Concepts: identity is (district, source, evidence_id). Content that equals any earlier revision changes nothing;
// other content is a new revision. With `source_version` the highest version is current whatever the order of arrival.
// Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/date.h"
#include "core/instant.h"

namespace leadlag {

struct Proportion {
  int64_t numerator = 0;    // k, 0 <= k <= n
  int64_t denominator = 0;  // n, >= 1
  std::optional<int64_t> invited{};  // of a survey: how many were asked, >= n; it has closed
  friend bool operator==(const Proportion&, const Proportion&) = default;
};
struct Completion {
  bool done = true;
  friend bool operator==(const Completion&, const Completion&) = default;
};
// "This record should not count." A revision like any other; later content makes the record count again.
struct Void {
  friend bool operator==(const Void&, const Void&) = default;
};
using EvidenceValue = std::variant<double, Proportion, Completion, Void>;
// Of a survey's result how many were asked.
inline std::optional<int64_t> InvitedOf(const EvidenceValue& value) {
  const auto* const proportion = std::get_if<Proportion>(&value);
  return proportion == nullptr ? std::nullopt : proportion->invited;
}

// What a source says of one record: everything that counts as content. For a Void, team, indicator and date may be left
// out.
struct EvidenceContent {
  std::string team;       // id
  std::string indicator;  // id
  // Exactly one of the three dates the event: a local date in the team's zone, an instant (which decides the date), or
  // a period.
  std::optional<Date> event_date;
  std::optional<Instant> event_time;
  std::optional<DateRange> period;  // [from, to): the event date is to - 1. For LAGGING indicators only.
  EvidenceValue value;
  std::optional<Instant> reported;         // when the source system took it in
  std::optional<uint64_t> source_version;  // not part of the equality of content
  std::string note;
  bool SameContent(const EvidenceContent& other) const;  // all but source_version
  friend bool operator==(const EvidenceContent&, const EvidenceContent&) = default;
};

// What the service adds to what a source says.
struct EvidenceDates {
  Instant recorded;
  Date recorded_date;  // of `recorded`, in the team's zone
  Date event_date;     // resolved; REQUIRES: not a Void without team
  Date known_date;     // of `reported` where given, else of `recorded`, in the team's zone
};

// One stored revision.
struct EvidenceRevision {
  uint32_t revision = 1;  // 1, 2, … in order of arrival
  EvidenceContent content;
  Instant recorded;
  Date recorded_date;  // of `recorded`, in the team's zone
  Date event_date;     // resolved; REQUIRES: not a Void without team
  Date known_date;     // of `reported` where given, else of `recorded`, in the team's zone
  EvidenceDates dates() const { return {recorded, recorded_date, event_date, known_date}; }
  bool voided() const { return std::holds_alternative<Void>(content.value); }
  friend bool operator==(const EvidenceRevision&, const EvidenceRevision&) = default;
};

// Stored and sent: never change a number, only add.
enum class ParticipantRole : uint8_t {
  kPrincipal = 1,
  kAssistantPrincipal,
  kTeacherLeader,
  kTeacher,
  kCoach,
  kSpecialist,
  kCounselor,
  kDistrictLeader,
  kStudent,
  kFamily,
  kOther
};
enum class Collaboration : uint8_t { kStorytellingAndScanning = 1, kAidAndAssistance, kSharing, kJointWork };
enum class ReviewVerdict : uint8_t { kContinue = 1, kAdjust, kStop, kSpread };

// What came of a practice. Four paths, by whether the outcome improved and whether the team understands why.
struct ReviewResult {
  bool outcome_improved = false;
  bool cause_understood = false;
  friend bool operator==(const ReviewResult&, const ReviewResult&) = default;
};
// What a team on that path asks next.
std::string_view NextQuestion(const ReviewResult& result);

// A dated meeting in which a team interpreted evidence and decided.
struct Review {
  std::string id;
  std::string team;  // id
  Date date;
  std::vector<std::string> indicators;  // ids; covers their records with event date <= date
  struct EvidenceRef {
    std::string source;
    std::string evidence_id;
    friend bool operator==(const EvidenceRef&, const EvidenceRef&) = default;
  };
  std::vector<EvidenceRef> evidence;            // covers these, whatever their indicator
  std::string decision;                         // in the team's words
  // How the meeting went, as far as it is said.
  struct Account {
    struct Participants {
      ParticipantRole role = ParticipantRole::kOther;
      int32_t count = 1;  // never who
      friend bool operator==(const Participants&, const Participants&) = default;
    };
    std::vector<Participants> participants;  // each role once
    std::optional<Collaboration> collaboration;
    std::optional<ReviewVerdict> verdict;
    std::string inquiry;  // id, of the team's own; empty: none
    std::optional<ReviewResult> result;
    friend bool operator==(const Account&, const Account&) = default;
  };
  Account account;
  Instant recorded;                             // when it was entered
  bool SameContent(const Review& other) const;  // all but `recorded`
  friend bool operator==(const Review&, const Review&) = default;
};

}  // namespace leadlag
