#include "tests/support/random_world.h"

#include <algorithm>

namespace leadlag {
namespace {

constexpr int kDays = 200;

Date RandomDate(Random& random) { return kRandomStart + random.Between(-3, kDays + 3); }

void AddTermsAndExceptions(Random& random, CalendarSpec& spec) {
  static const std::vector<uint8_t> masks = {0b0011111, 0b0011111, 0b0011111, 0b0001111,
                                             0b1011110, 0b1111111, 0b0010101};
  spec.weekdays = random.Pick(masks);
  spec.exceptions.clear();
  for (SchoolYearSpec& year : spec.years) {
    year.terms.clear();
    const int days = year.bounds.to - year.bounds.from;
    Date first = year.bounds.from + random.Between(0, std::min(days / 4, 12));
    for (int term = random.Between(1, 3); term >= 1 && first < year.bounds.to; --term) {
      Date last =
          term == 1 ? year.bounds.to - 1 - random.Between(0, std::min(days / 5, 10)) : first + random.Between(3, 25);
      last = std::min(std::max(last, first), year.bounds.to - 1);
      year.terms.push_back({first, last});
      first = last + 1 + random.Between(0, 9);
    }
    for (int i = random.Between(0, 6); i > 0; --i) {
      const Date date = year.bounds.from + random.Between(0, days - 1);
      const Date last = std::min(date + (random.OneIn(3) ? random.Between(0, 13) : 0), year.bounds.to - 1);
      spec.exceptions.push_back({date, last, static_cast<ExceptionKind>(random.Between(1, 8)), ""});
      if (spec.exceptions.back().kind == ExceptionKind::kMakeUpDay) spec.exceptions.back().last_date = date;
    }
  }
  std::sort(spec.exceptions.begin(), spec.exceptions.end(), [](const CalendarException& a, const CalendarException& b) {
    return std::pair(a.date, a.last_date) < std::pair(b.date, b.last_date);
  });
}

// Builds a story event by event; `now` only grows.
class StoryMaker {
 public:
  explicit StoryMaker(Random& random) : random_(random) {}

  WatchStory Make() {
    world_ = std::make_shared<NaiveWorld>(RandomWorld(random_));
    now_ = Somewhen(kRandomStart + random_.Between(-2, 60));
    story_.settling_minutes = random_.Between(0, 20);
    story_.happenings.push_back({now_, {}, world_});
    const Instant last = Somewhen(kRandomStart + random_.Between(100, kDays + 5));
    while (now_ < last) {
      now_ = NextInstant();
      if (random_.OneIn(12)) {
        GoDown();
      } else if (random_.OneIn(9)) {
        story_.happenings.push_back({now_, {}, world_ = std::make_shared<NaiveWorld>(ChangedWorld())});
      } else {
        story_.happenings.push_back({now_, RandomBatch(), nullptr});
      }
    }
    story_.end =
        Instant{now_.micros + kMicrosPerDay * random_.Between(1, 60) + story_.settling_minutes * kMicrosPerMinute};
    if (random_.OneIn(2)) AddSilences();
    return std::move(story_);
  }

 private:
  // Of all its sources, whatever the world; none begins while a worsening would wait, for then it would itself.
  void AddSilences() {
    const std::vector<Downtime> held = HeldStretches(story_);
    story_.silences.emplace_back();
    for (Instant t = story_.happenings.front().at; story_.silences[0].size() < 8;) {
      t.micros += random_.Between(0, 40) * kMicrosPerDay + random_.Between(1, 1439) * kMicrosPerMinute;
      if (t >= story_.end) return;
      const Instant notify = world_->zone.At(world_->zone.LocalDate(t), world_->terms.notify_time);
      const Instant since = random_.OneIn(2) && notify > t ? notify : t;
      Instant to{since.micros + (random_.OneIn(3) ? random_.Between(1, 300) * kMicrosPerMinute
                                                  : random_.Between(1, 30) * kMicrosPerDay + random_.Between(0, 1439) * kMicrosPerMinute)};
      if (random_.OneIn(10)) to = SourceSilence::kOpen;
      const bool waits = std::any_of(held.begin(), held.end(),
                                     [since](const Downtime& stretch) { return stretch.down_from <= since && since < stretch.up_at; });
      if (!waits) story_.silences[0].push_back({since, to, since});
      if (to == SourceSilence::kOpen) return;
      t = to;
    }
  }

