# Uses a connection again and again, from a stack of some depth: prints the nanoseconds of
# processor time that one use takes.
#
#     uses.rb ROUNDS DEPTH
require "pg"

WARM = 100

def deep(depth, connection, rounds)
  return deep(depth - 1, connection, rounds) if depth > 1
  count = 0
  while count < rounds
    connection.sync_flush
    count += 1
  end
end

rounds, depth = ARGV.map(&:to_i)
connection = PG::Connection.sync_connect(host: ENV["PGHOST"])
deep(depth, connection, WARM)
begun = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond)
deep(depth, connection, rounds)
ended = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond)
puts((ended - begun) / rounds.to_f)
