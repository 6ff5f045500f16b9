-- The whole life of holds. wrk does not tell a script which connection it is asked for, so there is one pool for all:
-- every answer puts its reservation where the next step takes it from, oldest first, and a connection does whatever is
-- due, or else reserves. So steps of one reservation never overlap, and each takes what an earlier answer said.
-- Counts `reservations`, `extensions`, `purchases`, `cancellations`.
-- Arguments: what follows the session in the body that reserves, and in the one that purchases; a file with a bearer
-- token in each line.
require "outcome"

local CANCEL_EVERY = 10
local reserve_tail, purchase_tail
local tokens, last_token, settled, session = {}, 0, 0, 0
local run = string.format("%x", os.time())
local reserved, extended = {first = 1, last = 0}, {first = 1, last = 0}
counts = {reservations = 0, extensions = 0, purchases = 0, cancellations = 0}

local function put(queue, id, owner)
  queue.last = queue.last + 1
  queue[queue.last] = {id, owner}
end

local function take(queue)
  local entry = queue[queue.first]
  if entry then
    queue[queue.first] = nil
    queue.first = queue.first + 1
    return entry[1], entry[2]
  end
end

local function format(method, path, body, token)
  local headers = {["Content-Type"] = "application/json", ["Authorization"] = token}
  return wrk.format(method, path, headers, body)
end

function init(arguments)
  reserve_tail, purchase_tail = arguments[1], arguments[2]
  for token in io.lines(arguments[3]) do
    tokens[#tokens + 1] = "Bearer " .. token
  end
end

function request()
  local id, owner = take(extended)
  if id then
    local path = wrk.path .. "/" .. id
    settled = settled + 1
    if settled % CANCEL_EVERY == 0 then
      return format("DELETE", path, '{"sessionId":"' .. owner .. '"}')
    end
    last_token = last_token % #tokens + 1
    return format("POST", path .. "/purchase", '{"sessionId":"' .. owner .. '",' .. purchase_tail, tokens[last_token])
  end
  id, owner = take(reserved)
  if id then
    return format("PATCH", wrk.path .. "/" .. id, '{"additionalMinutes":1,"sessionId":"' .. owner .. '"}')
  end
  session = session + 1
  return format("POST", wrk.path, '{"sessionId":"bench-' .. run .. "-" .. session .. '",' .. reserve_tail)
end

function response(status, _, body)
  if status == 201 then
    if body:find('"transaction":', 1, true) then
      counts.purchases = counts.purchases + 1
    else
      counts.reservations = counts.reservations + 1
      put(reserved, body:match('"id":"([^"]+)"'), body:match('"sessionId":"([^"]+)"'))
    end
  elseif status == 200 then
    if body:find('"status":"CANCELLED"', 1, true) then
      counts.cancellations = counts.cancellations + 1
    else
      counts.extensions = counts.extensions + 1
      put(extended, body:match('"id":"([^"]+)"'), body:match('"sessionId":"([^"]+)"'))
    end
  end
end