  Instant Somewhen(Date date) {
    return Instant{world_->zone.StartOf(date).micros + random_.Between(0, 1439) * kMicrosPerMinute};
  }

  // Minutes, hours, days or weeks on; now and then exactly a notify time or a midnight, or the same instant again.
  Instant NextInstant() {
    Instant next = now_;
    switch (random_.Between(0, 5)) {
      case 0:
        next.micros += random_.Between(0, 30) * kMicrosPerMinute;
        break;
      case 1:
        next.micros += random_.Between(1, 20) * kMicrosPerHour;
        break;
      case 2:
        next.micros += random_.Between(1, 20) * kMicrosPerDay + random_.Between(0, 1439) * kMicrosPerMinute;
        break;
      case 3:
        next = world_->zone.At(world_->zone.LocalDate(now_) + random_.Between(0, 3), world_->terms.notify_time);
        break;
      case 4:
        next = world_->zone.StartOf(world_->zone.LocalDate(now_) + random_.Between(1, 3));
        break;
      default:
        next.micros += random_.Between(1, 4) * kMicrosPerDay;
        break;
    }
    return std::max(next, now_);
  }

  void GoDown() {
    if (now_ <= story_.happenings.back().at) now_.micros = story_.happenings.back().at.micros + kMicrosPerMinute;
    Downtime downtime{now_, now_};
    downtime.up_at.micros +=
        random_.OneIn(3) ? random_.Between(1, 30) * kMicrosPerDay : random_.Between(1, 3000) * kMicrosPerMinute;
    story_.downtimes.push_back(downtime);
    now_ = downtime.up_at;
    // Something often arrives while it settles.
    for (int i = random_.Between(0, 2); i > 0; --i) {
      now_.micros += random_.Between(0, story_.settling_minutes) * kMicrosPerMinute / 2 + 1;
      story_.happenings.push_back({now_, RandomBatch(), nullptr});
    }
  }

  std::vector<EvidenceChange> RandomBatch() {
    std::vector<EvidenceChange> batch;
    for (int i = random_.OneIn(3) ? random_.Between(2, 4) : 1; i > 0; --i) {
      const Date today = world_->zone.LocalDate(now_);
      const Date date = random_.OneIn(3) ? today - random_.Between(0, 60) : today - random_.Between(-1, 6);
      if (ids_ == 0 || !random_.OneIn(3)) {
        batch.push_back({EvidenceChange::Kind::kRecord, "r" + std::to_string(++ids_), date});
      } else {
        const std::string id = "r" + std::to_string(std::max(1, random_.OneIn(3) ? random_.Between(1, ids_)
                                                                                 : ids_ - random_.Between(0, 1)));
        batch.push_back(random_.OneIn(2) ? EvidenceChange{EvidenceChange::Kind::kVoid, id, Date()}
                                         : EvidenceChange{EvidenceChange::Kind::kMove, id, date});
      }
    }
    return batch;
  }

  NaiveWorld ChangedWorld() {
    NaiveWorld world = *world_;
    switch (random_.Between(0, 6)) {
      case 0:
        world.terms = RandomTerms(random_);
        break;
      case 1:
        world.terms.every_days = std::max(1, world.terms.every_days + random_.Between(-2, 2));
        break;
      case 2:
        world.active = RandomActivity(random_);
        break;
      case 3:
        world.zone = RandomZone(random_);
        break;
      case 4:
        if (world.parts.empty()) {
          world.parts = RandomParts(random_);
        } else {
          world.parts.clear();
        }
        break;
      case 5:
        world.parts = RandomParts(random_);
        break;
      default:  // a small change of the calendar: what a district does on a snow day
        if (!world.parts.empty()) {
          const Date date = world.zone.LocalDate(now_) + random_.Between(-10, 10);
          for (NaiveCalendar::Part& part : world.parts) {
            const auto holds = [&](const SchoolYearSpec& year) { return year.bounds.Contains(date); };
            if (std::none_of(part.spec.years.begin(), part.spec.years.end(), holds)) continue;
            part.spec.exceptions.push_back(
                {date, date, random_.OneIn(2) ? ExceptionKind::kWeatherDay : ExceptionKind::kMakeUpDay, ""});
            std::stable_sort(part.spec.exceptions.begin(), part.spec.exceptions.end(),
                             [](const CalendarException& a, const CalendarException& b) { return a.date < b.date; });
          }
        }
    }
    return world;
  }

