#include "tests/integration/busy_district.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "core/clock.h"

namespace leadlag {
namespace {

constexpr int kBatchRecordsMaxHere = 24;
constexpr size_t kBatchesOnTheWay = 4;
constexpr int kRevisionsChecked = 12;  // records whose whole history is compared at each Settle
constexpr int kUnlimited = 1'000'000'000;

// Bytes of a record as they are compared; deterministic, since it holds no map.
std::string Bytes(const google::protobuf::Message& message) { return message.SerializeAsString(); }

std::string Wrong(const std::string& what, const grpc::Status& status) { return what + ": " + Text(status); }

}  // namespace

std::string BusyTeam(int number) { return absl::StrFormat("t-%03d", number); }

Date TodayInUtc() { return Date(static_cast<int32_t>(SystemClock().Now().micros / kMicrosPerDay)); }

v1::Catalog BusyCatalog(int variant, int teams, Date today) {
  v1::Catalog catalog;
  catalog.set_district("busy");
  catalog.set_time_zone("UTC");
  catalog.set_default_calendar("every-day");
  v1::Calendar& calendar = *catalog.add_calendars();
  calendar.set_id("every-day");
  for (int day = v1::WEEKDAY_MONDAY; day <= v1::WEEKDAY_SUNDAY; ++day)
    calendar.add_weekdays(static_cast<v1::Weekday>(day));
  v1::SchoolYear& year = *calendar.add_years();
  year.set_id("this-year");
  year.set_start_date((today - 200).ToString());
  year.set_end_date((today + 150).ToString());
  v1::Term& term = *year.add_terms();
  term.set_first_day((today - 200).ToString());
  term.set_last_day((today + 149).ToString());
  // A closure that comes and goes moves due dates.
  if (variant % 3 == 2) {
    v1::CalendarException& closure = *calendar.add_exceptions();
    closure.set_date((today - 2).ToString());
    closure.set_kind(v1::CALENDAR_EXCEPTION_KIND_WEATHER_DAY);
  }
  for (int number = 0; number < teams; ++number) {
    v1::Team& team = *catalog.add_teams();
    team.set_id(BusyTeam(number));
    (*team.mutable_labels())["level"] = (number + variant) % 2 == 0 ? "high" : "primary";
    v1::ActivePeriod& period = *team.add_active_periods();
    period.set_active_from((today - 100).ToString());
    if (variant > 0 && (number + variant) % 4 == 0) period.set_active_to(today.ToString());
  }
  const auto indicator = [&](const char* id, v1::IndicatorRole role, v1::Category category, v1::Measure measure) {
    v1::Indicator& added = *catalog.add_indicators();
    added.set_id(id);
    added.set_role(role);
    added.set_category(category);
    added.set_measure(measure);
  };
  indicator("visits", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_WALKTHROUGH, v1::MEASURE_NUMBER);
  indicator("practice", v1::INDICATOR_ROLE_LEADING, v1::CATEGORY_IMPLEMENTATION, v1::MEASURE_NUMBER);
  indicator("results", v1::INDICATOR_ROLE_LAGGING, v1::CATEGORY_UNSPECIFIED, v1::MEASURE_NUMBER);
  for (int source = 0; source < kBusySources; ++source) catalog.add_sources()->set_id(absl::StrCat("source-", source));

  // The minute after next begins 60 to 120 seconds from now, the next one sooner: a run of a minute sees the clock's
  // flips.
  const int64_t minute = SystemClock().Now().micros / kMicrosPerMinute + 1;
  const std::string notify = absl::StrFormat("%02d:%02d", minute / 60 % 24, minute % 60);
  const auto expectation = [&](const char* id, std::optional<v1::Category> category, int every, int allowance,
                               int grace) {
    v1::Expectation& added = *catalog.add_expectations();
    added.set_id(id);
    if (category) {
      added.mutable_kind()->set_category(*category);
    } else {
      added.mutable_kind()->set_any_leading(true);
    }
    added.set_every_days(every);
    added.set_allowance_days(allowance);
    added.set_grace_days(grace);
    added.set_notify_time(notify);
    added.set_from((today - 90).ToString());
  };
  expectation("anything", std::nullopt, 300, 0, 10);
  expectation("walkthroughs", v1::CATEGORY_WALKTHROUGH, 5 + variant % 2, 0, 5);
  if (variant % 5 != 4) expectation("practice-daily", v1::CATEGORY_IMPLEMENTATION, 1, 0, 0);
  const auto rule = [&](const char* id) {
    v1::AlertRule& added = *catalog.add_alert_rules();
    added.set_id(id);
    added.set_notify_time(notify);
    added.set_from((today - 90).ToString());
    return &added;
  };
  rule("unread")->mutable_review_overdue()->set_days(1 + variant % 3);
  if (variant % 4 != 3) rule("results-only")->mutable_lagging_only()->set_days(2);
  rule("slow")->mutable_collection_slow()->set_days(variant % 2);
  rule("walks-run")->mutable_run_signal()->set_indicator("visits");
  v1::Settings& settings = *catalog.mutable_settings();
  settings.set_settling_minutes(0);
  return catalog;
}

// ---- Evidence ----

EvidenceLoad::EvidenceLoad(int source, uint64_t seed, Date today)
    : parent_(absl::StrCat(kBusyDistrict, "/sources/source-", source)),
      random_(seed * 1000 + static_cast<uint64_t>(source)),
      today_(today) {}

void EvidenceLoad::Allow(int teams, int new_records) {
  teams_ = teams;
  new_records_ = new_records;
}

v1::EvidenceRecord EvidenceLoad::NextContent(const std::string& id) {
  Story& story = stories_[id];
  // What was sent before, once more: nothing may come of it.
  if (!story.sent.empty() && random_.OneIn(4)) return random_.Pick(story.sent);
  v1::EvidenceRecord record;
  record.set_evidence_id(id);
  const bool voided_before = std::any_of(story.sent.begin(), story.sent.end(), [](const auto& r) { return r.void_(); });
  if (!story.sent.empty() && !voided_before && random_.OneIn(4)) {
    record.set_void_(true);
    return record;
  }
  const auto first = std::find_if(story.sent.begin(), story.sent.end(), [](const auto& r) { return !r.void_(); });
  record.set_team(first != story.sent.end() ? first->team() : BusyTeam(random_.Between(0, teams_ - 1)));
  record.set_indicator(random_.Pick(std::vector<std::string>{"visits", "visits", "practice", "practice", "results"}));
  record.set_event_date((today_ - random_.Between(0, 120)).ToString());
  record.set_number(static_cast<double>(next_number_++));  // so that no two contents are equal by chance
  if (random_.OneIn(10)) record.set_note("looked at twice, an umlaut \xC3\xBC among the letters");
  return record;
}

template <typename Batch>
EvidenceLoad::Sent EvidenceLoad::Fill(Batch& batch) {
  Sent sent;
  const int records = random_.Between(0, kBatchRecordsMaxHere);
  for (int i = 0; i < records; ++i) {
    if (random_.OneIn(20)) {
      v1::EvidenceRecord& bad = *batch.add_records();
      bad.set_evidence_id(absl::StrCat("bad-", next_number_++));
      bad.set_team("nobody");
      bad.set_indicator("visits");
      bad.set_event_date(today_.ToString());
      bad.set_number(1);
      ++sent.bad;
      continue;
    }
    std::string id;
    if (ids_.empty() || (new_records_ > 0 && random_.OneIn(2))) {
      --new_records_;
      id = absl::StrCat("r-", ids_.size(), "/", parent_.substr(parent_.size() - 1));
      ids_.push_back(id);
    } else {
      id = random_.Pick(ids_);
    }
    v1::EvidenceRecord record = NextContent(id);
    *batch.add_records() = record;
    stories_[id].sent.push_back(std::move(record));
    sent.ids.push_back(std::move(id));
  }
  return sent;
}

void EvidenceLoad::Acknowledge(const Sent& sent, const v1::BatchResult& result) {
  ++acknowledged_batches_;
  for (const std::string& id : sent.ids) ++stories_[id].acknowledged;
  const int good = result.new_count() + result.same_count() + result.revised_count() + result.voided_count();
  if (good != static_cast<int>(sent.ids.size()) || result.failed_count() != sent.bad) {
    complaint_ = absl::StrCat("a batch of ", sent.ids.size(), " good and ", sent.bad, " bad records was answered with ",
                              result.ShortDebugString());
  }
}

grpc::Status EvidenceLoad::RunStream(Stubs& stubs, int batches_max) {
  TestContext context;
  const auto call = stubs.evidence->StreamEvidence(&context);
  v1::StreamEvidenceRequest open;
  open.mutable_open()->set_parent(parent_);
  bool writable = call->Write(open);
  std::deque<Sent> on_the_way;
  uint64_t batch_id = 0, acknowledged = 0;
  while (writable || !on_the_way.empty()) {
    if (writable && batch_id == static_cast<uint64_t>(batches_max)) {
      call->WritesDone();
      writable = false;
    }
    if (writable && on_the_way.size() < kBatchesOnTheWay) {
      v1::StreamEvidenceRequest request;
      request.mutable_batch()->set_batch_id(++batch_id);
      on_the_way.push_back(Fill(*request.mutable_batch()));
      writable = call->Write(request);
      continue;
    }
    // Acknowledgements that were sent before the end of the stream can still be read, and count.
    v1::StreamEvidenceResponse response;
    if (on_the_way.empty() || !call->Read(&response)) break;
    if (response.batch_id() != ++acknowledged) {
      complaint_ =
          absl::StrCat("acknowledgement of ", response.batch_id(), " where that of ", acknowledged, " was due");
    }
    if (response.has_error()) complaint_ = "a batch was refused: " + response.error().ShortDebugString();
    Acknowledge(on_the_way.front(), response.result());
    on_the_way.pop_front();
  }
  return call->Finish();
}

grpc::Status EvidenceLoad::RunUnary(Stubs& stubs, int batches_max) {
  for (int batch = 0; batch < batches_max; ++batch) {
    TestContext context;
    v1::RecordEvidenceRequest request;
    v1::RecordEvidenceResponse response;
    request.set_parent(parent_);
    const Sent sent = Fill(request);
    const grpc::Status status = stubs.evidence->RecordEvidence(&context, request, &response);
    if (!status.ok()) return status;
    Acknowledge(sent, response.result());
  }
  return grpc::Status::OK;
}

std::vector<const v1::EvidenceRecord*> EvidenceLoad::RevisionsOf(const Story& story, size_t count) {
  std::vector<const v1::EvidenceRecord*> revisions;
  std::set<std::string> contents;
  for (size_t i = 0; i < count; ++i) {
    if (contents.insert(Bytes(story.sent[i])).second) revisions.push_back(&story.sent[i]);
  }
  return revisions;
}

// Looks for the longest prefix that explains what is stored.
std::string EvidenceLoad::SettleOne(Story& story, const v1::Evidence* stored, bool exactly) {
  for (size_t count = (exactly ? story.acknowledged : story.sent.size()) + 1; count-- > story.acknowledged;) {
    const std::vector<const v1::EvidenceRecord*> revisions = RevisionsOf(story, count);
    const bool fits = stored == nullptr
                          ? revisions.empty()
                          : !revisions.empty() && stored->revision_count() == static_cast<int>(revisions.size()) &&
                                stored->voided() == revisions.back()->void_() &&
                                (stored->voided() || Bytes(stored->current().record()) == Bytes(*revisions.back()));
    if (!fits) continue;
    story.sent.resize(count);
    story.acknowledged = count;
    return "";
  }
  std::string wrong = stored == nullptr ? "is not there" : "is stored as " + stored->ShortDebugString();
  absl::StrAppend(&wrong, "; acknowledged are ", story.acknowledged, " of:");
  for (const v1::EvidenceRecord& record : story.sent) absl::StrAppend(&wrong, "\n  ", record.ShortDebugString());
  return wrong;
}

std::string EvidenceLoad::CheckRevisions(Stubs& stubs, const std::string& id) const {
  TestContext context;
  v1::GetEvidenceRequest request;
  v1::GetEvidenceResponse response;
  request.set_name(absl::StrCat(parent_, "/evidence/", id));
  if (const grpc::Status status = stubs.evidence->GetEvidence(&context, request, &response); !status.ok()) {
    return Wrong("GetEvidence " + id, status);
  }
  const Story& story = stories_.at(id);
  const std::vector<const v1::EvidenceRecord*> revisions = RevisionsOf(story, story.sent.size());
  if (response.revisions_size() != static_cast<int>(revisions.size()))
    return id + " has other revisions than were sent";
  for (size_t i = 0; i < revisions.size(); ++i) {
    const v1::EvidenceRevision& stored = response.revisions(static_cast<int>(i));
    if (stored.revision() != static_cast<int>(i) + 1 || stored.record().void_() != revisions[i]->void_() ||
        (!revisions[i]->void_() && Bytes(stored.record()) != Bytes(*revisions[i]))) {
      return absl::StrCat("revision ", i + 1, " of ", id, " is ", stored.ShortDebugString(), ", sent was ",
                          revisions[i]->ShortDebugString());
    }
  }
  return "";
}

std::string EvidenceLoad::Settle(Stubs& stubs, bool exactly) {
  std::map<std::string, v1::Evidence> stored;
  for (int team = 0; team < teams_; ++team) {
    v1::ListEvidenceRequest request;
    request.set_parent(absl::StrCat(kBusyDistrict, "/teams/", BusyTeam(team)));
    request.set_include_voided(true);
    request.set_page_size(1000);
    do {
      TestContext context;
      v1::ListEvidenceResponse response;
      if (const grpc::Status status = stubs.evidence->ListEvidence(&context, request, &response); !status.ok()) {
        return Wrong("ListEvidence " + request.parent(), status);
      }
      for (v1::Evidence& evidence : *response.mutable_evidence()) {
        if (evidence.name().rfind(parent_ + "/", 0) != 0) continue;
        const std::string id = evidence.name().substr(parent_.size() + sizeof("/evidence/") - 1);
        if (!stored.emplace(id, std::move(evidence)).second) return id + " is listed twice";
      }
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
  }
  for (const auto& [id, evidence] : stored) {
    if (!stories_.contains(id)) return id + " was never sent to " + parent_;
  }
  ids_.clear();
  for (auto story = stories_.begin(); story != stories_.end();) {
    const auto found = stored.find(story->first);
    const std::string wrong = SettleOne(story->second, found == stored.end() ? nullptr : &found->second, exactly);
    if (!wrong.empty()) return story->first + " of " + parent_ + " " + wrong;
    ids_.push_back(story->first);
    ++story;
  }
  for (int i = 0; i < kRevisionsChecked && !ids_.empty(); ++i) {
    const std::string& id = random_.Pick(ids_);
    if (stories_[id].sent.empty()) continue;
    if (std::string wrong = CheckRevisions(stubs, id); !wrong.empty()) return wrong;
  }
  return complaint_;
}

// ---- Catalogs and reviews ----

grpc::Status CatalogLoad::Apply(Stubs& stubs, int teams) {
  TestContext context;
  v1::ApplyCatalogRequest request;
  v1::ApplyCatalogResponse response;
  *request.mutable_catalog() = BusyCatalog(next_variant_++, teams, today_);
  const grpc::Status status = stubs.catalog->ApplyCatalog(&context, request, &response);
  if (status.ok()) acknowledged_version_ = response.catalog().version();
  return status;
}

std::string CatalogLoad::Settle(Stubs& stubs) {
  v1::ListCatalogVersionsRequest request;
  request.set_parent(kBusyDistrict);
  request.set_page_size(1000);
  int version = 0;
  do {
    TestContext context;
    v1::ListCatalogVersionsResponse response;
    if (const grpc::Status status = stubs.catalog->ListCatalogVersions(&context, request, &response); !status.ok()) {
      return Wrong("ListCatalogVersions", status);
    }
    for (const v1::CatalogVersion& listed : response.versions()) {
      if (listed.version() != ++version)
        return absl::StrCat("catalog version ", listed.version(), " where ", version, " was due");
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  if (version < acknowledged_version_) {
    return absl::StrCat("the catalog is version ", version, ", acknowledged was ", acknowledged_version_);
  }
  return "";
}

grpc::Status ReviewLoad::Hold(Stubs& stubs, int team) {
  TestContext context;
  v1::RecordReviewRequest request;
  v1::RecordReviewResponse response;
  v1::Review& review = *request.mutable_review();
  review.set_name(absl::StrCat(kBusyDistrict, "/reviews/review-", acknowledged_.size()));
  review.set_team(BusyTeam(team));
  review.set_date((today_ - 1).ToString());
  review.add_indicators("visits");
  review.set_decision("go on");
  bool& acknowledged = acknowledged_[review.name()];
  const grpc::Status status = stubs.evidence->RecordReview(&context, request, &response);
  acknowledged = status.ok();
  return status;
}

std::string ReviewLoad::Settle(Stubs& stubs) {
  std::map<std::string, int> stored;
  std::string page_token;
  v1::ListTeamsRequest teams;
  teams.set_parent(kBusyDistrict);
  teams.set_page_size(1000);
  v1::ListTeamsResponse listed;
  TestContext context;
  if (const grpc::Status status = stubs.catalog->ListTeams(&context, teams, &listed); !status.ok())
    return Wrong("ListTeams", status);
  for (const v1::Team& team : listed.teams()) {
    v1::ListReviewsRequest request;
    request.set_parent(absl::StrCat(kBusyDistrict, "/teams/", team.id()));
    request.set_page_size(1000);
    TestContext of_team;
    v1::ListReviewsResponse response;
    if (const grpc::Status status = stubs.evidence->ListReviews(&of_team, request, &response); !status.ok())
      return Wrong("ListReviews", status);
    if (!response.next_page_token().empty()) return "more reviews than this test holds";
    for (const v1::Review& review : response.reviews()) ++stored[review.name()];
  }
  for (const auto& [name, count] : stored) {
    if (count != 1 || !acknowledged_.contains(name)) return absl::StrCat(name, " is there ", count, " times");
  }
  for (auto& [name, acknowledged] : acknowledged_) {
    if (acknowledged && !stored.contains(name)) return name + " was acknowledged and is not there";
  }
  return "";
}

// ---- Flips ----

std::string FlipWatcher::Take(const v1::SubscribeResponse& message, std::vector<std::string>& flips) const {
  if (message.token().empty()) return "a message without a token: " + message.ShortDebugString();
  for (const v1::Flip& flip : message.flips()) {
    if (flip.sequence() != static_cast<int64_t>(flips.size()) + 1) {
      return absl::StrCat("flip ", flip.sequence(), " follows ", flips.size());
    }
    flips.push_back(Bytes(flip));
  }
  if (message.through_sequence() != static_cast<int64_t>(flips.size())) {
    return absl::StrCat("said to be through ", message.through_sequence(), " after flip ", flips.size());
  }
  return "";
}

grpc::Status FlipWatcher::Follow(Stubs& stubs, grpc::ClientContext& context) {
  v1::SubscribeRequest request;
  request.set_parent(kBusyDistrict);
  if (token_.empty()) {
    request.set_earliest(true);
    seen_.clear();
  } else {
    request.set_token(token_);
  }
  StreamSession session;
  session.request = request;
  const auto call = stubs.alerts->Subscribe(&context, request);
  v1::SubscribeResponse message;
  while (complaint_.empty() && call->Read(&message)) {
    complaint_ = Take(message, seen_);
    token_ = message.token();
    session.messages.push_back(message);
  }
  if (!complaint_.empty()) context.TryCancel();
  const grpc::Status status = call->Finish();
  session.end = status.error_code();
  sessions_.push_back(std::move(session));
  return status;
}

std::string FlipWatcher::Settle(Stubs& stubs) {
  if (!complaint_.empty()) return complaint_;
  int64_t flips_stored = 0;
  {
    TestContext context;
    v1::GetStatsResponse stats;
    if (const grpc::Status status = stubs.admin->GetStats(&context, {}, &stats); !status.ok())
      return Wrong("GetStats", status);
    for (const v1::DistrictStats& district : stats.districts()) {
      if (district.name() == kBusyDistrict) flips_stored = district.flip_count();
    }
  }
  TestContext context;
  v1::SubscribeRequest request;
  request.set_parent(kBusyDistrict);
  request.set_earliest(true);
  const auto call = stubs.alerts->Subscribe(&context, request);
  std::vector<std::string> log;
  v1::SubscribeResponse message;
  while (static_cast<int64_t>(log.size()) < flips_stored) {
    if (!call->Read(&message)) return Wrong("the log ends early", call->Finish());
    if (std::string wrong = Take(message, log); !wrong.empty()) return wrong;
  }
  context.TryCancel();
  call->Finish();
  if (log.size() < seen_.size()) {
    return absl::StrCat(seen_.size(), " flips were seen, ", log.size(), " are there");
  }
  for (size_t i = 0; i < seen_.size(); ++i) {
    if (log[i] == seen_[i]) continue;
    v1::Flip before, after;
    before.ParseFromString(seen_[i]);
    after.ParseFromString(log[i]);
    // A map's order is not part of a message: only a real difference counts.
    if (before.ShortDebugString() != after.ShortDebugString()) {
      return absl::StrCat("flip ", i + 1, " was ", before.ShortDebugString(), " and is ", after.ShortDebugString());
    }
  }
  log_ = std::move(log);
  return "";
}

std::string FlipWatcher::BrokenPromisesSoFar() const {
  StreamHistory history;
  history.sessions = sessions_;
  std::vector<v1::Flip>& log = history.logs[kBusyDistrict];
  for (const std::string& bytes : log_) log.emplace_back().ParseFromString(bytes);
  return absl::StrJoin(BrokenPromises(history), "\n");
}

std::string VerifyFindings(Stubs& stubs) {
  TestContext context(std::chrono::seconds(300));
  v1::VerifyResponse response;
  if (const grpc::Status status = stubs.admin->Verify(&context, {}, &response); !status.ok())
    return Wrong("Verify", status);
  std::string findings;
  for (const std::string& finding : response.findings()) absl::StrAppend(&findings, finding, "\n");
  if (findings.empty() && response.finding_count() != 0)
    findings = absl::StrCat(response.finding_count(), " findings, none named");
  return findings;
}

// ---- All of it ----

BusyLoads::BusyLoads(uint64_t seed, Date today) : catalogs(today), reviews(today) {
  for (int source = 0; source < kBusySources; ++source) evidence.emplace_back(source, seed, today);
}

std::string BusyLoads::Settle(const std::string& target, bool exactly) {
  Stubs stubs(target);
  for (EvidenceLoad& load : evidence) {
    if (std::string wrong = load.Settle(stubs, exactly); !wrong.empty()) return wrong;
  }
  if (std::string wrong = catalogs.Settle(stubs); !wrong.empty()) return wrong;
  if (std::string wrong = reviews.Settle(stubs); !wrong.empty()) return wrong;
  if (std::string wrong = flips.Settle(stubs); !wrong.empty()) return wrong;
  return VerifyFindings(stubs);
}

Onslaught::Onslaught(BusyLoads& loads, const std::string& target, int teams, uint64_t seed) {
  for (size_t source = 0; source < loads.evidence.size(); ++source) {
    Start(source % 2 == 0 ? "a stream of evidence" : "evidence", source % 2 == 0,
          [target, source, &load = loads.evidence[source]] {
            Stubs stubs(target);
            return source % 2 == 0 ? load.RunStream(stubs, kUnlimited) : load.RunUnary(stubs, kUnlimited);
          });
  }
  Start("a catalog or review", false, [this, target, teams, seed, &loads] {
    Stubs stubs(target);
    Random random(seed);
    while (true) {
      if (grpc::Status status = loads.catalogs.Apply(stubs, teams); !status.ok()) return status;
      if (grpc::Status status = loads.reviews.Hold(stubs, random.Between(0, teams - 1)); !status.ok()) return status;
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(&end_expected_), absl::Milliseconds(random.Between(20, 200)));
    }
  });
  Start("a subscription", true, [target, &loads] {
    Stubs stubs(target);
    TestContext context;
    return loads.flips.Follow(stubs, context);
  });
}

void Onslaught::ExpectEnd() {
  absl::MutexLock lock(&mutex_);
  end_expected_ = true;
}

std::string Onslaught::Join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  absl::MutexLock lock(&mutex_);
  return complaint_;
}

void Onslaught::Start(const std::string& what, bool is_stream, std::function<grpc::Status()> work) {
  threads_.emplace_back([this, what, is_stream, work = std::move(work)] {
    const grpc::Status status = work();
    absl::MutexLock lock(&mutex_);
    if (end_expected_ && status.error_code() == grpc::StatusCode::UNAVAILABLE) return;
    // gRPC itself cancels a unary call that reaches a server between its shutdown and the client's hearing of it. It
    // was not read: Settle(exactly) would find it.
    if (end_expected_ && !is_stream && status.error_code() == grpc::StatusCode::CANCELLED) return;
    absl::StrAppend(&complaint_, what, end_expected_ ? " ended with " : " ended early with ", Text(status), "\n");
  });
}

}  // namespace leadlag
