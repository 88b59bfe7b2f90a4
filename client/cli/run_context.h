// What every command of `leadlag` runs with: the global flags, where output goes, the client, and what an exit code
// means. One run, one thread, except Note, Progress and ClearProgress: a stream's threads tell of their work too.
#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/client.h"

namespace leadlag::cli {

// Documented in `leadlag --help`: scripts depend on them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;      // the server, or a check here, refused the request or some of its rows
inline constexpr int kExitUsage = 2;        // the command line makes no sense, or a file it names cannot be read
inline constexpr int kExitUnavailable = 3;  // no answer: UNAVAILABLE or DEADLINE_EXCEEDED; try again
inline constexpr int kExitDataLoss = 4;     // DATA_LOSS: stored bytes are damaged; stop and restore

// The exit code that tells of a status.
int ExitCodeOf(const absl::Status& status);

enum class Output { kTable, kJson, kCsv };

// Where a run reads and writes. Borrowed.
struct Terminal {
  int in_fd = 0;
  std::ostream& out;
  std::ostream& err;
  bool colour_out = false;    // out is a terminal that wants colour
  bool progress_err = false;  // err is a terminal
};

class RunContext {
 public:
  explicit RunContext(Terminal terminal) : terminal_(terminal) {}

  // The global flags; set by the flag parser before a command runs.
  std::string server = "127.0.0.1:7401";
  std::string district;
  Output output = Output::kTable;
  double deadline_seconds = 0;  // 0: the command's default

  // Opens on first use.
  Client& client();
  // Tests give their own.
  void SetClient(std::unique_ptr<Client> client) { client_ = std::move(client); }
  // The deadline asked for, or `fallback_seconds`; tries are told as progress.
  CallOptions Call(double fallback_seconds = 30);

  // "districts/{district}"; INVALID_ARGUMENT (usage) where none was given.
  absl::StatusOr<std::string> DistrictName() const;
  // "districts/{district}/{collection}/{id}".
  absl::StatusOr<std::string> NameIn(std::string_view collection, std::string_view id) const;

  int in_fd() const { return terminal_.in_fd; }
  std::ostream& out() { return terminal_.out; }
  std::ostream& err() { return terminal_.err; }
  bool colour() const { return terminal_.colour_out && output == Output::kTable; }

  // Prints `response` where JSON is asked for and returns true; otherwise false, and the command prints for people or
  // as CSV.
  bool PrintedJson(const google::protobuf::Message& response);
  // As aligned columns or as CSV.
  void Print(const Table& table);
  // A line for people, left out of json and csv output.
  void Say(std::string_view line);
  // A line on err: what should be told in every output format.
  void Note(std::string_view line);

  // Overwrites one line of a terminal; nothing where err is none. ClearProgress before anything else is printed.
  void Progress(std::string_view line);
  void ClearProgress();

  // Prints "leadlag: …", one line a problem and how many more there are, and returns the exit code.
  int Fail(const absl::Status& status);
  // The same with usage's exit code, whatever the status's.
  int FailUsage(const absl::Status& status);

 private:
  void ClearLine() ABSL_EXCLUSIVE_LOCKS_REQUIRED(err_mutex_);

  Terminal terminal_;
  std::unique_ptr<Client> client_;
  absl::Mutex err_mutex_;  // what is written to err
  bool progress_shown_ ABSL_GUARDED_BY(err_mutex_) = false;
};

}  // namespace leadlag::cli
