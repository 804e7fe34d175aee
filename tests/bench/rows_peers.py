"""What other tools cost on the same two jobs, and whether they name the leak.

A row is a job under one tool, in turn with the job alone: how many times the time it takes. What
pqleak takes has its report in it. The reports of others, where they are a command of their own,
are not: the note has them. Each tool has the options that serve best for this question, and what
there was to see in its answer was looked at by hand.

The C job leaves connections open that `audit` opened. The Python job has an engine a request: the
collector and the interpreter's shutdown close what they opened, and the program nothing.
"""
import contextlib
import dataclasses
import os
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

from measure import TOP, Figure, Row, processor_seconds

HERE = TOP / "tests" / "bench" / "peers"
ORDERS, AUDITS, REQUESTS = 300, 7, 100
SECONDS_MAX = 300
DONE = "done"  # a job's last word


class NotRun(Exception):
    """Why a tool is not here, or did not do it."""


def python(bench):
    return bench.clients / "peers" / "bin" / "python"


@dataclasses.dataclass
class Job:
    """A program, and the last line that has `opens`: it opens what leaks."""
    title: str
    source: str
    opens: str
    arguments: tuple

    @property
    def line(self):
        lines = (HERE / self.source).read_text().splitlines()
        return max(number for number, line in enumerate(lines, 1) if self.opens in line)

    def argv(self, bench):
        program = [bench.programs / "peers" / "job"]
        if self.source.endswith(".py"):
            program = [python(bench), HERE / self.source]
        if not program[0].exists():
            raise NotRun(f"no {program[0].name} for the job: scripts/setup --peers")
        return [str(word) for word in (*program, *self.arguments)]


JOBS = {
    "c": Job("C job", "job.c", "PQconnectdb(", (ORDERS, AUDITS)),
    "python": Job("Python job", "job.py", "session.execute(", (REQUESTS,)),
}


@dataclasses.dataclass
class Peer:
    """A tool on a job. In its commands {job} is the job's, {word} the same as one word, {script}
    the same without its interpreter, {out} a new file, {peers} this folder; {python} and
    {pqleak} are programs. Without a command `saw` says why. What the commands print is the
    answer: it names the leak when `named` is found in it, where LINE is the line that opens."""
    tool: str
    job: str
    run: str
    named: str
    saw: str
    report: str = ""
    status: int = 0


PEERS = [
    # The finding, and its first frame.
    Peer("pqleak", "c", "{pqleak} run -- {job}",
         rf"^LEAK +{AUDITS} connections .*\n +opened +audit +\S*job\.c:LINE\b",
         "function, file, line, count", status=23),
    # A socket that is open at the end, and its stack up to the line.
    Peer("valgrind", "c", "valgrind -q --tool=none --track-fds=yes {job}",
         r"Open \w+ socket.*\n(==.*(at|by) 0x.*\n)*==.*: audit \(job\.c:LINE\)",
         "a stack for each socket"),
    # A call of audit in which a connection is opened, and none finished before it returns.
    Peer("ltrace", "c", "ltrace -n 2 -e PQconnectdb+PQfinish -x *@MAIN {job}",
         r"^ +audit\(.*\n +\S+->PQconnectdb\(.*\n +<\.\.\. audit resumed",
         "to who reads the trace: the calls below each function, no line"),
    # In the graph, audit's calls of PQconnectdb, and up to its next sibling no PQfinish.
    Peer("uftrace", "c", "uftrace record --no-event -P . -d {out} {job}",
         rf":  \+-\({AUDITS}\) audit\n(?P<own>((?!.*(:  \+-|PQfinish)).*\n)*)(?<=\n).*:  \+-",
         "to who reads the graph: the calls below each function, no line",
         report="uftrace graph -d {out}"),
    # Memory that is not freed, and its stack from PQconnectdb to the line.
    Peer("heaptrack", "c", "heaptrack -o {out} {job}",
         rf"leaked over {AUDITS} calls from:\n( .*\n)*? +PQconnectdb\n.*\n +audit\n"
         r" +at \S*job\.c:LINE\n",
         "as memory of libpq's",
         report="heaptrack_print -l 1 -p 0 -a 0 -T 0 -f {out}.zst"),
    # All of them in one list of what is open, each with its opener.
    Peer("bpftrace", "c", "bpftrace {peers}/open.bt -c {word}",
         r"(@open\[\d+\]: \n +PQconnectdb\+\d+\n +audit\+\d+\n){%d}" % AUDITS,
         "while it runs, by a script made for it: function and offset, no line"),
    Peer("memray", "c", "", "", "it runs Python programs"),

    Peer("pqleak", "python", "{pqleak} run -- {job}",
         rf"^LEAK +{REQUESTS} connections .*\n +opened +handle_request +\S*job\.py:LINE\b",
         "function, file, line, count, and that it is an engine a request",
         status=23),
    # The others know no Python: its function anywhere would do.
    Peer("valgrind", "python", "valgrind -q --tool=none --track-fds=yes {job}",
         r"handle_request", "nothing is open at the end"),
    Peer("ltrace", "python", "ltrace -e PQconnectdb+PQfinish {job}",
         r"handle_request", "each PQconnectdb has its PQfinish, calls without stacks"),
    Peer("uftrace", "python",
         "uftrace record --force --no-event --no-libcall -P PQconnectdb@libpq.so.5 "
         "-P PQfinish@libpq.so.5 -d {out} {job}",
         r"handle_request", "how often PQconnectdb was called, without callers",
         report="uftrace graph -d {out}"),
    Peer("heaptrack", "python", "heaptrack -o {out} {job}",
         r"handle_request", "all memory of libpq's is freed at the end",
         report="heaptrack_print -l 1 -p 0 -a 0 -T 0 -f {out}.zst"),
    Peer("bpftrace", "python", "bpftrace {peers}/open.bt -c {word}",
         r"handle_request", "how many are open while it runs, no frame above libpq's caller"),
    # Memory that is not freed when the script ends, and its stack from PQconnectdb to the line.
    Peer("memray", "python", "{python} -m memray run -q --native -o {out} {script}",
         r"^.*\bPQconnectdb;.*\bhandle_request;[^|]*job\.py;LINE\b",
         "as memory of libpq's that is not collected yet when the script ends",
         report="{python} -m memray transform csv --leaks -f -o /dev/stdout {out}"),
]


