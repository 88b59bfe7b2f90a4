// Inquiries against themselves: what stands, what it was before, and where ids lead.
#include <map>

#include "server/engine/stored_inquiry.h"
#include "server/engine/verify_parts.h"

namespace leadlag {
namespace {

class InquiryVerifier {
 public:
  InquiryVerifier(const DistrictReader& reader, Findings& findings) : reader_(reader), findings_(findings) {}

  void Run() {
    const uint32_t district = reader_->number();
    VisitTable<InquiryKey>(reader_, TableRange(district, Table::kInquiries), "inquiries", findings_, DecodeInquiry,
                           [&](const InquiryKey& key, const Inquiry& inquiry) { Current(key, inquiry); });
    // By team, then revision: each of an inquiry's comes after the one before it.
    VisitTable<InquiryRevisionKey>(reader_, TableRange(district, Table::kInquiryRevisions), "inquiry revisions", findings_,
                                   DecodeInquiry,
                                   [&](const InquiryRevisionKey& key, const Inquiry& revision) { Replaced(key, revision); });
    if (findings_.full()) return;
    if (seen_.size() != reader_->inquiry_count()) {
      findings_.Add(absl::StrCat(seen_.size(), " inquiries are stored, and ", reader_->inquiry_count(), " were counted"));
    }
    for (const auto& [id, seen] : seen_) {
      if (seen.revisions + 1 != seen.current) {
        findings_.Add(absl::StrCat("inquiry \"", id, "\" stands at revision ", seen.current, ", and ", seen.revisions,
                                   " before that are stored"));
      }
    }
    VisitTable<InquiryIdKey>(reader_, TableRange(district, Table::kInquiryIds), "inquiry ids", findings_, DecodeInquiryTeam,
                             [&](const InquiryIdKey& key, TeamNumber team) {
                               const auto seen = seen_.find(key.inquiry_id);
                               if (seen == seen_.end() || seen->second.team != team) {
                                 return findings_.Add(absl::StrCat("inquiry id \"", key.inquiry_id, "\" names no stored inquiry"));
                               }
                               seen_.erase(seen);
                             });
    if (findings_.full()) return;
    for (const auto& [id, seen] : seen_) findings_.Add(absl::StrCat("inquiry \"", id, "\" is not in the table of inquiry ids"));
  }

 private:
  struct Seen {
    TeamNumber team = 0;
    uint32_t current = 0;    // its revision
    uint32_t revisions = 0;  // stored of those before
    Instant recorded;        // of the current one
    Instant last;            // of the last of those before
  };

  void Current(const InquiryKey& key, const Inquiry& inquiry) {
    if (inquiry.id != key.inquiry_id || reader_->interned().teams.Find(inquiry.team) != key.team) {
      findings_.Add(absl::StrCat("inquiry \"", key.inquiry_id, "\" is stored under another name"));
    }
    if (inquiry.recorded > reader_->last_time()) {
      findings_.Add(absl::StrCat("inquiry \"", key.inquiry_id, "\" was recorded after the last command"));
    }
    if (!seen_.emplace(key.inquiry_id, Seen{key.team, inquiry.revision, 0, inquiry.recorded, Instant::Min()}).second) {
      findings_.Add(absl::StrCat("inquiry \"", key.inquiry_id, "\" is stored for two teams"));
    }
  }

  void Replaced(const InquiryRevisionKey& key, const Inquiry& revision) {
    const auto found = seen_.find(key.inquiry_id);
    if (found == seen_.end() || found->second.team != key.team) {
      return findings_.Add(absl::StrCat("revision ", key.revision, " of inquiry \"", key.inquiry_id, "\" belongs to no stored inquiry"));
    }
    Seen& seen = found->second;
    if (revision.id != key.inquiry_id || revision.revision != key.revision ||
        reader_->interned().teams.Find(revision.team) != key.team) {
      findings_.Add(absl::StrCat("revision ", key.revision, " of inquiry \"", key.inquiry_id, "\" is stored under another name"));
    }
    if (key.revision != ++seen.revisions || revision.recorded <= seen.last || revision.recorded >= seen.recorded) {
      findings_.Add(absl::StrCat("revision ", key.revision, " of inquiry \"", key.inquiry_id, "\" is out of order"));
    }
    seen.last = revision.recorded;
  }

  const DistrictReader& reader_;
  Findings& findings_;
  std::map<std::string, Seen> seen_;
};

}  // namespace

void VerifyInquiries(const DistrictReader& reader, Findings& findings) { InquiryVerifier(reader, findings).Run(); }

}  // namespace leadlag
