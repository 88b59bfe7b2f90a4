#include "tests/support/watch_story.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace leadlag {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::cerr << "watch_story: " << what << std::endl;
  std::abort();
}

ZoneRules Zone(std::string name, std::initializer_list<std::pair<std::string_view, int>> offsets) {
  ZoneRules zone;
  zone.name = std::move(name);
  for (const auto& [from, hours] : offsets) zone.offsets.push_back({*Instant::Parse(from), hours * 3600});
  return zone;
}

// Wall clock, to the second where there are seconds: "2025-09-17 07:00".
std::string WallClock(Instant instant, const ZoneRules& zone) {
  int seconds_east = zone.offsets.front().seconds_east;
  for (const ZoneRules::Offset& offset : zone.offsets) {
    if (offset.from <= instant) seconds_east = offset.seconds_east;
  }
  const int64_t micros = instant.micros + seconds_east * kMicrosPerSecond;
  const int64_t days = micros / kMicrosPerDay - (micros % kMicrosPerDay < 0 ? 1 : 0);
  const int64_t rest = micros - days * kMicrosPerDay;
  char text[32];
  std::snprintf(text, sizeof(text), " %02d:%02d", static_cast<int>(rest / kMicrosPerHour),
                static_cast<int>(rest % kMicrosPerHour / kMicrosPerMinute));
  std::string clock = Date(static_cast<int32_t>(days)).ToString() + text;
  if (rest % kMicrosPerMinute != 0) {
    std::snprintf(text, sizeof(text), ":%09.6f", static_cast<double>(rest % kMicrosPerMinute) / kMicrosPerSecond);
    clock += text;
  }
  return clock;
}

// A story told to core's machine.
class Life {
 public:
  Life(const WatchStory& story, Pace pace) : story_(story), pace_(pace), held_(HeldStretches(story)) {}

  CoreLife Live() {
    const std::vector<Happening>& happenings = story_.happenings;
    watch_ = NewWatch(happenings.front().at);
    now_ = happenings.front().at;
    Apply(happenings.front(), 1);
    for (size_t i = 1; i < happenings.size(); ++i) {
      PassUntil(happenings[i].at);
      Apply(happenings[i], i + 1);
    }
    PassUntil(story_.end);
    return std::move(life_);
  }

 private:
  static std::optional<Date> NoRule(const RuleSpan&) { return std::nullopt; }

  std::optional<Date> Latest(DateRange range) const {
    std::optional<Date> last;
    for (const auto& [id, date] : signals_) {
      if (range.Contains(date) && (!last || *last < date)) last = date;
    }
    return last;
  }

  WatchWorld World() const { return {calendar_.get(), &world_->zone, &world_->active, world_->terms}; }

  void Apply(const Happening& happening, size_t applied) {
    if (happening.world) {
      world_ = happening.world.get();
      calendar_ = world_->parts.empty() ? nullptr : CoreCalendar(world_->parts);
    }
    signals_ = NaiveSignals(story_.happenings, applied);
    if (!story_.silences.empty() && happening.world) {
      silences_.clear();
      const size_t world = std::min(worlds_++, story_.silences.size() - 1);
      for (const NaiveSilence& silence : story_.silences[world]) silences_.push_back({silence.since, silence.to});
    }
    const auto last_signal = [this](DateRange range) { return Latest(range); };
    Reconsider(World(), {last_signal, NoRule, silences_}, happening.at, happening.cause(), watch_, life_.flips);
  }

  // Time goes on to `until`, in which nothing but time happens: the service may go down, come up and settle.
  void PassUntil(Instant until) {
    std::vector<Instant> stops = {until};
    for (const Downtime& held : held_) stops.insert(stops.end(), {held.down_from, held.up_at});
    for (const Downtime& downtime : story_.downtimes) stops.push_back(downtime.up_at);
    if (pace_ == Pace::kHourly) {
      for (Instant tick{now_.micros + kMicrosPerHour}; tick < until; tick.micros += kMicrosPerHour) {
        if (!IsDown(tick)) stops.push_back(tick);
      }
    }
    std::sort(stops.begin(), stops.end());
    for (Instant stop : stops) {
      if (stop < now_ || until < stop) continue;
      if (stop == until || !IsDown(stop) || IsStartOfHold(stop)) AdvanceTo(stop);
      now_ = stop;
    }
  }

