#include "server/engine/source_why.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/problem.h"
#include "server/engine/alert_opening.h"
#include "server/engine/why_words.h"

namespace leadlag {
namespace {

// More are not counted: the writer waits meanwhile.
constexpr size_t kUnknownCounted = 10'000;

// Watches of which nobody can tell anything, the source among those that feed them; at most one more than are counted.
size_t UnknownWatches(const DistrictReader& reader, SourceNumber source) {
  size_t count = 0;
  for (TeamNumber team = 0; team < reader->interned().teams.size() && count <= kUnknownCounted; ++team) {
    if (!reader->catalog()->Feeds(source, team)) continue;
    std::vector<LinkedAction> actions;
    for (const Watches::Entry& entry : reader->watches().OfTeam(team)) {
      if (entry.record.watch.state != WatchState::kUnknown) continue;
      const auto read_actions = [&]() -> const std::vector<LinkedAction>& {
        const absl::StatusOr<std::vector<Inquiry>> inquiries = reader->InquiriesOf(team);  // verify tells of damaged ones
        actions = inquiries.ok() ? LinkedActionsOf(*inquiries, reader->interned().indicators) : std::vector<LinkedAction>();
        return actions;
      };
      const std::vector<SourceNumber> feeders = District::FeedersOf(*reader->catalog(), {team, entry.expectation}, read_actions);
      count += std::binary_search(feeders.begin(), feeders.end(), source) ? 1 : 0;
    }
  }
  return count;
}

class SourceExplanation {
 public:
  SourceExplanation(const DistrictReader& reader, const AlertAnswer& alert, const std::vector<TimelineFlip>& flips)
      : reader_(reader), alert_(alert), flips_(flips), source_(alert.record.expectation), world_(WorldOf(reader, alert.record)) {}

  absl::StatusOr<AlertWhy> Run() {
    why_.catalog_version = reader_->catalog_version();
    why_.terms = world_.terms;
    why_.terms.kind = AlertKind::kSourceSilent;
    if (world_.calendar == nullptr) why_.terms.every_days = 0;  // it is not expected any more
    if (world_.calendar != nullptr) {
      if (const SchoolYear* year = world_.calendar->YearOf(world_.zone->LocalDate(alert_.record.opened))) why_.school_year = year->id;
    }
    const absl::StatusOr<AlertOpening> opening = ReadAlertOpening(reader_, alert_.record, flips_, world_);
    if (!opening.ok()) return opening.status();
    const bool closed = alert_.record.closed.has_value();
    if (!closed) AddCount();
    Add(absl::StrCat(closed ? absl::StrCat("Source ", Quoted(alert_.source), ": ") : "",
                     absl::StrJoin(StageWords(alert_.record, *opening, flips_, *world_.zone), "; "), "."));
    if (const std::string delay = DelayWords(alert_.record, *opening, *world_.zone); !delay.empty()) Add(delay);
    if (!closed) {
      AddUnknown();
    } else if (const absl::Status status = AddIntervalThen(*opening); !status.ok()) {
      return status;
    }
    if (const std::string words = HandlingWords(alert_.record, world_); !words.empty()) Add(words);
    why_.remedy = closed ? "Nothing is left to do: it is closed."
                         : "A batch from the source would end it, an empty one too; what it feeds is judged again once its backlog has had "
                           "time to arrive.";
    return std::move(why_);
  }

 private:
  void Add(const std::string& sentence) { absl::StrAppend(&why_.text, why_.text.empty() ? "" : " ", sentence); }

  // Of a closed one: what was expected when it opened. Since when it was counted is not kept.
  absl::Status AddIntervalThen(const AlertOpening& opening) {
    if (!opening.kept) return absl::OkStatus();
    int every_days = world_.terms.every_days;
    if (opening.catalog_version != why_.catalog_version) {
      const absl::StatusOr<Catalog> then = ReadOpeningCatalog(reader_, opening);
      if (!then.ok()) return then.status();
      const auto found = std::find_if(then->sources.begin(), then->sources.end(), [&](const Source& s) { return s.id == alert_.source; });
      if (found == then->sources.end()) return absl::OkStatus();
      every_days = found->every_days;
    }
    Add(absl::StrCat("By catalog version ", opening.catalog_version, " it was expected once in ", Days(every_days, "instructional"), "."));
    return absl::OkStatus();
  }

  void AddCount() {
    const auto due = [this](const RuleSpan& span) { return reader_->SilenceDueOf(*reader_->catalog(), source_, span); };
    const auto no_signal = [](DateRange) { return std::optional<Date>(); };
    why_.dates = DatesOn(world_, {no_signal, due}, world_.zone->LocalDate(alert_.record.opened));
    if (!why_.dates || !why_.dates->due) return;
    const std::optional<Instant> heard = reader_->ObservationOf(source_).last_heard;
    const std::optional<Date> heard_on = heard ? std::optional(world_.zone->LocalDate(*heard)) : std::nullopt;
    Add(heard ? absl::StrCat("Source ", Quoted(alert_.source), " was last heard at ", LocalTime(*world_.zone, *heard), ".")
              : absl::StrCat("Source ", Quoted(alert_.source), " has never been heard."));
    const bool from_start = !heard_on || *heard_on < why_.dates->start;
    const Date from = from_start ? why_.dates->start : *heard_on;
    Skips skips = SkipsIn(*world_.calendar, from, *why_.dates->due);
    why_.counted_days = world_.calendar->Between(from, *why_.dates->due);
    const int deaf = why_.counted_days - world_.terms.every_days;
    Add(absl::StrCat("It is expected once in ", Days(world_.terms.every_days, "instructional"), "; counting ",
                     Days(why_.counted_days, "instructional"), " from ",
                     from_start ? absl::StrCat("the start, ", Day(from)) : Day(from), SkipWords(skips),
                     deaf > 0      ? absl::StrCat(", ", Days(deaf, "instructional"), " of them while the service was down,")
                     : from_start ? ","
                                  : "",
                     " gives the due date ", Day(*why_.dates->due), ". (Catalog version ", why_.catalog_version, ".)"));
    why_.other_skipped_days = skips.weekend_days + skips.other_days;
    why_.skipped = std::move(skips.named);
  }

  void AddUnknown() {
    const size_t unknown = UnknownWatches(reader_, source_);
    const bool many = unknown > kUnknownCounted;
    Add(unknown == 0   ? "No watch is UNKNOWN for it now."
        : unknown == 1 ? "One watch that silent sources alone feed is UNKNOWN meanwhile."
                       : absl::StrCat(many ? "More than " : "", many ? kUnknownCounted : unknown,
                                      " watches that silent sources alone feed are UNKNOWN meanwhile."));
  }

  const DistrictReader& reader_;
  const AlertAnswer& alert_;
  const std::vector<TimelineFlip>& flips_;
  const SourceNumber source_;
  const WatchWorld world_;
  AlertWhy why_;
};

}  // namespace

absl::StatusOr<AlertWhy> ExplainSourceAlert(const DistrictReader& reader, const AlertAnswer& alert,
                                            const std::vector<TimelineFlip>& flips) {
  return SourceExplanation(reader, alert, flips).Run();
}

}  // namespace leadlag
