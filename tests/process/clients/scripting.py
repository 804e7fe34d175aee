"""Lua, Tcl, R and Node."""
from clients import Client, Leak


def lua(name, version, program, leak):
    return Client(f"{name}, Lua {version}", "lua", "local", f"lua/{program}.lua",
                  (f"/usr/bin/lua{version}", "{source}"), leak,
                  needs=(f"/usr/lib/x86_64-linux-gnu/lua/{version}",))


CLIENTS = [
    lua("LuaSQL", "5.4", "luasql", Leak("work", "open", "leak")),
    lua("LuaSQL", "5.1", "luasql", Leak("work", "open", "leak")),
    lua("LuaDBI", "5.4", "luadbi", Leak("open", "shutdown", "held",
                                        how="interpreter shutdown")),
]
