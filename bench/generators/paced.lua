-- POST, with the bodies of a file in turn, each connection a while after its last answer.
-- Arguments: the file, a body in each line; the while, in ms.
require "post"

local begin, pace = init, 0

function init(arguments)
  begin(arguments)
  pace = tonumber(arguments[2])
end

function delay()
  return pace
end
