# Opens one connection with ruby-pg, or what is built on it, and ends in the way that the
# argument names. Server and user come from PGHOST, PGPORT, PGUSER and PGDATABASE.
require "pg"

$kept = []

def open_one
  PG.connect
end

def end_close
  open_one.close
end

def end_ensure
  connection = open_one
  raise "for ensure"
rescue RuntimeError
  puts "rescued"
ensure
  connection.finish
end

def end_block
  PG.connect { |connection| connection.exec("select 1") }
end

# A method's locals may stay on the stack that the collector looks through: a thread's is gone.
def end_collected
  Thread.new { open_one.exec("select 1") && nil }.join
  3.times { GC.start }
end

def end_collected_by_work
  Thread.new { open_one && nil }.join
  count = GC.count
  Array.new(1000) { "x" * 1000 } until GC.count > count + 3
  sleep 0
end

def end_shutdown
  $kept << open_one
end

def end_exit
  $kept << open_one
  [1].each { exit 3 }
end

def end_uncaught
  $kept << open_one
  raise "nobody rescues"
end

def end_abort
  $kept << open_one
  abort "aborted"
end

def end_at_exit
  connection = open_one
  at_exit { connection.close }
end

def end_at_exit_method
  at_exit(&open_one.method(:close))
end

# As minitest's autorun: what runs at exit is the program.
def end_opened_at_exit
  at_exit { open_one.close }
end

def end_threads_at_exit
  at_exit do
    connection = Thread.new { open_one }.value
    connection.exec("begin")
    connection.close
  end
end

def end_forgotten_at_exit
  at_exit { $kept << open_one }
end

def end_thread_ensure
  opened = Queue.new
  Thread.new do
    connection = open_one
    opened << true
    sleep
  ensure
    connection.close
  end
  opened.pop
end

def end_in_transaction
  $kept << open_one
  $kept[0].exec("begin")
end

def end_exit_bang
  $kept << open_one
  exit! 4
end

def end_exec
  $kept << open_one
  exec "/bin/true"
end

def end_signal
  $kept << open_one
  Process.kill(:TERM, Process.pid)
  sleep
end

def end_kill
  $kept << open_one
  Process.kill(:KILL, Process.pid)
  sleep
end

def end_failed
  PG.connect(dbname: "no_such_database")
rescue PG::ConnectionBad => error
  puts error.class
end

# Ruby's end in the child finishes what the parent opened.
def end_child_finishes
  connection = open_one
  Process.wait(fork { puts "child" })
  connection.exec("select 1")
rescue PG::Error => error
  puts error.class
end

def end_child_opens
  Process.wait(fork { $kept << open_one })
end

def end_child_at_exit
  Process.wait(fork { at_exit { $kept.each(&:close) }; $kept << open_one })
end

def end_activerecord_disconnect
  active_record { |base| base.connection_pool.disconnect! }
end

def end_activerecord_shutdown
  active_record { |base| base.connection_pool.release_connection }
end

def end_activerecord_in_transaction
  active_record do |base|
    base.connection.begin_transaction
    open_pooled
  end
end

def active_record
  require "active_record"
  ActiveRecord::Base.establish_connection(adapter: "postgresql", database: ENV["PGDATABASE"])
  open_pooled
  yield ActiveRecord::Base
end

def open_pooled
  ActiveRecord::Base.connection.select_value("select 1")
end

def end_sequel_disconnect
  sequel.disconnect
end

def end_sequel_shutdown
  sequel
end

def sequel
  require "sequel"
  Sequel.connect("postgres:///")
end

send("end_#{ARGV[0]}")
