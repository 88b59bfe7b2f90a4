// Every limit of the service by name. A limit's message names the limit and says what to do; a test goes to it and one
// past it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace leadlag {

// ---- Problems -------------------------------------------------------------------------------------------

// Problems named in one answer: more than a person corrects at a time.
inline constexpr size_t kMaxProblems = 100;
// Problems spelled out in a status message; the rest is a count there, and complete in the payload.
inline constexpr size_t kMaxProblemsInMessage = 5;
// Bytes of someone's input that are quoted back in a reason.
inline constexpr size_t kMaxQuotedBytes = 64;

// ---- The catalog ----------------------------------------------------------------------------------------

// An id, [a-z0-9-].
inline constexpr size_t kMaxIdBytes = 64;
// A school year's id, [A-Za-z0-9-].
inline constexpr size_t kMaxYearIdBytes = 32;
// A text for people: display names, labels' values, units, themes, names in other systems.
inline constexpr size_t kMaxTextBytes = 200;

// Calendars a district.
inline constexpr size_t kMaxCalendars = 50;
// Teams a district: room for every grade and subject team of the largest ones.
inline constexpr size_t kMaxTeams = 50'000;
// Indicators a district.
inline constexpr size_t kMaxIndicators = 1'000;
// Sources a district.
inline constexpr size_t kMaxSources = 200;
// Expectations a district; times teams this bounds the watches.
inline constexpr size_t kMaxExpectations = 100;  // with the alert rules

// School years a calendar; with the length of one this bounds a calendar's index.
inline constexpr size_t kMaxSchoolYears = 60;
// Days between a school year's start and end: a year, and room to move its start.
inline constexpr int kMaxSchoolYearDays = 400;
// Exceptions a calendar.
inline constexpr size_t kMaxExceptions = 2'000;

// Labels a team, and label pairs an expectation asks for.
inline constexpr size_t kMaxLabels = 20;
// Active periods a team.
inline constexpr size_t kMaxActivePeriods = 50;
// Calendars a team follows one after the other.
inline constexpr size_t kMaxCalendarAssignments = 50;
// Names of a team in other systems.
inline constexpr size_t kMaxExternalIds = 20;
// Themes an indicator.
inline constexpr size_t kMaxThemes = 20;
// A district's own themes of inquiries, beside the ten that every one has.
inline constexpr size_t kMaxInquiryThemes = 50;

// E, G and A of an expectation and the review objective, in instructional days: no more than a school year has.
inline constexpr int32_t kMaxExpectationDays = 400;
// Of the alert rules: cycles in a row, and the last records that are looked at.
inline constexpr int32_t kMaxCycles = 52;
inline constexpr int32_t kMaxCollectionRecords = 1'000;
// Days for which flips are kept, where not for ever: a subscriber that was away for a holiday's week finds what it missed; ten years.
inline constexpr int32_t kMinFlipRetentionDays = 7;
// Privacy floors: a district may raise them, and not lower them.
inline constexpr int32_t kStudentFloorMin = 10, kStaffFloorMin = 5, kFloorMax = 10'000;
inline constexpr int32_t kMaxFlipRetentionDays = 3'650;
// Minutes in which backlogs may arrive after downtime: a day.
inline constexpr int32_t kMaxSettlingMinutes = 1'440;

// Bytes of the description of one catalog change, and of one value in it.
inline constexpr size_t kMaxChangeDetailBytes = 500;
inline constexpr size_t kMaxChangeValueBytes = 80;

// ---- Questions -----------------------------------------------------------------------------------------------------------------

// Days of a window that cadence or latency is asked for: ten years.
inline constexpr int kMaxWindowDays = 3'660;
// Days of a timeline: a school year and the summer around it.
inline constexpr int kMaxTimelineDays = 400;

// ---- The writer ----------------------------------------------------------------------------------------------------------------

// Bytes of commands that wait for the writer; past it requests are UNAVAILABLE, so that a flood is felt where it comes from.
inline constexpr size_t kQueueBytesMax = 64 << 20;
// Bytes of commands that share one fsync: enough to hide it, little enough that nobody waits long behind them.
inline constexpr size_t kWriterCycleBytes = 4 << 20;

