"""src/LAYERS holds: every include points to an allowed folder, every folder is named, nothing goes round in circles,
services and doors never see the kernel, only dispatch sees handlers, one folder owns each third-party header."""
import re

import repository

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
PLATFORM = re.compile(r"^(sys|linux|asm|net|netinet|arpa|sanitizer)/|^[a-z0-9_]+$")  # Linux, and C++'s own headers
LIBC = set("""assert ctype dirent dlfcn endian errno fcntl fnmatch getopt glob grp inttypes limits link locale math mntent
netdb poll pthread pty pwd sched setjmp signal spawn stdarg stdatomic stdbool stddef stdint stdio stdlib string strings
syscall syslog termios time ucontext ulimit unistd utime utmp wait""".split())
MEND_LAYER = "move the code down, or pass what it needs in through an interface; src/LAYERS is changed by a decision page"


def parse(text):
    layers, seen_by, everywhere = {}, [], []
    for line in text.splitlines():
        name, colon, rest = line.split("#")[0].partition(":")
        if colon and name == "handlers_seen_by":
            seen_by = rest.split()
        elif colon and name == "everywhere":
            everywhere = rest.split()
        elif colon:
            layers[name] = rest.split()
    return layers, seen_by, everywhere


def folder_of(path, layers):
    return max((name for name in layers if path.startswith(name + "/")), key=len, default=None)


def library_of(header):
    top = header.split("/")[0].removesuffix(".h").removesuffix(".hpp")
    return None if PLATFORM.match(header) or ("/" not in header and top in LIBC) else top


def check(findings, parsed):
    layers, seen_by, everywhere = parse(repository.read(parsed.root, "src/LAYERS"))
    named = list(layers)
    for position, name in enumerate(named):  # bottom to top, so allowing only earlier folders rules cycles out
        for other in layers[name]:
            if other not in named[:position]:
                findings.add("src/LAYERS", 1, f"{name} may include {other}, which does not stand before it", "order the folders bottom to top")
            if name.startswith(("services/", "server/")) and other.split("/")[0] == "kernel":
                findings.add("src/LAYERS", 1, f"{name} may include {other}", "doors and services reach the kernel through client/ or KernelApi")
    owners = {}
    for file in repository.files(parsed.root, (*repository.CODE, ".def"), "src/"):
        findings.looked_at += 1
        path = file.removeprefix("src/")
        folder = folder_of(path, layers)
        if folder is None:
            findings.add(file, 1, "its folder is not in src/LAYERS", "put the file where architecture says, or add the folder by a decision")
            continue
        text = repository.without_comments(repository.read(parsed.root, file), keep_strings=True)
        for match in INCLUDE.finditer(text):
            ours, theirs, line = match.group(1), match.group(2), repository.line_of(text, match.start())
            if theirs:
                library = library_of(theirs)
                if library and library not in everywhere:
                    owners.setdefault(library, {}).setdefault(folder, f"{file}:{line}")
            elif not (parsed.root / "src" / ours).is_file():
                if not ours.startswith(("sdk/", "tests/")) or not (parsed.root / ours).is_file():
                    findings.add(file, line, f'"{ours}" is not a file under src/', "name it from src/ on; third-party headers go in <>")
            elif ours.startswith("kernel/syscalls/") and not path.startswith(tuple(seen_by)):
                findings.add(file, line, "it sees a syscall handler", "go through the dispatcher; handlers_seen_by in src/LAYERS says who may")
            elif path.startswith(("services/", "server/")) and ours.startswith("kernel/"):
                findings.add(file, line, "doors and services never include kernel/", "hold a KernelApi& (abi/kernel_api.h)")
            else:
                target = folder_of(ours, layers)
                allowed = target == folder or target in layers[folder] or ours.startswith("kernel/syscalls/")
                if target and not allowed:
                    findings.add(file, line, f"{folder} may not include {target}", MEND_LAYER)
    for library, folders in owners.items():
        for folder, place in sorted(folders.items())[1:]:
            file, line = place.rsplit(":", 1)
            findings.add(file, line, f"<{library}> is also included by {sorted(folders)[0]}", "only one folder may own a third-party header; wrap it there")


repository.run(check, __doc__)
