// What is heard from sources, when they are silent, and who is told of it. core/source_silence.h.
#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/limits.h"
#include "server/engine/applying.h"
#include "storage/keys.h"
#include "storage/record_codec.h"

namespace leadlag {
namespace {

constexpr uint8_t kSilencesFormat = 1;
constexpr std::string_view kSilencesName = "silences";
// For how long downtime is remembered: longer than a source of the school year's first day can be waited for.
constexpr int kDeafDaysKept = 800;

}  // namespace

std::vector<SourceNumber> District::FeedersOf(const DistrictCatalog& catalog, WatchId id,
                                              absl::FunctionRef<const std::vector<LinkedAction>&()> actions) {
  const AlertRule* const rule = catalog.FindRule(id.expectation);
  if (rule == nullptr || rule->kind() != AlertKind::kActionWithoutEvidence) return catalog.FeedersOf(id.team, id.expectation);
  return FeedersOfActions(catalog, id.team, id.expectation, actions());
}

std::vector<SourceSilence> District::SilencesOf(const DistrictCatalog& catalog, WatchId id,
                                                absl::FunctionRef<const std::vector<LinkedAction>&()> actions) const {
  if (!silences_noted_ || id.team == kNoTeam) return {};
  std::vector<std::span<const SourceSilence>> sources;
  for (const SourceNumber source : FeedersOf(catalog, id, actions)) sources.emplace_back(observations_[source].silences);
  return CommonSilences(sources);
}

std::optional<Date> District::SilenceDueOf(const DistrictCatalog& catalog, SourceNumber source, const RuleSpan& span) const {
  const std::optional<Instant> last = observations_[source].last_heard;
  const std::optional<Date> heard = last ? std::optional(catalog.district_zone().LocalDate(*last)) : std::nullopt;
  return SilenceDue(span, catalog.FindSource(source)->every_days, heard, deaf_);
}

void District::CatchUpSources(Applying& a) {
  const size_t work = a.work;  // a district has few sources: they are not counted among the watches
  for (const Watches::Entry& entry : watches_.OfTeam(kNoTeam)) {
    const WatchId id{kNoTeam, entry.expectation};
    if (entry.moment >= a.until) continue;
    const std::optional<Instant> settled = observations_[id.expectation].settling_until;
    if (settled && *settled < a.until) EndSilence(a, id.expectation, *settled);
    CatchUp(a, id);
    StoreWatch(a, id);
  }
  a.work = work;
}

void District::ReconsiderSources(Applying& a) {
  const size_t work = a.work;
  observations_.resize(interned_.sources.size());
  for (SourceNumber source = 0; source < observations_.size(); ++source) {
    const WatchId id{kNoTeam, source};
    CatchUp(a, id);
    StoreWatch(a, id);
    // Nobody waits for it any more: what it feeds is judged as if it were there.
    if (watches_.Find(id) == nullptr && IsSilent(source)) EndSilence(a, source, a.now);
  }
  spreads_.clear();  // the catalog's change comes by every watch
  PutSpreads(a);
  a.work = work;
}

bool District::IsSilent(SourceNumber source) const {
  const std::vector<SourceSilence>& silences = observations_[source].silences;
  return !silences.empty() && silences.back().to == SourceSilence::kOpen;
}

void District::Hear(Applying& a, SourceNumber source, std::optional<Date> complete_through, bool more) {
  SourceObservation& observation = observations_[source];
  const ZoneRules& zone = catalog_->district_zone();
  const Date today = zone.LocalDate(a.now);
  const bool first_today = !observation.last_heard || zone.LocalDate(*observation.last_heard) != today;
  observation.last_heard = a.now;
  if (!more && observation.complete_through < complete_through) {  // none is earlier than any date
    observation.complete_through = complete_through;
  }
  const WatchId id{kNoTeam, source};
  const WatchRecord* const record = watches_.Find(id);
  if (record != nullptr && (first_today || HasAlert(record->watch.state))) {
    Reconsider(a, id, WatchCause::kEvidence, a.now);
    StoreWatch(a, id);
  }
  if (IsSilent(source)) {
    // What it had kept back has time to arrive, the longer while it says that there is more, unless it says that all is there.
    const int64_t settling = catalog_->catalog().settings.settling_minutes * kMicrosPerMinute;
    const bool complete = complete_through && *complete_through >= today - 1;
    if (!more && (complete || settling == 0)) {
      EndSilence(a, source, a.now);
    } else if (settling > 0 && (!observation.settling_until || (complete_through && !complete))) {
      observation.settling_until = Instant{a.now.micros + settling};
    }
    if (record != nullptr) SetMoment(id, catalog_->World(kNoTeam, source), watches_.MomentOf(id));
  }
  PutObservation(a, source);
}

void District::NoteDeafness(Applying& a) {
  CatchUpSources(a);  // by what was known until now
  const std::vector<Date> dates = DeafDates(catalog_->district_zone(), last_time_, a.now, kDeafDaysKept);
  if (dates.empty()) return;
  std::erase_if(deaf_, [&](Date date) { return date + kDeafDaysKept < dates.back() || date >= dates.front(); });
  deaf_.insert(deaf_.end(), dates.begin(), dates.end());
  PutSpreads(a);
  for (const Watches::Entry& entry : watches_.OfTeam(kNoTeam)) {
    const WatchId id{kNoTeam, entry.expectation};
    Reconsider(a, id, WatchCause::kChange, a.now);
    StoreWatch(a, id);
  }
}

void District::NoteSilences(Applying& a, SourceNumber source, const std::vector<WatchFlip>& flips) {
  for (const WatchFlip& flip : flips) {
    SourceObservation& observation = observations_[source];
    const bool open = IsSilent(source);
    if (flip.to == WatchState::kRaised && flip.from != WatchState::kRaised) {
      if (open) continue;  // it has not been heard since the school year before
      observation.silences.push_back({flip.effective});
      silences_noted_ = true;
      spreads_.push_back({source, 0});
      PutSpreads(a);
      PutObservation(a, source);
      continue;
    }
    // What was heard ends it, in its time; the year's end does not, nor does a new one.
    const bool untrue = HasAlert(flip.from) && !HasAlert(flip.to) && flip.reason != FlipReason::kResolved &&
                        flip.reason != FlipReason::kYearEnded;
    if (open && untrue) EndSilence(a, source, flip.effective);
  }
}

void District::EndSilence(Applying& a, SourceNumber source, Instant at) {
  SourceObservation& observation = observations_[source];
  observation.silences.back().to = std::max(at, observation.silences.back().since);
  observation.settling_until.reset();
  spreads_.push_back({source, 0});
  PutSpreads(a);
  PutObservation(a, source);
}

void District::Spread(Applying& a, size_t watches_max) {
  constexpr size_t kPassedOver = 100;  // teams that are passed over cost as much as one watch
  size_t passed = 0;
  for (size_t done = 0; !spreads_.empty(); spreads_.erase(spreads_.begin())) {
    Telling& telling = spreads_.front();
    for (; telling.next_team < interned_.teams.size(); ++telling.next_team) {
      if (!catalog_->Feeds(telling.source, telling.next_team)) {
        if (++passed % kPassedOver == 0 && ++done >= watches_max) return PutSpreads(a);
        continue;
      }
      if (!CatchUpTeam(a, telling.next_team, watches_max, done)) return PutSpreads(a);
    }
  }
  PutSpreads(a);
  PutSilencesBehind(a);
}

void District::PutSilencesBehind(Applying& a) {
  if (recalculation_ || !spreads_.empty() || Holding(a.now)) return;  // a hold has stopped some watches before them
  for (SourceNumber source = 0; source < observations_.size(); ++source) {
    SourceObservation& observation = observations_[source];
    const auto open = std::find_if(observation.silences.begin(), observation.silences.end(),
                                   [](const SourceSilence& silence) { return silence.to == SourceSilence::kOpen; });
    if (open == observation.silences.begin()) continue;
    observation.lived.insert(observation.lived.end(), observation.silences.begin(), open);
    observation.silences.erase(observation.silences.begin(), open);
    if (observation.lived.size() > kSilencesKeptMax) {
      const auto kept = observation.lived.end() - static_cast<std::ptrdiff_t>(kSilencesKeptMax);
      observation.forgotten_through = (kept - 1)->to;
      observation.lived.erase(observation.lived.begin(), kept);
    }
    PutObservation(a, source);
  }
  silences_noted_ = AnySilence();
}

bool District::AnySilence() const {
  return std::any_of(observations_.begin(), observations_.end(),
                     [](const SourceObservation& observation) { return !observation.silences.empty(); });
}

void District::PutObservation(Applying& a, SourceNumber source) {
  a.batch.Put(SourceObservationKey{number_, source}.Encode(), EncodeSourceObservation(observations_[source]));
}

void District::PutSpreads(Applying& a) {
  const std::string key = MetaKey{number_, std::string(kSilencesName)}.Encode();
  if (spreads_.empty() && deaf_.empty()) return a.batch.Delete(key);
  ByteWriter out;
  out.PutU8(kSilencesFormat);
  out.PutVarint(deaf_.size());
  for (const Date date : deaf_) PutDate(out, date);
  out.PutVarint(spreads_.size());
  for (const Telling& telling : spreads_) {
    out.PutVarint(telling.source);
    out.PutVarint(telling.next_team);
  }
  a.batch.Put(key, std::move(out).Take());
}

absl::Status District::LoadSources() {
  constexpr size_t kEntrySizeMin = 2;
  observations_.resize(interned_.sources.size());
  absl::Status result;
  const absl::Status scanned =
      store_.ScanOnce(TableRange(number_, Table::kSourceObservations), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<SourceObservationKey> id = SourceObservationKey::Decode(key);
        absl::StatusOr<SourceObservation> observation = DecodeSourceObservation(value);
        result = !id.ok() ? id.status() : observation.status();
        if (!result.ok()) return false;
        if (id->source >= observations_.size()) observations_.resize(id->source + 1);  // verify tells of it
        observations_[id->source] = *std::move(observation);
        return true;
      });
  if (!scanned.ok()) return scanned;
  if (!result.ok()) return result;
  silences_noted_ = AnySilence();
  const absl::StatusOr<std::optional<std::string>> bytes = store_.Get(MetaKey{number_, std::string(kSilencesName)}.Encode());
  if (!bytes.ok()) return bytes.status();
  if (!*bytes) return absl::OkStatus();
  ByteReader in(**bytes);
  if (absl::Status status = ReadFormat(in, kSilencesFormat, "the district's silences"); !status.ok()) return status;
  deaf_.resize(in.GetCount());
  for (Date& date : deaf_) date = GetServiceDate(in);
  if (!std::is_sorted(deaf_.begin(), deaf_.end())) in.Fail();
  spreads_.resize(in.GetCount(kEntrySizeMin));
  for (Telling& telling : spreads_) {
    telling.source = GetU32(in);
    telling.next_team = GetU32(in);
    if (telling.source >= observations_.size()) in.Fail();
  }
  return in.Finish("the district's silences");
}

}  // namespace leadlag
