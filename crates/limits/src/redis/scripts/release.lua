-- Releases a lock, unless somebody else holds it by now.
-- KEYS  lock
-- ARGV  the holder's token
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
