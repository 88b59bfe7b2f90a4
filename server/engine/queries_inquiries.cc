// Inquiries as stored. server/engine/queries.h.
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/engine/queries.h"
#include "server/engine/query_terms.h"
#include "server/engine/stored_inquiry.h"

namespace leadlag {
namespace {

bool Asked(const InquiryQuery& query, const Inquiry& inquiry) {
  if (query.without_priority && !inquiry.district_priority.empty()) return false;
  return query.theme.empty() || query.theme == inquiry.theme;
}

// The keys of those that are asked for and come after the cursor.
absl::StatusOr<KeyRange> RangeOf(const DistrictReader& reader, std::string_view team_id, std::string_view cursor) {
  KeyRange range = TableRange(reader->number(), Table::kInquiries);
  if (!team_id.empty()) {
    const std::optional<TeamNumber> team = reader->interned().teams.Find(team_id);
    if (!team || reader->catalog()->FindTeam(*team) == nullptr) return UnknownId("parent", "team", team_id);
    range = InquiriesRange(reader->number(), *team);
  }
  if (cursor.empty()) return range;
  const size_t slash = cursor.find('/');
  const std::optional<TeamNumber> team =
      slash == std::string_view::npos ? std::nullopt : reader->interned().teams.Find(cursor.substr(0, slash));
  if (!team) return InvalidField("page_token", "not a token of this list; begin again without one");
  range.begin = InquiryKey{reader->number(), *team, std::string(cursor.substr(slash + 1))}.Encode() + '\0';
  return range;
}

}  // namespace

std::string CursorAfter(const Inquiry& inquiry) { return inquiry.team + "/" + inquiry.id; }

absl::StatusOr<InquiryHistory> GetInquiry(const DistrictReader& reader, const std::string& id) {
  const absl::StatusOr<std::optional<TeamNumber>> team = TeamOfInquiry(reader->store(), reader->number(), id);
  if (!team.ok()) return team.status();
  if (!*team) {
    return AsStatus(Problem{absl::StatusCode::kNotFound, "name", absl::StrCat("there is no inquiry ", Quoted(id), "; correct the id")});
  }
  absl::StatusOr<Inquiry> current = ReadInquiry(reader->store(), InquiryKey{reader->number(), **team, id});
  if (!current.ok()) return current.status();
  InquiryHistory history;
  for (uint32_t revision = 1; revision < current->revision; ++revision) {
    absl::StatusOr<Inquiry> replaced = ReadInquiry(reader->store(), InquiryRevisionKey{reader->number(), **team, revision, id});
    if (!replaced.ok()) return replaced.status();
    history.revisions.push_back(*std::move(replaced));
  }
  history.revisions.push_back(*std::move(current));
  return history;
}

absl::StatusOr<InquiryPage> ListInquiries(const DistrictReader& reader, std::string_view team_id, const InquiryQuery& query,
                                          std::string_view cursor, size_t limit) {
  if (!query.theme.empty() && FindInquiryTheme(reader->catalog()->catalog(), query.theme) == nullptr) {
    return UnknownId("theme", "theme", query.theme);
  }
  const absl::StatusOr<KeyRange> range = RangeOf(reader, team_id, cursor);
  if (!range.ok()) return range.status();
  InquiryPage page;
  std::string last;  // cursor of the last that was looked at
  size_t looked_at = 0;
  absl::Status damage;
  const auto visit = [&](std::string_view, std::string_view value) {
    absl::StatusOr<Inquiry> inquiry = DecodeInquiry(value);
    damage = inquiry.status();
    if (!damage.ok()) return false;
    const bool asked = Asked(query, *inquiry);
    if (looked_at == kInquiriesPerPageRead || (asked && page.inquiries.size() == limit)) {
      page.next = last;
      return false;
    }
    ++looked_at;
    last = CursorAfter(*inquiry);
    if (asked) page.inquiries.push_back(*std::move(inquiry));
    return true;
  };
  const absl::Status scanned = reader->store().Scan(*range, visit);
  if (!scanned.ok()) return scanned;
  if (!damage.ok()) return damage;
  return page;
}

}  // namespace leadlag
