#include "server/rpc/convert_evidence.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/catalog.h"
#include "core/limits.h"
#include "core/problem.h"
#include "server/rpc/convert.h"
#include "server/rpc/names.h"
#include "server/rpc/plain_text.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"

namespace leadlag {
namespace {

// What a clerk may read: an id is quoted in failures, so it must be short.
std::string ShownId(const std::string& evidence_id) { return Clip(evidence_id, kEvidenceIdBytesMax); }

absl::StatusOr<DateRange> PeriodFromProto(const v1::Period& proto) {
  const absl::StatusOr<Date> from = DateFromProto(proto.start_date(), "period.start_date");
  if (!from.ok()) return from.status();
  const absl::StatusOr<Date> to = DateFromProto(proto.end_date(), "period.end_date");
  if (!to.ok()) return to.status();
  if (*to <= *from) {
    return InvalidField("period.end_date", to->ToString() + " is not after start_date " + from->ToString() +
                                               "; it is the first date after the period");
  }
  return DateRange{*from, *to};
}

absl::Status ReadEvent(const v1::EvidenceRecord& record, bool required, EvidenceContent& content) {
  switch (record.event_case()) {
    case v1::EvidenceRecord::kEventDate: {
      const absl::StatusOr<Date> date = DateFromProto(record.event_date(), "event_date");
      if (!date.ok()) return date.status();
      content.event_date = *date;
      return absl::OkStatus();
    }
    case v1::EvidenceRecord::kEventTime: {
      const absl::StatusOr<Instant> time = InstantFromProto(record.event_time(), "event_time");
      if (!time.ok()) return time.status();
      content.event_time = *time;
      return absl::OkStatus();
    }
    case v1::EvidenceRecord::kPeriod: {
      const absl::StatusOr<DateRange> period = PeriodFromProto(record.period());
      if (!period.ok()) return period.status();
      content.period = *period;
      return absl::OkStatus();
    }
    case v1::EvidenceRecord::EVENT_NOT_SET: break;
  }
  if (!required) return absl::OkStatus();
  return InvalidField("event_date", "is required; say when it happened: event_date, event_time or period");
}

absl::Status CheckProportion(const v1::Proportion& proportion) {
  if (proportion.denominator() < 1) {
    return InvalidField("proportion.denominator",
                        absl::StrCat(proportion.denominator(), " is out of range; give n of k of n, at least 1"));
  }
  if (proportion.numerator() < 0 || proportion.numerator() > proportion.denominator()) {
    return InvalidField("proportion.numerator", absl::StrCat(proportion.numerator(), " is out of range; give 0 to ",
                                                             proportion.denominator(), ", the denominator"));
  }
  if (!proportion.has_survey()) return absl::OkStatus();
  if (proportion.survey().invited() < proportion.denominator()) {
    return InvalidField("proportion.survey.invited", absl::StrCat(proportion.survey().invited(), " is fewer than the ",
                                                                  proportion.denominator(), " who answered; give how many were asked"));
  }
  if (!proportion.survey().closed()) {
    return InvalidField("proportion.survey.closed", "is false: answers that still come in say nothing yet; send them once the survey has "
                                                    "closed, with true");
  }
  return absl::OkStatus();
}

absl::Status ReadValue(const v1::EvidenceRecord& record, EvidenceContent& content) {
  switch (record.content_case()) {
    case v1::EvidenceRecord::kNumber:
      if (!std::isfinite(record.number())) return InvalidField("number", "is not finite; give a number");
      content.value = record.number() + 0.0;  // -0 becomes 0: equal numbers are equal content
      return absl::OkStatus();
    case v1::EvidenceRecord::kProportion:
      if (absl::Status status = CheckProportion(record.proportion()); !status.ok()) return status;
      content.value = Proportion{record.proportion().numerator(), record.proportion().denominator()};
      if (!record.proportion().has_survey()) return absl::OkStatus();
      if (content.event_time) return InvalidField("event_time", "a survey is told by its date; give event_date, or a period");
      std::get<Proportion>(content.value).invited = record.proportion().survey().invited();
      return absl::OkStatus();
    case v1::EvidenceRecord::kCompleted:
      content.value = Completion{record.completed()};
      return absl::OkStatus();
    case v1::EvidenceRecord::kVoid:
      if (!record.void_()) return InvalidField("void", "is true or absent; to count again, send the record's content");
      content.value = Void{};
      return absl::OkStatus();
    case v1::EvidenceRecord::CONTENT_NOT_SET: break;
  }
  return InvalidField("number", "is required; give what was seen: number, proportion, completed or void");
}

}  // namespace

absl::StatusOr<EvidenceItem> EvidenceItemFromProto(const v1::EvidenceRecord& record) {
  EvidenceItem item;
  EvidenceContent& content = item.content;
  const bool required = record.content_case() != v1::EvidenceRecord::kVoid;
  if (absl::Status s = CheckEvidenceId(record.evidence_id(), "evidence_id"); !s.ok()) return s;
  if (absl::Status s = CheckReference(record.team(), required, "team"); !s.ok()) return s;
  if (absl::Status s = CheckReference(record.indicator(), required, "indicator"); !s.ok()) return s;
  if (absl::Status s = ReadEvent(record, required, content); !s.ok()) return s;
  if (absl::Status s = ReadValue(record, content); !s.ok()) return s;
  if (record.has_reported_time()) {
    const absl::StatusOr<Instant> reported = InstantFromProto(record.reported_time(), "reported_time");
    if (!reported.ok()) return reported.status();
    content.reported = *reported;
  }
  if (absl::Status s = CheckRemark(record.note(), kNoteBytesMax, "note"); !s.ok()) return s;
  if (record.has_source_version()) content.source_version = record.source_version();
  item.evidence_id = record.evidence_id();
  content.team = record.team();
  content.indicator = record.indicator();
  content.note = record.note();
  return item;
}

v1::EvidenceRecord ToProto(std::string_view evidence_id, const EvidenceContent& content, bool hidden) {
  v1::EvidenceRecord record;
  record.set_evidence_id(std::string(evidence_id));
  record.set_team(content.team);
  record.set_indicator(content.indicator);
  if (content.event_date) record.set_event_date(content.event_date->ToString());
  if (content.event_time) *record.mutable_event_time() = ToProto(*content.event_time);
  if (content.period) {
    record.mutable_period()->set_start_date(content.period->from.ToString());
    record.mutable_period()->set_end_date(content.period->to.ToString());
  }
  if (content.reported) *record.mutable_reported_time() = ToProto(*content.reported);
  if (content.source_version) record.set_source_version(*content.source_version);
  if (hidden) return record;
  if (const double* const number = std::get_if<double>(&content.value)) record.set_number(*number);
  if (const Proportion* const proportion = std::get_if<Proportion>(&content.value)) {
    record.mutable_proportion()->set_numerator(proportion->numerator);
    record.mutable_proportion()->set_denominator(proportion->denominator);
    if (proportion->invited) {
      record.mutable_proportion()->mutable_survey()->set_invited(*proportion->invited);
      record.mutable_proportion()->mutable_survey()->set_closed(true);
    }
  }
  if (const Completion* const completion = std::get_if<Completion>(&content.value)) record.set_completed(completion->done);
  if (std::holds_alternative<Void>(content.value)) record.set_void_(true);
  record.set_note(content.note);
  return record;
}

v1::EvidenceRevision ToProto(std::string_view evidence_id, const EvidenceRevision& revision, bool hidden) {
  v1::EvidenceRevision proto;
  proto.set_revision(static_cast<int32_t>(revision.revision));
  *proto.mutable_record() = ToProto(evidence_id, revision.content, hidden);
  proto.set_hidden(hidden);
  *proto.mutable_recorded_time() = ToProto(revision.recorded);
  if (!revision.voided()) proto.set_event_date(revision.event_date.ToString());
  proto.set_known_date(revision.known_date.ToString());
  return proto;
}

v1::Evidence ToProto(std::string_view district, const EvidenceAnswer& evidence) {
  v1::Evidence proto;
  proto.set_name(FormatEvidenceName(district, evidence.source, evidence.evidence_id));
  *proto.mutable_current() = ToProto(evidence.evidence_id, evidence.current, evidence.hidden);
  proto.set_voided(evidence.voided);
  proto.set_reviewed_date(ToProto(evidence.reviewed));
  proto.set_pending_calendar(evidence.pending_calendar);
  proto.set_revision_count(static_cast<int32_t>(evidence.revision_count));
  return proto;
}

// ---- A batch's answer -------------------------------------------------------------------------------------------------------------

std::vector<EvidenceItem> EvidenceBatchAnswer::Take(const Records& records, const std::vector<Repaired>& repaired) {
  size_ = static_cast<uint32_t>(records.size());
  std::vector<EvidenceItem> items;
  items.reserve(size_);
  id_ends_.reserve(size_);
  auto next_repaired = repaired.begin();
  for (uint32_t i = 0; i < size_; ++i) {
    const v1::EvidenceRecord& record = records[static_cast<int>(i)];
    ids_ += ShownId(record.evidence_id());
    id_ends_.push_back(static_cast<uint32_t>(ids_.size()));

    const bool was_repaired = next_repaired != repaired.end() && next_repaired->index == i;
    if (was_repaired) {
      failures_.push_back({i, {absl::StatusCode::kInvalidArgument, next_repaired->field, kNotUtf8}});
      while (next_repaired != repaired.end() && next_repaired->index == i) ++next_repaired;
      continue;
    }
    absl::StatusOr<EvidenceItem> item = EvidenceItemFromProto(record);
    if (item.ok()) {
      items.push_back(*std::move(item));
    } else {
      failures_.push_back({i, FirstProblemOf(item.status())});
    }
  }
  return items;
}

std::string_view EvidenceBatchAnswer::IdOf(uint32_t index) const {
  const uint32_t begin = index == 0 ? 0 : id_ends_[index - 1];
  return std::string_view(ids_).substr(begin, id_ends_[index] - begin);
}

v1::BatchResult EvidenceBatchAnswer::Result(const BatchOutcome& outcome, bool include_outcomes) const {
  // Positions in the batch of what was submitted: all but our own failures.
  std::vector<uint32_t> positions;
  positions.reserve(size_ - failures_.size());
  auto failure = failures_.begin();
  for (uint32_t i = 0; i < size_; ++i) {
    if (failure != failures_.end() && failure->index == i) {
      ++failure;
    } else {
      positions.push_back(i);
    }
  }
  std::vector<RecordFailure> failures = failures_;
  for (const RecordFailure& other : outcome.failures) failures.push_back({positions[other.index], other.problem});
  std::sort(failures.begin(), failures.end(), [](const auto& a, const auto& b) { return a.index < b.index; });

  v1::BatchResult result;
  result.set_new_count(static_cast<int32_t>(outcome.new_count));
  result.set_same_count(static_cast<int32_t>(outcome.same_count));
  result.set_revised_count(static_cast<int32_t>(outcome.revised_count));
  result.set_voided_count(static_cast<int32_t>(outcome.voided_count));
  result.set_pending_calendar_count(static_cast<int32_t>(outcome.pending_calendar_count));
  result.set_failed_count(static_cast<int32_t>(failures.size()));
  for (const RecordFailure& one : failures) {
    if (static_cast<size_t>(result.failures_size()) == kBatchFailuresMax) break;
    v1::RecordFailure& proto = *result.add_failures();
    proto.set_index(static_cast<int32_t>(one.index));
    proto.set_evidence_id(std::string(IdOf(one.index)));
    proto.set_code(std::string(CodeName(one.problem.code)));
    proto.set_field(one.problem.field);
    proto.set_reason(one.problem.reason);
  }
  if (failures.size() > kBatchFailuresMax) {
    result.set_truncated(true);
    std::string bitmap((size_ + 7) / 8, '\0');
    for (const RecordFailure& one : failures) bitmap[one.index / 8] |= static_cast<char>(1 << (one.index % 8));
    result.set_failed_bitmap(std::move(bitmap));
  }
  if (include_outcomes) {
    for (uint32_t i = 0; i < size_; ++i) result.add_outcomes()->set_kind(v1::RECORD_OUTCOME_KIND_FAILED);
    for (size_t i = 0; i < outcome.outcomes.size() && i < positions.size(); ++i) {
      v1::RecordOutcome& proto = *result.mutable_outcomes(static_cast<int>(positions[i]));
      proto.set_kind(static_cast<v1::RecordOutcomeKind>(outcome.outcomes[i].kind));
      proto.set_revision(static_cast<int32_t>(outcome.outcomes[i].revision));
    }
  }
  return result;
}

std::vector<EvidenceBatchAnswer::Repaired> TakeRecordPaths(std::string_view prefix, std::vector<std::string>& paths) {
  const std::string start = std::string(prefix) + "records[";
  std::vector<EvidenceBatchAnswer::Repaired> taken;
  std::vector<std::string> rest;
  for (std::string& path : paths) {
    const size_t close = path.find("].", start.size());
    if (path.rfind(start, 0) != 0 || close == std::string::npos) {
      rest.push_back(std::move(path));
      continue;
    }
    EvidenceBatchAnswer::Repaired repaired;
    std::from_chars(path.data() + start.size(), path.data() + close, repaired.index);
    repaired.field = path.substr(close + 2);
    taken.push_back(std::move(repaired));
  }
  paths = std::move(rest);
  return taken;
}

}  // namespace leadlag
