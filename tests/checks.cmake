# Tests that are scripts. Label "source": they only read the source tree, so one build type of them is enough.
add_test(NAME tidy COMMAND ${PROJECT_SOURCE_DIR}/tests/tidy.sh $<TARGET_FILE:leadlag_cli>)
add_test(NAME buf_lint COMMAND ${PROJECT_SOURCE_DIR}/tests/buf.sh lint ${PROJECT_SOURCE_DIR}/proto)
set_tests_properties(tidy buf_lint PROPERTIES LABELS source)
set_tests_properties(buf_lint PROPERTIES SKIP_RETURN_CODE 77)

add_test(NAME stock_client COMMAND ${PROJECT_SOURCE_DIR}/tests/integration/stock_client.sh $<TARGET_FILE:leadlagd>)
set_tests_properties(stock_client PROPERTIES SKIP_RETURN_CODE 77)
