// Applies one inquiry: stores it as what stands under its id, and what stood there before as a revision.
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/limits.h"
#include "server/engine/applying.h"
#include "server/engine/stored_inquiry.h"
#include "storage/keys.h"

namespace leadlag {

class InquiryApplier {
 public:
  InquiryApplier(District& district, District::Applying& applying) : d_(district), a_(applying) {}

  absl::StatusOr<Outcome> Apply(const RecordInquiryCommand& command) {
    Inquiry inquiry = command.inquiry;
    const std::optional<Inquiry> stored = Stored(inquiry.id);
    if (!a_.fatal.ok()) return a_.fatal;
    // Before anything is asked of it: a repetition whose first answer was lost is one, whatever has become of the catalog since.
    if (stored && stored->SameContent(inquiry)) return InquiryOutcome{*stored, RecordOutcomeKind::kSame};
    if (absl::Status status = Check(inquiry, stored, command.expected_revision); !status.ok()) return status;

    // What has happened to the watches of rules about actions before now happened by what stood before.
    const std::set<WatchId> watches = d_.WatchesOf(team_, AlertKind::kActionWithoutEvidence);
    for (const WatchId id : watches) d_.CatchUp(a_, id);
    inquiry.revision = stored ? stored->revision + 1 : 1;
    inquiry.recorded = a_.now;
    if (stored) a_.batch.Put(InquiryRevisionKey{d_.number_, team_, stored->revision, inquiry.id}.Encode(), EncodeInquiry(*stored));
    a_.batch.Put(InquiryKey{d_.number_, team_, inquiry.id}.Encode(), EncodeInquiry(inquiry));
    if (!stored) {
      ByteWriter team;
      team.PutVarint(team_);
      a_.batch.Put(InquiryIdKey{d_.number_, inquiry.id}.Encode(), std::move(team).Take());
      ++d_.inquiry_count_;
    }
    d_.ForgetActions(team_);
    for (const WatchId id : watches) {
      d_.Reconsider(a_, id, WatchCause::kChange, a_.now);
      d_.StoreWatch(a_, id);
    }
    return InquiryOutcome{std::move(inquiry), stored ? RecordOutcomeKind::kRevised : RecordOutcomeKind::kNew};
  }

 private:
  std::optional<Inquiry> Stored(const std::string& id) {
    return a_.Take(FindInquiry(a_.batch, d_.number_, id));
  }

  absl::Status Check(const Inquiry& inquiry, const std::optional<Inquiry>& stored, std::optional<uint32_t> expected) {
    const auto refuse = [](absl::StatusCode code, const char* field, std::string reason) {
      return AsStatus(Problem{code, field, std::move(reason)});
    };
    if (stored && stored->team != inquiry.team) {
      return refuse(absl::StatusCode::kAlreadyExists, "inquiry.name",
                    absl::StrCat("the id \"", inquiry.id, "\" is taken by an inquiry of team \"", stored->team, "\"; choose another id"));
    }
    const uint32_t revision = stored ? stored->revision : 0;
    if (expected.value_or(revision) != revision) {
      return refuse(absl::StatusCode::kFailedPrecondition, "expected_revision",
                    absl::StrCat(revision == 0 ? std::string("there is no such inquiry") : absl::StrCat("revision ", revision, " stands"),
                                 ", not revision ", *expected, "; look at it and record it again"));
    }
    std::vector<Problem> problems = Validate(inquiry, "inquiry");
    if (problems.empty()) problems = ValidateReferences(inquiry, d_.catalog_->catalog(), "inquiry");
    if (!problems.empty()) return AsStatus(problems);
    team_ = *d_.interned_.teams.Find(inquiry.team);
    if (revision >= kInquiryRevisionsMax) {
      return refuse(absl::StatusCode::kFailedPrecondition, "inquiry.name",
                    absl::StrCat("the inquiry has ", revision, " revisions, and ", kInquiryRevisionsMax, " are kept; begin a new one"));
    }
    if (!stored && CountOf(team_) >= kInquiriesOfTeamMax) {
      return refuse(absl::StatusCode::kFailedPrecondition, "inquiry.team",
                    absl::StrCat("the team has ", kInquiriesOfTeamMax, " inquiries, as many as are kept; go on with one of them"));
    }
    return absl::OkStatus();
  }

  size_t CountOf(TeamNumber team) {
    size_t count = 0;
    const absl::Status scanned =
        a_.batch.Scan(InquiriesRange(d_.number_, team), [&](std::string_view, std::string_view) { return ++count > 0; });
    if (!scanned.ok()) a_.Fail(scanned);
    return count;
  }

  District& d_;
  District::Applying& a_;
  TeamNumber team_ = 0;
};

absl::Status District::CountInquiries() {
  const auto count = [this](std::string_view, std::string_view) { return ++inquiry_count_ > 0; };
  return store_.ScanOnce(TableRange(number_, Table::kInquiryIds), count);
}

void District::ForgetActions(TeamNumber team) {
  const auto found = actions_.find(team);
  if (found == actions_.end()) return;
  actions_held_ -= SizeOf(found->second);
  actions_.erase(found);
}

absl::StatusOr<Outcome> District::RecordInquiry(Applying& a, const RecordInquiryCommand& command) {
  return InquiryApplier(*this, a).Apply(command);
}

}  // namespace leadlag
