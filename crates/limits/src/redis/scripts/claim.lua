-- What a process knows that this server may not: after a flush, a restart, or a time apart.
-- KEYS  state, slots
-- ARGV  life of a permit, what is left of a cool-down, span of the burst, day, used on it, then pairs: permit, how long it
--       still counts
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function text(number) return string.format('%.0f', number) end
local state = redis.call('HMGET', KEYS[1], 'tat', 'day', 'used')
local today = math.floor(now / 86400000000)
if tonumber(ARGV[4]) == today then
  local used = tonumber(ARGV[5])
  if tonumber(state[2] or 0) == today then used = math.max(used, tonumber(state[3] or 0)) end
  redis.call('HSET', KEYS[1], 'day', today, 'used', used)
end
if tonumber(ARGV[2]) > 0 then
  local tat = now + tonumber(ARGV[2]) + tonumber(ARGV[3])
  redis.call('HSET', KEYS[1], 'tat', text(math.max(tat, tonumber(state[1] or 0))))
end
redis.call('EXPIRE', KEYS[1], 172800)
for index = 6, #ARGV, 2 do
  redis.call('ZADD', KEYS[2], text(now + tonumber(ARGV[index + 1])), ARGV[index])
end
redis.call('PEXPIRE', KEYS[2], math.ceil(tonumber(ARGV[1]) / 1000))
