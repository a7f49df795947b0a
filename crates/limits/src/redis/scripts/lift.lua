-- Shortens the hold that a budget was created with, if nothing has happened to the budget since.
-- KEYS  state
-- ARGV  the creation's stamp, what has to be left of the hold, span of the burst
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local state = redis.call('HMGET', KEYS[1], 'born', 'tat', 'held')
if state[1] == ARGV[1] and state[2] == state[3] then
  local tat = now + tonumber(ARGV[2]) + tonumber(ARGV[3])
  redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', math.min(tat, tonumber(state[2]))))
end
