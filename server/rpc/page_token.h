// Page tokens: opaque to clients, true to one question.
//
// A token holds where the next page begins and a fingerprint of the question it belongs to: method, parent, filter. Sent with
// another question, or changed on the way, it is refused. Pages are ordered by a key, so that a token stays true while data changes.
//
//   const PageQuestion question = PageQuestion("ListTeams", request.parent()).With(labels);
//   absl::StatusOr<std::string> after = question.CursorOf(request.page_token());
//   …
//   if (more) response.set_next_page_token(question.TokenFor(last_id));
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "core/catalog.h"
#include "core/limits.h"
#include "server/fingerprint.h"

namespace leadlag {

class PageQuestion {
 public:
  PageQuestion(std::string_view method, std::string_view parent) { fingerprint_.Add(method).Add(parent); }
  // What else decides the rows. The page size does not.
  PageQuestion& With(std::string_view value);
  PageQuestion& With(uint64_t value);
  PageQuestion& With(const Labels& labels);

  // REQUIRES: cursor not empty.
  std::string TokenFor(std::string_view cursor) const;
  // The cursor; empty for an empty token. INVALID_ARGUMENT (field "page_token") for a token of another question, or none.
  absl::StatusOr<std::string> CursorOf(std::string_view token) const;

 private:
  Fingerprint fingerprint_;
};

// Puts rows onto a page (a repeated field) until they have kPageBytesMax bytes, the first in any case; `to_proto` converts one. How many
// it took.
template <typename Rows, typename Page, typename ToProto>
size_t FillPage(const Rows& rows, Page* page, ToProto to_proto) {
  size_t bytes = 0;
  for (const auto& row : rows) {
    auto proto = to_proto(row);
    bytes += proto.ByteSizeLong();
    if (bytes > kPageBytesMax && !page->empty()) break;
    *page->Add() = std::move(proto);
  }
  return static_cast<size_t>(page->size());
}

// The page size asked for, `page_size_default` for 0. INVALID_ARGUMENT (field "page_size") outside 1..page_size_max.
absl::StatusOr<size_t> PageSize(int32_t asked, size_t page_size_default, size_t page_size_max);

}  // namespace leadlag
