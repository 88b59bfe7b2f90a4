// The promises of the alert stream (alert_service.proto), each under its name with one validator, told from the outside: from what
// subscribers asked and were sent, and the flip logs as a subscriber from the earliest flip sees them.
//
//   StreamHistory history;
//   history.sessions.push_back(subscription.End());
//   history.logs["districts/d"] = …;
//   EXPECT_THAT(BrokenPromises(history), IsEmpty());
//
// Independent of the server's code: the filter is applied here anew. Pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "grpcpp/support/status_code_enum.h"
#include "leadlag/v1/alert_service.pb.h"

namespace leadlag {

// One call of Subscribe, from its request to its end.
struct StreamSession {
  v1::SubscribeRequest request;
  std::vector<v1::SubscribeResponse> messages;  // in order
  grpc::StatusCode end = grpc::StatusCode::OK;  // CANCELLED where the subscriber ended it
  // Where retention trims the log: the first sequence that was kept before the call began, and after it had ended.
  int64_t first_kept_before = 1;
  int64_t first_kept_after = 1;
};

struct StreamHistory {
  std::vector<StreamSession> sessions;                 // in order of their beginning
  // By parent; from sequence 1 on, those too that are no longer kept; of the last incarnation.
  std::map<std::string, std::vector<v1::Flip>> logs;
};

// Each returns what breaks the promise, in words; empty where it is kept.
using Complaints = std::vector<std::string>;

// Ordered: flips come in order of sequence; a message's flips lie behind the message before it and up to its own through_sequence.
Complaints CheckOrdered(const StreamHistory& history);
// Unique: a sequence names one flip, for every subscriber and in the log.
Complaints CheckUnique(const StreamHistory& history);
// Reliable: between where a session began and how far it was told it is, exactly the flips of the log that match its filter came.
Complaints CheckReliable(const StreamHistory& history);
// Resumable: every message that is no part of a snapshot has a token; a session that began with one continues right after the message
// that carried it.
Complaints CheckResumable(const StreamHistory& history);
// Bookmarked: a message without flips or watches has a token; what was said of progress never goes back.
Complaints CheckBookmarked(const StreamHistory& history);
// Honest about loss: a snapshot comes whole, in order, without a token before its end, and is the state of its position; OUT_OF_RANGE
// comes to whom a token was given after which flips are no longer kept, at once or in the middle, and to nobody else.
Complaints CheckHonestAboutLoss(const StreamHistory& history);
// Bound: a token served its own district and filter, and was INVALID_ARGUMENT for any other.
Complaints CheckBound(const StreamHistory& history);

// All of them, each complaint behind its promise's name.
Complaints BrokenPromises(const StreamHistory& history);

// Whether a flip matches a filter, by the contract's words.
bool FilterMatches(const v1::AlertFilter& filter, const v1::Flip& flip);

}  // namespace leadlag
