// A catalog as a file: YAML or JSON with the structure of leadlag.v1.Catalog's proto3 JSON, and a few comforts for
// those who write it.
//
//   - those of every file (client/cli/message_reader.h);
//   - an expectation's kind inline: `category: WALKTHROUGH`, `any_leading: true` or `indicator: id` beside its id;
//   - a calendar's years from .ics files, by rules (client/cli/ics_calendar.h):
//       calendars:
//         - id: main
//           ics:                      # one, or a list of them
//             file: livingston.ics    # relative to this file
//             school_year: {id: 2025-26}   # start_date and end_date optional
//             rules:
//               - {category: holiday, kind: HOLIDAY}
//               - {category: first-day, first_day: true}
//               - {category: last-day, last_day: true}
//               - {category: concert, ignore: true}
//
// Every problem names file and line, and PlaceOf finds the line of a field path that a server complains about. Immutable; thread safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/cli/field_places.h"
#include "core/problem.h"
#include "leadlag/v1/catalog.pb.h"

namespace leadlag::cli {

class CatalogFile {
 public:
  // Reads a file and the .ics files it names. NOT_FOUND where the file cannot be read; else as Parse.
  static absl::StatusOr<CatalogFile> Load(const std::string& path);

  // `path` names the text in messages, and files are looked for beside it. INVALID_ARGUMENT with every problem found,
  // its field being "file:line". What only the server knows (ids, dates, references) is not looked at.
  static absl::StatusOr<CatalogFile> Parse(const std::string& text, const std::string& path);

  const v1::Catalog& catalog() const { return catalog_; }

  // What was read without complaint but should be told: "livingston.ics: 3 events outside school year 2025-26 left
  // out".
  const std::vector<std::string>& notes() const { return notes_; }

  // See FieldPlaces.
  std::string PlaceOf(std::string_view field_path) const { return places_.PlaceOf(field_path); }
  absl::Status Placed(const absl::Status& status, bool (*in_file)(std::string_view field_path) = nullptr) const {
    return places_.Placed(status, in_file);
  }

 private:
  friend class CatalogReader;
  v1::Catalog catalog_;
  std::vector<std::string> notes_;
  FieldPlaces places_{"catalog."};
};

}  // namespace leadlag::cli
