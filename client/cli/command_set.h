// The commands of `leadlag`: each file adds its own to the parser, with what to run when it was asked for.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "client/cli/run_context.h"

namespace leadlag::cli {

class CommandSet {
 public:
  CommandSet(CLI::App& root, RunContext& context) : root_(root), context_(context) {}

  RunContext& context() { return context_; }
  CLI::App& root() { return root_; }

  // Adds `name` below `parent` (null: the root). `text` is what --help shows after the flags: examples, formats,
  // errors.
  CLI::App* Add(CLI::App* parent, const std::string& name, const std::string& summary, const std::string& text = "") {
    CLI::App* command = (parent != nullptr ? parent : &root_)->add_subcommand(name, summary);
    if (!text.empty()) command->footer(text);
    return command;
  }

  // A command that runs; one without is a group and needs one of its subcommands. `run` returns the exit code.
  void OnRun(CLI::App* command, std::function<int()> run) { runs_[command] = std::move(run); }

  // What to run for the innermost command that was parsed; null where it is a group.
  const std::function<int()>* Parsed() const {
    const CLI::App* command = &root_;
    while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
    const auto found = runs_.find(command);
    return found == runs_.end() ? nullptr : &found->second;
  }

 private:
  CLI::App& root_;
  RunContext& context_;
  std::map<const CLI::App*, std::function<int()>> runs_;
};

// One a file.
void AddAdmin(CommandSet& commands);
void AddAlerts(CommandSet& commands);
void AddApply(CommandSet& commands);
void AddBacktest(CommandSet& commands);
void AddCadence(CommandSet& commands);
void AddCalendar(CommandSet& commands);
void AddCompletion(CommandSet& commands);
void AddEvidence(CommandSet& commands);
void AddExport(CommandSet& commands);
void AddImport(CommandSet& commands);
void AddInquiry(CommandSet& commands);
void AddLatency(CommandSet& commands);
void AddChart(CommandSet& commands);
void AddPush(CommandSet& commands);
void AddReview(CommandSet& commands);
void AddSimulate(CommandSet& commands);
void AddTimeline(CommandSet& commands);

}  // namespace leadlag::cli