  Random& random_;
  WatchStory story_;
  std::shared_ptr<const NaiveWorld> world_;
  Instant now_;
  int ids_ = 0;
};

}  // namespace

CalendarSpec RandomCalendar(Random& random) {
  CalendarSpec spec;
  spec.id = "random";
  Date from = kRandomStart;
  for (int year = random.Between(2, 3); year > 0; --year) {
    const Date to = from + random.Between(35, 65);
    spec.years.push_back({std::to_string(spec.years.size() + 1), {from, to}, {}});
    from = to + (random.OneIn(3) ? random.Between(1, 9) : 0);
  }
  AddTermsAndExceptions(random, spec);
  return spec;
}

CalendarSpec RandomSibling(Random& random, const CalendarSpec& like) {
  CalendarSpec spec = like;
  AddTermsAndExceptions(random, spec);
  return spec;
}

std::vector<NaiveCalendar::Part> RandomParts(Random& random) {
  std::vector<NaiveCalendar::Part> parts = {{Date::Min(), RandomCalendar(random)}};
  while (parts.size() < 3 && random.OneIn(3)) {
    const Date from = std::max(parts.back().from, kRandomStart) + random.Between(1, 80);
    parts.push_back({from, RandomSibling(random, parts.front().spec)});
  }
  return parts;
}

ZoneRules RandomZone(Random& random) {
  ZoneRules zone{"Test/Random", {{Instant::Min(), random.Between(-44, 52) * 900}}};
  Date date = kRandomStart + random.Between(-20, 40);
  for (int i = random.Between(0, 4); i > 0; --i) {
    static const std::vector<int> steps = {3600, 3600, 3600, 1800, 7200};
    const int step = random.Pick(steps) * (i % 2 == 0 ? 1 : -1);
    // Clocks do not go back over a midnight: what "today" is while a date is lived again DOMAIN.md does not say.
    const int first_hour = step < 0 ? (-step + 3599) / 3600 : 0;
    const int local_hour = std::max(first_hour, random.OneIn(2) ? random.Between(1, 3) : random.Between(0, 23));
    const int before = zone.offsets.back().seconds_east;
    zone.offsets.push_back(
        {Instant::FromSeconds(int64_t{date.days()} * 86400 + local_hour * 3600 - before), before + step});
    date = date + random.Between(10, 90);
  }
  return zone;
}

std::vector<ActivePeriod> RandomActivity(Random& random) {
  std::vector<ActivePeriod> active = {{random.OneIn(2) ? kRandomStart - 10 : RandomDate(random), std::nullopt}};
  while (active.size() < 3 && random.OneIn(3)) {
    active.back().active_to = active.back().active_from + random.Between(1, 70);
    active.push_back({*active.back().active_to + random.Between(1, 30), std::nullopt});
  }
  if (random.OneIn(4)) active.back().active_to = active.back().active_from + random.Between(1, 120);
  return active;
}

WatchTerms RandomTerms(Random& random) {
  static const std::vector<int> minutes = {420, 420, 420, 0, 1, 90, 150, 1439};
  return {random.Between(1, 8), random.Between(0, 5), random.Between(0, 5), MinuteOfDay{random.Pick(minutes)},
          random.OneIn(3) ? RandomDate(random) : kRandomStart};
}

NaiveWorld RandomWorld(Random& random) {
  return {RandomParts(random), RandomZone(random), RandomActivity(random), RandomTerms(random)};
}

WatchStory RandomStory(Random& random) { return StoryMaker(random).Make(); }

}  // namespace leadlag
