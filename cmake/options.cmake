# Compile options shared by all our targets, as one interface target.
add_library(radlads_options INTERFACE)
target_include_directories(radlads_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(radlads_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(RADLADS_WERROR)
  target_compile_options(radlads_options INTERFACE -Werror)
endif()
if(RADLADS_SANITIZE)
  target_compile_options(radlads_options INTERFACE -fsanitize=${RADLADS_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all)
  target_link_options(radlads_options INTERFACE -fsanitize=${RADLADS_SANITIZE})
endif()
if(RADLADS_FUZZ)
  target_compile_options(radlads_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness lets ccache work with the precompiled LibTorch headers; relative paths let clones in other folders share the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
                                CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

# radlads_library(NAME SOURCES... [PUBLIC libs] [PRIVATE libs]): a static library with the shared options.
function(radlads_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE radlads_options ${ARG_PRIVATE})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()