  bool IsDown(Instant t) const {
    return std::any_of(story_.downtimes.begin(), story_.downtimes.end(),
                       [&](const Downtime& d) { return d.down_from <= t && t < d.up_at; });
  }
  bool IsStartOfHold(Instant t) const {
    return std::any_of(held_.begin(), held_.end(), [&](const Downtime& held) { return held.down_from == t; });
  }
  // Whether what worsens waits, at t: after the service came up, before it has settled.
  bool Holds(Instant t) const {
    return std::any_of(held_.begin(), held_.end(),
                       [&](const Downtime& held) { return held.down_from < t && t < held.up_at; });
  }

  void Move(Instant until, bool hold) {
    const auto last_signal = [this](DateRange range) { return Latest(range); };
    const WatchFacts facts(last_signal, NoRule, silences_);
    const std::optional<Instant> next = Advance(World(), facts, until, hold, watch_, life_.flips);
    if (next != NextMoment(World(), facts, watch_)) Broke("at " + until.ToString() + " Advance names another moment than NextMoment");
  }

  void AdvanceTo(Instant until) {
    const bool hold = Holds(until);
    const auto last_signal = [this](DateRange range) { return Latest(range); };
    if (pace_ == Pace::kNextMoments) {
      while (const std::optional<Instant> moment = NextMoment(World(), {last_signal, NoRule, silences_}, watch_)) {
        if (*moment >= until) break;
        const size_t before = life_.flips.size();
        const std::optional<Date> due_before = watch_.due;
        Move(Instant{moment->micros + 1}, hold);
        // An earlier due date comes into force without a flip while ON_TRACK: that is worth a call too.
        if (life_.flips.size() == before && watch_.due == due_before) {
          if (!hold) Broke("NextMoment said " + moment->ToString() + ", and nothing flipped then");
          break;
        }
      }
      const size_t before = life_.flips.size();
      Move(until, hold);
      if (life_.flips.size() != before) Broke("a flip by " + until.ToString() + " that no NextMoment had announced");
      return;
    }
    Move(until, hold);
  }

  void Broke(std::string what) { life_.broken.push_back(std::move(what)); }

  const WatchStory& story_;
  const Pace pace_;
  const std::vector<Downtime> held_;
  const NaiveWorld* world_ = nullptr;
  std::shared_ptr<const Calendar> calendar_;
  std::map<std::string, Date> signals_;
  std::vector<SourceSilence> silences_;
  size_t worlds_ = 0;
  Watch watch_;
  Instant now_;
  CoreLife life_;
};

}  // namespace

Date D(std::string_view text) {
  const absl::StatusOr<Date> date = Date::Parse(text);
  if (!date.ok()) Die("not a date: " + std::string(text));
  return *date;
}

ZoneRules NewYork() {
  return Zone("America/New_York", {{"2023-11-05T06:00:00Z", -5},
                                   {"2024-03-10T07:00:00Z", -4},
                                   {"2024-11-03T06:00:00Z", -5},
                                   {"2025-03-09T07:00:00Z", -4},
                                   {"2025-11-02T06:00:00Z", -5},
                                   {"2026-03-08T07:00:00Z", -4},
                                   {"2026-11-01T06:00:00Z", -5},
                                   {"2027-03-14T07:00:00Z", -4},
                                   {"2027-11-07T06:00:00Z", -5}});
}
ZoneRules Honolulu() { return Zone("Pacific/Honolulu", {{"1970-01-01T00:00:00Z", -10}}); }
ZoneRules Utc() { return Zone("Etc/UTC", {{"1970-01-01T00:00:00Z", 0}}); }

