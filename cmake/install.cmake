include(GNUInstallDirs)
install(TARGETS radlads-engine RUNTIME)
if(TARGET radlads-worker)
  install(TARGETS radlads-worker RUNTIME)
endif()
install(DIRECTORY resources/demo resources/presets resources/hf DESTINATION ${CMAKE_INSTALL_DATADIR}/radlads
        PATTERN "*.cpp" EXCLUDE PATTERN "*.h" EXCLUDE PATTERN "CMakeLists.txt" EXCLUDE PATTERN "__pycache__" EXCLUDE)
install(FILES packaging/man/radlads-engine.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
