// A batch of 500 records on its way in: from the wire to a command, and into the log and out of it.
#include "benchmark/benchmark.h"
#include "core/check.h"
#include "server/engine/command.h"
#include "server/rpc/evidence_batch.h"
#include "tests/benchmark/micro/school_year.h"

namespace leadlag::micro {
namespace {

Command LoggedBatch() {
  Command command;
  command.time = Instant::FromSeconds(int64_t{Work().today().days()} * 86'400);
  command.body = CommandOf(0);
  return command;
}

// protobuf's part, for comparison; as the server does into a message that is used again.
void BatchParseMessage(::benchmark::State& state) {
  const std::string bytes = MessageOf(0).SerializeAsString();
  v1::RecordEvidenceRequest message;
  for (auto _ : state) {
    const bool parsed = message.ParseFromString(bytes);
    LEADLAG_CHECK(parsed);
    ::benchmark::DoNotOptimize(message);
  }
  state.SetItemsProcessed(state.iterations() * kBatchRecords);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(BatchParseMessage);

// Checks and conversion of the message to a command.
void BatchConvertMessage(::benchmark::State& state) {
  const v1::RecordEvidenceRequest message = MessageOf(0);
  for (auto _ : state) {
    absl::StatusOr<PreparedBatch> batch = PrepareBatch(message, kSource, "", {});
    LEADLAG_CHECK(batch.ok() && batch->command.items.size() == kBatchRecords);
    ::benchmark::DoNotOptimize(batch);
  }
  state.SetItemsProcessed(state.iterations() * kBatchRecords);
}
BENCHMARK(BatchConvertMessage);

void BatchEncodeCommand(::benchmark::State& state) {
  const Command command = LoggedBatch();
  for (auto _ : state) {
    std::string bytes = EncodeCommand(command);
    ::benchmark::DoNotOptimize(bytes);
  }
  const auto bytes = static_cast<int64_t>(EncodeCommand(command).size());
  state.SetItemsProcessed(state.iterations() * kBatchRecords);
  state.SetBytesProcessed(state.iterations() * bytes);
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BatchEncodeCommand);

void BatchDecodeCommand(::benchmark::State& state) {
  const std::string bytes = EncodeCommand(LoggedBatch());
  for (auto _ : state) {
    absl::StatusOr<Command> command = DecodeCommand(bytes);
    LEADLAG_CHECK(command.ok());
    ::benchmark::DoNotOptimize(command);
  }
  state.SetItemsProcessed(state.iterations() * kBatchRecords);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(BatchDecodeCommand);

}  // namespace
}  // namespace leadlag::micro
