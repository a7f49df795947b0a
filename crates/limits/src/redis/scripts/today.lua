-- The day's use, of which the caller knows that it is at least so much.
-- KEYS  state
-- ARGV  at least
local time = redis.call('TIME')
local today = math.floor((time[1] * 1000000 + time[2]) / 86400000000)
local state = redis.call('HMGET', KEYS[1], 'day', 'used')
local used = tonumber(state[2] or 0)
if tonumber(state[1] or 0) ~= today then used = 0 end
if used < tonumber(ARGV[1]) then
  used = tonumber(ARGV[1])
  redis.call('HSET', KEYS[1], 'day', today, 'used', used)
  redis.call('EXPIRE', KEYS[1], 172800)
end
return { today, used }
