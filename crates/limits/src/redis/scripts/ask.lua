-- One request's leave: granted now, or how long to wait. Nothing is reserved for later: which requests will have ended by
-- then can't be known. Times are microseconds of this server's clock.
--
-- KEYS  state (hash), slots (sorted set: permit -> when its place in the window is free)
-- ARGV  permit, lane, requests, per, interval, span of the burst, life of an unanswered permit, limit of the day or -1,
--       hold for a budget that is not known here, live grants per bulk grant
-- reply {0, wait, 0, 0} wait; {1, 0, day, used} granted; {2, wait, 0, 0} not today; {3, wait, stamp, 0} just created, and held;
--       {4, wait, 0, 0} held since then
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local permit, lane = ARGV[1], ARGV[2]
local requests, per, interval, span = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local life, limit, hold, share = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local MARK = 50000 -- a caller that was told to wait counts as waiting for so long after it should be back
local KEEP = 172800 -- seconds; a budget that was not used for so long starts anew
local function text(number) return string.format('%.0f', number) end

local state = redis.call('HMGET', KEYS[1], 'at', 'tat', 'lives', 'live', 'bulk', 'day', 'used', 'held')
local at, tat = tonumber(state[1]), tonumber(state[2] or 0)
local lives, day, used = tonumber(state[3] or 0), tonumber(state[6] or 0), tonumber(state[7] or 0)
local marks = { live = tonumber(state[4] or 0), bulk = tonumber(state[5] or 0) }

-- A clock that was set back a little stands still until it is right again.
if at and now < at and at - now < 1000000 then now = at end
if not at or now < at then
  -- Never heard of it: flushed, restarted, or new. What the others have sent is not known until they have said so. Where
  -- the clock was set back by much, all that is stored means nothing: wait until everything granted has ended.
  if at then
    redis.call('DEL', KEYS[2])
    hold, tat = math.max(hold, life), 0
  end
  tat = math.max(tat, now + hold + span)
  redis.call('HSET', KEYS[1], 'at', text(now), 'born', text(now), 'tat', text(tat), 'held', text(tat), 'live', 0, 'bulk', 0)
  redis.call('EXPIRE', KEYS[1], KEEP)
  return { 3, tat - span - now, now, 0 }
end

local today = math.floor(now / 86400000000)
if day ~= today then day, used = today, 0 end
if limit >= 0 and used >= limit then return { 2, (today + 1) * 86400000000 - now, 0, 0 } end

local start = math.max(now, tat - span)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now))
local taken = redis.call('ZCARD', KEYS[2])
if taken >= requests then
  local last = redis.call('ZRANGE', KEYS[2], taken - requests, taken - requests, 'WITHSCORES')
  local free = tonumber(last[2])
  -- Unfinished requests: their ends will bring the time forward, so look again soon.
  if free > now + per + 2000 then free = now + math.min(interval, per / 4) end
  start = math.max(start, free)
end

local wait = start - now
if wait <= 0 and lane == 'bulk' and marks.live > now and lives < share then
  wait = math.min(interval, marks.live - now)
elseif wait <= 0 and lane == 'live' and marks.bulk > now and lives >= share then
  wait = math.min(interval, marks.bulk - now)
end
if wait > 0 then
  wait = math.ceil(math.max(wait, 1000))
  redis.call('HSET', KEYS[1], 'at', text(now), lane, text(math.max(marks[lane], now + wait + MARK)))
  redis.call('EXPIRE', KEYS[1], KEEP)
  -- Held since it was created: whoever created it may be about to lift that.
  return { state[8] and state[8] == state[2] and 4 or 0, wait, 0, 0 }
end

tat = math.max(tat, now) + interval
used = used + 1
if lane == 'live' then lives = math.min(lives + 1, share) else lives = 0 end
redis.call('ZADD', KEYS[2], text(now + life), permit)
redis.call('PEXPIRE', KEYS[2], math.ceil(life / 1000))
redis.call('HSET', KEYS[1], 'at', text(now), 'tat', text(tat), 'lives', lives, 'day', day, 'used', used)
redis.call('EXPIRE', KEYS[1], KEEP)
return { 1, 0, day, used }
