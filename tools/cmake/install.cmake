# What `cmake --install` puts where. Every path in what is installed is found from the file's own place, so that the
# folder can be moved. Three components: programs, embed_c (the shared library) and embed_cpp (the C++ package).
include(CMakePackageConfigHelpers)

set(package_folder lib/cmake/agentos)
set(static_folder lib/agentos)
set(headers_folder include/agentos)
# From the top to what stands on it; agentos-kernel.pc links them in this order.
set(static_targets client kernel tool mcp egress sandbox schema policy_bundle policy policy_state cel canonical ipc vfs guard recorder abi base)

# --- programs
if(TARGET agentos)
  install(TARGETS agentos RUNTIME DESTINATION bin COMPONENT programs)
endif()
install(TARGETS agentos-verify RUNTIME DESTINATION bin COMPONENT programs)
install(TARGETS agentos-init agentos-parser agentos-signer agentos-egress RUNTIME DESTINATION libexec/agentos COMPONENT programs)
install(DIRECTORY docs/reference/man/ DESTINATION share/man/man2 COMPONENT programs FILES_MATCHING PATTERN "*.2")
install(DIRECTORY src/lib/policy/presets/ DESTINATION share/agentos/policies COMPONENT programs FILES_MATCHING
        PATTERN "*.yaml")

# --- embed_c
set_target_properties(agentos_libagentos PROPERTIES EXPORT_NAME c)
install(TARGETS agentos_libagentos EXPORT agentosCTargets LIBRARY DESTINATION lib COMPONENT embed_c
        NAMELINK_COMPONENT embed_c INCLUDES DESTINATION include)
install(FILES sdk/c/agentos.h sdk/c/agentos_calls.h DESTINATION include COMPONENT embed_c)

# --- embed_cpp
set_property(TARGET agentos_base APPEND PROPERTY INTERFACE_COMPILE_FEATURES $<INSTALL_INTERFACE:cxx_std_23>)
foreach(name ${static_targets})
  set_target_properties(agentos_${name} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS agentos_${name} EXPORT agentosTargets ARCHIVE DESTINATION ${static_folder} COMPONENT embed_cpp
          INCLUDES DESTINATION ${headers_folder})
endforeach()
foreach(folder base abi client)
  install(DIRECTORY src/${folder} DESTINATION ${headers_folder} COMPONENT embed_cpp FILES_MATCHING
          PATTERN "*.h" PATTERN "*.def" PATTERN "generated" EXCLUDE)
endforeach()
foreach(header kernel/kernel.h kernel/recorded_content.h
    lib/egress/secret_store.h lib/egress/settings.h lib/ipc/pipe.h lib/policy/decision.h lib/policy/limits.h lib/policy/policy.h lib/policy/bundle/bundle.h lib/policy/state/bounds.h lib/policy/state/limit.h
    lib/policy/state/sequence.h
    lib/recorder/entry.h lib/recorder/reader.h lib/recorder/recorder.h
    lib/sandbox/blocked.h lib/sandbox/launcher.h lib/sandbox/mechanism/wire.h lib/sandbox/profile.h lib/schema/schema.h
    lib/tool/manifest.h lib/tool/registry.h lib/vfs/namespace.h lib/vfs/path.h)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES src/${header} DESTINATION ${headers_folder}/${folder} COMPONENT embed_cpp)
endforeach()

# A library built with sanitizers asks the same of what links it.
set(AGENTOS_PC_COMPILE "")
set(AGENTOS_PC_LINK "")
if(AGENTOS_SANITIZE)
  set(AGENTOS_PC_COMPILE "-fsanitize=${AGENTOS_SANITIZE}")
  set(AGENTOS_PC_LINK "-fsanitize=${AGENTOS_SANITIZE} -fsanitize-link-c++-runtime -lstdc++")
  foreach(target agentos_base agentos_libagentos)
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_COMPILE_OPTIONS
                 "$<INSTALL_INTERFACE:-fsanitize=${AGENTOS_SANITIZE}>")
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_OPTIONS
                 "$<INSTALL_INTERFACE:-fsanitize=${AGENTOS_SANITIZE};-fsanitize-link-c++-runtime;-lstdc++>")
  endforeach()
endif()

# --- how others find them
set(AGENTOS_PC_STATIC "")
foreach(name ${static_targets})
  string(APPEND AGENTOS_PC_STATIC " -lagentos_${name}")
endforeach()
foreach(name agentos agentos-kernel)
  configure_file(tools/cmake/${name}.pc.in ${CMAKE_BINARY_DIR}/package/${name}.pc @ONLY)
endforeach()
configure_package_config_file(tools/cmake/agentosConfig.cmake.in ${CMAKE_BINARY_DIR}/package/agentosConfig.cmake
                              INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/agentosConfigVersion.cmake COMPATIBILITY SameMinorVersion)
foreach(component embed_c embed_cpp)
  install(FILES ${CMAKE_BINARY_DIR}/package/agentosConfig.cmake ${CMAKE_BINARY_DIR}/package/agentosConfigVersion.cmake
          DESTINATION ${package_folder} COMPONENT ${component})
endforeach()
install(EXPORT agentosCTargets NAMESPACE agentos:: DESTINATION ${package_folder} COMPONENT embed_c)
install(EXPORT agentosTargets NAMESPACE agentos:: DESTINATION ${package_folder} COMPONENT embed_cpp)
install(FILES ${CMAKE_BINARY_DIR}/package/agentos.pc DESTINATION lib/pkgconfig COMPONENT embed_c)
install(FILES ${CMAKE_BINARY_DIR}/package/agentos-kernel.pc DESTINATION lib/pkgconfig COMPONENT embed_cpp)

if(AGENTOS_TESTS)
  add_subdirectory(tests/install)
endif()