@dataclasses.dataclass
class Run:
    wall: float
    processor: float
    output: str


def run(argv, environment, directory, status=0):
    """Whatever the tool started is ended with it when it takes too long."""
    processor, wall = processor_seconds(), time.perf_counter()
    process = subprocess.Popen(argv, env=environment, cwd=directory, start_new_session=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace")
    try:
        output, _ = process.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        raise NotRun(f"not done after {SECONDS_MAX} s") from None
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    took = Run(time.perf_counter() - wall, processor_seconds() - processor, output)
    if process.returncode != status:
        said = output.strip().splitlines() or ["nothing"]
        raise NotRun(f"{argv[0]} has status {process.returncode}, and said: {said[-1]}")
    return took


def finished(took):
    if DONE not in took.output.split():
        raise NotRun("the job did not come to its end")
    return took


class Contest:
    """A job `alone` and `under` a tool, which are measured in turn; what the tool answered."""

    def __init__(self, peer, bench):
        self.peer, self.job = peer, JOBS[peer.job]
        self.environment = bench.plain(**bench.on_server())
        self.argv = self.job.argv(bench)
        self.values = {
            "job": shlex.join(self.argv), "word": shlex.quote(shlex.join(self.argv)),
            "script": shlex.join(self.argv[1:]), "peers": shlex.quote(str(HERE)),
            "python": shlex.quote(str(python(bench))), "pqleak": shlex.quote(str(bench.pqleak))}
        self.named, self.report_seconds = [], []

    def command(self, template, out):
        argv = shlex.split(template.format(**self.values, out=shlex.quote(out)))
        if not shutil.which(argv[0]):
            raise NotRun(f"no {argv[0]} here: scripts/setup --peers")
        return argv

    def alone(self):
        with tempfile.TemporaryDirectory() as directory:
            return finished(run(self.argv, self.environment, directory))

    def under(self):
        with tempfile.TemporaryDirectory() as directory:
            out = os.path.join(directory, "out")
            took = finished(run(self.command(self.peer.run, out), self.environment, directory,
                                self.peer.status))
            answer = took.output
            if self.peer.report:
                report = run(self.command(self.peer.report, out), self.environment, directory)
                self.report_seconds.append(report.wall)
                answer += report.output
        pattern = self.peer.named.replace("LINE", str(self.job.line))
        self.named.append(re.search(pattern, answer, flags=re.M) is not None)
        return took

    def note(self, processor):
        report = f", report {statistics.median(self.report_seconds):.1f} s more" \
            if self.report_seconds else ""
        named = "named the leak" if all(self.named) else "did not name the leak"
        return f"{named}: {self.peer.saw} (processor {processor:.2f} times{report})"


def measured(peer):
    def measure(bench, row):
        try:
            if not peer.run:
                raise NotRun(peer.saw)
            contest = Contest(peer, bench)
            pairs = bench.pairs(row, contest.alone, contest.under)
        except NotRun as reason:
            return Figure([], note=f"not run: {reason}")
        processor = statistics.median(tool.processor / plain.processor for plain, tool in pairs)
        return Figure([tool.wall / plain.wall for plain, tool in pairs],
                      statistics.median(plain.wall for plain, _ in pairs),
                      statistics.median(tool.wall for _, tool in pairs),
                      contest.note(processor),
                      {"processor_times": processor, "named": all(contest.named)})
    return measure


ROWS = [Row(f"peer-{peer.job}-{peer.tool}", f"{JOBS[peer.job].title} under {peer.tool}", "times",
            None, measured(peer), pairs=5)
        for peer in PEERS]
