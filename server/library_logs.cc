#include "server/library_logs.h"

#include <string>

#include "google/protobuf/stubs/common.h"
#include "grpc/support/log.h"
#include "grpcpp/version_info.h"
#include "server/log.h"

// Later versions log through Abseil, and have neither hook.
#define LEADLAG_GRPC_HAS_LOG_HOOK (GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65)
#define LEADLAG_PROTOBUF_HAS_LOG_HOOK (GOOGLE_PROTOBUF_VERSION < 4022000)
#if LEADLAG_PROTOBUF_HAS_LOG_HOOK
#include "google/protobuf/stubs/logging.h"
#endif

namespace leadlag {

void CaptureLibraryLogs() {
#if LEADLAG_GRPC_HAS_LOG_HOOK
  gpr_set_log_function([](gpr_log_func_args* args) {
    const LogSeverity severity = args->severity == GPR_LOG_SEVERITY_ERROR ? LogSeverity::kError : LogSeverity::kInfo;
    LogLine(severity, std::string("grpc: ") + args->message);
  });
#endif
#if LEADLAG_PROTOBUF_HAS_LOG_HOOK
  google::protobuf::SetLogHandler([](google::protobuf::LogLevel level, const char*, int, const std::string& message) {
    // Text that is no UTF-8 is answered to whoever sent it (rpc/wire.h); here it would be a line a record.
    if (message.find("invalid UTF-8") != std::string::npos) return;
    LogLine(level >= google::protobuf::LOGLEVEL_ERROR ? LogSeverity::kError : LogSeverity::kWarning, "protobuf: " + message);
  });
#endif
}

}  // namespace leadlag
