-- wrk ... -s mixed.lua URL -- LIST_FILE : posts the bodies of a list in turn; each line is a path, a blank and a file.
local requests, at = {}, 0

function init(args)
  local headers = { ["Content-Type"] = "application/json" }
  for line in io.lines(args[1]) do
    local path, name = line:match("^(%S+) (.+)$")
    local file = assert(io.open(name, "rb"))
    requests[#requests + 1] = wrk.format("POST", path, headers, file:read("*a"))
    file:close()
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d,"refused":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout, e.status))
end
