// Comma-separated values: RFC 4180 with what real files add to it.
//
// Read: a byte order mark is taken off; lines end in CRLF, LF or CR; a quoted field may hold commas, line ends and
// doubled quotes. A quote inside an unquoted field, or text after a closing quote, makes the row malformed: it is
// returned with its reason, and reading goes on after its line. Text in UTF-16 is told by its first bytes: its first
// row is malformed and the last. Empty lines are left out. Thread-compatible; the stream
// is borrowed.
#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace leadlag::cli {

struct CsvRow {
  int line = 0;  // where it starts, from 1
  std::vector<std::string> fields;
  std::string error;  // empty where the row is well formed
  std::string raw;    // as it stands in the file, all of its lines, without the last line end
};

class CsvReader {
 public:
  explicit CsvReader(std::istream& in, char separator = ',') : in_(in), separator_(separator) {}

  // The next row; false at the end.
  bool Next(CsvRow& row);

 private:
  int Take();  // the next character with CRLF and CR as '\n', or -1
  void SkipLine();
  // Reads one row, from the first of its characters on.
  void ReadRow(int first, CsvRow& row);
  // Reads from after an opening quote; returns the character after the closing one.
  int ReadQuoted(std::string& field, CsvRow& row);

  std::istream& in_;
  const char separator_;
  std::string raw_;  // of the present row
  int line_ = 1;  // of the next character
  bool started_ = false;
};

// A row as it stands, without its first `count` fields and the separators behind them; all of it where it does not
// begin with so many well-formed ones.
std::string_view WithoutFields(std::string_view raw, size_t count, char separator = ',');

// One line with CRLF; fields quoted where they need it.
std::string CsvLine(const std::vector<std::string>& fields);

}  // namespace leadlag::cli