// Bytes, and commands with their records, that may be logged past the last checkpoint: what a start has to apply again. Once there are half
// as many the view is brought to disk and the log trimmed; the writer waits where they come faster than that.
inline constexpr uint64_t kTailBytesMax = 256 << 20;
inline constexpr uint64_t kTailRecordsMax = 1'000'000;
// Bytes of the view that wait in memory for that, likewise; and layers of it (storage/store.h), past which reading them costs more.
inline constexpr size_t kUnwrittenBytesMax = 1 << 30;
inline constexpr size_t kLayersMax = 8;

// Values of charted series that a district holds in memory, some 30 bytes each: past it the series that was asked for the longest ago is
// let go, and read again when it is. The one that is being asked for is held in any case.
inline constexpr size_t kSeriesValuesHeld = 1'000'000;

// ---- Requests ------------------------------------------------------------------------------------------------------------------

// Bytes of any one request message: the largest thing that is sent whole, a catalog, and room for its envelope. gRPC itself refuses
// what is larger, with RESOURCE_EXHAUSTED and before any of our words, so that this lies well above what we refuse in words.
inline constexpr size_t kMessageBytesMax = (16 << 20) + (1 << 20);
// Bytes of a catalog as sent.
inline constexpr size_t kCatalogBytesMax = 16 << 20;
// Changes spelled out in the answer to a catalog; the rest is a count.
inline constexpr size_t kCatalogChangesMax = 1'000;

// Records, and bytes, of one batch of evidence: what is acknowledged at once, and sent again at once.
inline constexpr size_t kBatchRecordsMax = 1'000;
inline constexpr size_t kBatchBytesMax = 1 << 20;
// Refused records named in a batch's answer; past it they are a count and a bitmap.
inline constexpr size_t kBatchFailuresMax = 100;
// Questions as of a past moment that are answered at once: each reads all of a team's records.
inline constexpr int kPastQuestionsMax = 2;
// Records that one run chart may be of, its outcomes' included: they are all read, and the writer waits meanwhile.
inline constexpr uint64_t kRunChartRecordsMax = 50'000;
// Silences of a source that are kept once they are over, for back-tests: each takes two days of school, so that this is two years at least.
inline constexpr size_t kSilencesKeptMax = 200;
// Who did something with an alert; and for how many days, dates all told, a snooze may last.
inline constexpr size_t kAlertByBytesMax = 200;
inline constexpr int kSnoozeDaysMax = 400;
// Flips of one alert, from which on it is not acknowledged or snoozed any more, each a flip itself: that is what people do, and no program
// repeats for ever. A snooze can be ended in any case.
inline constexpr size_t kHandledFlipsMax = 100;
// Revisions of one record: corrections, not a log.
inline constexpr size_t kRevisionsMax = 200;
// A source's own id of a record.
inline constexpr size_t kEvidenceIdBytesMax = 128;
// A remark on a record, and what a review decided.
inline constexpr size_t kNoteBytesMax = 1'000;
inline constexpr size_t kDecisionBytesMax = 1'000;
// What one review may list.
inline constexpr size_t kReviewIndicatorsMax = 100;
inline constexpr size_t kReviewEvidenceMax = 500;
inline constexpr int kReviewRoleCountMax = 10'000;  // people of one role
// Reviews of a district that are still being worked through; a further one is refused meanwhile.
inline constexpr size_t kReviewsUnderWayMax = 64;

// Each of the three parts of a theory of action; and what an action is. With the next three this bounds an inquiry with all its revisions
// to what one answer may hold.
inline constexpr size_t kInquiryTextBytesMax = 1'000;
inline constexpr size_t kInquiryActionBytesMax = 500;
// What one inquiry may list.
inline constexpr size_t kInquiryLinksMax = 20;
inline constexpr size_t kInquiryActionsMax = 20;
// Revisions of one inquiry: one each cycle, for years.
inline constexpr size_t kInquiryRevisionsMax = 100;
// Inquiries of a team, over all its years: who judges the team's actions reads them all.
inline constexpr size_t kInquiriesOfTeamMax = 100;
// Inquiries that are looked through for one page.
inline constexpr size_t kInquiriesPerPageRead = 2'000;

