#include "tests/benchmark/figures.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/check.h"

namespace leadlag::benchmark {
namespace {

// A key is a figure, or one figure over another in the same round.
struct Key {
  const char* name;
  const char* figure;
  const char* over = nullptr;
};
constexpr Key kKeys[] = {
    {"ingest_over_postgresql", "ingest_stream16_checkpointed_per_s", "postgresql_per_s"},
    {"ingest_over_postgresql_one_connection", "ingest_stream16_checkpointed_per_s", "postgresql_one_connection_per_s"},
    {"ingest_over_rocksdb_default", "ingest_stream16_checkpointed_per_s", "rocksdb_default_per_s"},
    {"ingest_over_rocksdb_tuned", "ingest_stream16_checkpointed_per_s", "rocksdb_tuned_per_s"},
    {"ingest_over_grpc_ceiling", "ingest_stream16_checkpointed_per_s", "grpc_ceiling_per_s"},
    {"ingest_in_memory_over_postgresql", "ingest_stream16_caught_up_per_s", "postgresql_per_s"},
    {"ingest_in_memory_over_rocksdb_tuned", "ingest_stream16_caught_up_per_s", "rocksdb_tuned_per_s"},
    {"ack_p50_ms_window4", "ingest_stream4_ack_p50_ms"},
    {"unary16_over_stream", "ingest_unary16_checkpointed_per_s", "ingest_stream16_checkpointed_per_s"},
    {"team_cadence_over_empty_rpc", "query_team_cadence_warm_p50_ms", "query_empty_rpc_p50_ms"},
    {"list_cadence_over_postgresql", "sql_list_cadence_warm_p50_ms", "query_list_cadence_warm_p50_ms"},
    {"team_latency_over_postgresql", "sql_team_latency_warm_p50_ms", "query_team_latency_warm_p50_ms"},
    {"district_latency_over_postgresql", "sql_district_latency_warm_p50_ms", "query_district_latency_warm_p50_ms"},
    {"ack_to_subscriber_p99_ms", "alerts_100_ack_to_subscriber_p99_ms"},
    {"tick_to_subscriber_p99_ms", "alerts_100_tick_to_subscriber_p99_ms"},
    {"stalled_p99_ratio", "stalled_while_ack_to_subscriber_p99_ms", "stalled_before_ack_to_subscriber_p99_ms"},
    {"stalled_memory_growth_bytes", "stalled_memory_growth_bytes"},
    {"stalled_cut_s", "stalled_cut_s"},
    {"backtest_s", "backtest_s"},
    {"backtest_with_rules_s", "backtest_with_rules_s"},
    {"idle_tick_growth", "tick_many_watches_ms", "tick_few_watches_ms"},
    {"bytes_per_watch", "bytes_per_watch"},
    {"drain_flips_per_s", "drain_flips_per_s"},
    {"drain_ack_p99_ratio", "drain_ack_p99_ms", "drain_before_ack_p99_ms"},
    {"ingest_growth", "growth_first_ingest_per_s", "growth_last_ingest_per_s"},
    {"query_growth", "growth_of_worst_query"},
    {"restart_clean_s", "restart_clean_s"},
    {"restart_killed_s", "restart_killed_s"},
    {"disk_over_protobuf_bytes", "disk_bytes", "protobuf_bytes"},
};

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.*f", std::abs(value) >= 1000 ? 0 : std::abs(value) >= 10 ? 1 : 3, value);
  return text;
}

// The key's value in each round. From round to round the machine moves by more than the contestants of one round differ, so that a ratio
// is of what was measured beside each other.
std::vector<double> RoundsOf(const Figures& figures, const Key& key) {
  std::vector<double> rounds = figures.Rounds(key.figure);
  if (key.over == nullptr) return rounds;
  const std::vector<double>& over = figures.Rounds(key.over);
  LEADLAG_CHECK(rounds.size() == over.size());
  for (size_t round = 0; round < rounds.size(); ++round) rounds[round] /= over[round];
  return rounds;
}

bool IsMeasured(const Figures& figures, const Key& key) {
  return figures.Has(key.figure) && (key.over == nullptr || figures.Has(key.over));
}

std::string Listed(const std::vector<double>& values) {
  std::string list;
  for (const double value : values) list += (list.empty() ? "" : ", ") + Number(value);
  return list;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return quoted + "\"";
}

std::string ObjectOf(const std::map<std::string, std::string>& texts) {
  std::string object = "{";
  for (const auto& [name, text] : texts) object += (object.size() > 1 ? ", " : "") + Quoted(name) + ": " + Quoted(text);
  return object + "}";
}

std::string Row(const std::string& name, const std::string& value) {
  constexpr size_t kColumn = 52;
  return "  " + name + std::string(name.size() < kColumn ? kColumn - name.size() : 1, ' ') +
         std::string(value.size() < 12 ? 12 - value.size() : 0, ' ') + value;
}

}  // namespace

double Percentile(std::vector<double> values, double share) {
  LEADLAG_CHECK(!values.empty());
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

void Figures::Add(const std::string& name, double value) {
  std::vector<double>& rounds = values_[name];
  if (rounds.empty()) names_.push_back(name);
  rounds.push_back(value);
}

void Figures::AddPercentiles(const std::string& name, const std::vector<double>& millis) {
  Add(name + "_p50_ms", Percentile(millis, 0.5));
  Add(name + "_p99_ms", Percentile(millis, 0.99));
}

double Figures::Median(const std::string& name) const { return Percentile(values_.at(name), 0.5); }

std::vector<std::pair<std::string, double>> KeysOf(const Figures& figures) {
  std::vector<std::pair<std::string, double>> keys;
  for (const Key& key : kKeys) {
    if (IsMeasured(figures, key)) keys.emplace_back(key.name, Percentile(RoundsOf(figures, key), 0.5));
  }
  return keys;
}

std::string TableOf(const Figures& figures) {
  std::string table = "measured (median of the rounds)\n";
  for (const std::string& name : figures.names()) table += Row(name, Number(figures.Median(name))) + "\n";
  table += "compared (median of the rounds, each for itself)\n";
  for (const Key& key : kKeys) {
    if (!IsMeasured(figures, key)) continue;
    const std::vector<double> rounds = RoundsOf(figures, key);
    table += Row(key.name, Number(Percentile(rounds, 0.5)));
    table += (key.over != nullptr && rounds.size() > 1 ? "   of " + Listed(rounds) : "") + "\n";
  }
  return table;
}

std::string JsonOf(const Figures& figures, const std::map<std::string, std::string>& machine,
                   const std::map<std::string, std::string>& versions) {
  std::string json = "{\n";
  for (const auto& [name, value] : KeysOf(figures)) json += "  " + Quoted(name) + ": " + Number(value) + ",\n";
  json += "  \"machine\": " + ObjectOf(machine) + ",\n  \"versions\": " + ObjectOf(versions) + ",\n  \"raw\": {";
  const char* separator = "\n";
  const auto add = [&](const std::string& name, const std::vector<double>& rounds) {
    json += std::exchange(separator, ",\n") + ("    " + Quoted(name)) + ": [" + Listed(rounds) + "]";
  };
  for (const std::string& name : figures.names()) add(name, figures.Rounds(name));
  for (const Key& key : kKeys) {
    if (key.over != nullptr && IsMeasured(figures, key)) add(key.name, RoundsOf(figures, key));
  }
  return json + "\n  }\n}\n";
}

}  // namespace leadlag::benchmark
