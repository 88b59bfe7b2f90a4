// leadlag push: evidence records from standard input, one JSON object a line.
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "client/cli/command_set.h"
#include "client/cli/json.h"
#include "client/cli/record_sender.h"

namespace leadlag::cli {
namespace {

constexpr char kText[] =
    "Each line is an EvidenceRecord in proto3 JSON:\n"
    "  {\"evidenceId\": \"w-17\", \"team\": \"north\", \"indicator\": \"visits\", \"eventDate\": \"2025-09-04\", "
    "\"number\": 3}\n"
    "A record is sent when a batch is full or no line came for a fifth of a second, so that a pipe that stays open "
    "works too.\n"
    "Lines that are refused are named on standard error; the others are stored. Safe to send again.\n"
    "While the server is away for no longer than --outage_seconds nothing is lost: lines wait in the pipe.\n"
    "--complete_through is withheld where any line was refused: not all evidence is there then.\n"
    "Of an empty input nothing is sent, as it may come of an export that failed: --heartbeat says that a source with no "
    "news is alive.\n"
    "--output=json prints every acknowledgement on a line.";
constexpr int kIdleMs = 200;
constexpr int kRefusalsShown = 20;
constexpr size_t kLineBytesMax = 1 << 20;

// Lines of a file descriptor, and whether one is waiting.
class LineReader {
 public:
  enum class Event { kLine, kIdle, kEnd, kTooLong };

  explicit LineReader(int fd) : fd_(fd) {}

  // The next line, without its end. kIdle when none came in `idle_ms` (-1: waits for ever); kTooLong for one over the
  // limit, left out.
  Event Next(int idle_ms, std::string& line) {
    while (true) {
      const size_t end = buffer_.find('\n', searched_);
      if (end != std::string::npos) return Take(end, end + 1, line);
      searched_ = buffer_.size();
      if (searched_ > kLineBytesMax) {
        skipping_ = true;
        buffer_.clear();
        searched_ = 0;
      }
      if (ended_) return buffer_.empty() && !skipping_ ? Event::kEnd : Take(buffer_.size(), buffer_.size(), line);
      if (!Fill(idle_ms)) return Event::kIdle;
    }
  }

 private:
  Event Take(size_t end, size_t next, std::string& line) {
    line = buffer_.substr(0, end);
    buffer_.erase(0, next);
    searched_ = 0;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!skipping_) return Event::kLine;
    skipping_ = false;
    return Event::kTooLong;
  }

  // False when nothing came in time.
  bool Fill(int idle_ms) {
    pollfd wanted{.fd = fd_, .events = POLLIN, .revents = 0};
    const int ready = poll(&wanted, 1, idle_ms);
    if (ready == 0) return false;
    char bytes[64 << 10];
    const ssize_t count = ready < 0 ? -1 : read(fd_, bytes, sizeof(bytes));
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) {
      ended_ = true;
    } else {
      buffer_.append(bytes, static_cast<size_t>(count));
    }
    return true;
  }

  const int fd_;
  std::string buffer_;
  size_t searched_ = 0;    // of buffer_, known to hold no line end
  bool skipping_ = false;  // inside a line that is too long
  bool ended_ = false;
};

struct Flags {
  std::string source;
  std::string complete_through;
  bool heartbeat = false;
  double outage_seconds = RecordSender::kOutageSecondsDefault;
};

class Push {
 public:
  Push(RunContext& context, const Flags& flags) : context_(context), flags_(flags) {}

