#include "client/cli/csv.h"

#include <algorithm>
#include <limits>

namespace leadlag::cli {

int CsvReader::Take() {
  int c = in_.get();
  if (c == std::istream::traits_type::eof()) return -1;
  raw_.push_back(static_cast<char>(c));
  if (c == '\r') {
    if (in_.peek() == '\n') raw_.push_back(static_cast<char>(in_.get()));
    c = '\n';
  }
  if (c == '\n') ++line_;
  return c;
}

void CsvReader::SkipLine() {
  for (int c = Take(); c >= 0 && c != '\n'; c = Take()) {
  }
}

int CsvReader::ReadQuoted(std::string& field, CsvRow& row) {
  while (true) {
    const int c = Take();
    if (c < 0) {
      row.error = "a quote opened in this row is never closed";
      return -1;
    }
    if (c != '"') {
      field.push_back(static_cast<char>(c));
      continue;
    }
    const int after = Take();
    if (after != '"') return after;
    field.push_back('"');
  }
}

void CsvReader::ReadRow(int first, CsvRow& row) {
  int c = first;
  while (true) {
    std::string& field = row.fields.emplace_back();
    if (c == '"') {
      c = ReadQuoted(field, row);
      if (c >= 0 && c != separator_ && c != '\n') {
        row.error = "text after a closing quote; double a quote that belongs to the text";
        SkipLine();
        return;
      }
    } else {
      for (; c >= 0 && c != separator_ && c != '\n'; c = Take()) {
        if (c == '"') {
          row.error = "a quote inside a field that is not quoted; quote the whole field and double the quote";
          SkipLine();
          return;
        }
        field.push_back(static_cast<char>(c));
      }
    }
    if (c != separator_) return;
    c = Take();
  }
}

bool CsvReader::Next(CsvRow& row) {
  if (!started_) {
    started_ = true;
    if (const int first = in_.peek(); first == 0xFF || first == 0xFE) {
      in_.get();
      if (in_.peek() == (first ^ 1)) {
        in_.ignore(std::numeric_limits<std::streamsize>::max());
        row = CsvRow{.line = 1, .error = "the file is in UTF-16; save it as UTF-8"};
        return true;
      }
      in_.unget();
    }
    for (const int byte : {0xEF, 0xBB, 0xBF}) {
      if (in_.peek() != byte) break;
      in_.get();
    }
  }
  int line = line_;
  raw_.clear();
  int c = Take();
  while (c == '\n') {
    line = line_;
    raw_.clear();
    c = Take();
  }
  if (c < 0) return false;
  row = CsvRow{.line = line};
  ReadRow(c, row);
  if (raw_.ends_with('\n')) raw_.pop_back();
  if (raw_.ends_with('\r')) raw_.pop_back();
  row.raw = raw_;
  return true;
}

std::string_view WithoutFields(std::string_view raw, size_t count, char separator) {
  std::string_view rest = raw;
  for (; count > 0; --count) {
    size_t end = 0;
    if (rest.starts_with('"')) {
      // A doubled quote closes the field and opens it again.
      while (end < rest.size() && rest[end] == '"') end = std::min(rest.find('"', end + 1), rest.size() - 1) + 1;
    } else {
      end = std::min(rest.find(separator), rest.size());
    }
    if (end >= rest.size() || rest[end] != separator) return raw;
    rest.remove_prefix(end + 1);
  }
  return rest;
}

std::string CsvLine(const std::vector<std::string>& fields) {
  std::string line;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line.push_back(',');
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      line += fields[i];
      continue;
    }
    line.push_back('"');
    for (const char c : fields[i]) {
      if (c == '"') line.push_back('"');
      line.push_back(c);
    }
    line.push_back('"');
  }
  return line + "\r\n";
}

}  // namespace leadlag::cli
