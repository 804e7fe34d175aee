# Sequel: one Database that is disconnected, or a new one each time.
require "sequel"
require_relative "step"

def connect
  Sequel.connect("postgres:///") # leak here
end

def answer(database)
  puts database.get(1)
  step
end

if ARGV[0] == "closes"
  database = connect
  2.times { answer(database) }
  database.disconnect
  step
  Sequel.connect("postgres:///") { |other| answer(other) }
  step
else
  4.times { answer(connect) }
end
puts "end"
