# ActiveRecord: its pool says nothing when a connection comes back.
require "active_record"
require_relative "step"

ActiveRecord::Base.establish_connection(adapter: "postgresql", database: ENV["PGDATABASE"],
                                        pool: 3)
POOL = ActiveRecord::Base.connection_pool

def say(name, **more)
  stat = POOL.stat
  step(name, stat[:idle], stat[:busy] + stat[:dead], **more)
end

one = POOL.checkout
say("opened for somebody", silent_out: 1)
one.begin_db_transaction
one.select_value("select 1")
say("in a transaction", by: ["<main>"])
one.commit_db_transaction
say("committed, and held", silent_out: 1)
POOL.checkin(one)
say("committed, and given back", silent_idle: 1)
two = POOL.checkout
say("taken again, and made ready", silent_out: 1)
POOL.checkin(two)
say("given back, and not used", silent_idle: 1)
