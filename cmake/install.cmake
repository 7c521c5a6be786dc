include(GNUInstallDirs)
if(RADLADS_ENGINE)
  install(TARGETS radlads-engine RUNTIME)
endif()
if(TARGET radlads-worker)
  install(TARGETS radlads-worker RUNTIME)
endif()
install(DIRECTORY resources/demo resources/presets resources/hf DESTINATION ${CMAKE_INSTALL_DATADIR}/radlads
        PATTERN "*.cpp" EXCLUDE PATTERN "*.h" EXCLUDE PATTERN "CMakeLists.txt" EXCLUDE PATTERN "__pycache__" EXCLUDE)
if(RADLADS_ENGINE)
  install(FILES packaging/man/radlads-engine.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES packaging/completion/radlads-engine DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  # The unit names the program by its whole path, which is known when it is installed (cmake --install --prefix).
  install(CODE "
    set(RADLADS_ENGINE \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/radlads-engine\")
    configure_file(\"${PROJECT_SOURCE_DIR}/packaging/systemd/radlads-engine.service.in\"
                   \"${PROJECT_BINARY_DIR}/packaging/radlads-engine.service\" @ONLY)
    file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/user\" TYPE FILE
         FILES \"${PROJECT_BINARY_DIR}/packaging/radlads-engine.service\")
  ")
endif()
if(RADLADS_UI)
  install(FILES packaging/man/radlads.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES packaging/completion/radlads-engine DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          RENAME radlads)
  install(FILES packaging/desktop/org.radlads.Studio.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
  install(FILES packaging/desktop/org.radlads.Studio.metainfo.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo)
  install(FILES resources/icons/radlads.svg DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps
          RENAME org.radlads.Studio.svg)
endif()
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
