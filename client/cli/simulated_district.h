// A synthetic district of teams with rhythms of their own, for demos: catalog and evidence that look like a district's,
// from a seed.
//
// The same options give the same bytes on every machine: nothing is read from clock or environment. Teams differ in how
// regular they are: most keep a rhythm, some fall silent for weeks, a few only tick boxes. Records come in the order in
// which a source would send them (by reported time), corrections and voids after what they change. Pure; thread safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/simulated_catalog.h"
#include "leadlag/v1/catalog.pb.h"
#include "leadlag/v1/evidence.pb.h"

namespace leadlag::cli {

struct SimulatedDistrict {
  v1::Catalog catalog;
  std::vector<v1::EvidenceRecord> records;
};

// INVALID_ARGUMENT for an option out of its range. REQUIRES: options.records is 0.
absl::StatusOr<SimulatedDistrict> Simulate(const SimulationOptions& options);

// Records as a CSV file: its first line, then one each; and the mapping file with which `leadlag import` reads it.
std::string RecordsCsvHeader();
std::string RecordCsvLine(const v1::EvidenceRecord& record);
std::string RecordsCsvMapping();

}  // namespace leadlag::cli
