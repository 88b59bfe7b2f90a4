// What gRPC and protobuf have to say, in our log's form, where their versions let us. Call once, before they are used.
#pragma once

namespace leadlag {

void CaptureLibraryLogs();

}  // namespace leadlag
