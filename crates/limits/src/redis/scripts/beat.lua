-- A sign of life, which also shows whether this server has kept its memory.
-- KEYS  mark
-- ARGV  a name for the memory if it is new, 1 where the caller knows that nobody decides alone
-- reply {name of the memory, its age, time since the last such beat or -1}
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function text(number) return string.format('%.0f', number) end
local mark = redis.call('HMGET', KEYS[1], 'name', 'since', 'beat')
local name, since, beat = mark[1], tonumber(mark[2]), tonumber(mark[3])
if not name or not since then
  name, since, beat = ARGV[1], now, nil
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'name', name, 'since', text(now))
end
if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'beat', text(now)) end
redis.call('EXPIRE', KEYS[1], 172800)
return { name, math.max(0, now - since), beat and math.max(-1, now - beat) or -1 }
