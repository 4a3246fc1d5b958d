"""What a disk may hold after a loss of power: a model of the files below some
roots, fed with the system calls that programs have made (strace).

    disk = Disk([state, outputs])
    for call in calls(trace_file):
        disk.apply(call)          what the programs see now: disk.now()
        for name, state in disk.crashes():
            ...                   state() makes what may be there after a crash now

What the model takes for granted is what POSIX promises, no more:

  - the content of a file is there once that file was synced, and its name once
    the directory was; a sync of the whole file system (syncfs) does both for
    everything below the same root. Each root is a file system of its own
  - of the changes of names that were not synced any may be there and any other
    not; a rename is there for both of its names or for neither
  - of data that was not synced nothing may be there, or the first half of the
    last write, or zeros in its place, or zeros behind which later data stands

A state is {path: Item}; a path that no directory leads to is not there.
"""
import re
from collections import namedtuple
from pathlib import Path

TRACED = ("execve clone clone3 fork vfork open openat creat read readv write "
          "writev pwrite64 lseek dup dup2 dup3 fcntl close ftruncate truncate "
          "fallocate rename renameat renameat2 link linkat symlink symlinkat "
          "unlink unlinkat mkdir mkdirat rmdir fsync fdatasync syncfs sync "
          "copy_file_range sendfile ioctl fchmod chmod fchmodat utimensat").split()
LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(.*)$", re.S)
PART = re.compile(r"^(\d+) +(.*) <unfinished \.\.\.>$", re.S)
REST = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$", re.S)
HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")
TIME = re.compile(r"tv_sec=(\d+), tv_nsec=(\d+)")
FILE, FOLDER, LINK = "file", "folder", "link"

Call = namedtuple("Call", "pid name args result path")
Item = namedtuple("Item", "kind mode data node time_ns")


def text(word):
    """The bytes of a string, or of what stands in <>."""
    return bytes.fromhex("".join(HEX.findall(word)).replace("\\x", ""))


def path_of(word):
    """The file that a descriptor's word names: 3<path>."""
    at = word.find("<")
    return text(word[at:]).decode() if at >= 0 else ""


