// Every attack program: what it wants (the promise that forbids it), and what it needs.
#pragma once

#include <string_view>

#include "lib/sandbox/isolation.h"

namespace agentos::sandbox {

// Without a sandbox an attack gets what it wants, or else it would prove nothing. Some need more than some hosts give
// (root, an option of the kernel); they may be refused there too.
enum class Outside : std::uint8_t { kSucceeds, kDependsOnHost };

// Where the program starts, and so what ${cwd} is.
enum class Place : std::uint8_t { kPrograms, kWorkspace, kHome };

struct Attack {
  std::string_view file;
  Promise promise;
  Outside outside = Outside::kSucceeds;
  std::string_view profile = "agent-default";
  Place place = Place::kPrograms;
};

constexpr Outside kHost = Outside::kDependsOnHost;

constexpr Attack kAttacks[] = {
    // Files.
    {"read_file_through_symlink", Promise::read_ungranted},
    {"read_file_through_hard_link", Promise::read_ungranted},
    {"read_file_by_rename_race", Promise::read_ungranted},
    {"read_file_by_openat2", Promise::read_ungranted},
    {"read_file_by_handle", Promise::read_ungranted, kHost},  // root
    {"read_secret_by_python.py", Promise::read_ungranted},
    {"read_secret_by_script.sh", Promise::read_ungranted},
    {"reopen_path_descriptor", Promise::read_ungranted},
    {"escape_by_proc_root", Promise::read_ungranted},
    {"list_home_folders.py", Promise::read_ungranted, kHost},
    {"find_file_by_stat", Promise::see_names},
    {"write_outside", Promise::write_ungranted},
    {"rename_file_outside", Promise::write_ungranted},
    {"remove_file_outside", Promise::write_ungranted},
    {"make_link_outside", Promise::write_ungranted},
    {"truncate_outside", Promise::truncate_ungranted},
    {"change_mode_outside", Promise::change_metadata},
    {"change_mode_of_a_program", Promise::change_metadata, kHost},  // root
    {"change_owner_outside", Promise::change_metadata},
    {"set_times_outside", Promise::change_metadata},
    {"set_attribute_outside", Promise::change_attributes, kHost},  // a file system with attributes
    {"make_set_user_id_file", Promise::change_attributes},
    {"start_from_tmp.sh", Promise::execute_ungranted},
    {"run_from_memory", Promise::run_any_code},
    {"run_by_loader.sh", Promise::run_any_code},
    {"raw_device", Promise::use_devices, kHost},  // root
    // Below a grant.
    {"write_git_hook.sh", Promise::use_denied, Outside::kSucceeds, "workspace", Place::kWorkspace},
    {"move_git_folder_away.sh", Promise::use_denied, Outside::kSucceeds, "workspace", Place::kWorkspace},
    {"configure_git.sh", Promise::use_denied, Outside::kSucceeds, "workspace", Place::kWorkspace},
    {"move_git_configuration.sh", Promise::use_denied, Outside::kSucceeds, "workspace", Place::kWorkspace},
    {"configure_agent.sh", Promise::use_denied, Outside::kSucceeds, "workspace", Place::kWorkspace},
    {"write_startup_file.sh", Promise::use_denied, Outside::kSucceeds, "workspace", Place::kHome},
    {"read_ssh_key.sh", Promise::use_denied, Outside::kSucceeds, "workspace", Place::kHome},
    {"read_record_of_kernel.sh", Promise::use_denied, Outside::kSucceeds, "unconfined-files"},
    // Roots, mounts, namespaces, privilege.
    {"change_root", Promise::use_machine_calls, kHost},           // root
    {"change_root_by_pivot", Promise::use_machine_calls, kHost},  // root
    {"mount_over_etc", Promise::use_machine_calls, kHost},        // root
    {"mount_by_descriptor", Promise::use_machine_calls, kHost},   // root
    {"unmount_what_hides", Promise::use_machine_calls, kHost},    // root, in a throw-away namespace
    {"enter_namespace_of_init", Promise::use_machine_calls, kHost},
    {"new_user_namespace", Promise::use_machine_calls, kHost},  // user namespaces
    {"regain_capabilities", Promise::gain_privilege, kHost},    // root
    {"run_set_user_id_program.sh", Promise::gain_privilege},
    // Other processes.
    {"ptrace_parent", Promise::trace_others, kHost},       // Yama
    {"read_parent_memory", Promise::trace_others, kHost},  // Yama
    {"write_parent_memory", Promise::trace_others, kHost},
    {"compare_with_parent", Promise::trace_others, kHost},
    {"steal_descriptor", Promise::trace_others, kHost},
    {"read_init_environment", Promise::read_others},
    {"read_root_of_others.py", Promise::read_others},
    {"see_other_processes.py", Promise::see_processes},
    {"kill_parent", Promise::signal_others},
    {"kill_everybody", Promise::signal_others},
    {"signal_by_descriptor", Promise::signal_others},
    {"limit_another_process", Promise::limit_others},
    {"slow_parent_down", Promise::limit_others},
    {"drop_the_mark", Promise::survive},
    {"outlive_by_daemon", Promise::survive},
    // The running kernel.
    {"32bit_syscall", Promise::use_foreign_calls, kHost},     // CONFIG_IA32_EMULATION
    {"x32_syscall", Promise::use_foreign_calls, kHost},       // CONFIG_X86_X32
    {"use_io_uring", Promise::use_machine_calls, kHost},      // kernel.io_uring_disabled
    {"use_userfaultfd", Promise::use_machine_calls, kHost},   // CONFIG_USERFAULTFD
    {"use_bpf", Promise::use_machine_calls, kHost},           // root
    {"use_perf", Promise::use_machine_calls, kHost},          // kernel.perf_event_paranoid
    {"read_kernel_keys", Promise::use_machine_calls, kHost},  // CONFIG_KEYS
    {"load_another_kernel", Promise::use_machine_calls, kHost},
    {"read_kernel_log", Promise::use_machine_calls, kHost},  // kernel.dmesg_restrict
    {"turn_off_randomization", Promise::use_machine_calls},
    {"inject_terminal_input", Promise::type_into_terminal, kHost},  // dev.tty.legacy_tiocsti
    {"share_memory_by_key", Promise::share_memory},
    // Network and sockets.
    {"tcp_connect", Promise::use_internet},
    {"tcp_fast_open", Promise::use_internet},
    {"tcp_listen", Promise::use_internet},
    {"multipath_tcp", Promise::use_internet, kHost},  // CONFIG_MPTCP
    {"udp_send", Promise::use_internet},
    {"udp_send_ipv6", Promise::use_internet, kHost},  // IPv6
    {"leak_by_name_lookup.py", Promise::use_internet},
    {"reach_metadata_service.py", Promise::use_internet},
    {"raw_socket", Promise::use_internet, kHost},  // root
    {"netlink_socket", Promise::use_other_sockets},
    {"vsock_connect", Promise::use_other_sockets, kHost},
    {"crypto_socket", Promise::use_other_sockets, kHost},
    {"connect_to_path_socket", Promise::use_path_sockets},
    {"send_from_datagram_pair", Promise::use_path_sockets},
    {"send_message_to_path", Promise::use_path_sockets},
    {"reach_desktop_sockets.py", Promise::use_path_sockets},
    {"connect_to_abstract_socket", Promise::use_abstract_sockets},
    // What was left open, and what there is too much of.
    {"use_inherited_descriptor.py", Promise::inherit_descriptors},
    {"read_secret_from_environment.py", Promise::read_environment},
    {"leave_core_dump", Promise::dump_core, kHost},                  // a hard limit of the session
    {"fork_bomb", Promise::exceed_processes, kHost},                 // limits of the session
    {"fill_memory", Promise::exceed_process_memory, kHost, "tool"},  // the same
    {"burn_cpu_time", Promise::exceed_process_memory, kHost, "tool"},
    {"fill_disk", Promise::exceed_file_size, kHost},
    {"fill_descriptors", Promise::exceed_process_memory, kHost},
};

}  // namespace agentos::sandbox
