#include "tests/support/stream_promises.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "google/protobuf/util/message_differencer.h"

namespace leadlag {
namespace {

using google::protobuf::util::MessageDifferencer;

std::string Of(size_t session, const std::string& what) { return "session " + std::to_string(session) + ": " + what; }

std::string Show(const v1::Flip& flip) { return flip.ShortDebugString(); }

bool HasAlert(v1::WatchState state) {
  return state == v1::WATCH_STATE_LATE || state == v1::WATCH_STATE_OVERDUE || state == v1::WATCH_STATE_RAISED;
}

bool IsSnapshotPart(const v1::SubscribeResponse& message) { return message.watches_size() > 0; }

// Lists stand for sets.
std::string Canonical(const v1::AlertFilter& filter) {
  const std::set<std::string> teams(filter.teams().begin(), filter.teams().end());
  const std::set<std::string> expectations(filter.expectations().begin(), filter.expectations().end());
  const std::map<std::string, std::string> labels(filter.labels().begin(), filter.labels().end());
  std::string text;
  for (const std::string& team : teams) text += team + ",";
  text += "/";
  for (const std::string& expectation : expectations) text += expectation + ",";
  text += "/";
  for (const auto& [key, value] : labels) text += key + "=" + value + ",";
  text += "/";
  for (const int kind : std::set<int>(filter.kinds().begin(), filter.kinds().end())) text += std::to_string(kind) + ",";
  return text + (filter.alerts_only() ? "/alerts" : "/all");
}

// The message that carried each token.
struct Issue {
  std::string parent;
  std::string filter;
  int64_t through = 0;
};
std::map<std::string, Issue> Issues(const StreamHistory& history) {
  std::map<std::string, Issue> issues;
  for (const StreamSession& session : history.sessions) {
    for (const v1::SubscribeResponse& message : session.messages) {
      if (message.token().empty()) continue;
      issues[message.token()] = {session.request.parent(), Canonical(session.request.filter()), message.through_sequence()};
    }
  }
  return issues;
}

// The sequence behind which a session's flips begin; none where it cannot be told (no message, or an unknown token).
std::optional<int64_t> BeginOf(const StreamSession& session, const std::map<std::string, Issue>& issues) {
  if (session.request.has_earliest()) {
    // While it began the first flip that was kept may have become another one.
    int64_t first = session.first_kept_after;
    for (const v1::SubscribeResponse& message : session.messages) {
      if (message.flips_size() > 0) first = std::min(first, message.flips(0).sequence());
    }
    return first - 1;
  }
  if (session.request.has_token()) {
    const auto issue = issues.find(session.request.token());
    return issue == issues.end() ? std::nullopt : std::optional<int64_t>(issue->second.through);
  }
  for (const v1::SubscribeResponse& message : session.messages) {
    if (IsSnapshotPart(message)) continue;
    if (session.request.has_snapshot() && !message.snapshot_complete()) return std::nullopt;
    return message.flips_size() > 0 ? message.flips(0).sequence() - 1 : message.through_sequence();
  }
  return std::nullopt;
}

const std::vector<v1::Flip>* LogOf(const StreamHistory& history, const StreamSession& session) {
  const auto found = history.logs.find(session.request.parent());
  return found == history.logs.end() ? nullptr : &found->second;
}

void CheckSnapshot(size_t index, const StreamSession& session, const std::vector<v1::Flip>* log, Complaints& complaints) {
  std::vector<v1::WatchStanding> watches;
  const v1::SubscribeResponse* end = nullptr;
  for (const v1::SubscribeResponse& message : session.messages) {
    if (end != nullptr) {
      if (message.snapshot_complete() || IsSnapshotPart(message)) complaints.push_back(Of(index, "more after snapshot_complete"));
      continue;
    }
    if (message.flips_size() > 0) complaints.push_back(Of(index, "flips before snapshot_complete"));
    if (message.snapshot_complete()) {
      if (message.token().empty()) complaints.push_back(Of(index, "snapshot_complete without a token"));
      end = &message;
    } else if (!message.token().empty()) {
      complaints.push_back(Of(index, "a token before snapshot_complete"));
    }
    watches.insert(watches.end(), message.watches().begin(), message.watches().end());
  }
  for (size_t i = 1; i < watches.size(); ++i) {
    if (std::pair(watches[i - 1].team(), watches[i - 1].expectation()) >= std::pair(watches[i].team(), watches[i].expectation())) {
      complaints.push_back(Of(index, "watches out of order at " + watches[i].ShortDebugString()));
    }
  }
  if (end == nullptr || log == nullptr) return;
  // What the flips up to the snapshot's position made of each watch.
  std::map<std::pair<std::string, std::string>, const v1::Flip*> last;
  for (const v1::Flip& flip : *log) {
    if (flip.sequence() <= end->through_sequence()) last[{flip.team(), flip.expectation()}] = &flip;
  }
  for (const v1::WatchStanding& watch : watches) {
    const auto found = last.find({watch.team(), watch.expectation()});
    const v1::WatchState state = found == last.end() ? v1::WATCH_STATE_PAUSED : found->second->to_state();
    if (watch.state() != state) {
      complaints.push_back(Of(index, "the snapshot at " + std::to_string(end->through_sequence()) + " says " +
                                         watch.ShortDebugString() + ", the flips " + v1::WatchState_Name(state)));
    }
    // A due date may move without a flip while no alert is open.
    if (found == last.end() || !HasAlert(state)) continue;
    if (watch.due_date() != found->second->due_date() || watch.alert() != found->second->alert() ||
        watch.acknowledged() != found->second->acknowledged() || watch.snoozed_until() != found->second->snoozed_until()) {
      complaints.push_back(Of(index, "the snapshot says " + watch.ShortDebugString() + ", the flip " + Show(*found->second)));
    }
    last.erase(found);
  }
  // Labels may have changed since a flip: only a filter without them says what must be there.
  if (!session.request.filter().labels().empty()) return;
  for (const auto& [watch, flip] : last) {
    if (HasAlert(flip->to_state()) && FilterMatches(session.request.filter(), *flip)) {
      complaints.push_back(Of(index, "the snapshot lacks the alert of " + Show(*flip)));
    }
  }
}

}  // namespace

bool FilterMatches(const v1::AlertFilter& filter, const v1::Flip& flip) {
  const auto one_of = [](const auto& wanted, const auto& value) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
  };
  for (const auto& [key, value] : filter.labels()) {
    const auto label = flip.labels().find(key);
    if (label == flip.labels().end() || label->second != value) return false;
  }
  const bool touches_alert = HasAlert(flip.from_state()) || HasAlert(flip.to_state());
  return one_of(filter.teams(), flip.team()) && one_of(filter.expectations(), flip.expectation()) &&
         one_of(filter.kinds(), static_cast<int>(flip.kind())) && (!filter.alerts_only() || touches_alert);
}

