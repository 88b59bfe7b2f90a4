// The program `leadlag`.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/app.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const char* no_colour = std::getenv("NO_COLOR");
  const bool wants_colour = no_colour == nullptr || *no_colour == '\0';
  leadlag::cli::Terminal terminal{.in_fd = STDIN_FILENO,
                                  .out = std::cout,
                                  .err = std::cerr,
                                  .colour_out = wants_colour && isatty(STDOUT_FILENO) == 1,
                                  .progress_err = isatty(STDERR_FILENO) == 1};
  return leadlag::cli::RunCommandLine(std::vector<std::string>(argv + 1, argv + argc), terminal);
}