// Rows of a page: when none is asked for, and at most.
inline constexpr size_t kPageSizeDefault = 100;
inline constexpr size_t kPageSizeMax = 1'000;
// The same of the overview of a district's teams, which is read whole.
inline constexpr size_t kOverviewPageSizeDefault = 1'000;
inline constexpr size_t kOverviewPageSizeMax = 5'000;

// Bytes of the rows of a page, the first in any case: gRPC clients refuse more than 4 MiB unless they are told otherwise.
inline constexpr size_t kPageBytesMax = 2 << 20;

// Ids in a filter of alerts.
inline constexpr size_t kFilterTeamsMax = 1'000;
inline constexpr size_t kFilterExpectationsMax = 100;

// Bytes of the named problems beside a failed call. gRPC clients refuse trailing metadata over 8 KiB, message and all, so that this and
// the next stay below it together; a client that has raised its limit may ask for more (server/rpc/status.h).
inline constexpr size_t kErrorDetailsBytesMax = 4 << 10;
inline constexpr size_t kErrorMessageBytesMax = 1 << 10;
inline constexpr size_t kErrorDetailsBytesAskedMax = 256 << 10;

// ---- Streams -------------------------------------------------------------------------------------------------------------------

// Streams of evidence open at once; times the next this bounds what they hold.
inline constexpr size_t kEvidenceStreamsMax = 1'000;
// Bytes of batches that one stream has read and not acknowledged; from there on the server stops reading it.
inline constexpr size_t kStreamBytesOutstandingMax = 4 << 20;

// Subscribers at once. One costs a cursor and what is being written to it.
inline constexpr size_t kAlertStreamsMax = 2'000;
// A subscriber that has not taken a message for so long is cut off; its token goes on where it stopped.
inline constexpr int64_t kStalledMicros = 5 * 60 * int64_t{1'000'000};
// Flips read from the log at once; the log is held still meanwhile.
inline constexpr size_t kFlipsPerReadMax = 500;
// Bytes of the flips of one message of the alert stream, by the estimate of server/feed.cc, which is never too low.
inline constexpr size_t kFlipMessageBytesMax = 1 << 20;
// Watches of one message of a snapshot.
inline constexpr size_t kSnapshotPageWatches = 1'000;
// Bytes of all snapshots under way; a further one is refused while so many are held. One alone may be larger.
inline constexpr size_t kSnapshotBytesMax = 64 << 20;
// Flips that do not match a filter, after which the subscriber is told how far it is.
inline constexpr uint64_t kBookmarkFlips = 10'000;

// Runs of Verify at once, waiting ones included; what one names, and what it counts a district before it stops looking.
inline constexpr size_t kVerifyRunsMax = 4;
inline constexpr size_t kVerifyFindingsMax = 100;
inline constexpr size_t kVerifyFindingsCounted = 10'000;

// Back-tests at once; each reads, and holds, so many records at once, in order of team, and reads the store again for the next teams. One
// team is held whole in any case. A record held takes some 64 bytes; an inquiry's revision counts as one, each of its actions and links
// likewise.
inline constexpr size_t kBacktestRunsMax = 2;
inline constexpr size_t kBacktestRecordsHeld = 2'000'000;
// Threads a back-test reckons on, and teams that are reckoned before the first of them is sent.
inline constexpr int kBacktestThreads = 2;
inline constexpr size_t kBacktestTeamsAtOnce = 32;
// For how long in all a back-test waits until its messages are taken; it holds a snapshot meanwhile. For one message: kStalledMicros.
inline constexpr int64_t kBacktestWaitMicrosMax = 15 * 60 * int64_t{1'000'000};
// Bytes of the flips and counts of one message, a team's counts and a flip in any case.
inline constexpr size_t kBacktestMessageBytes = 256 << 10;

}  // namespace leadlag