Complaints CheckOrdered(const StreamHistory& history) {
  Complaints complaints;
  for (size_t i = 0; i < history.sessions.size(); ++i) {
    int64_t last = 0;
    for (const v1::SubscribeResponse& message : history.sessions[i].messages) {
      if (IsSnapshotPart(message)) continue;
      for (const v1::Flip& flip : message.flips()) {
        if (flip.sequence() <= last) complaints.push_back(Of(i, "out of order after " + std::to_string(last) + ": " + Show(flip)));
        last = std::max(last, flip.sequence());
      }
      if (message.through_sequence() < last) complaints.push_back(Of(i, "through_sequence lies before the message's flips"));
      last = std::max(last, message.through_sequence());
    }
  }
  return complaints;
}

Complaints CheckUnique(const StreamHistory& history) {
  Complaints complaints;
  std::map<std::pair<std::string, int64_t>, const v1::Flip*> seen;
  const auto see = [&](const std::string& parent, const v1::Flip& flip, const std::string& where) {
    const auto [known, added] = seen.try_emplace({parent, flip.sequence()}, &flip);
    if (!added && !MessageDifferencer::Equals(*known->second, flip)) {
      complaints.push_back(where + "two flips with one sequence: " + Show(*known->second) + " and " + Show(flip));
    }
  };
  for (const auto& [parent, log] : history.logs) {
    for (size_t i = 0; i < log.size(); ++i) {
      if (log[i].sequence() != static_cast<int64_t>(i) + 1) complaints.push_back(parent + ": the log is not dense at " + Show(log[i]));
      see(parent, log[i], parent + ": ");
    }
  }
  for (size_t i = 0; i < history.sessions.size(); ++i) {
    for (const v1::SubscribeResponse& message : history.sessions[i].messages) {
      for (const v1::Flip& flip : message.flips()) see(history.sessions[i].request.parent(), flip, Of(i, ""));
    }
  }
  return complaints;
}

Complaints CheckReliable(const StreamHistory& history) {
  Complaints complaints;
  const std::map<std::string, Issue> issues = Issues(history);
  for (size_t i = 0; i < history.sessions.size(); ++i) {
    const StreamSession& session = history.sessions[i];
    const std::vector<v1::Flip>* const log = LogOf(history, session);
    const std::optional<int64_t> begin = BeginOf(session, issues);
    if (log == nullptr || !begin) continue;
    int64_t through = *begin;
    std::set<int64_t> sent;
    for (const v1::SubscribeResponse& message : session.messages) {
      through = std::max(through, message.through_sequence());
      for (const v1::Flip& flip : message.flips()) {
        sent.insert(flip.sequence());
        if (!FilterMatches(session.request.filter(), flip)) complaints.push_back(Of(i, "does not match: " + Show(flip)));
      }
    }
    if (through > static_cast<int64_t>(log->size())) complaints.push_back(Of(i, "was told of more than the log holds"));
    for (const v1::Flip& flip : *log) {
      if (flip.sequence() <= *begin || flip.sequence() > through || !FilterMatches(session.request.filter(), flip)) continue;
      if (sent.count(flip.sequence()) == 0) complaints.push_back(Of(i, "left out: " + Show(flip)));
    }
  }
  return complaints;
}

