#include "core/day_row.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/check.h"
#include "core/codec.h"
#include "core/instant.h"

namespace leadlag {
namespace {

// The buckets: 48 of an hour, then of 6 hours up to 14 days, then of a day up to 100 days, then one for all above.
constexpr int kSixHoursFrom = 48;
constexpr int kDaysFrom = 14 * 24;
constexpr int kLongFrom = 100 * 24;
constexpr int kSixHoursBucket = kSixHoursFrom;
constexpr int kDaysBucket = kSixHoursBucket + (kDaysFrom - kSixHoursFrom) / 6;
constexpr int kLongBucket = kDaysBucket + (kLongFrom - kDaysFrom) / 24;
static_assert(kLongBucket <= std::numeric_limits<uint8_t>::max());

// The encoding, format 1. Never change it: add a format.
//   U8 format, Varint number of entries, then the entries in order, each:
//     U8      flags; the top 3 bits: the days since the event before (the first: since Date::Min()), at most kEventFar
//     Varint  with kEventFar: those days - kEventFar
//     Signed  known - event
//     Signed  with kRecordedLater: recorded - known, not 0
//     Signed  with kReviewed: reviewed - known
//     Signed  with kCorrected: first event - event, and Signed: corrected on - known
//     U8      with kHours: the bucket
//     Varint  with kMany: count - 2
// So the usual entry, a record known and reviewed within weeks of a date near the one before, takes 2 to 5 bytes. A row
// has one encoding.
constexpr uint8_t kFormat = 1;
constexpr uint8_t kReviewed = 1 << 0;
constexpr uint8_t kCorrected = 1 << 1;
constexpr uint8_t kHours = 1 << 2;
constexpr uint8_t kMany = 1 << 3;
constexpr uint8_t kRecordedLater = 1 << 4;
constexpr int kEventShift = 5;
constexpr int kEventFar = 7;
constexpr size_t kEntrySizeMin = 2;  // flags, known

constexpr int kFirstRowMonth = 7;  // July

constexpr int kDateSpan = Date::Max() - Date::Min();

// What tells entries apart, and their order.
auto KeyOf(const DayEntry& e) { return std::tie(e.event, e.known, e.reviewed, e.correction, e.hours, e.recorded); }
bool Before(const DayEntry& a, const DayEntry& b) { return KeyOf(a) < KeyOf(b); }

uint8_t FlagsOf(const DayEntry& entry) {
  uint8_t flags = 0;
  if (entry.reviewed) flags |= kReviewed;
  if (entry.correction) flags |= kCorrected;
  if (entry.hours) flags |= kHours;
  if (entry.count > 1) flags |= kMany;
  if (entry.recorded != entry.known) flags |= kRecordedLater;
  return flags;
}

void PutEntry(const DayEntry& entry, Date previous, ByteWriter& writer) {
  const int step = entry.event - previous;
  const uint8_t flags = FlagsOf(entry);
  writer.PutU8(static_cast<uint8_t>(flags | std::min(step, kEventFar) << kEventShift));
  if (step >= kEventFar) writer.PutVarint(static_cast<uint64_t>(step - kEventFar));
  writer.PutSigned(entry.known - entry.event);
  if (flags & kRecordedLater) writer.PutSigned(entry.recorded - entry.known);
  if (entry.reviewed) writer.PutSigned(*entry.reviewed - entry.known);
  if (entry.correction) {
    writer.PutSigned(entry.correction->first_event - entry.event);
    writer.PutSigned(entry.correction->corrected_on - entry.known);
  }
  if (entry.hours) writer.PutU8(*entry.hours);
  if (flags & kMany) writer.PutVarint(entry.count - 2);
}

// Base + a stored difference; fails the reader where that is no date the service accepts.
Date GetDate(Date base, ByteReader& reader) {
  const Date date = base + static_cast<int>(reader.GetSigned(-kDateSpan, kDateSpan));
  if (date < Date::Min() || date >= Date::Max()) reader.Fail();
  return date;
}

// A wrong value fails the reader; the entry then means nothing.
DayEntry GetEntry(Date previous, ByteReader& reader) {
  const uint8_t flags = reader.GetU8();
  int step = flags >> kEventShift;
  if (step == kEventFar) step += static_cast<int>(reader.GetVarint(kDateSpan));
  DayEntry entry;
  entry.event = previous + step;
  if (entry.event >= Date::Max()) reader.Fail();
  entry.known = GetDate(entry.event, reader);
  entry.recorded = entry.known;
  if (flags & kRecordedLater) {
    entry.recorded = GetDate(entry.known, reader);
    if (entry.recorded == entry.known) reader.Fail();  // Encode would have left the flag out
  }
  if (flags & kReviewed) entry.reviewed = GetDate(entry.known, reader);
  if (flags & kCorrected) {
    const Date first_event = GetDate(entry.event, reader);
    entry.correction = DayEntry::Correction{first_event, GetDate(entry.known, reader)};
  }
  if (flags & kHours) entry.hours = reader.GetU8(kLongBucket);
  if (flags & kMany) {
    entry.count = static_cast<uint32_t>(reader.GetVarint(std::numeric_limits<uint32_t>::max() - 2) + 2);
  }
  return entry;
}

}  // namespace

int RowYear(Date event_date) { return event_date.year() + (event_date.month() >= kFirstRowMonth ? 1 : 0); }

DateRange RowYearDates(int row_year) {
  return {Date::FromYmd(row_year - 1, kFirstRowMonth, 1), Date::FromYmd(row_year, kFirstRowMonth, 1)};
}

int RowMonth(Date event_date) { return (event_date.month() + kRowMonths - kFirstRowMonth) % kRowMonths; }

DateRange RowMonthDates(int row_year, int month) {
  const int since_january = kFirstRowMonth - 1 + month;  // of the year before
  const Date from = Date::FromYmd(row_year - 1 + since_january / kRowMonths, since_january % kRowMonths + 1, 1);
  return {from, from.StartOfNextMonth()};
}

uint8_t HoursBucket(int64_t micros) {
  const int64_t hours = std::max<int64_t>(micros, 0) / kMicrosPerHour;
  if (hours < kSixHoursFrom) return static_cast<uint8_t>(hours);
  if (hours < kDaysFrom) return static_cast<uint8_t>(kSixHoursBucket + (hours - kSixHoursFrom) / 6);
  if (hours < kLongFrom) return static_cast<uint8_t>(kDaysBucket + (hours - kDaysFrom) / 24);
  return kLongBucket;
}

HoursSpan HoursOf(uint8_t bucket) {
  if (bucket < kSixHoursBucket) return {bucket, bucket + 1};
  if (bucket < kDaysBucket) {
    const int low = kSixHoursFrom + (bucket - kSixHoursBucket) * 6;
    return {low, low + 6};
  }
  if (bucket < kLongBucket) {
    const int low = kDaysFrom + (bucket - kDaysBucket) * 24;
    return {low, low + 24};
  }
  return {kLongFrom, std::numeric_limits<int32_t>::max()};
}

void DayRow::Add(const DayEntry& entry) {
  if (entry.count == 0) return;
  // Evidence mostly comes in order of date.
  if (entries_.empty() || Before(entries_.back(), entry)) {
    entries_.push_back(entry);
    return;
  }
  const auto place = std::lower_bound(entries_.begin(), entries_.end(), entry, Before);
  if (place != entries_.end() && KeyOf(*place) == KeyOf(entry)) {
    LEADLAG_CHECK(entry.count <= std::numeric_limits<uint32_t>::max() - place->count);
    place->count += entry.count;
  } else {
    entries_.insert(place, entry);
  }
}

bool DayRow::Remove(const DayEntry& entry) {
  if (entry.count == 0) return true;
  const auto place = std::lower_bound(entries_.begin(), entries_.end(), entry, Before);
  if (place == entries_.end() || KeyOf(*place) != KeyOf(entry) || place->count < entry.count) return false;
  place->count -= entry.count;
  if (place->count == 0) entries_.erase(place);
  return true;
}

DayRow DayRow::Part(DateRange range) const {
  const auto before = [](Date date) { return [date](const DayEntry& entry) { return entry.event < date; }; };
  DayRow part;
  const auto begin = std::partition_point(entries_.begin(), entries_.end(), before(range.from));
  part.entries_.assign(begin, std::partition_point(begin, entries_.end(), before(range.to)));
  return part;
}

bool DayRow::Append(const DayRow& later) {
  if (!empty() && !later.empty() && entries_.back().event >= later.entries_.front().event) return false;
  entries_.insert(entries_.end(), later.entries_.begin(), later.entries_.end());
  return true;
}

std::optional<Date> DayRow::LastEventIn(DateRange range) const {
  auto past = entries_.end();
  if (past != entries_.begin() && std::prev(past)->event >= range.to) {
    past = std::partition_point(entries_.begin(), entries_.end(), [&](const DayEntry& entry) { return entry.event < range.to; });
  }
  if (past == entries_.begin()) return std::nullopt;
  const Date last = std::prev(past)->event;
  return last >= range.from ? std::optional<Date>(last) : std::nullopt;
}

std::string DayRow::Encode() const {
  ByteWriter writer;
  writer.PutU8(kFormat);
  writer.PutVarint(entries_.size());
  Date previous = Date::Min();
  for (const DayEntry& entry : entries_) {
    PutEntry(entry, previous, writer);
    previous = entry.event;
  }
  return std::move(writer).Take();
}

absl::StatusOr<DayRow> DayRow::Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const int format = reader.GetU8();
  if (format > kFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat("the day row has format ", format, ", which is newer than this program (", kFormat, ")"));
  }
  if (format < kFormat) return absl::DataLossError("a day row without a format");

  const size_t size = reader.GetCount(kEntrySizeMin);
  DayRow row;
  row.entries_.reserve(size);
  for (size_t i = 0; i < size && reader.ok(); ++i) {
    const Date previous = i == 0 ? Date::Min() : row.entries_.back().event;
    const DayEntry entry = GetEntry(previous, reader);
    if (i > 0 && !Before(row.entries_.back(), entry)) reader.Fail();  // unordered, or not merged
    row.entries_.push_back(entry);
  }
  if (absl::Status status = reader.Finish("a day row"); !status.ok()) return status;
  return row;
}

bool operator==(const DayRow& a, const DayRow& b) {
  return std::equal(a.entries_.begin(), a.entries_.end(), b.entries_.begin(), b.entries_.end(),
                    [](const DayEntry& x, const DayEntry& y) { return KeyOf(x) == KeyOf(y) && x.count == y.count; });
}

}  // namespace leadlag
