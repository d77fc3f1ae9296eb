-- wrk ... -s create.lua URL -- BODY_FILE PREFIX TOKEN : posts objects, each under a name of its own (@NAME@ in the body).
local template, prefix, count, headers = "", "", 0, {}

function init(args)
  local file = assert(io.open(args[1], "rb"))
  template = file:read("*a")
  file:close()
  prefix = args[2]
  headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. args[3] }
end

function request()
  count = count + 1
  return wrk.format("POST", nil, headers, (template:gsub("@NAME@", prefix .. count)))
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d,"refused":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout, e.status))
end