CalendarSpec TwoYears() {
  CalendarSpec spec;
  spec.id = "two-years";
  spec.years = {{"2025-26", {D("2025-07-01"), D("2026-07-01")}, {{D("2025-09-08"), D("2026-06-12")}}},
                {"2026-27", {D("2026-07-01"), D("2027-07-01")}, {{D("2026-09-07"), D("2027-06-11")}}}};
  spec.exceptions = {{D("2025-11-27"), D("2025-11-28"), ExceptionKind::kHoliday, "Thanksgiving"},
                     {D("2025-12-22"), D("2026-01-02"), ExceptionKind::kBreak, "Winter break"}};
  return spec;
}

CalendarSpec FourWeeks() {
  CalendarSpec spec;
  spec.id = "four-weeks";
  spec.years = {{"2025-26", {D("2025-07-01"), D("2026-07-01")}, {{D("2025-09-08"), D("2025-10-03")}}},
                {"2026-27", {D("2026-07-01"), D("2027-07-01")}, {{D("2026-09-07"), D("2026-10-02")}}}};
  return spec;
}

CalendarSpec OneTerm(std::string_view first_day, std::string_view last_day) {
  const Date first = D(first_day);
  const int year = first.month() >= 7 ? first.year() : first.year() - 1;
  CalendarSpec spec;
  spec.id = "one-term";
  spec.years = {
      {std::to_string(year), {Date::FromYmd(year, 7, 1), Date::FromYmd(year + 1, 7, 1)}, {{first, D(last_day)}}}};
  return spec;
}

CalendarSpec With(CalendarSpec spec, ExceptionKind kind, std::string_view first, std::string_view last) {
  spec.exceptions.push_back({D(first), D(last.empty() ? first : last), kind, ""});
  return spec;
}

EvidenceChange NewRecord(std::string_view date) { return {EvidenceChange::Kind::kRecord, std::string(date), D(date)}; }
EvidenceChange VoidOf(std::string_view id) { return {EvidenceChange::Kind::kVoid, std::string(id), Date()}; }
EvidenceChange MoveOf(std::string_view id, std::string_view date) {
  return {EvidenceChange::Kind::kMove, std::string(id), D(date)};
}

Story::Story(std::string name) : name_(std::move(name)), birth_(std::make_shared<NaiveWorld>()) {
  birth_->parts = {{Date::Min(), TwoYears()}};
  birth_->zone = NewYork();
  birth_->active = {{D("2025-07-01"), std::nullopt}};
  birth_->terms = WatchTerms{5, 3, 2, MinuteOfDay{420}, D("2025-07-01")};
  story_.happenings.push_back({At("2025-07-15 12:00"), {}, birth_});
}

NaiveWorld& Story::Birth() {
  if (story_.happenings.size() != 1) Die(name_ + ": the first world comes before what happens");
  return *birth_;
}
Story& Story::Calendar(CalendarSpec spec) {
  Birth().parts = {{Date::Min(), std::move(spec)}};
  return *this;
}
Story& Story::Calendars(CalendarSpec spec, std::string_view then_from, CalendarSpec then) {
  Birth().parts = {{Date::Min(), std::move(spec)}, {D(then_from), std::move(then)}};
  return *this;
}
Story& Story::Zone(ZoneRules zone) {
  Birth().zone = std::move(zone);
  return *this;
}
Story& Story::Terms(int every_days, int grace_days, int allowance_days) {
  WatchTerms& terms = Birth().terms;
  terms.every_days = every_days;
  terms.grace_days = grace_days;
  terms.allowance_days = allowance_days;
  return *this;
}
Story& Story::Notify(std::string_view time) {
  Birth().terms.notify_time = *MinuteOfDay::Parse(time);
  return *this;
}
Story& Story::From(std::string_view date) {
  Birth().terms.from = D(date);
  return *this;
}
Story& Story::Active(std::string_view from, std::string_view to) {
  Birth().active.clear();
  return AndActive(from, to);
}
Story& Story::AndActive(std::string_view from, std::string_view to) {
  Birth().active.push_back({D(from), to.empty() ? std::nullopt : std::optional<Date>(D(to))});
  return *this;
}
Story& Story::Applied(std::string_view when) {
  Birth();
  story_.happenings.front().at = At(when);
  return *this;
}
Story& Story::Unwatched() {
  auto gone = std::make_shared<NaiveWorld>(Birth());
  gone->parts.clear();
  story_.happenings.front().world = gone;
  return *this;
}

