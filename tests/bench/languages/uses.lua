-- Uses a connection again and again, from a stack of some depth: prints the nanoseconds of
-- processor time that one use takes.
--
--     uses.lua ROUNDS DEPTH
local luasql = require("luasql.postgres")

local WARM = 100
local rounds, depth = tonumber(arg[1]), tonumber(arg[2])
local environment = luasql.postgres()
local connection = assert(environment:connect(""))

local function deep(left, count)
  if left > 1 then
    deep(left - 1, count)
    return
  end
  for _ = 1, count do
    connection:execute("select 1")
  end
end

deep(depth, WARM)
local begun = os.clock()
deep(depth, rounds)
print(("%.2f"):format((os.clock() - begun) * 1e9 / rounds))
