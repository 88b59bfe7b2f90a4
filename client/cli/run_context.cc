#include "client/cli/run_context.h"

#include "client/status.h"
#include "core/problem.h"

namespace leadlag::cli {

int ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return kExitUnavailable;
    case absl::StatusCode::kDataLoss:
      return kExitDataLoss;
    default:
      return kExitRefused;
  }
}

Client& RunContext::client() {
  if (client_ == nullptr) client_ = std::make_unique<Client>(ClientOptions{.target = server});
  return *client_;
}

CallOptions RunContext::Call(double fallback_seconds) {
  const double seconds = deadline_seconds > 0 ? deadline_seconds : fallback_seconds;
  return CallOptions{.deadline = std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)),
                     .on_retry = [this](const absl::Status&, std::chrono::milliseconds) {
                       Progress("no answer from " + server + "; trying again");
                     }};
}

absl::StatusOr<std::string> RunContext::DistrictName() const {
  if (district.empty()) return absl::InvalidArgumentError("which district? give --district=ID or set LEADLAG_DISTRICT");
  return "districts/" + district;
}

absl::StatusOr<std::string> RunContext::NameIn(std::string_view collection, std::string_view id) const {
  const absl::StatusOr<std::string> parent = DistrictName();
  if (!parent.ok()) return parent.status();
  return *parent + "/" + std::string(collection) + "/" + std::string(id);
}

bool RunContext::PrintedJson(const google::protobuf::Message& response) {
  if (output != Output::kJson) return false;
  ClearProgress();
  out() << ToJson(response, JsonLayout::kIndented);
  return true;
}

void RunContext::Print(const Table& table) {
  ClearProgress();
  if (output == Output::kCsv) {
    table.PrintCsv(out());
  } else {
    table.PrintAligned(out(), colour());
  }
}

void RunContext::Say(std::string_view line) {
  if (output != Output::kTable) return;
  ClearProgress();
  out() << Printable(line) << '\n';
}

void RunContext::Note(std::string_view line) {
  absl::MutexLock lock(&err_mutex_);
  ClearLine();
  err() << Printable(line) << '\n';
}

void RunContext::Progress(std::string_view line) {
  if (!terminal_.progress_err) return;
  absl::MutexLock lock(&err_mutex_);
  err() << "\r\x1b[K" << line << std::flush;
  progress_shown_ = true;
}

void RunContext::ClearProgress() {
  absl::MutexLock lock(&err_mutex_);
  ClearLine();
}

void RunContext::ClearLine() {
  if (!progress_shown_) return;
  err() << "\r\x1b[K" << std::flush;
  progress_shown_ = false;
}

int RunContext::Fail(const absl::Status& status) {
  const std::vector<Problem> problems = ProblemsOf(status);
  if (problems.empty()) {
    Note("leadlag: " + std::string(absl::StatusCodeToString(status.code())) + ": " + std::string(status.message()));
  }
  for (const Problem& problem : problems) {
    Note("leadlag: " + (problem.field.empty() ? "" : problem.field + ": ") + problem.reason);
  }
  if (const size_t more = ProblemCountOf(status) - problems.size(); more > 0) {
    Note("leadlag: and " + std::to_string(more) + " more");
  }
  if (ExitCodeOf(status) == kExitUnavailable)
    Note("leadlag: no answer from " + server + "; is leadlagd running there? (--server)");
  return ExitCodeOf(status);
}

int RunContext::FailUsage(const absl::Status& status) {
  Fail(status);
  return kExitUsage;
}

}  // namespace leadlag::cli
