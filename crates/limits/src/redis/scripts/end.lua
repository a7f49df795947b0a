-- A permit's request has ended, or was never sent.
-- KEYS  state, slots
-- ARGV  permit, how long it still counts or -1 where it was never sent, life of a permit
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local left = tonumber(ARGV[2])
if left >= 0 then
  redis.call('ZADD', KEYS[2], string.format('%.0f', now + left), ARGV[1])
  redis.call('PEXPIRE', KEYS[2], math.ceil(tonumber(ARGV[3]) / 1000))
  return
end
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return end
local state = redis.call('HMGET', KEYS[1], 'day', 'used')
local used = tonumber(state[2] or 0)
if used > 0 and tonumber(state[1] or 0) == math.floor(now / 86400000000) then
  redis.call('HSET', KEYS[1], 'used', used - 1)
end
