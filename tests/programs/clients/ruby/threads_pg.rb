# ruby-pg in worker threads that share a queue.
require "pg"
require_relative "step"

def worker(opened, jobs, results)
  connection = PG.connect # leak here
  opened << connection
  while (job = jobs.pop)
    results << connection.exec_params("select $1::int * 2", [job]).getvalue(0, 0).to_i
  end
ensure
  connection.close if ARGV[0] == "closes"
end

opened = Queue.new
jobs = Queue.new
results = Queue.new
threads = Array.new(2) { Thread.new { worker(opened, jobs, results) } }
$kept = Array.new(2) { opened.pop }
step
6.times { |number| jobs << number }
puts Array.new(6) { results.pop }.sort.join(" ")
jobs.close
threads.each(&:join)
step
puts "end"
