# ActiveRecord in threads that give their connections back, or end without.
require "active_record"
require_relative "step"

ActiveRecord::Base.establish_connection(adapter: "postgresql", database: ENV["PGDATABASE"])

def answer
  ActiveRecord::Base.connection.select_value("select 1") # leak here
end

def work(mode)
  return answer unless mode == "closes"

  ActiveRecord::Base.connection_pool.with_connection { answer }
end

3.times do
  puts Thread.new { work(ARGV[0]) }.value
  step
end
if ARGV[0] == "closes"
  ActiveRecord::Base.connection_handler.clear_all_connections!
  step
end
puts "end"
