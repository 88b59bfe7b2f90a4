// leadlag completion bash|zsh: a script that completes commands and flags, made from the parser itself.
#include <functional>
#include <map>
#include <set>

#include "client/cli/command_set.h"

namespace leadlag::cli {
namespace {

// A command's path ("alerts watch") to the words that may follow it.
using Words = std::map<std::string, std::string>;

void Collect(const CLI::App* command, const std::string& path, const std::string& inherited, Words& words) {
  std::set<std::string> flags;
  for (const CLI::Option* option : command->get_options()) {
    for (const std::string& name : option->get_lnames()) flags.insert("--" + name);
  }
  std::string own;
  for (const std::string& flag : flags) own += " " + flag;
  std::string next;
  for (const CLI::App* child : command->get_subcommands({})) {
    next += " " + child->get_name();
    Collect(child, path.empty() ? child->get_name() : path + " " + child->get_name(), path.empty() ? own : inherited,
            words);
  }
  std::string all = next + own + inherited;
  words[path] = all.empty() ? all : all.substr(1);
}

// One function for both shells: zsh runs it through bashcompinit.
std::string BashScript(const Words& words) {
  std::string script =
      "_leadlag() {\n"
      "  local word path='' current=${COMP_WORDS[COMP_CWORD]} i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    case \"${path:+$path }$word\" in\n";
  std::string known;
  for (const auto& [path, next] : words) {
    if (!path.empty()) known += (known.empty() ? "" : " | ") + ("'" + path + "'");
  }
  script += "      " + known +
            ") path=\"${path:+$path }$word\" ;;\n    esac\n  done\n  local words=''\n  case \"$path\" in\n";
  for (const auto& [path, next] : words) script += "    '" + path + "') words='" + next + "' ;;\n";
  script +=
      "  esac\n"
      "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in --output) words='table json csv' ;; esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  [[ ${#COMPREPLY[@]} -gt 0 || $current == -* ]] || COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "}\n"
      "complete -F _leadlag leadlag\n";
  return script;
}

int Completion(CommandSet& commands, const std::string& shell) {
  Words words;
  Collect(&commands.root(), "", "", words);
  if (shell == "zsh") commands.context().out() << "autoload -U +X bashcompinit && bashcompinit\n";
  commands.context().out() << BashScript(words);
  return kExitOk;
}

}  // namespace

void AddCompletion(CommandSet& commands) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = commands.Add(nullptr, "completion", "Print a completion script for a shell",
                                      "For example in ~/.bashrc: source <(leadlag completion bash)");
  completion->add_option("shell", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}).description(""))
      ->type_name("SHELL");
  commands.OnRun(completion, [&commands, shell] { return Completion(commands, *shell); });
}

}  // namespace leadlag::cli
