# ruby-pg: the module's own connections.
require "pg"
require_relative "step"

class Orders
  def open_one
    connection = PG.connect # leak here
    step
    connection
  end

  def count
    connection = open_one
    puts connection.exec("select 1").getvalue(0, 0)
    yield connection
  end
end

$kept = []
if ARGV[0] == "closes"
  Orders.new.count(&:close)
  step
  PG.connect do |connection|
    step
    puts connection.exec_params("select $1::int", [2]).getvalue(0, 0)
  end
  step
else
  Orders.new.count { |connection| $kept << connection }
  step
end
puts "end"
