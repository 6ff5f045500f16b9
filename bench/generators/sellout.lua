-- POST, with the bodies of a file in turn, until so many have been answered. Counts `sold` (201), `short` (409 with
-- not_enough_tickets) and `others`. Arguments: the file, a body in each line; how many tries.
require "outcome"

local requests, last, tries, answered = {}, 0, 0, 0
counts = {sold = 0, short = 0, others = 0}

function init(arguments)
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
  end
  tries = tonumber(arguments[2])
end

function request()
  last = last % #requests + 1
  return requests[last]
end

function response(status, _, body)
  if status == 201 then
    counts.sold = counts.sold + 1
  elseif status == 409 and body:find('"not_enough_tickets"', 1, true) then
    counts.short = counts.short + 1
  else
    counts.others = counts.others + 1
  end
  answered = answered + 1
  if answered == tries then
    -- wrk.py ends the run when it sees this.
    io.write("\nenough\n")
    io.flush()
    wrk.thread:stop()
  end
end
