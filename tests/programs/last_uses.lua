-- Uses connections from frames that are hard to tell apart: functions made from texts of one
-- shape, each gone before the next is made; recursion; two lines of one function; coroutines.
-- Each connection is named by its number, and its last use printed as JSON: its
-- number, and [function, line] of its callers, as Lua says.
--
--     last_uses.lua CONNECTIONS
local luasql = require("luasql.postgres")
local load = loadstring or load
local frames

function trace()
  frames = {}
  local level = 3
  while true do
    local at = debug.getinfo(level, "Sln")
    if not at then
      break
    end
    if at.currentline >= 0 then
      frames[#frames + 1] = ('["%s", %d]'):format(at.name or "?", at.currentline)
    end
    level = level + 1
  end
end

function helper(connection)
  trace() connection:execute("select 1")
end

function by_text(number, connection)
  local name = "caller_" .. number % 7
  local text = ("\n"):rep(number % 3) .. "function " .. name
    .. "(connection)\n helper(connection)\n return\nend"
  load(text, "@text")()
  _G[name](connection)
  _G[name] = nil
  collectgarbage()
  collectgarbage()
end

function by_depth(number, connection)
  if number == 0 then
    helper(connection)
  else
    by_depth(number - 1, connection)
  end
  return
end

function by_line(number, connection)
  if number % 2 == 0 then
    helper(connection)
  else
    helper(connection)
  end
end

function by_coroutine(number, connection)
  coroutine.wrap(function()
    by_depth(number % 3, connection)
  end)()
  return
end

function use(number, connection)
  local kind, rest = number % 4, math.floor(number / 4)
  if kind == 0 then
    by_text(rest, connection)
  elseif kind == 1 then
    by_depth(rest % 4, connection)
  elseif kind == 2 then
    by_line(rest, connection)
  else
    by_coroutine(rest, connection)
  end
end

local environment, connections = luasql.postgres(), {}
for number = 0, tonumber(arg[1]) - 1 do
  local connection = assert(environment:connect("application_name=" .. number))
  for _, step in ipairs({ 7, 4, 1, 8, 0 }) do
    use(number + step, connection)
  end
  connections[#connections + 1] = connection
  print(("[%d, [%s]]"):format(number, table.concat(frames, ", ")))
end
os.exit(0, false)