def calls(trace):
    """What has succeeded, in the order of its ends."""
    parts = {}
    with open(trace, encoding="ascii", errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            part = PART.match(line)
            if part:
                parts[part[1]] = part[2]
                continue
            rest = REST.match(line)
            if rest:
                line = f"{rest[1]} {parts.pop(rest[1])}{rest[2]}"
            whole = LINE.match(line)
            if whole and whole[4] not in ("?", "-1"):
                yield Call(int(whole[1]), whole[2], whole[3].split(", "),
                           int(whole[4]), path_of(whole[5]))


class Node:
    """A file, a folder or a link. `sure` is what is on the disk of a file's
    content, `writes` what came after that."""

    def __init__(self, number, kind, mode, data=b"", root=None):
        self.number, self.kind, self.mode = number, kind, mode
        self.root = root  # the path of the one that it is below
        self.time_ns = None  # when it was changed, if a program said so
        self.data = data
        self.sure = b"" if kind == FILE else data
        self.writes = []

    def write(self, at, data):
        self.writes.append((at, data))
        self.data = put(self.data, at, data)

    def cut(self, size):
        self.writes.append((size, None))
        self.data = put(self.data, size, None)

    def sync(self):
        self.sure, self.writes = self.data, []

    def contents(self):
        """What may be there, by name."""
        yield "none", self.sure
        data = [w for w in self.writes if w[1]]
        if not data:
            return
        at, last = data[-1]
        before = self.sure
        for write in self.writes:
            if write is not data[-1]:
                before = put(before, *write)
        yield "half", put(before, at, last[:len(last) // 2])
        zeros = self.sure
        for where, what in self.writes:
            zeros = put(zeros, where, what and bytes(len(what)))
        yield "zeros", zeros
        if len(data) > 1:
            yield "hole", put(zeros, at, last)


def put(data, at, new):
    if new is None:
        return data[:at] + bytes(max(0, at - len(data)))
    return data[:at] + bytes(max(0, at - len(data))) + new + \
        data[at + len(new):]


class Open:
    """An open file: its place is shared by all descriptors of it."""

    def __init__(self, node, append):
        self.node, self.append, self.at = node, append, 0


class Disk:
    def __init__(self, roots, loaded=None):
        self.nodes = []
        self.names = {}    # (folder, name): node, as the programs see them
        self.sure = {}     # the same on the disk
        self.changes = []  # of names, since then: {(folder, name): node}
        self.files = {}    # (process, descriptor): Open
        self.roots = {}
        for root in roots:
            self.roots[str(root)] = self.new(FOLDER, 0o755, root=str(root))
        self.loaded = self.look() if loaded is None else loaded
        for path, (kind, mode, data) in self.loaded.items():
            folder, name = self.find(path)
            node = self.new(kind, mode, data, folder.root)
            node.sync()
            self.names[folder.number, name] = node.number
        self.sure = dict(self.names)

    def new(self, kind, mode, data=b"", root=None):
        node = Node(len(self.nodes), kind, mode, data, root)
        self.nodes.append(node)
        return node

    def look(self):
        """What is there before: it is on the disk."""
        return {str(path): (FOLDER if path.is_dir() else FILE,
                            path.stat().st_mode & 0o777,
                            path.read_bytes() if path.is_file() else b"")
                for root in self.roots
                for path in sorted(Path(root).rglob("*"))}

    # Paths

    def root_of(self, path):
        for root in self.roots:
            if path == root or path.startswith(root + "/"):
                return root
        return None

    def find(self, path):
        """The folder and the name; of a root itself: itself and ''."""
        root = self.root_of(path)
        node = self.roots[root]
        parts = [p for p in path[len(root):].split("/") if p not in ("", ".")]
        while ".." in parts:
            at = parts.index("..")
            del parts[at - 1:at + 1]
        for part in parts[:-1]:
            node = self.nodes[self.names[node.number, part]]
        return node, parts[-1] if parts else ""

    def node(self, path):
        folder, name = self.find(path)
        if name == "":
            return folder
        number = self.names.get((folder.number, name))
        return None if number is None else self.nodes[number]

    def change(self, change):
        self.changes.append(change)
        fold(self.names, change)

    # Syncs

    def sync_names(self, concerned):
        kept = []
        done = set()
        for change in self.changes:
            if concerned(change):
                fold(self.sure, change)
                done |= set(change)
            else:
                kept.append(change)
        # What came before a change that is there is of no consequence.
        self.changes = [c for c in ({k: v for k, v in change.items()
                                     if k not in done} for change in kept) if c]

    def sync_root(self, root):
        for node in self.nodes:
            if node.root == root and node.kind == FILE:
                node.sync()
        self.sync_names(lambda change: any(
            self.nodes[folder].root == root for folder, _ in change))

    def sync_file(self, node):
        node.sync()
        if node.kind == FOLDER:
            self.sync_names(lambda change: any(
                folder == node.number for folder, _ in change))

    def sync_all(self):
        for root in self.roots:
            self.sync_root(root)

    # What may be there

    def tree(self, names, contents):
        """The state with these names and contents ({node: bytes})."""
        by_folder = {}
        for (folder, name), number in names.items():
            by_folder.setdefault(folder, []).append((name, number))
        state = {}
        todo = [(root, node.number) for root, node in self.roots.items()]
        while todo:
            path, number = todo.pop()
            for name, child in by_folder.get(number, ()):
                node = self.nodes[child]
                data = contents.get(child, node.data)
                state[f"{path}/{name}"] = Item(node.kind, node.mode, data,
                                               child, node.time_ns)
                if node.kind == FOLDER:
                    todo.append((f"{path}/{name}", child))
        return state

    def now(self):
        return self.tree(self.names, {})

    def named(self, chosen):
        names = dict(self.sure)
        for i, change in enumerate(self.changes):
            if chosen(i):
                fold(names, change)
        return names

    def crashes(self):
        """(name, function that makes the state) of what may be there after a
        crash now."""
        every = {"all": {}}
        alone = {}
        for node in self.nodes:
            if node.kind == FILE and node.writes:
                for what, data in node.contents():
                    every.setdefault(what, {})[node.number] = data
                    alone[f"file={node.number}.{what}"] = {node.number: data}

        def those(chosen, what):
            return lambda: self.tree(self.named(chosen), every.get(what, {}))

        for what in every:
            yield what, those(lambda n: True, what)
        for what in ("all", "none"):
            yield f"names=none.{what}", those(lambda n: False, what)
        for name, contents in alone.items():
            yield name, lambda c=contents: self.tree(self.names, c)
        for i in range(len(self.changes)):
            for word, chosen in (("without", lambda n, i=i: n != i),
                                 ("only", lambda n, i=i: n == i),
                                 ("upto", lambda n, i=i: n <= i)):
                for what in ("all", "none"):
                    yield f"names={word}{i}.{what}", those(chosen, what)

    # Calls

    def apply(self, call):
        """Whether it was one that changes something or makes it sure."""
        do = getattr(self, "do_" + call.name, None)
        return bool(do and do(call))

    def opened(self, call, word):
        """The open file of a descriptor, if it is one of ours."""
        path = path_of(word)
        if self.root_of(path) is None:
            return None
        number = int(word.split("<")[0])
        known = self.files.get((call.pid, number))
        if known is None:
            raise ValueError(f"an unknown descriptor: {call.name} {path}")
        return known

    def at(self, folder, name):
        """The path of a name that stands behind a folder's descriptor."""
        name = text(name).decode()
        return name if name.startswith("/") else f"{path_of(folder)}/{name}"

    def open_path(self, call, path, flags, mode):
        self.files.pop((call.pid, call.result), None)
        if self.root_of(path) is None:
            return False
        node, changed = self.node(path), False
        if node is None:
            if "O_CREAT" not in flags:
                raise ValueError(f"not in the model: {path}")
            folder, name = self.find(path)
            node = self.new(FILE, int(mode, 8), root=folder.root)
            self.change({(folder.number, name): node.number})
            changed = True
        elif "O_TRUNC" in flags and node.data:
            node.cut(0)
            changed = True
        self.files[call.pid, call.result] = Open(node, "O_APPEND" in flags)
        return changed

    def do_openat(self, call):
        return self.open_path(call, self.at(call.args[0], call.args[1]),
                              call.args[2].split("|"), call.args[-1])

    def do_open(self, call):
        return self.open_path(call, text(call.args[0]).decode(),
                              call.args[1].split("|"), call.args[-1])

    def new_process(self, call):
        for (pid, number), opened in list(self.files.items()):
            if pid == call.pid:
                self.files[call.result, number] = opened
        return False

    do_clone = do_clone3 = do_fork = do_vfork = new_process

    def new_number(self, call):
        opened = self.files.get((call.pid, int(call.args[0].split("<")[0])))
        if opened is None:
            self.files.pop((call.pid, call.result), None)
        else:
            self.files[call.pid, call.result] = opened
        return False

    do_dup = do_dup2 = do_dup3 = new_number

    def do_fcntl(self, call):
        return "F_DUPFD" in call.args[1] and self.new_number(call)

    def do_close(self, call):
        self.files.pop((call.pid, int(call.args[0].split("<")[0])), None)
        return False

    def do_read(self, call):
        opened = self.opened(call, call.args[0])
        if opened:
            opened.at += call.result
        return False

    def do_lseek(self, call):
        opened = self.opened(call, call.args[0])
        if opened:
            opened.at = call.result
        return False

    def write_at(self, opened, data):
        if opened.append:
            opened.at = len(opened.node.data)
        opened.node.write(opened.at, data)
        opened.at += len(data)
        return True

    def do_write(self, call):
        opened = self.opened(call, call.args[0])
        return opened and self.write_at(
            opened, text(call.args[1])[:call.result])

    def do_writev(self, call):
        opened = self.opened(call, call.args[0])
        return opened and self.write_at(
            opened, text(", ".join(call.args[1:-1]))[:call.result])

    def do_pwrite64(self, call):
        opened = self.opened(call, call.args[0])
        if opened:
            opened.node.write(int(call.args[3]), text(call.args[1])[
                :call.result])
        return bool(opened)

    def do_ftruncate(self, call):
        opened = self.opened(call, call.args[0])
        if opened:
            opened.node.cut(int(call.args[1]))
        return bool(opened)

    def do_fallocate(self, call):
        raise ValueError("fallocate is not in the model") \
            if self.root_of(path_of(call.args[0])) else None

    def copied(self, call, source, target, length):
        opened = self.opened(call, target)
        if not opened or length == 0:
            return False
        known = self.root_of(path_of(source)) and self.opened(call, source)
        if known:
            data = known.node.data[known.at:known.at + length]
            known.at += length
        else:  # the whole file, one piece after the other
            with open(path_of(source), "rb") as f:
                f.seek(opened.at)
                data = f.read(length)
        return self.write_at(opened, data)

    def do_copy_file_range(self, call):
        return self.copied(call, call.args[0], call.args[2], call.result)

    def do_sendfile(self, call):
        return self.copied(call, call.args[1], call.args[0], call.result)

    def do_ioctl(self, call):
        if "FICLONE" not in call.args[1]:
            return False
        opened = self.opened(call, call.args[0])
        source = path_of(call.args[2])
        if opened:
            data = self.node(source).data if self.root_of(source) else \
                open(source, "rb").read()
            opened.node.write(0, data)
        return bool(opened)

    def do_fchmod(self, call):
        opened = self.opened(call, call.args[0])
        if opened:
            opened.node.mode = int(call.args[1], 8)
        return False

    def do_utimensat(self, call):
        opened = self.opened(call, call.args[0])
        times = TIME.findall(", ".join(call.args))
        if opened and len(times) == 2:
            opened.node.time_ns = int(times[1][0]) * 10**9 + int(times[1][1])
        return False

    def rename(self, old, new):
        if self.root_of(old) is None and self.root_of(new) is None:
            return False
        (folder, name), (to, new_name) = self.find(old), self.find(new)
        number = self.names[folder.number, name]
        if self.names.get((to.number, new_name)) == number:
            return False
        self.change({(folder.number, name): None,
                     (to.number, new_name): number})
        return True

    def do_rename(self, call):
        return self.rename(text(call.args[0]).decode(),
                           text(call.args[1]).decode())

    def do_renameat(self, call):
        return self.rename(self.at(*call.args[:2]), self.at(*call.args[2:4]))

    do_renameat2 = do_renameat

    def do_linkat(self, call):
        path = self.at(*call.args[2:4])
        if self.root_of(path) is None:
            return False
        folder, name = self.find(path)
        node = self.node(self.at(*call.args[:2]))
        self.change({(folder.number, name): node.number})
        return True

    def make(self, path, kind, mode, data=b""):
        if self.root_of(path) is None:
            return False
        folder, name = self.find(path)
        if name == "":
            return False
        node = self.new(kind, mode, data, folder.root)
        self.change({(folder.number, name): node.number})
        return True

    def do_symlinkat(self, call):
        return self.make(self.at(*call.args[1:3]), LINK, 0o777,
                         text(call.args[0]))

    def do_symlink(self, call):
        return self.make(text(call.args[1]).decode(), LINK, 0o777,
                         text(call.args[0]))

    def do_mkdir(self, call):
        return self.make(text(call.args[0]).decode(), FOLDER,
                         int(call.args[1], 8))

    def do_mkdirat(self, call):
        return self.make(self.at(*call.args[:2]), FOLDER,
                         int(call.args[2], 8))

    def remove(self, path):
        if self.root_of(path) is None:
            return False
        folder, name = self.find(path)
        self.change({(folder.number, name): None})
        return True

    def do_unlink(self, call):
        return self.remove(text(call.args[0]).decode())

    do_rmdir = do_unlink

    def do_unlinkat(self, call):
        return self.remove(self.at(*call.args[:2]))

    def do_fsync(self, call):
        opened = self.opened(call, call.args[0])
        if opened:
            self.sync_file(opened.node)
        return bool(opened)

    do_fdatasync = do_fsync

    def do_syncfs(self, call):
        root = self.root_of(path_of(call.args[0]))
        if root:
            self.sync_root(root)
        return bool(root)

    def do_sync(self, _):
        self.sync_all()
        return True


def describe(call):
    """The call, with its texts as they are and cut short."""
    words = HEX.sub(lambda m: text(m[0])[:80].decode(errors="replace"),
                    ", ".join(call.args))
    return f"{call.name}({' '.join(words.split())[:160]})"


def fold(names, change):
    for key, number in change.items():
        if number is None:
            names.pop(key, None)
        else:
            names[key] = number


def key_of(state):
    """Equal for equal states."""
    return frozenset((path, item.kind, item.data)
                     for path, item in state.items())
