// leadlagd: the evidence cadence service. Prints "listening on ADDRESS" once it serves; drains on SIGTERM and SIGINT.
//
// Exit codes: 0 drained; 1 could not start; 2 called wrongly; 3 ended by itself, because what is in memory and what is stored no
// longer agree: the log says why, and starting again tells what is there.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/synchronization/mutex.h"
#include "core/limits.h"
#include "server/app.h"
#include "server/config.h"
#include "server/library_logs.h"
#include "server/log.h"

namespace {

constexpr int kCouldNotStart = 1;
constexpr int kCalledWrongly = 2;
constexpr int kUnhealthy = 3;

// Files a subscriber, a stream and a client's connection take: for the limits of core/limits.h, and some for the store.
constexpr rlim_t kFilesWanted = leadlag::kAlertStreamsMax + leadlag::kEvidenceStreamsMax + 1'000;

// Raises the limit of open files as far as it goes: gRPC never accepts again once it has been out of them.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= kFilesWanted) return;
  leadlag::LogLine(leadlag::LogSeverity::kWarning,
                   "only " + std::to_string(limit.rlim_cur) + " files may be open, and " + std::to_string(kFilesWanted) +
                       " are wanted for as many connections as this service takes; raise the limit (ulimit -n, LimitNOFILE)");
}

// SIGTERM and SIGINT, and SIGUSR1 of our own, blocked in every thread and taken by main.
sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGUSR1);
  return signals;
}

int Serve(const leadlag::ServerConfig& config) {
  using leadlag::LogLine;
  using leadlag::LogSeverity;
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before there are threads: they inherit it
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error like any other
  RaiseFileLimit();
#ifdef NDEBUG
  // The library's search for cycles of locks takes a lock of its own each time; builds for tests keep it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  leadlag::CaptureLibraryLogs();

  leadlag::AppOptions options;
  options.data_directory = config.data_directory;
  options.listen = config.listen;
  options.tail_records_max = config.tail_records_max;
  options.feed.stalled_micros = options.backtest.stalled_micros = config.stalled_micros;
  options.on_unhealthy = [main = pthread_self()] { pthread_kill(main, SIGUSR1); };
  absl::StatusOr<std::unique_ptr<leadlag::App>> app = leadlag::App::BuildAndStart(std::move(options));
  if (!app.ok()) {
    LogLine(LogSeverity::kError, "cannot start: " + std::string(app.status().message()));
    return kCouldNotStart;
  }
  std::printf("listening on %s\n", (*app)->address().c_str());
  std::fflush(stdout);
  LogLine(LogSeverity::kInfo, "leadlagd " LEADLAG_VERSION " serves " + config.data_directory + " on " + (*app)->address());

  int signal = 0;
  sigwait(&signals, &signal);
  // A second signal ends the process as it would any other: what is acknowledged is durable in any case.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  const bool unhealthy = signal == SIGUSR1;
  LogLine(LogSeverity::kInfo, std::string("draining") + (unhealthy ? "" : signal == SIGTERM ? " on SIGTERM" : " on SIGINT"));
  (*app)->Drain();
  LogLine(LogSeverity::kInfo, "drained");
  return unhealthy ? kUnhealthy : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("leadlagd: the evidence cadence service. A flag wins over a LEADLAG_* variable, that over the config file.",
               "leadlagd");
  leadlag::Flags flags;
  const auto add = [&](const std::string& name, const std::string& help) {
    cli.add_option_function<std::string>("--" + name, [&flags, name](const std::string& value) { flags[name] = value; },
                                         help);
  };
  add("data_dir", "Directory of the data; made where it does not exist (LEADLAG_DATA_DIR)");
  add("listen", "host:port for gRPC, port 0 for a free one; default 127.0.0.1:7401 (LEADLAG_LISTEN)");
  add("tail_records_max", "Records that a start may have to apply again, the longest; fewer cost more writing while it runs; default "
                          "1000000 (LEADLAG_TAIL_RECORDS_MAX)");
  add("subscriber_stalled_seconds", "Seconds without taking a message after which a subscriber, or a back-test, is cut off; default 300 "
                                    "(LEADLAG_SUBSCRIBER_STALLED_SECONDS)");
  add("config", "YAML file of these settings, \"data_dir: /var/lib/leadlag\" (LEADLAG_CONFIG)");
  cli.set_version_flag("--version", "leadlagd " LEADLAG_VERSION);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // --help and --version come this way too
    return cli.exit(error) == 0 ? 0 : kCalledWrongly;
  }
  const absl::StatusOr<leadlag::ServerConfig> config = leadlag::LoadConfig(flags, leadlag::ProcessEnvironment());
  if (!config.ok()) {
    std::fprintf(stderr, "leadlagd: %s\n", std::string(config.status().message()).c_str());
    return kCalledWrongly;
  }
  return Serve(*config);
}
