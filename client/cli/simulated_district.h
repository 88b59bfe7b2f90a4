// A synthetic district: catalog and evidence that look like a district's, from a seed, for demos and benchmarks.
//
// The same options give the same bytes on every machine: its random numbers are its own, and nothing is read from clock
// or environment. Teams differ in how regular they are: most keep a rhythm, some fall silent for weeks, a few only tick
// boxes. Records come in the order in which a source would send them (by reported time), corrections and voids after
// what they change. Pure; thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/date.h"
#include "leadlag/v1/catalog.pb.h"
#include "leadlag/v1/evidence.pb.h"

namespace leadlag::cli {

struct SimulationOptions {
  std::string district = "sample";
  int teams = 12;      // 1 to 50,000
  int indicators = 6;  // 1 to 1,000; cycles through the six kinds below
  uint64_t seed = 1;
  Date start;                // first day of school; a Monday reads best
  int weeks = 36;            // 1 to 52
  double late_share = 0.15;  // of records reported some days after the event
  double correction_share = 0.02;
  double void_share = 0.01;
};

struct SimulatedDistrict {
  v1::Catalog catalog;
  std::string source;  // the one that all records are of
  std::vector<v1::EvidenceRecord> records;
};

// INVALID_ARGUMENT for an option out of its range.
absl::StatusOr<SimulatedDistrict> Simulate(const SimulationOptions& options);

// The records as CSV with a header, and the mapping file with which `leadlag import` reads it.
std::string RecordsCsv(const std::vector<v1::EvidenceRecord>& records);
std::string RecordsCsvMapping(const std::string& source);
// The records as `leadlag push` takes them.
std::string RecordsNdjson(const std::vector<v1::EvidenceRecord>& records);

}  // namespace leadlag::cli