Complaints CheckResumable(const StreamHistory& history) {
  Complaints complaints;
  const std::map<std::string, Issue> issues = Issues(history);
  for (size_t i = 0; i < history.sessions.size(); ++i) {
    const StreamSession& session = history.sessions[i];
    bool complete = !session.request.has_snapshot();
    for (const v1::SubscribeResponse& message : session.messages) {
      complete = complete || message.snapshot_complete();
      if (complete && message.token().empty()) complaints.push_back(Of(i, "a message without a token"));
    }
    const auto issue = issues.find(session.request.token());
    if (!session.request.has_token() || issue == issues.end() || session.messages.empty()) continue;
    for (const v1::SubscribeResponse& message : session.messages) {
      for (const v1::Flip& flip : message.flips()) {
        if (flip.sequence() <= issue->second.through) complaints.push_back(Of(i, "sent again after its token: " + Show(flip)));
      }
    }
    if (session.messages.front().through_sequence() < issue->second.through) complaints.push_back(Of(i, "went back before its token"));
  }
  return complaints;
}

Complaints CheckBookmarked(const StreamHistory& history) {
  Complaints complaints;
  for (size_t i = 0; i < history.sessions.size(); ++i) {
    int64_t through = 0;
    for (const v1::SubscribeResponse& message : history.sessions[i].messages) {
      if (IsSnapshotPart(message)) {
        if (message.flips_size() > 0) complaints.push_back(Of(i, "flips and watches in one message"));
        continue;
      }
      if (message.flips_size() == 0 && message.token().empty()) complaints.push_back(Of(i, "a message of nothing at all"));
      if (message.through_sequence() < through) complaints.push_back(Of(i, "progress went back"));
      through = std::max(through, message.through_sequence());
    }
  }
  return complaints;
}

Complaints CheckHonestAboutLoss(const StreamHistory& history) {
  Complaints complaints;
  const std::map<std::string, Issue> issues = Issues(history);
  for (size_t i = 0; i < history.sessions.size(); ++i) {
    const StreamSession& session = history.sessions[i];
    const auto issue = issues.find(session.request.token());
    const bool known = session.request.has_token() && issue != issues.end() && issue->second.parent == session.request.parent() &&
                       issue->second.filter == Canonical(session.request.filter());
    // Of the last token that it was given; none: -1.
    int64_t through = known ? issue->second.through : -1;
    if (through >= 0 && through + 1 < session.first_kept_before && !session.messages.empty()) {
      complaints.push_back(Of(i, "went on after " + std::to_string(through) + ", and the log began with " +
                                     std::to_string(session.first_kept_before)));
    }
    for (const v1::SubscribeResponse& message : session.messages) {
      if (!message.token().empty()) through = message.through_sequence();
    }
    if (session.end == grpc::StatusCode::OUT_OF_RANGE) {
      if (!session.request.has_token() && through < 0) complaints.push_back(Of(i, "OUT_OF_RANGE without a token"));
      if (through >= 0 && through + 1 >= session.first_kept_after) {
        complaints.push_back(Of(i, "OUT_OF_RANGE, and what follows " + std::to_string(through) + " is kept"));
      }
    }
    if (session.request.has_snapshot()) {
      CheckSnapshot(i, session, LogOf(history, session), complaints);
    } else if (std::any_of(session.messages.begin(), session.messages.end(),
                           [](const auto& m) { return IsSnapshotPart(m) || m.snapshot_complete(); })) {
      complaints.push_back(Of(i, "a snapshot that nobody asked for"));
    }
  }
  return complaints;
}

Complaints CheckBound(const StreamHistory& history) {
  Complaints complaints;
  const std::map<std::string, Issue> issues = Issues(history);
  for (size_t i = 0; i < history.sessions.size(); ++i) {
    const StreamSession& session = history.sessions[i];
    const auto issue = issues.find(session.request.token());
    if (!session.request.has_token() || issue == issues.end()) continue;
    const bool own = issue->second.parent == session.request.parent() &&
                     issue->second.filter == Canonical(session.request.filter());
    const bool refused = session.end == grpc::StatusCode::INVALID_ARGUMENT;
    if (own && refused) complaints.push_back(Of(i, "its own token was refused"));
    if (!own && (!refused || !session.messages.empty())) complaints.push_back(Of(i, "another's token was taken"));
  }
  return complaints;
}

Complaints BrokenPromises(const StreamHistory& history) {
  const std::vector<std::pair<std::string, std::function<Complaints(const StreamHistory&)>>> promises = {
      {"Ordered", CheckOrdered},       {"Unique", CheckUnique},
      {"Reliable", CheckReliable},     {"Resumable", CheckResumable},
      {"Bookmarked", CheckBookmarked}, {"Honest about loss", CheckHonestAboutLoss},
      {"Bound", CheckBound}};
  Complaints all;
  for (const auto& [name, check] : promises) {
    for (const std::string& complaint : check(history)) all.push_back(name + ": " + complaint);
  }
  return all;
}

}  // namespace leadlag
