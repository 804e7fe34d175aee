# Sequel: lends a connection for a block, mostly for one statement.
require "sequel"
require_relative "step"

DB = Sequel.connect("postgres:///#{ENV["PGDATABASE"]}", max_connections: 3)

def say(name, **more)
  allocated = DB.pool.instance_variable_get(:@allocated).size
  step(name, DB.pool.size - allocated, allocated, **more)
end

DB["select 1"].all
say("one statement")
DB.synchronize do
  DB["select 1"].all
  say("in a block", silent_out: 1)
end
say("after the block", silent_idle: 1)
DB.transaction do
  DB["select 1"].all
  say("in a transaction", by: ["block in <main>"])
end
say("after the transaction")
DB.disconnect