Story& Story::Signal(std::string_view date) { return Record(std::string(date) + " 16:00", date); }
Story& Story::Record(std::string_view when, std::string_view date) { return Batch(when, {NewRecord(date)}); }
Story& Story::Void(std::string_view when, std::string_view id) { return Batch(when, {VoidOf(id)}); }
Story& Story::Move(std::string_view when, std::string_view id, std::string_view date) {
  return Batch(when, {MoveOf(id, date)});
}
Story& Story::Batch(std::string_view when, std::vector<EvidenceChange> changes) {
  return Happen({At(when), std::move(changes), nullptr});
}
Story& Story::Change(std::string_view when, const std::function<void(NaiveWorld&)>& change) {
  const NaiveWorld* before = nullptr;
  for (const Happening& happening : story_.happenings) {
    if (happening.world) before = happening.world.get();
  }
  auto world = std::make_shared<NaiveWorld>(*before);
  change(*world);
  return Happen({At(when), {}, world});
}
Story& Story::Recalendar(std::string_view when, CalendarSpec spec) {
  return Change(when, [&](NaiveWorld& world) { world.parts = {{Date::Min(), std::move(spec)}}; });
}
Story& Story::Retune(std::string_view when, int every_days, int grace_days, int allowance_days) {
  return Change(when, [&](NaiveWorld& world) {
    world.terms.every_days = every_days;
    world.terms.grace_days = grace_days;
    world.terms.allowance_days = allowance_days;
  });
}
Story& Story::Remove(std::string_view when) {
  return Change(when, [](NaiveWorld& world) { world.parts.clear(); });
}
Story& Story::Restore(std::string_view when, std::string_view from) {
  return Change(when, [&](NaiveWorld& world) {
    world.parts = birth_->parts;
    if (!from.empty()) world.terms.from = D(from);
  });
}
Story& Story::Happen(Happening happening) {
  if (happening.at < story_.happenings.back().at) Die(name_ + ": what happens is told in order");
  story_.happenings.push_back(std::move(happening));
  return *this;
}

Story& Story::Down(std::string_view from, std::string_view up) {
  story_.downtimes.push_back({At(from), At(up)});
  return *this;
}
Story& Story::Silent(std::string_view since, std::string_view to) {
  if (story_.silences.empty()) story_.silences.resize(1);
  const Instant from = At(since);
  story_.silences[0].push_back({from, to.empty() ? SourceSilence::kOpen : At(to), from});
  return *this;
}
Story& Story::Until(std::string_view end) {
  story_.end = At(end);
  return *this;
}
Story& Story::InUtc() {
  in_utc_ = true;
  return *this;
}
Story& Story::Flips(std::vector<std::string> expected) {
  expected_ = std::move(expected);
  return *this;
}

Instant Story::At(std::string_view when) const {
  if (when.find('T') != std::string_view::npos) return *Instant::Parse(when);
  const Date date = D(when.substr(0, 10));
  if (when.size() == 10) return birth_->zone.StartOf(date);
  return birth_->zone.At(date, *MinuteOfDay::Parse(when.substr(11)));
}

std::vector<std::string> Story::Describe(const std::vector<WatchFlip>& flips) const {
  std::vector<std::string> lines;
  WatchState state = WatchState::kPaused;
  for (const WatchFlip& flip : flips) {
    lines.push_back(leadlag::Describe(flip, in_utc_ ? Utc() : birth_->zone));
    if (flip.from != state) lines.back() += " (from " + std::string(ToString(flip.from)) + ")";
    state = flip.to;
  }
  return lines;
}

