#include "client/cli/evidence_flow.h"

#include <algorithm>
#include <iterator>

#include "client/cli/seeded_random.h"
#include "core/check.h"

namespace leadlag::cli {
namespace {

constexpr int kVocabulary = 20'000;
constexpr size_t kNoteBytes = 40;
constexpr int kLateSchoolDaysMax = 10;
constexpr int kNumbers = 40;  // 0 to 39: what a visitor may have counted

void AppendHex(uint64_t bits, int digits, std::string& text) {
  for (int i = 0; i < digits; ++i, bits >>= 4) text += "0123456789abcdef"[bits & 15];
}

}  // namespace

EvidenceFlow::EvidenceFlow(const SimulationOptions& options) : options_(options), catalog_(options) {
  LEADLAG_CHECK(options_.even_flow());
  std::copy_if(catalog_.school_days().begin(), catalog_.school_days().end(), std::back_inserter(days_),
               [this](Date day) { return day < catalog_.evidence_dates().to; });
  SeededRandom random(options_.seed);
  for (int i = 0; i < kVocabulary; ++i) {
    std::string& word = words_.emplace_back();
    for (int letters = 3 + random.Below(8); letters > 0; --letters) word += static_cast<char>('a' + random.Below(26));
  }
}

void EvidenceFlow::Fill(int64_t index, v1::EvidenceRecord& record) const {
  // Odd, the factor of `index` gives each its own state.
  SeededRandom random(options_.seed * 0x100000001B3 + static_cast<uint64_t>(index) * 0xD6E8FEB86659FD93);
  std::string& id = *record.mutable_evidence_id();
  id.clear();
  AppendHex(random.Next(), 12, id);
  AppendHex(random.Next(), 12, id);
  record.set_team(catalog_.TeamId(random.Below(options_.teams)));
  record.set_indicator(catalog_.IndicatorId(random.Below(options_.indicators)));

  // The flow as a line of days, `size` records long: whole days, and how far into the last one, by which the hour in
  // which it was sent is divided.
  const int64_t place = index * static_cast<int64_t>(days_.size());
  const auto sent_day = static_cast<int>(place / size());
  const int64_t second = place % size() * 3'600 / size();
  const bool late = random.Chance(options_.late_share);
  const int late_days = late ? std::min(sent_day, 1 + random.Below(kLateSchoolDaysMax)) : 0;
  record.set_event_date(days_[static_cast<size_t>(sent_day - late_days)].ToString());
  SetReported(days_[static_cast<size_t>(sent_day)], static_cast<int>(second), record);
  record.set_number(random.Below(kNumbers));

  std::string& note = *record.mutable_note();
  note.clear();
  while (note.size() < kNoteBytes) note += words_[static_cast<size_t>(random.Below(kVocabulary))] + " ";
  note.resize(kNoteBytes);
  if (note.back() == ' ') note.back() = '.';
}

}  // namespace leadlag::cli
