// Rows for people (aligned columns) or for programs (CSV, RFC 4180).
//
// Concepts: a column has a title for people and a key for programs. Cells are UTF-8; columns align by what a terminal
// shows (East Asian wide characters take two places, combining marks none). Control characters are shown as '?', so
// that no stored text can drive a terminal. A tone colours a cell where the output is a terminal that wants colour. Not
// thread safe.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace leadlag::cli {

enum class Tone : uint8_t { kPlain, kGood, kWarning, kBad, kDim };

struct Cell {
  Cell(std::string text, Tone tone = Tone::kPlain) : text(std::move(text)), tone(tone) {}  // NOLINT: a text is a cell
  Cell(const char* text) : text(text) {}                                                   // NOLINT
  Cell(int64_t number) : text(std::to_string(number)) {}                                   // NOLINT
  Cell(int32_t number) : text(std::to_string(number)) {}                                   // NOLINT
  std::string text;
  Tone tone = Tone::kPlain;
};

struct Column {
  std::string key;     // "open_gap_days"
  std::string title;   // "OPEN GAP"
  bool right = false;  // numbers
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: as many cells as columns.
  void AddRow(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }
  size_t size() const { return rows_.size(); }

  // Titles, then the rows; nothing but titles when empty.
  void PrintAligned(std::ostream& out, bool colour) const;
  // Keys, then the rows; every line ends in CRLF.
  void PrintCsv(std::ostream& out) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// How many places a terminal uses for it.
size_t DisplayWidth(std::string_view utf8);
// Without control characters.
std::string Printable(std::string_view utf8);
// `text` in the tone's colour, or as it is.
std::string Coloured(std::string_view text, Tone tone, bool colour);

}  // namespace leadlag::cli