std::ostream& operator<<(std::ostream& out, const Story& story) { return out << story.name(); }

CoreLife LiveInCore(const WatchStory& story, Pace pace) { return Life(story, pace).Live(); }

std::string Describe(const WatchFlip& flip, const ZoneRules& zone) {
  return WallClock(flip.effective, zone) + " " + std::string(ToString(flip.to)) + " " +
         std::string(ToString(flip.reason)) + (flip.due ? " due " + flip.due->ToString() : "");
}

std::string Describe(const WatchStory& story) {
  std::ostringstream out;
  const ZoneRules* zone = nullptr;
  for (const Happening& happening : story.happenings) {
    if (happening.world) {
      const NaiveWorld& world = *happening.world;
      zone = &world.zone;
      out << WallClock(happening.at, *zone) << " world:";
      for (const ZoneRules::Offset& offset : world.zone.offsets) {
        out << " [" << offset.from.ToString() << " " << offset.seconds_east << " s]";
      }
      out << " E=" << world.terms.every_days << " G=" << world.terms.grace_days << " A=" << world.terms.allowance_days
          << " at " << world.terms.notify_time.ToString() << " from " << world.terms.from.ToString() << "\n";
      for (const ActivePeriod& period : world.active) {
        out << "    active [" << period.active_from.ToString() << ", "
            << (period.active_to ? period.active_to->ToString() : "…") << ")\n";
      }
      for (const NaiveCalendar::Part& part : world.parts) {
        out << "    calendar from " << part.from.ToString() << ", weekdays " << static_cast<int>(part.spec.weekdays)
            << "\n";
        for (const SchoolYearSpec& year : part.spec.years) {
          out << "      year [" << year.bounds.from.ToString() << ", " << year.bounds.to.ToString() << ")";
          for (const Term& term : year.terms)
            out << " " << term.first_day.ToString() << ".." << term.last_day.ToString();
          out << "\n";
        }
        for (const CalendarException& e : part.spec.exceptions) {
          out << "      exception " << e.date.ToString() << ".." << e.last_date.ToString() << " kind "
              << static_cast<int>(e.kind) << "\n";
        }
      }
    }
    if (!happening.evidence.empty()) {
      out << WallClock(happening.at, *zone)
          << (happening.cause() == WatchCause::kEvidence ? " evidence:" : " correction:");
      for (const EvidenceChange& change : happening.evidence) {
        out << " " << change.id
            << (change.kind == EvidenceChange::Kind::kVoid
                    ? " void"
                    : (change.kind == EvidenceChange::Kind::kMove ? " moved to " : " new ") + change.date.ToString());
      }
      out << "\n";
    }
  }
  for (const Downtime& downtime : story.downtimes) {
    out << "down " << WallClock(downtime.down_from, *zone) << " to " << WallClock(downtime.up_at, *zone)
        << ", settling " << story.settling_minutes << " min\n";
  }
  out << "until " << WallClock(story.end, *zone) << "\n";
  return out.str();
}

std::shared_ptr<const Calendar> CoreCalendar(const std::vector<NaiveCalendar::Part>& parts) {
  std::vector<Calendar::Part> compiled;
  for (const NaiveCalendar::Part& part : parts) {
    absl::StatusOr<Calendar> calendar = Calendar::Compile(part.spec);
    if (!calendar.ok()) Die("core refuses the calendar: " + std::string(calendar.status().message()));
    compiled.push_back({part.from, std::make_shared<const Calendar>(*std::move(calendar))});
  }
  if (compiled.size() == 1) return compiled.front().calendar;
  absl::StatusOr<Calendar> combined = Calendar::Combine(compiled);
  if (!combined.ok()) Die("core refuses the move: " + std::string(combined.status().message()));
  return std::make_shared<const Calendar>(*std::move(combined));
}

}  // namespace leadlag
