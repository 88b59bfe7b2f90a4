// The whole command line as one function, so that tests can call it. Thread safe as far as its terminals are apart.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/cli/run_context.h"

namespace leadlag::cli {

// Parses `arguments` (without the program's name), runs the command and returns the exit code. Flags not given are
// taken from the environment (LEADLAG_SERVER, LEADLAG_DISTRICT). `client`: what to talk with; null: a new one for
// --server.
int RunCommandLine(const std::vector<std::string>& arguments, Terminal terminal,
                   std::unique_ptr<Client> client = nullptr);

}  // namespace leadlag::cli
