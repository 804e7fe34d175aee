# ActiveRecord: a pool that is given back, or a new one for each tenant that asks.
require "active_record"
require_relative "step"

class Tenant < ActiveRecord::Base
  self.abstract_class = true
end

def ask(model)
  model.connection_pool.with_connection do |connection| # leak here
    puts connection.select_value("select 1")
    step
  end
end

def serve(number)
  tenant = Object.const_set("Tenant#{number}", Class.new(Tenant))
  tenant.abstract_class = true
  tenant.establish_connection(adapter: "postgresql", database: ENV["PGDATABASE"])
  ask(tenant)
end

if ARGV[0] == "closes"
  ActiveRecord::Base.establish_connection(adapter: "postgresql", database: ENV["PGDATABASE"])
  2.times { ask(ActiveRecord::Base) }
  ActiveRecord::Base.connection_pool.disconnect!
  step
else
  4.times { |number| serve(number) }
end
puts "end"