  int Run() {
    const absl::StatusOr<std::string> parent = context_.NameIn("sources", flags_.source);
    if (!parent.ok()) return context_.FailUsage(parent.status());
    RecordSender sender(context_, *parent, flags_.outage_seconds,
                        [this](const std::vector<uint64_t>& tags, const std::vector<RefusedRecord>& refused,
                               const v1::StreamEvidenceResponse& ack) { Acknowledged(refused, ack); });
    absl::Status status = flags_.heartbeat ? sender.Heartbeat() : absl::OkStatus();
    if (status.ok()) status = SendLines(sender);
    if (status.ok()) status = sender.AwaitAcknowledged();
    const bool complete = status.ok() && RefusalCount() == 0;
    const absl::Status finished = sender.Finish(complete ? flags_.complete_through : "");
    if (status.ok()) status = finished;
    const SendTotals totals = sender.totals();
    absl::MutexLock lock(&mutex_);
    context_.Say(Summary(totals) + (unreadable_ > 0 ? ", " + std::to_string(unreadable_) + " unreadable" : ""));
    if (refusals_ > kRefusalsShown)
      context_.Note("and " + std::to_string(refusals_ - kRefusalsShown) + " more refused");
    if (status.ok() && empty_ && !flags_.heartbeat && flags_.complete_through.empty()) {
      context_.Note("leadlag: the input was empty: nothing was sent, and the source was not heard; if it has no news, give --heartbeat");
    }
    if (!complete && !flags_.complete_through.empty()) {
      context_.Note(
          "leadlag: --complete_through was not sent, as not every line is stored; mend those, push them, and "
          "give it then");
    }
    if (!status.ok()) {
      const int code = context_.Fail(status);
      context_.Note("leadlag: " + std::to_string(totals.acknowledged()) +
                    " records were acknowledged; send the rest, or all, again");
      return code;
    }
    return refusals_ > 0 ? kExitRefused : kExitOk;
  }

 private:
  absl::Status SendLines(RecordSender& sender) {
    LineReader lines(context_.in_fd());
    std::string line;
    uint64_t number = 0;
    bool waiting = false;  // records wait for their batch to fill
    while (true) {
      const LineReader::Event event = lines.Next(waiting ? kIdleMs : -1, line);
      if (event == LineReader::Event::kEnd) return absl::OkStatus();
      absl::Status sent;
      if (event == LineReader::Event::kIdle) {
        waiting = false;
        sent = sender.Flush();
      } else {
        ++number;
        if (event == LineReader::Event::kTooLong) {
          empty_ = false;
          Refused(number, "longer than 1 MiB", true);
        } else if (line.find_first_not_of(" \t") != std::string::npos) {
          empty_ = false;
          v1::EvidenceRecord record;
          const absl::Status parsed = FromJson(line, record);
          if (!parsed.ok()) {
            Refused(number, std::string(parsed.message()), true);
          } else {
            sent = sender.Add(std::move(record), number);
            waiting = true;
          }
        }
      }
      if (!sent.ok()) return sent;
    }
  }

  void Acknowledged(const std::vector<RefusedRecord>& refused, const v1::StreamEvidenceResponse& ack) {
    for (const RefusedRecord& record : refused) {
      Refused(record.tag, (record.field.empty() ? "" : record.field + ": ") + record.reason, false);
    }
    if (context_.output != Output::kJson) return;
    absl::MutexLock lock(&mutex_);
    context_.out() << ToJson(ack, JsonLayout::kOneLine) << std::flush;
  }

  int64_t RefusalCount() {
    absl::MutexLock lock(&mutex_);
    return refusals_;
  }

  void Refused(uint64_t line, const std::string& reason, bool unreadable) {
    absl::MutexLock lock(&mutex_);
    if (unreadable) ++unreadable_;
    if (refusals_++ < kRefusalsShown) context_.Note("line " + std::to_string(line) + ": " + reason);
  }

  RunContext& context_;
  const Flags& flags_;
  bool empty_ = true;  // there was no record, nor what was to be one
  absl::Mutex mutex_;  // both the reading thread and the stream's report
  int64_t refusals_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t unreadable_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void AddPush(CommandSet& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* push =
      commands.Add(nullptr, "push", "Store evidence records from standard input, one JSON object a line", kText);
  push->add_option("--source", flags->source, "The source's id")->required()->type_name("ID");
  push->add_option("--complete_through", flags->complete_through, "All evidence up to this date was sent")
      ->type_name("DATE");
  push->add_option("--outage_seconds", flags->outage_seconds, "How long to go on trying while the server is away")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str()
      ->type_name("SECONDS");
  push->add_flag("--heartbeat", flags->heartbeat, "Send an empty batch first: the source is alive");
  commands.OnRun(push, [&commands, flags] { return Push(commands.context(), *flags).Run(); });
}

}  // namespace leadlag::cli
