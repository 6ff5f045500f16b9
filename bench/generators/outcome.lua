-- The outcome of a run as one line of JSON, which wrk.py reads. What a script counts itself, it keeps in the global
-- table `counts` of each thread's state; the sums are added to the line.
local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency)
  local errors, sums = summary.errors, {}
  for _, thread in ipairs(threads) do
    for name, count in pairs(thread:get("counts") or {}) do
      sums[name] = (sums[name] or 0) + count
    end
  end
  local more = {}
  for name, count in pairs(sums) do
    more[#more + 1] = string.format(', "%s": %d', name, count)
  end
  table.sort(more)
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d%s}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, table.concat(more)))
end
